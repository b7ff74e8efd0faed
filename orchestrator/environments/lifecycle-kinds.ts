// The operations that change an environment: the supervisor's steps, and the record before and after.
import { z } from 'zod';
import { environmentStates, lastingStates, transitions } from '../../supervisor/domain/states.ts';
import { createSteps, type CreateContext } from '../../supervisor/operations/create.ts';
import { hibernateSteps, type HibernateContext } from '../../supervisor/operations/hibernate.ts';
import { purgeSteps } from '../../supervisor/operations/purge.ts';
import { removeSteps } from '../../supervisor/operations/remove.ts';
import { restartSteps } from '../../supervisor/operations/restart.ts';
import { guestRebootSteps } from '../../supervisor/operations/settle.ts';
import { startSteps } from '../../supervisor/operations/start.ts';
import { stopSteps, type StopContext } from '../../supervisor/operations/stop.ts';
import { wakeSteps } from '../../supervisor/operations/wake.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import type { ProfileService } from '../../supervisor/profiles/profile.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { OperationKind } from '../operations/operation.ts';
import type { Environment } from './environment.ts';
import { environmentKind, runningRecord, stoppedRecord, type EnvironmentKindDeps, type KindSpec } from './environment-kind.ts';
import { sizedShape } from './sized-shape.ts';
import type { EnvironmentRecord } from './sqlite-environments.ts';

export interface LifecycleDeps extends EnvironmentKindDeps {
  images: ImageStore;
  profiles: ProfileService;
  monitor: Monitor;
  /** Revokes the keys that are limited to a removed environment. */
  keys: { revokeAllOf(environmentId: string): void };
  removedDays: number;
  now: () => Date;
}

/** The stored input of an operation; everything else is read again at each attempt. */
const Input = z.strictObject({ environmentId: z.string(), force: z.boolean().default(false), before: z.enum(environmentStates).optional(), desiredBefore: z.enum(lastingStates).optional() });
type Input = z.infer<typeof Input>;

/** The common context of all steps. */
type LifecycleContext = StopContext & HibernateContext;

interface LifecycleSpec<C extends LifecycleContext> extends Omit<KindSpec<Input, C>, 'input' | 'open'> {
  open?(context: LifecycleContext, record: EnvironmentRecord): Promise<C>;
}

export function registerLifecycleKinds(engine: OperationEngine, deps: LifecycleDeps): void {
  const running = async ({ vm }: StopContext): Promise<Partial<EnvironmentRecord>> => await runningRecord(vm);
  const stopped = async ({ vm }: StopContext): Promise<Partial<EnvironmentRecord>> => await stoppedRecord(vm);
  const removed = async ({ vm }: StopContext): Promise<Partial<EnvironmentRecord>> => ({
    ...await stoppedRecord(vm, 'removed'), removedAt: deps.now().toISOString(), purgeAt: new Date(deps.now().getTime() + deps.removedDays * 86_400_000).toISOString(),
  });
  engine.register(lifecycleKind<CreateContext & LifecycleContext>(deps, {
    kind: 'environment.create', steps: createSteps, event: 'environment.created', cancellable: true, done: running, failed: 'gone',
    open: async (context, record) => {
      const { shape: ofProfile, gpu } = await deps.profiles.get(record.profile);
      const shape = sizedShape(ofProfile, record);
      const image = await deps.images.get(record.image);
      return { ...context, spec: { name: record.name, shape, gpu, image, network: { index: record.networkIndex, policy: record.network } } };
    },
  }));
  engine.register(lifecycleKind(deps, { kind: 'environment.start', steps: startSteps, event: 'environment.started', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, { kind: 'environment.stop', steps: stopSteps, event: 'environment.stopped', cancellable: true, done: stopped }));
  engine.register(lifecycleKind(deps, { kind: 'environment.restart', steps: restartSteps, event: 'environment.restarted', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, {
    kind: 'environment.settle', steps: guestRebootSteps, event: 'environment.guest-ready', cancellable: true,
    done: async ({ vm }, { startedAt, lastWords }) => ({ ...await runningRecord(vm), startedAt, lastWords }), // of the reboot
  }));
  engine.register(lifecycleKind(deps, { kind: 'environment.hibernate', steps: hibernateSteps, event: 'environment.hibernated', cancellable: true, done: async ({ vm }) => await stoppedRecord(vm, 'hibernated') }));
  engine.register(lifecycleKind(deps, { kind: 'environment.wake', steps: wakeSteps, event: 'environment.woken', cancellable: true, done: running }));
  engine.register(lifecycleKind(deps, { kind: 'environment.remove', steps: removeSteps, event: 'environment.removed', cancellable: true, done: removed }));
  engine.register(lifecycleKind(deps, {
    kind: 'environment.purge', steps: purgeSteps, event: 'environment.purged', cancellable: false,
    done: async ({ vm }) => () => {
      deps.monitor.forget(vm.id);
      deps.keys.revokeAllOf(vm.id);
      return 'gone';
    },
  }));
}

function lifecycleKind<C extends LifecycleContext>(deps: LifecycleDeps, spec: LifecycleSpec<C>): OperationKind<Input, C> {
  return environmentKind<Input, C>(deps, {
    ...spec,
    input: Input,
    async open(vm, input, record, { id: operationId }) {
      const context: LifecycleContext = { vm, operationId, force: input.force, before: input.before };
      return record && spec.open ? await spec.open(context, record) : context as C;
    },
  });
}

/** The state shown while an action is in progress, and the state it is to reach. */
export function intention(action: keyof typeof transitions): Partial<Pick<Environment, 'state' | 'desiredState'>> {
  const { via, to } = transitions[action];
  return { ...(via === null ? {} : { state: via }), ...(to === null ? {} : { desiredState: to }) };
}
