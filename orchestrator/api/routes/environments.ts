// /v1/environments: environments, and the actions on them.
import { z } from 'zod';
import { Environment, CreateEnvironment, EnvironmentStats, StopRequest, UpdateEnvironment } from '../../environments/environment-schemas.ts';
import { programOutput } from '../../environments/program-output.ts';
import { journalCommand } from '../../environments/journal.ts';
import { EnvironmentQuery } from '../../environments/environment-service.ts';
import { answerAccepted } from '../accepted.ts';
import { AcceptedAnswer, EnvironmentPage } from '../answers.ts';
import { ifMatchVersion } from '../request-input.ts';
import { vmParts } from '../../startup/parts.ts';
import { Flag, RefParams, route, Wait, type Answer, type AnswerDoc, type Route } from '../route.ts';

const WaitQuery = z.strictObject({ wait: Wait });
const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;

const accepted: Record<number, AnswerDoc> = {
  200: { description: 'Done.', schema: AcceptedAnswer },
  202: { description: 'Accepted; Location is the operation.', schema: AcceptedAnswer },
};

const etagOf = (environment: Environment): string => `"${environment.version}"`;
const answerOne = (environment: Environment): Answer => ({ status: 200, headers: { etag: etagOf(environment) }, body: environment });

type Action = 'start' | 'stop' | 'restart' | 'suspend' | 'resume' | 'hibernate' | 'wake' | 'undelete';

function actionRoute<B extends z.ZodType<{ force?: boolean }>>(action: Action, summary: string, body: B): Route {
  return route({
    method: 'post', path: `/v1/environments/{ref}/${action}`, id: `${action}Environment`, summary,
    access: change, params: RefParams, query: WaitQuery, body, idempotent: true, needs: vmParts, answers: accepted,
    handle: async (request, context) => await answerAccepted(
      await context.services.environments.perform(request.caller, action, request.params.ref, { ...request.body, idempotencyKey: request.idempotencyKey }), request, context),
  });
}

const Nothing = z.strictObject({});

export const environmentRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/environments', id: 'createEnvironment', summary: 'Create an environment and start it',
    access: { scope: 'write', limitedKeys: false }, query: WaitQuery, body: CreateEnvironment, example: { name: 'demo', profile: 'coding', network: 'packages', labels: { team: 'web' } }, idempotent: true, needs: vmParts, answers: accepted,
    handle: async (request, context) => await answerAccepted(
      await context.services.environments.create(request.caller, request.body, { idempotencyKey: request.idempotencyKey }), request, context),
  }),
  route({
    method: 'get', path: '/v1/environments', id: 'listEnvironments', summary: 'List environments',
    access: see, query: EnvironmentQuery, answers: { 200: { description: 'A page.', schema: EnvironmentPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.environments.list(caller, query) }),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}', id: 'getEnvironment', summary: 'Show an environment',
    access: see, params: RefParams, headers: { 'If-None-Match': 'The ETag of an earlier answer.' },
    answers: { 200: { description: 'The environment, with its version as ETag.', schema: Environment }, 304: { description: 'Not changed since the ETag given.' } },
    handle: async ({ caller, params, headers }, { services }) => {
      const environment = await services.environments.get(caller, params.ref);
      return headers['if-none-match'] === etagOf(environment) ? { status: 304, headers: { etag: etagOf(environment) } } : answerOne(environment);
    },
  }),
  route({
    method: 'patch', path: '/v1/environments/{ref}', id: 'updateEnvironment', summary: 'Change name, network policy, restart policy or labels',
    description: 'Fields that are left out are not changed.',
    access: change, params: RefParams, body: UpdateEnvironment, example: { network: 'none', labels: { team: 'web' } }, headers: { 'If-Match': 'Change only this version (an ETag); 412 if it is not current.' },
    needs: ['pool', 'network'], answers: { 200: { description: 'The changed environment.', schema: Environment } },
    handle: async ({ caller, params, body, headers }, { services }) => answerOne(await services.environments.update(caller, params.ref, body, ifMatchVersion(headers['if-match']))),
  }),
  route({
    method: 'delete', path: '/v1/environments/{ref}', id: 'removeEnvironment', summary: 'Remove an environment',
    description: 'Undelete restores it until `purgeAt`. With `purge`, it is deleted permanently at once.',
    access: change, params: RefParams, query: WaitQuery.extend({ purge: Flag }), idempotent: true, needs: vmParts, answers: accepted,
    handle: async (request, context) => await answerAccepted(
      await context.services.environments.perform(request.caller, 'remove', request.params.ref, { purge: request.query.purge, idempotencyKey: request.idempotencyKey }), request, context),
  }),
  actionRoute('start', 'Boot a stopped environment', Nothing),
  actionRoute('stop', 'Shut down an environment', StopRequest),
  actionRoute('restart', 'Shut down an environment and boot it again', StopRequest),
  actionRoute('suspend', 'Pause an environment; its memory stays in RAM', Nothing),
  actionRoute('resume', 'Continue a suspended environment', Nothing),
  actionRoute('hibernate', 'Save memory to disk and free the RAM', Nothing),
  actionRoute('wake', 'Continue a hibernated environment', Nothing),
  actionRoute('undelete', 'Restore a removed environment', Nothing),
  route({
    method: 'get', path: '/v1/environments/{ref}/stats', id: 'getEnvironmentStats', summary: 'Get CPU, memory, disk and network statistics',
    access: see, params: RefParams, query: z.strictObject({ since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Start of the history.' }) }),
    answers: { 200: { description: 'The newest sample and the history.', schema: EnvironmentStats } },
    handle: async ({ caller, params, query }, { services }) => ({
      status: 200, body: await services.environments.stats(caller, params.ref, query.since === undefined ? undefined : Date.parse(query.since)),
    }),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}/logs', id: 'getEnvironmentLogs', summary: 'Get the console of the VM, or the journal of its guest',
    description: 'The console is kept when the VM is off. The journal has times of its own, and needs a running environment.',
    access: see, params: RefParams,
    query: z.strictObject({
      source: z.enum(['console', 'journal']).default('console'),
      lines: z.coerce.number().int().min(0).max(1_000_000).optional().meta({ description: 'Number of lines from the end.' }),
      since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Only lines from this time on.' }),
      tailBytes: z.coerce.number().int().min(0).max(67_108_864).default(65_536).meta({ description: 'Console: at most this many bytes from the end.' }),
      timestamps: Flag.meta({ description: 'Console: precede each line with the time at which it was seen, within a second, in UTC.' }),
      follow: Flag.meta({ description: 'Stream new output.' }),
    }),
    answers: { 200: { description: 'Text as the guest wrote it, including control sequences.', contentType: 'text/plain' } },
    handle: async ({ caller, params, query: { source, lines, since, tailBytes, timestamps, follow }, ending }, { services: { environments } }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: source === 'console' ? await environments.consoleLog(caller, params.ref, { tailBytes, lines, sinceMs: since === undefined ? undefined : Date.parse(since), times: timestamps, follow }, ending)
        : programOutput(await environments.exec(caller, params.ref, journalCommand({ lines, sinceMs: since === undefined ? undefined : Date.parse(since), follow }), ending), 'The journal cannot be read'),
    }),
  }),
];
