// How operations on an environment end: the record changes and an event is appended, in one transaction.
import { hostname } from 'node:os';
import { toSomnusError } from '../../common/errors.ts';
import { bootIdOf } from '../../supervisor/operations/verify-by-helper.ts';
import type { EnvironmentState, LastingState } from '../../supervisor/domain/states.ts';
import type { Vm, VmContext, VmHost } from '../../supervisor/vms/vm.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { OperationKind } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environment } from './environment-schemas.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

export interface EnvironmentKindDeps {
  store: SqliteStore;
  environments: SqliteEnvironments;
  events: SqliteEventLog;
  host: VmHost;
}

/** What a kind adds to the record after a failure. */
interface Aftermath {
  change?: Partial<EnvironmentRecord>;
  /** Runs in the transaction that writes the record. */
  apply?: () => void;
  /** The next step for the user. */
  hint?: string;
}

export interface Outcome<C> {
  /** Type of the event on success. */
  event: string;
  /** How the record changes on success. A returned function runs in the same transaction. */
  done(context: C, record: EnvironmentRecord): Promise<(() => Partial<EnvironmentRecord> | 'gone') | Partial<EnvironmentRecord>>;
  /** The operation's result, also part of its event. */
  result?(context: C): Record<string, unknown>;
  /** The record after a failure was undone: removed, unchanged, or, when omitted, set to the state observed on the host. */
  failed?: 'gone' | 'unchanged' | ((context: C, record: EnvironmentRecord) => Promise<'gone' | 'unchanged'>);
  /** Further changes after a failure was undone, from what is observed. */
  aftermath?(context: C, record: EnvironmentRecord): Promise<Aftermath>;
}

/** `desiredBefore` is the desired state before the operation was requested; unknown for operations that an older version accepted. */
export type RecordedContext = VmContext & { desiredBefore?: LastingState | undefined };

/** The part of a kind's definition that all operations on an environment share. */
export function recordOutcome<C extends RecordedContext>(deps: EnvironmentKindDeps, outcome: Outcome<C>): Required<Pick<OperationKind<never, C>, 'afterCrash' | 'succeed' | 'fail'>> {
  const { store, environments, events } = deps;

  /** Changes the record and appends the event in one transaction. */
  const record = (id: string, change: () => Partial<EnvironmentRecord> | 'gone', type: string, data: Record<string, unknown>): void => store.transaction(() => {
    const before = environments.get(id);
    if (!before) return;
    const after = change();
    if (after === 'gone') environments.delete(id);
    else environments.update({ ...before, ...after });
    events.append({ type, owner: before.owner, subject: { type: 'environment', id, name: before.name }, actor: null, data });
  });

  return {
    afterCrash: 'resume',
    async succeed(context) {
      const before = environments.get(context.vm.id);
      const change = before && await outcome.done(context, before);
      const result = outcome.result?.(context);
      if (before && change) record(before.id, () => (typeof change === 'function' ? change() : change), outcome.event, { host: hostname(), ...result });
      return result ?? null;
    },
    async fail(context, { kind, committed, code, message }) {
      const { vm, desiredBefore } = context;
      const before = environments.get(vm.id);
      if (!before) return undefined;
      const failed = typeof outcome.failed === 'function' ? await outcome.failed(context, before) : outcome.failed;
      const found = failed === undefined || committed ? await observedState(vm) : failed;
      const state = found === 'gone' || found === 'unchanged' ? before.state : found === 'stopped' && before.presentSnapshotId !== null ? 'failed' : found;
      const size = await sizeOf(vm, state);
      const kept = state === 'failed' && before.presentSnapshotId !== null ? `; the state before an earlier restore is kept as the snapshot ${before.presentSnapshotId}` : '';
      const { change = {}, apply, hint } = committed ? {} : await outcome.aftermath?.(context, before) ?? {};
      record(vm.id, () => {
        apply?.();
        if (found === 'gone') return found;
        if (found === 'unchanged') return { ...size, ...change };
        const desired = desiredBefore === undefined ? {} : { desiredState: desiredBefore };
        return { ...size, state, stateReason: `${kind} failed: ${message}${kept}`, ...desired, ...(state === 'running' ? {} : { bootId: null }), ...change };
      }, `${kind}-failed`, { code, message });
      return hint ?? (found === 'gone' || code !== 'cancelled' ? undefined : `${before.name} is ${environments.get(vm.id)?.state ?? 'gone'}. Start the operation again if needed.`);
    },
  };
}

/** Short, since the answer is useful but not required. */
const BOOT_ID_TIMEOUT_MS = 5_000;

/** How the record changes for a VM that has just become ready. A guest that does not answer still counts as running; a VM that has ended since gets its observed state. */
export async function runningRecord(vm: Vm): Promise<Partial<EnvironmentRecord>> {
  if (!(await vm.isActive())) return { ...await stoppedRecord(vm), state: await observedState(vm), stateReason: 'the VM ended right after it was ready' };
  const bootId = await bootIdOf(vm, { timeoutMs: BOOT_ID_TIMEOUT_MS });
  return { ...await sizeOf(vm, 'running'), state: 'running', stateReason: null, lastWords: null, bootId: bootId ?? null, startedAt: new Date().toISOString() };
}

export async function stoppedRecord(vm: Vm, state: 'stopped' | 'hibernated' | 'removed' = 'stopped'): Promise<Partial<EnvironmentRecord>> {
  return { ...await sizeOf(vm, state), state, stateReason: null, bootId: null, startedAt: null };
}

/** A VM's current size; when it is off, the size of its next start. */
export async function sizeOf(vm: Vm, state: EnvironmentState | undefined): Promise<Partial<Pick<Environment, 'vcpus' | 'memoryMiB' | 'diskGiB'>>> {
  const manifest = await vm.manifest().catch(() => undefined);
  if (!manifest) return {};
  const { shape, wanted = shape } = manifest;
  const { vcpus, memoryMiB } = state === 'stopped' || state === 'failed' || state === 'removed' ? wanted : shape;
  return { vcpus, memoryMiB, diskGiB: shape.diskGiB };
}

/** The state observed on the host; `failed` when there is none or it cannot be determined. */
export async function observedState(vm: Vm): Promise<EnvironmentState> {
  try {
    const observed = await vm.observe();
    return observed === 'missing' || observed === 'empty' ? 'failed' : observed;
  } catch (error) {
    vm.log.warn({ event: 'vm.not-observed', err: toSomnusError(error) });
    return 'failed';
  }
}
