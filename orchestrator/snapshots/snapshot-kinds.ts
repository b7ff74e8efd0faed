// The operations on snapshots and forks: the supervisor's steps, and the records before and after.
import { z } from 'zod';
import { exists } from '../../common/exists.ts';
import { lastingStates } from '../../supervisor/domain/states.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { forkSteps, type ForkContext } from '../../supervisor/operations/fork.ts';
import { restoreSteps, runsAfterwards, type RestoreContext } from '../../supervisor/operations/restore.ts';
import { readState } from '../../supervisor/snapshots/saved-state.ts';
import { snapshotPurgeSteps, snapshotSteps, type PurgeContext, type SnapshotContext } from '../../supervisor/operations/snapshot.ts';
import { environmentKind, runningRecord, stoppedRecord, type EnvironmentKindDeps } from '../environments/environment-kind.ts';
import { subjectOf } from '../environments/environments.ts';
import type { SqliteSnapshotNotices } from '../memory/sqlite-snapshot-notices.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import { freeName, newSnapshot, withoutHold, type SqliteSnapshots } from './sqlite-snapshots.ts';

export interface SnapshotKindDeps extends EnvironmentKindDeps {
  snapshots: SqliteSnapshots;
  /** Called in the transaction that ends the operation, so that the owner's memory can follow. */
  memory: Pick<SqliteSnapshotNotices, 'add'>;
}

const SnapshotInput = z.strictObject({ environmentId: z.string(), snapshotId: z.string(), memory: z.boolean(), wasRunning: z.boolean() });
export type SnapshotInput = z.infer<typeof SnapshotInput>;

const RestoreInput = z.strictObject({
  environmentId: z.string(), snapshotId: z.string(), safetyId: z.string().nullable(), memory: z.boolean(), before: z.enum(['running', 'suspended', 'stopped', 'hibernated']),
  desiredBefore: z.enum(lastingStates).optional(),
});
export type RestoreInput = z.infer<typeof RestoreInput>;

const PurgeInput = z.strictObject({ environmentId: z.string(), snapshotIds: z.array(z.string()) });
export type PurgeInput = z.infer<typeof PurgeInput>;

const ForkInput = z.strictObject({ environmentId: z.string(), snapshotId: z.string().nullable(), memory: z.boolean(), wasRunning: z.boolean(), forkIds: z.array(z.string()) });
export type ForkInput = z.infer<typeof ForkInput>;

export function registerSnapshotKinds(engine: Pick<OperationEngine, 'register'>, deps: SnapshotKindDeps): void {
  const { environments, snapshots, events, host, memory: notices } = deps;
  const ready = (id: string): void => {
    const snapshot = snapshots.get(id);
    if (snapshot) snapshots.update({ ...withoutHold(snapshot), state: 'ready' });
  };

  engine.register(environmentKind<SnapshotInput, SnapshotContext>(deps, {
    kind: 'snapshot.create', input: SnapshotInput, steps: snapshotSteps, event: 'snapshot.created', cancellable: true, failed: 'unchanged',
    open: async (vm, { snapshotId, memory, wasRunning }) => ({ vm, snapshotId, memory, wasRunning }),
    done: async ({ snapshotId }) => () => {
      ready(snapshotId);
      return { snapshotId };
    },
    result: ({ snapshotId, suspendedMs }) => ({ snapshotId, snapshot: snapshots.get(snapshotId)?.name, ...(suspendedMs === undefined ? {} : { suspendedMs }) }),
    aftermath: async ({ snapshotId }) => ({ apply: () => snapshots.delete(snapshotId) }),
  }));

  engine.register(environmentKind<RestoreInput, RestoreContext & { snapshotId: string; safetyId: string | null; keepId: string }>(deps, {
    kind: 'snapshot.restore', input: RestoreInput, steps: restoreSteps, event: 'snapshot.restored', cancellable: true,
    open: async (vm, { snapshotId, safetyId, memory, before }, _, { id: operationId }) => {
      const keepId = safetyId ?? operationId.replace(/^op_/, 'snap_');
      return {
        vm, snapshotId, safetyId, memory, before, operationId, keepId,
        snapshotFolder: vm.snapshotFolder(snapshotId), snapshotIsDamaged: snapshots.get(snapshotId)?.state === 'damaged', keepFolder: vm.snapshotFolder(keepId), keep: safetyId !== null,
      };
    },
    done: async (context, { id, owner }) => {
      const { vm, snapshotId, safetyId } = context;
      const now = await (runsAfterwards(context) ? runningRecord(vm) : stoppedRecord(vm));
      return () => {
        if (safetyId !== null) ready(safetyId);
        const restored = snapshots.get(snapshotId);
        if (restored) notices.add({ kind: 'rollback', owner, environmentId: id, snapshot: restored.name, takenAt: restored.createdAt });
        return { ...now, snapshotId };
      };
    },
    result: ({ snapshotId, safetyId }) => ({ snapshotId, snapshot: snapshots.get(snapshotId)?.name, safetyId }),
    aftermath: async (context, record) => {
      const { vm, safetyId, keepId, keepFolder, before, isOnlyCopy } = context;
      const kept = await readState(keepFolder).catch(() => undefined);
      if (!kept) return { apply: () => { if (safetyId !== null) snapshots.delete(safetyId); } };
      const known = snapshots.get(keepId);
      const name = known?.name ?? freeName('safety', snapshots.all(record.id));
      const away = isOnlyCopy === true || ((before === 'running' || before === 'suspended') && !(await vm.isAlive()));
      return {
        apply: () => {
          if (known) snapshots.update({ ...withoutHold(known), state: 'ready', memory: kept.memory });
          else snapshots.insert(newSnapshot(record, { id: keepId, name, description: 'Before a restore that failed', memory: kept.memory, safety: true, state: 'ready' }));
        },
        hint: `The state before the restore is kept as the snapshot ${name}. Restore it with \`somnus snapshot restore ${record.name} ${name}\`.`,
        ...(away ? { change: { state: 'failed', presentSnapshotId: keepId, bootId: null, startedAt: null, stateReason: `the restore failed and could not be undone; the state before it is kept as the snapshot ${name}` } } : {}),
      };
    },
  }));

  engine.register(environmentKind<PurgeInput, PurgeContext>(deps, {
    kind: 'snapshot.purge', input: PurgeInput, steps: snapshotPurgeSteps, event: 'snapshot.purged', cancellable: false, failed: 'unchanged',
    open: async (vm, { snapshotIds }) => ({ vm, snapshotIds }),
    done: async ({ snapshotIds }, record) => () => {
      const parents = new Map(snapshots.all(record.id).map(({ id, parent }) => [id, parent]));
      let head = record.snapshotId;
      while (head !== null && snapshotIds.includes(head)) head = parents.get(head) ?? null;
      for (const id of snapshotIds) snapshots.delete(id);
      return { snapshotId: head };
    },
    result: ({ snapshotIds }) => ({ snapshotIds, snapshots: snapshotIds.map((id) => snapshots.get(id)?.name ?? id) }),
    aftermath: async ({ vm, snapshotIds }) => {
      const there = await Promise.all(snapshotIds.map(async (id) => await exists(vm.snapshotFolder(id))));
      return { apply: () => { for (const [at, id] of snapshotIds.entries()) if (there[at] === false) snapshots.delete(id); } };
    },
  }));

  engine.register(environmentKind<ForkInput, ForkContext & { snapshotId: string | null }>(deps, {
    kind: 'environment.fork', input: ForkInput, steps: forkSteps, event: 'environment.forked', cancellable: true, failed: 'unchanged',
    open: async (vm, { snapshotId, memory, wasRunning, forkIds }) => ({
      vm, memory, wasRunning, snapshotId, snapshotIsDamaged: snapshotId !== null && snapshots.get(snapshotId)?.state === 'damaged',
      snapshotFolder: snapshotId === null ? undefined : vm.snapshotFolder(snapshotId),
      forks: forkIds.flatMap((id) => environments.get(id) ?? []).map((record) => ({
        vm: new Vm(host, record.id), spec: { name: record.name, network: { index: record.networkIndex, policy: record.network } },
      })),
    }),
    done: async ({ forks, snapshotId }, source) => {
      const running = await Promise.all(forks.map(async ({ vm }) => ({ id: vm.id, now: await runningRecord(vm) })));
      return () => {
        const snapshot = snapshotId === null ? undefined : snapshots.get(snapshotId);
        for (const { id, now } of running) {
          const record = environments.get(id);
          if (!record) continue;
          const fork = environments.update({ ...record, ...now });
          events.append({ type: 'environment.created', owner: fork.owner, subject: subjectOf(fork), actor: null, data: { forkedFrom: source.name, forkedFromId: source.id } });
          notices.add({ kind: 'fork', owner: fork.owner, environmentId: source.id, forkId: fork.id, snapshot: snapshot?.name ?? null, takenAt: snapshot?.createdAt ?? fork.createdAt });
        }
        return {};
      };
    },
    result: ({ forks }) => ({ environmentIds: forks.map(({ vm }) => vm.id) }),
    aftermath: async ({ forks }) => ({ apply: () => { for (const { vm } of forks) environments.delete(vm.id); } }),
  }));
}
