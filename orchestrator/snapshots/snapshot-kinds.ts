// The operations on snapshots and forks: the supervisor's steps, and the records before and after.
import { z } from 'zod';
import { exists } from '../../common/exists.ts';
import { lastingStates } from '../../supervisor/domain/states.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { forkSteps, type ForkContext } from '../../supervisor/operations/fork.ts';
import { restoreSteps, runsAfterwards, type RestoreContext } from '../../supervisor/operations/restore.ts';
import { readState } from '../../supervisor/snapshots/saved-state.ts';
import { snapshotPurgeSteps, snapshotSteps, type PurgeContext, type SnapshotContext } from '../../supervisor/operations/snapshot.ts';
import { recordOutcome, runningRecord, stoppedRecord, type EnvironmentKindDeps, type RecordedContext } from '../environments/record-outcome.ts';
import { subjectOf } from '../environments/environment-manager.ts';
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

  engine.register<SnapshotInput, SnapshotContext>({
    kind: 'snapshot.create', input: SnapshotInput, steps: snapshotSteps, cancellable: true,
    open: async ({ environmentId, ...input }) => ({ vm: new Vm(host, environmentId), ...input }),
    ...recordOutcome<SnapshotContext>(deps, {
      event: 'snapshot.created', failed: 'unchanged',
      done: async ({ snapshotId }) => () => {
        ready(snapshotId);
        return { snapshotId };
      },
      result: ({ snapshotId, suspendedMs }) => ({ snapshotId, snapshot: snapshots.get(snapshotId)?.name, ...(suspendedMs === undefined ? {} : { suspendedMs }) }),
      aftermath: async ({ snapshotId }) => ({ apply: () => snapshots.delete(snapshotId) }),
    }),
  });

  type Restoring = RestoreContext & RecordedContext & { snapshotId: string; safetyId: string | null; keepId: string };
  engine.register<RestoreInput, Restoring>({
    kind: 'snapshot.restore', input: RestoreInput, steps: restoreSteps, cancellable: true,
    async open({ environmentId, ...input }, { id: operationId }) {
      const vm = new Vm(host, environmentId);
      const { snapshotId, safetyId } = input;
      const keepId = safetyId ?? operationId.replace(/^op_/, 'snap_');
      return {
        vm, ...input, operationId, keepId, snapshotFolder: vm.snapshotFolder(snapshotId), snapshotIsDamaged: snapshots.get(snapshotId)?.state === 'damaged',
        keepFolder: vm.snapshotFolder(keepId), keep: safetyId !== null,
      };
    },
    ...recordOutcome<Restoring>(deps, {
      event: 'snapshot.restored',
      async done(context, { id, owner }) {
        const { vm, snapshotId, safetyId } = context;
        const now = await (runsAfterwards(context) ? runningRecord(vm) : stoppedRecord(vm));
        return () => {
          if (safetyId !== null) ready(safetyId);
          const restored = snapshots.get(snapshotId);
          if (restored) notices.add({ kind: 'rollback', owner, environmentId: id, snapshot: restored.name, takenAt: restored.createdAt });
          return { ...now, snapshotId, packEntry: restored?.packEntry ?? null };
        };
      },
      result: ({ snapshotId, safetyId }) => ({ snapshotId, snapshot: snapshots.get(snapshotId)?.name, safetyId }),
      async aftermath({ vm, safetyId, keepId, keepFolder, before, isOnlyCopy }, record) {
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
    }),
  });

  engine.register<PurgeInput, PurgeContext>({
    kind: 'snapshot.purge', input: PurgeInput, steps: snapshotPurgeSteps, cancellable: false,
    open: async ({ environmentId, snapshotIds }) => ({ vm: new Vm(host, environmentId), snapshotIds }),
    ...recordOutcome<PurgeContext>(deps, {
      event: 'snapshot.purged', failed: 'unchanged',
      done: async ({ snapshotIds }, record) => () => {
        const parents = new Map(snapshots.all(record.id).map(({ id, parent }) => [id, parent]));
        let head = record.snapshotId;
        while (head !== null && snapshotIds.includes(head)) head = parents.get(head) ?? null;
        for (const id of snapshotIds) snapshots.delete(id);
        return { snapshotId: head };
      },
      result: ({ snapshotIds }) => ({ snapshotIds, snapshots: snapshotIds.map((id) => snapshots.get(id)?.name ?? id) }),
      async aftermath({ vm, snapshotIds }) {
        const there = await Promise.all(snapshotIds.map(async (id) => await exists(vm.snapshotFolder(id))));
        return { apply: () => { for (const [at, id] of snapshotIds.entries()) if (there[at] === false) snapshots.delete(id); } };
      },
    }),
  });

  type Forking = ForkContext & { snapshotId: string | null };
  engine.register<ForkInput, Forking>({
    kind: 'environment.fork', input: ForkInput, steps: forkSteps, cancellable: true,
    async open({ environmentId, snapshotId, memory, wasRunning, forkIds }) {
      const vm = new Vm(host, environmentId);
      return {
        vm, memory, wasRunning, snapshotId, snapshotIsDamaged: snapshotId !== null && snapshots.get(snapshotId)?.state === 'damaged',
        snapshotFolder: snapshotId === null ? undefined : vm.snapshotFolder(snapshotId),
        forks: forkIds.flatMap((id) => environments.get(id) ?? []).map((record) => ({
          vm: new Vm(host, record.id), spec: { name: record.name, network: { index: record.networkIndex, policy: record.network } },
        })),
      };
    },
    ...recordOutcome<Forking>(deps, {
      event: 'environment.forked', failed: 'unchanged',
      async done({ forks, snapshotId }, source) {
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
    }),
  });
}
