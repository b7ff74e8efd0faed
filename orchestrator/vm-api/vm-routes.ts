// The routes of the VM API: those of the API that a VM may use for itself, some of them with narrower rules, and a few of its own. Everything else does not exist there.
import { readFileSync } from 'node:fs';
import { SomnusError } from '../../common/errors.ts';
import { answerFork } from '../api/accepted.ts';
import { routeTable } from '../api/route-table.ts';
import { route, type Route, type RouteRequest } from '../api/route.ts';
import type { ApplyProfile } from '../profiles/profile-change.ts';
import type { ForkEnvironment } from '../snapshots/snapshot-schemas.ts';
import { assertProfileWithin, VmLimits, type VmLimitsService } from './vm-limits.ts';

/** Ids of routes that are the same here. */
const same: readonly string[] = [
  'getEnvironment', 'getEnvironmentStats', 'createSnapshot', 'listSnapshots', 'getSnapshot', 'runAction', 'listActions', 'listJobs', 'getJob', 'listIncidents', 'listIncidentHistory',
  'remember', 'recall', 'getMemoryContext', 'listOperations', 'getOperation', 'followEvents',
];

export function vmRoutes(limits: VmLimitsService): readonly Route[] {
  const restore = existing('restoreSnapshot');
  const fork = existing('forkEnvironment');
  const profile = existing('applyProfile');
  return [
    ...same.map(existing),
    // A rollback replaces the VM with the caller in it, so it never waits: the answer is sent at once, and may still arrive too late to be read.
    { ...restore, handle: async (request, context) => await restore.handle({ ...request, query: {} }, context) },
    {
      ...fork, access: { scope: 'write', limitedKeys: true }, // the number of forks is limited (sqlite-vm-forks.ts)
      handle: async (request, context) => {
        const { caller, params, query, body, idempotencyKey, ending } = request as RouteRequest<{ ref: string }, { wait?: number }, ForkEnvironment>; // the route's schemas have validated it
        const accepted = await context.services.snapshots.fork(caller, params.ref, body, idempotencyKey);
        return await answerFork(accepted, { caller: { ...caller, environmentId: null }, query, ending }, context); // the answer shows the forks, which are not the caller's own environment
      },
    },
    {
      ...profile,
      handle: async (request, context) => {
        assertProfileWithin(await limits.of(request.caller), (request.body as ApplyProfile).profile); // the route's schema has validated it
        return await profile.handle(request, context);
      },
    },
    route({
      method: 'get', path: '/v1/limits', id: 'getVmLimits', summary: 'Show what this environment may request for itself',
      access: { scope: 'read', limitedKeys: true }, answers: { 200: { description: 'The limits.', schema: VmLimits } },
      handle: async ({ caller }) => ({ status: 200, body: await limits.of(caller) }),
    }),
    route({
      method: 'get', path: '/llms.txt', id: 'getVmGuide', summary: 'How to use this API', access: 'public', answers: { 200: { description: 'The guide.', contentType: 'text/plain' } },
      handle: async () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: guide() }),
    }),
  ];
}

let text: string | undefined;

function guide(): string {
  return text ??= readFileSync(new URL('llms.txt', import.meta.url), 'utf8');
}

function existing(id: string): Route {
  const found = routeTable.find((each) => each.id === id);
  if (found === undefined) throw new SomnusError('internal', `There is no route ${id}`);
  const { maxBodyBytes: _, ...common } = found; // guests are not trusted: no body may be larger than the server's default
  return common;
}
