// What all operations on an environment have in common: its record says what came of them, together with an event.
import { hostname } from 'node:os';
import type { z } from 'zod';
import { toSomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState, LastingState } from '../../supervisor/domain/states.ts';
import { Machine, type MachineContext, type MachineHost } from '../../supervisor/machines/machine.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Operation, OperationKind } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environment } from './environment.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

export interface EnvironmentKindDeps {
  store: SqliteStore;
  environments: SqliteEnvironments;
  events: SqliteEventLog;
  host: MachineHost;
}

/** What the input of every operation on an environment may say. */
export interface AskedInput {
  environmentId: string;
  /** What its user wanted it to be before the operation was asked for; unknown of those that an older version accepted. */
  desiredBefore?: LastingState | undefined;
}

/** What a kind adds to the record of a failure. */
export interface Aftermath {
  change?: Partial<EnvironmentRecord>;
  /** Written together with the record. */
  apply?: () => void;
  /** The next step for whoever asked for the operation. */
  hint?: string;
}

export interface KindSpec<Input extends AskedInput, C extends MachineContext> {
  kind: string;
  input: z.ZodType<Input>;
  steps: readonly Step<C>[];
  /** The event when it is done. */
  event: string;
  cancellable: boolean;
  open(machine: Machine, input: Input, record: EnvironmentRecord | undefined, operation: Operation): Promise<C>;
  /** What the record says when it is done. What else it writes goes to the disk with that. */
  done(context: C, record: EnvironmentRecord): Promise<(() => Partial<EnvironmentRecord> | 'gone') | Partial<EnvironmentRecord>>;
  /** The operation's result; its event says the same. */
  result?(context: C): Record<string, unknown>;
  /** What becomes of the record when it failed and was undone: nothing is left, nothing has changed, or, when left out, what the host really holds. */
  failed?: 'gone' | 'unchanged';
  /** What else is true when it failed and was undone, from a look at the world. */
  aftermath?(context: C, record: EnvironmentRecord): Promise<Aftermath>;
}

/** The context of a kind's steps, with what its failure needs. */
type Asked<C> = C & { desiredBefore?: LastingState | undefined };

export function environmentKind<Input extends AskedInput, C extends MachineContext>(deps: EnvironmentKindDeps, spec: KindSpec<Input, C>): OperationKind<Input, Asked<C>> {
  const { store, environments, events } = deps;

  /** Changes the record and says so, together. */
  const record = (id: string, change: () => Partial<EnvironmentRecord> | 'gone', type: string, data: Record<string, unknown>): void => store.transaction(() => {
    const before = environments.get(id);
    if (!before) return;
    const after = change();
    if (after === 'gone') environments.delete(id);
    else environments.update({ ...before, ...after });
    events.append({ type, owner: before.owner, subject: { type: 'environment', id, name: before.name }, actor: null, data });
  });

  return {
    kind: spec.kind,
    input: spec.input,
    steps: spec.steps,
    afterCrash: 'resume',
    cancellable: spec.cancellable,
    async open(input, operation) {
      const context = await spec.open(new Machine(deps.host, input.environmentId), input, environments.get(input.environmentId), operation);
      return { ...context, desiredBefore: input.desiredBefore };
    },
    async succeed(context) {
      const before = environments.get(context.machine.id);
      const change = before && await spec.done(context, before);
      const result = spec.result?.(context);
      if (before && change) record(before.id, () => (typeof change === 'function' ? change() : change), spec.event, { host: hostname(), ...result });
      return result ?? null;
    },
    async fail(context, { committed, code, message }) {
      const { machine, desiredBefore } = context;
      const before = environments.get(machine.id);
      if (!before) return undefined;
      const found = spec.failed === undefined || committed ? await observedState(machine) : spec.failed;
      const state = found === 'gone' || found === 'unchanged' ? before.state : found === 'stopped' && before.presentSnapshotId !== null ? 'failed' : found;
      const size = await sizeOf(machine, state);
      const kept = state === 'failed' && before.presentSnapshotId !== null ? `; what it was before an earlier restore is kept as the snapshot ${before.presentSnapshotId}` : '';
      const { change = {}, apply, hint } = committed ? {} : await spec.aftermath?.(context, before) ?? {};
      record(machine.id, () => {
        apply?.();
        if (found === 'gone') return found;
        if (found === 'unchanged') return { ...size, ...change };
        const desired = desiredBefore === undefined ? {} : { desiredState: desiredBefore };
        return { ...size, state, stateReason: `${spec.kind} did not succeed: ${message}${kept}`, ...desired, ...(state === 'running' ? {} : { bootId: null }), ...change };
      }, `${spec.kind}-failed`, { code, message });
      return hint ?? (found === 'gone' || code !== 'cancelled' ? undefined : `${before.name} is ${environments.get(machine.id)?.state ?? 'gone'}. Start the operation again when wanted.`);
    },
  };
}

/** For an answer that is worth waiting for, but not worth failing for. */
const BOOT_ID_TIMEOUT_MS = 5_000;

/** What the record of one that has just become ready says. A guest that does not answer is running all the same; one that has ended since is what it is. */
export async function runningRecord(machine: Machine): Promise<Partial<EnvironmentRecord>> {
  if (!(await machine.isActive())) return { ...await stoppedRecord(machine), state: await observedState(machine), stateReason: 'its VM ended right after it had been ready' };
  const status = await machine.host.guests.port(machine).status({ timeoutMs: BOOT_ID_TIMEOUT_MS }).catch((error: unknown) => {
    machine.log.warn({ err: toSomnusError(error) }, 'guest.boot-id-not-asked');
    return machine.host.guests.port(machine).lastStatus;
  });
  return { ...await sizeOf(machine, 'running'), state: 'running', stateReason: null, lastWords: null, bootId: status?.bootId ?? null, startedAt: new Date().toISOString() };
}

export async function stoppedRecord(machine: Machine, state: 'stopped' | 'hibernated' | 'removed' = 'stopped'): Promise<Partial<EnvironmentRecord>> {
  return { ...await sizeOf(machine, state), state, stateReason: null, bootId: null, startedAt: null };
}

/** What a VM has; of one that is off, what its next start gives it. */
export async function sizeOf(machine: Machine, state: EnvironmentState | undefined): Promise<Partial<Pick<Environment, 'vcpus' | 'memoryMiB' | 'diskGiB'>>> {
  const manifest = await machine.manifest().catch(() => undefined);
  if (!manifest) return {};
  const { shape, wanted = shape } = manifest;
  const { vcpus, memoryMiB } = state === 'stopped' || state === 'failed' || state === 'removed' ? wanted : shape;
  return { vcpus, memoryMiB, diskGiB: shape.diskGiB };
}

/** What the host really holds; `failed` when that is nothing, or cannot be found out. */
export async function observedState(machine: Machine): Promise<EnvironmentState> {
  try {
    const observed = await machine.observe();
    return observed === 'missing' || observed === 'empty' ? 'failed' : observed;
  } catch (error) {
    machine.log.warn({ err: toSomnusError(error) }, 'machine.not-observed');
    return 'failed';
  }
}
