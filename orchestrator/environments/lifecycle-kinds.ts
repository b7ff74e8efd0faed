// The kinds of operation that change an environment: the supervisor's steps, and what the record says before and after.
import { z } from 'zod';
import { hostname } from 'node:os';
import { toSomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import { transitions, type EnvironmentState } from '../../supervisor/domain/states.ts';
import { createSteps, type CreateContext } from '../../supervisor/machines/create.ts';
import { hibernateSteps, wakeSteps } from '../../supervisor/machines/hibernate.ts';
import { Machine, type MachineHost } from '../../supervisor/machines/machine.ts';
import { purgeSteps, removeSteps } from '../../supervisor/machines/remove.ts';
import { startSteps } from '../../supervisor/machines/start.ts';
import { restartSteps, stopSteps, type StopContext } from '../../supervisor/machines/stop.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import type { ProfileService } from '../../supervisor/profiles/profile.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { OperationKind } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environment } from './environment.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

export interface LifecycleDeps {
  store: SqliteStore;
  environments: SqliteEnvironments;
  events: SqliteEventLog;
  host: MachineHost;
  images: ImageStore;
  profiles: ProfileService;
  monitor: Monitor;
  removedDays: number;
}

/** What the row of an operation holds; the rest is read anew at each attempt. */
const Input = z.strictObject({ environmentId: z.string(), force: z.boolean().default(false) });
type Input = z.infer<typeof Input>;

type Context = StopContext;

interface KindSpec<C extends Context> {
  kind: string;
  steps: readonly Step<C>[];
  /** The event when it is done. */
  event: string;
  cancellable: boolean;
  open?(context: Context, record: EnvironmentRecord): Promise<C>;
  /** What the record says when it is done. */
  done(context: C, record: EnvironmentRecord): Promise<Partial<EnvironmentRecord> | 'gone'>;
  /** What becomes of the record when it failed and was undone; what the host really holds when left out. */
  failed?: 'gone';
}

export function registerLifecycleKinds(engine: OperationEngine, deps: LifecycleDeps): void {
  const running = async ({ machine }: Context): Promise<Partial<EnvironmentRecord>> => ({
    state: 'running', stateReason: null, bootId: (await machine.host.guests.port(machine).status()).bootId, startedAt: new Date().toISOString(),
  });
  const stopped = async (): Promise<Partial<EnvironmentRecord>> => ({ state: 'stopped', stateReason: null, bootId: null, startedAt: null });
  const removed = async (): Promise<Partial<EnvironmentRecord>> => ({
    ...await stopped(), state: 'removed', removedAt: new Date().toISOString(), purgeAt: new Date(Date.now() + deps.removedDays * 86_400_000).toISOString(),
  });
  engine.register(lifecycleKind<CreateContext & Context>(deps, {
    kind: 'environment.create', steps: createSteps, event: 'environment.created', cancellable: true, done: running, failed: 'gone',
    open: async (context, record) => {
      const { shape } = await deps.profiles.get(record.profile);
      const image = await deps.images.get(record.image);
      return { ...context, spec: { name: record.name, shape, image, network: { index: record.networkIndex, policy: record.network } } };
    },
  }));
  engine.register(lifecycleKind(deps, { kind: 'environment.start', steps: startSteps, event: 'environment.started', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, { kind: 'environment.stop', steps: stopSteps, event: 'environment.stopped', cancellable: true, done: stopped }));
  engine.register(lifecycleKind(deps, { kind: 'environment.restart', steps: restartSteps, event: 'environment.restarted', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, { kind: 'environment.hibernate', steps: hibernateSteps, event: 'environment.hibernated', cancellable: true, done: async () => ({ ...await stopped(), state: 'hibernated' }) }));
  engine.register(lifecycleKind(deps, { kind: 'environment.wake', steps: wakeSteps, event: 'environment.woken', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, { kind: 'environment.remove', steps: removeSteps, event: 'environment.removed', cancellable: true, done: removed }));
  engine.register(lifecycleKind(deps, { kind: 'environment.purge', steps: purgeSteps, event: 'environment.purged', cancellable: false, done: async ({ machine }) => { deps.monitor.forget(machine.id); return 'gone'; } }));
}

function lifecycleKind<C extends Context>(deps: LifecycleDeps, spec: KindSpec<C>): OperationKind<Input, C> {
  const { store, environments, events } = deps;

  /** Changes the record and says so, together. */
  const record = (id: string, change: Partial<EnvironmentRecord> | 'gone', type: string, data: Record<string, unknown>): void => store.transaction(() => {
    const before = environments.get(id);
    if (!before) return;
    if (change === 'gone') environments.delete(id);
    else environments.update({ ...before, ...change });
    events.append({ type, owner: before.owner, subject: { type: 'environment', id, name: before.name }, actor: null, data });
  });

  return {
    kind: spec.kind,
    input: Input,
    steps: spec.steps,
    afterCrash: 'resume',
    cancellable: spec.cancellable,
    async open(input) {
      const context: Context = { machine: new Machine(deps.host, input.environmentId), force: input.force };
      const found = environments.get(input.environmentId);
      if (!found || !spec.open) return context as C;
      return await spec.open(context, found);
    },
    async succeed(context) {
      const before = environments.get(context.machine.id);
      if (before) record(before.id, await spec.done(context, before), spec.event, { host: hostname() });
      return null;
    },
    async fail({ machine }, error) {
      const state = spec.failed === 'gone' ? undefined : await observedState(machine);
      const data = { code: error.code, message: error.message };
      const after = state && {
        state, stateReason: `${spec.kind} did not succeed: ${error.message}`, ...settledDesire(state), ...(state === 'running' ? {} : { bootId: null }),
      };
      record(machine.id, after ?? 'gone', `${spec.kind}-failed`, data);
    },
  };
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

/** The state shown while an action is at work, and what the user wants it to become. */
export function intention(action: keyof typeof transitions): Partial<Pick<Environment, 'state' | 'desiredState'>> {
  const { via, to } = transitions[action];
  return { ...(via === null ? {} : { state: via }), ...(to === null ? {} : { desiredState: to }) };
}
