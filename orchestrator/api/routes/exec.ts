// …/exec: runs a program in an environment. The WebSocket at the same path is served by ws-exec-socket.ts.
import { SomnusError } from '../../../common/errors.ts';
import { ExecBody, ExecFrame, ExecResult } from '../exec-protocol.ts';
import { execResult } from '../exec-result.ts';
import { execLines } from '../ndjson-exec.ts';
import { RefParams, route, type Access, type Route } from '../route.ts';

export const EXEC_PATH = '/v1/environments/{ref}/exec';
export const execAccess: Access = { scope: 'write', limitedKeys: true };

export const execRoutes: readonly Route[] = [
  route({
    method: 'post', path: EXEC_PATH, id: 'exec', summary: 'Run a program',
    description: 'With Accept: application/json or `"stream": false`, answers when the program has ended, with its output and exit code. Otherwise streams one JSON frame per line; the last is `exit` or `error`. '
      + 'If the client disconnects, the program is ended.',
    access: execAccess, params: RefParams, body: ExecBody, example: { command: 'make test', cwd: '/srv/app', env: { MODE: 'test' }, timeoutMs: 600_000, stream: false },
    answers: { 200: { description: 'A stream of frames, or the result.', contentType: 'application/x-ndjson', schema: ExecFrame, also: { 'application/json': ExecResult } } },
    handle: async ({ caller, params, body, headers, requestId, ending }, { services }) => {
      const accept = headers.accept ?? '';
      const { stdin, stream = !accept.includes('application/json') || accept.includes('application/x-ndjson'), ...request } = body;
      const process = services.agents.observe(caller, params.ref, request, await services.environments.exec(caller, params.ref, request, ending));
      process.stdin.on('error', () => {}); // a program may ignore its input
      process.stdin.end(stdin ?? '');
      if (!stream) return { status: 200, body: await execResult(process, ending) };
      return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: execLines(process, requestId, ending) };
    },
  }),
  route({
    method: 'get', path: EXEC_PATH, id: 'execInteractively', summary: 'Run a program over a WebSocket, with input and an optional terminal',
    description: 'The first message is an ExecRequest. After that, binary messages carry data in both directions, each beginning with the number of its stream (0 stdin, 1 stdout, 2 stderr), and text messages carry control messages as JSON.',
    access: execAccess, params: RefParams, headers: { Upgrade: 'websocket' }, answers: { 101: { description: 'The WebSocket is open.' } },
    handle: async () => {
      throw new SomnusError('invalid_request', 'This path takes a WebSocket', { hint: 'Send Upgrade: websocket, or POST for a streamed answer.' });
    },
  }),
];
