// …/actions: runs a command in the context that fits best, or only returns the decision.
import { PageQuery } from '../../store/page.ts';
import { ActionAnswer, ActionBody, ActionFrame } from '../action-protocol.ts';
import { ActionPage } from '../answers.ts';
import { execResult } from '../exec-result.ts';
import { execLines } from '../ndjson-exec.ts';
import { RefParams, route, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/actions';

export const actionRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'runAction', summary: 'Run a command in the context that fits best',
    description: 'Somnus chooses the context from rules, hints, past runs and load, and gives the reason. With `explain`, it returns the decision without running the command. The answer is streamed or not as for …/exec; a stream begins with the decision. '
      + 'Refused with `unsupported` when the decision has the caution `untrusted-in-vm` and `context` is `auto`: repeat with `"context": "vm"` to run it in the VM.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, body: ActionBody, example: { command: 'make test', cwd: '/srv/app', hints: { language: 'c' }, explain: true },
    answers: { 200: { description: 'The decision and the result, or a stream of frames.', contentType: 'application/x-ndjson', schema: ActionFrame, also: { 'application/json': ActionAnswer } } },
    handle: async ({ caller, params, body, headers, requestId, ending }, { services }) => {
      const accept = headers.accept ?? '';
      const { explain, stdin, stream = !accept.includes('application/json') || accept.includes('application/x-ndjson'), ...request } = body;
      if (explain) return { status: 200, body: { decision: await services.actions.explain(caller, params.ref, request), action: null, result: null } satisfies ActionAnswer };
      const started = await services.actions.run(caller, params.ref, request, ending);
      const { action, decision } = started;
      const process = services.agents.observe(caller, params.ref, request, started.process);
      process.stdin.on('error', () => {}); // a program may ignore its input
      process.stdin.end(stdin ?? '');
      if (stream) return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: execLines(process, requestId, ending, { type: 'decision', action, decision }) };
      const result = await execResult(process, ending);
      const { exitCode, signal, timedOut, durationMs } = result;
      return { status: 200, body: { decision, action: { ...action, status: 'ended', exitCode, signal, timedOut, durationMs, endedAt: new Date().toISOString() }, result } satisfies ActionAnswer };
    },
  }),
  route({
    method: 'get', path, id: 'listActions', summary: 'List the actions of an environment, newest first',
    access: { scope: 'read', limitedKeys: true }, params: RefParams, query: PageQuery, answers: { 200: { description: 'A page.', schema: ActionPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.actions.list(caller, params.ref, query) }),
  }),
];
