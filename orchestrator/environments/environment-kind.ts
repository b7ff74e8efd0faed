// What all operations on an environment have in common: its record says what came of them, together with an event.
import { hostname } from 'node:os';
import type { z } from 'zod';
import { toSomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState } from '../../supervisor/domain/states.ts';
import { Machine, type MachineContext, type MachineHost } from '../../supervisor/machines/machine.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { OperationKind } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environment } from './environment.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

export interface EnvironmentKindDeps {
  store: SqliteStore;
  environments: SqliteEnvironments;
  events: SqliteEventLog;
  host: MachineHost;
}

export interface KindSpec<Input extends { environmentId: string }, C extends MachineContext> {
  kind: string;
  input: z.ZodType<Input>;
  steps: readonly Step<C>[];
  /** The event when it is done. */
  event: string;
  cancellable: boolean;
  open(machine: Machine, input: Input, record: EnvironmentRecord | undefined): Promise<C>;
  /** What the record says when it is done. What else it writes goes to the disk with that. */
  done(context: C, record: EnvironmentRecord): Promise<(() => Partial<EnvironmentRecord> | 'gone') | Partial<EnvironmentRecord>>;
  /** The operation's result; its event says the same. */
  result?(context: C): Record<string, unknown>;
  /** What becomes of the record when it failed and was undone: nothing is left, nothing has changed, or, when left out, what the host really holds. */
  failed?: 'gone' | 'unchanged';
  /** What else is written when it failed, together with that. */
  forget?(context: C): void;
}

export function environmentKind<Input extends { environmentId: string }, C extends MachineContext>(deps: EnvironmentKindDeps, spec: KindSpec<Input, C>): OperationKind<Input, C> {
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
    async open(input) {
      return await spec.open(new Machine(deps.host, input.environmentId), input, environments.get(input.environmentId));
    },
    async succeed(context) {
      const before = environments.get(context.machine.id);
      const change = before && await spec.done(context, before);
      const result = spec.result?.(context);
      if (before && change) record(before.id, () => (typeof change === 'function' ? change() : change), spec.event, { host: hostname(), ...result });
      return result ?? null;
    },
    async fail(context, { committed, ...error }) {
      const { machine } = context;
      const found = spec.failed === undefined || committed ? await observedState(machine) : spec.failed;
      const state = found === 'gone' || found === 'unchanged' ? environments.get(machine.id)?.state : found;
      const size = await sizeOf(machine, state);
      record(machine.id, () => {
        if (!committed) spec.forget?.(context);
        if (found === 'gone') return found;
        if (found === 'unchanged') return size;
        return { ...size, state: found, stateReason: `${spec.kind} did not succeed: ${error.message}`, ...settledDesire(found), ...(found === 'running' ? {} : { bootId: null }) };
      }, `${spec.kind}-failed`, { code: error.code, message: error.message });
    },
  };
}

/** For an answer that is worth waiting for, but not worth failing for. */
const BOOT_ID_TIMEOUT_MS = 5_000;

/** What the record of one that has just become ready says. A guest that does not answer is running all the same; one that has ended since is what it is. */
export async function runningRecord(machine: Machine): Promise<Partial<EnvironmentRecord>> {
  if (!(await machine.isActive())) return { ...await stoppedRecord(machine), state: await observedState(machine), stateReason: 'its VM ended right after it had been ready' };
  const status = await machine.host.guests.port(machine).status({ timeoutMs: BOOT_ID_TIMEOUT_MS }).catch((error: unknown) => { machine.log.warn({ err: toSomnusError(error) }, 'guest.boot-id-unknown'); });
  return { ...await sizeOf(machine, 'running'), state: 'running', stateReason: null, bootId: status?.bootId ?? null, startedAt: new Date().toISOString() };
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
    return observed === 'missing' ? 'failed' : observed;
  } catch (error) {
    machine.log.warn({ err: toSomnusError(error) }, 'machine.not-observed');
    return 'failed';
  }
}

/** What was asked for did not come true; asking for it for ever would not help. */
function settledDesire(state: EnvironmentState): Partial<Pick<Environment, 'desiredState'>> {
  return state === 'running' || state === 'stopped' || state === 'suspended' || state === 'hibernated' ? { desiredState: state } : {};
}
