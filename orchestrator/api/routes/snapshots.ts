// /v1/environments/{ref}/snapshots and …/fork: snapshots, restoring them, and new environments from them.
import { z } from 'zod';
import { CreateSnapshot, ForkEnvironment, RestoreSnapshot, Snapshot, SnapshotDiff, SnapshotQuery, UpdateSnapshot } from '../../snapshots/snapshot-schemas.ts';
import { answerFork, answerSnapshot } from '../accepted.ts';
import { ForkAnswer, SnapshotAnswer, SnapshotPage } from '../answers.ts';
import { vmParts } from '../../startup/parts.ts';
import { Flag, Ref, RefParams, route, Wait, type AnswerDoc, type Route } from '../route.ts';

const WaitQuery = z.strictObject({ wait: Wait });
const SnapshotParams = z.strictObject({ ref: Ref, snapshot: Ref });
const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;
const path = '/v1/environments/{ref}/snapshots';

const accepted: Record<number, AnswerDoc> = {
  200: { description: 'Done.', schema: SnapshotAnswer },
  202: { description: 'Accepted; Location is the operation.', schema: SnapshotAnswer },
};

export const snapshotRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'createSnapshot', summary: 'Take a snapshot',
    description: 'Disk and memory, unless `memory` is false or the environment is stopped. A running VM is paused for some hundredths of a second.',
    access: change, params: RefParams, query: WaitQuery, body: CreateSnapshot, example: { name: 'before-upgrade', description: 'all tests pass' }, idempotent: true, needs: vmParts, answers: accepted,
    handle: async (request, context) => await answerSnapshot(
      await context.services.snapshots.create(request.caller, request.params.ref, request.body, request.idempotencyKey), request.params.ref, request, context),
  }),
  route({
    method: 'get', path, id: 'listSnapshots', summary: 'List snapshots, oldest first',
    access: see, params: RefParams, query: SnapshotQuery, needs: ['pool'], answers: { 200: { description: 'A page.', schema: SnapshotPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.snapshots.list(caller, params.ref, query) }),
  }),
  route({
    method: 'get', path: `${path}/{snapshot}`, id: 'getSnapshot', summary: 'Show a snapshot',
    access: see, params: SnapshotParams, needs: ['pool'], answers: { 200: { description: 'The snapshot with its size.', schema: Snapshot } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.snapshots.get(caller, params.ref, params.snapshot) }),
  }),
  route({
    method: 'patch', path: `${path}/{snapshot}`, id: 'updateSnapshot', summary: 'Rename or describe a snapshot',
    access: change, params: SnapshotParams, body: UpdateSnapshot, example: { name: 'good' }, answers: { 200: { description: 'The snapshot.', schema: Snapshot } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.snapshots.update(caller, params.ref, params.snapshot, body) }),
  }),
  route({
    method: 'delete', path: `${path}/{snapshot}`, id: 'removeSnapshot', summary: 'Remove a snapshot',
    description: 'Snapshots can be removed in any order, since none depends on another. Undelete restores it until `purgeAt`. With `purge`, it is deleted permanently and its space is freed.',
    access: change, params: SnapshotParams, query: WaitQuery.extend({ purge: Flag, withChildren: Flag.meta({ description: 'Also remove its descendants.' }) }), idempotent: true, answers: accepted,
    handle: async (request, context) => {
      const { purge, withChildren } = request.query;
      const removed = await context.services.snapshots.remove(request.caller, request.params.ref, request.params.snapshot, { purge, withChildren, idempotencyKey: request.idempotencyKey });
      return await answerSnapshot(removed, request.params.ref, request, context);
    },
  }),
  route({
    method: 'post', path: `${path}/{snapshot}/undelete`, id: 'undeleteSnapshot', summary: 'Restore a removed snapshot',
    access: change, params: SnapshotParams, idempotent: 'replayed', answers: { 200: { description: 'The snapshot.', schema: Snapshot } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.snapshots.undelete(caller, params.ref, params.snapshot) }),
  }),
  route({
    method: 'post', path: `${path}/{snapshot}/check`, id: 'checkSnapshot', summary: 'Verify a snapshot against its checksums',
    description: 'If the snapshot is damaged, the operation fails with `corrupt` and names the file, and the snapshot is marked `damaged`; nothing is deleted. The environment stays usable.',
    access: { scope: 'write', limitedKeys: false }, params: SnapshotParams, query: WaitQuery, body: z.strictObject({}), idempotent: true, needs: ['pool'], answers: accepted,
    handle: async (request, context) => await answerSnapshot(
      await context.services.snapshots.check(request.caller, request.params.ref, request.params.snapshot, request.idempotencyKey), request.params.ref, request, context),
  }),
  route({
    method: 'get', path: `${path}/{snapshot}/diff`, id: 'diffSnapshots', summary: 'List the files that differ from another snapshot, or from the present disk',
    description: 'A small VM reads both disks, which takes seconds. What a running guest had not written to its disk when a snapshot with memory was taken is not seen.',
    access: see, params: SnapshotParams, query: z.strictObject({ to: Ref.optional().meta({ description: 'The other snapshot. Defaults to the present disk of the environment.' }) }), needs: vmParts,
    answers: { 200: { description: 'The changes.', schema: SnapshotDiff } },
    handle: async ({ caller, params, query, signal }, { services }) => ({ status: 200, body: await services.snapshots.diff(caller, params.ref, params.snapshot, query.to, signal) }),
  }),
  route({
    method: 'post', path: `${path}/{snapshot}/restore`, id: 'restoreSnapshot', summary: 'Restore a snapshot',
    description: 'The environment keeps its name, id and addresses. The present state is saved as a safety snapshot first unless `safety` is false, for which a key limited to one environment needs `mayPurge`. If the operation fails, the environment does not change.',
    access: change, params: SnapshotParams, query: WaitQuery, body: RestoreSnapshot, example: { safety: true }, idempotent: true, needs: vmParts, answers: accepted,
    handle: async (request, context) => await answerSnapshot(
      await context.services.snapshots.restore(request.caller, request.params.ref, request.params.snapshot, request.body, request.idempotencyKey), request.params.ref, request, context),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/fork', id: 'forkEnvironment', summary: 'Create environments from a running one or from a snapshot',
    description: 'Each fork has its own name, addresses, host name, machine id and keys, and continues where the source was. The source keeps running.',
    access: { scope: 'write', limitedKeys: false }, params: RefParams, query: WaitQuery, body: ForkEnvironment, example: { name: 'try', snapshot: 'before-upgrade', count: 3 }, idempotent: true, needs: vmParts,
    answers: { 200: { description: 'Done.', schema: ForkAnswer }, 202: { description: 'Accepted; Location is the operation.', schema: ForkAnswer } },
    handle: async (request, context) => await answerFork(await context.services.snapshots.fork(request.caller, request.params.ref, request.body, request.idempotencyKey), request, context),
  }),
];
