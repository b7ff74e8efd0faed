// The operations that change an environment: the supervisor's steps, and the record before and after.
import { z } from 'zod';
import type { Step } from '../../common/step.ts';
import { environmentStates, lastingStates, transitions } from '../../supervisor/domain/states.ts';
import { createSteps, type CreateContext } from '../../supervisor/operations/create.ts';
import { hibernateSteps, type HibernateContext } from '../../supervisor/operations/hibernate.ts';
import type { NewVm } from '../../supervisor/operations/new-vm.ts';
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
import { Vm } from '../../supervisor/vms/vm.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { Operation } from '../operations/operation.ts';
import type { Environment } from './environment-schemas.ts';
import { recordOutcome, runningRecord, stoppedRecord, type EnvironmentKindDeps, type Outcome, type RecordedContext } from './record-outcome.ts';
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
const Input = z.strictObject({ environmentId: z.string(), force: z.boolean().default(false), cold: z.boolean().default(false), before: z.enum(environmentStates).optional(), desiredBefore: z.enum(lastingStates).optional() });
type Input = z.infer<typeof Input>;

/** The common context of all steps. */
type LifecycleContext = StopContext & HibernateContext & RecordedContext & Pick<CreateContext, 'cold'>;
type CreatedContext = LifecycleContext & CreateContext & { from?: 'template' | 'image' };

export function registerLifecycleKinds(engine: OperationEngine, deps: LifecycleDeps): void {
  const { environments, host, images, keys, monitor, now, profiles, removedDays } = deps;
  const open = async ({ environmentId, ...input }: Input, { id: operationId }: Operation): Promise<LifecycleContext> => ({ vm: new Vm(host, environmentId), operationId, ...input });
  const register = (kind: string, steps: readonly Step<LifecycleContext>[], outcome: Outcome<LifecycleContext>): void => (
    engine.register({ kind, input: Input, open, steps, cancellable: true, ...recordOutcome(deps, outcome) })
  );
  const running = async ({ vm }: LifecycleContext): Promise<Partial<EnvironmentRecord>> => await runningRecord(vm);
  const stopped = async ({ vm }: LifecycleContext): Promise<Partial<EnvironmentRecord>> => await stoppedRecord(vm);
  const removed = async ({ vm }: LifecycleContext): Promise<Partial<EnvironmentRecord>> => ({
    ...await stoppedRecord(vm, 'removed'), removedAt: now().toISOString(), purgeAt: new Date(now().getTime() + removedDays * 86_400_000).toISOString(),
  });

  engine.register<Input, CreatedContext>({
    kind: 'environment.create', input: Input, steps: createSteps, cancellable: true,
    async open(input, operation) {
      const context = await open(input, operation);
      const record = environments.get(input.environmentId);
      if (!record) return context as CreatedContext; // the record is deleted last: everything is undone already
      return { ...context, spec: await specOf(record, { profiles, images }) };
    },
    ...recordOutcome<CreatedContext>(deps, {
      event: 'environment.created', failed: 'gone',
      async done(context) {
        context.from = (await context.vm.manifest()).fromTemplate === true ? 'template' : 'image';
        return await running(context);
      },
      result: ({ from }) => ({ from }),
    }),
  });
  register('environment.start', startSteps, { event: 'environment.started', done: running });
  register('environment.stop', stopSteps, { event: 'environment.stopped', done: stopped });
  register('environment.restart', restartSteps, { event: 'environment.restarted', done: running });
  register('environment.settle', guestRebootSteps, {
    event: 'environment.guest-ready',
    done: async ({ vm }, { startedAt, lastWords }) => ({ ...await runningRecord(vm), startedAt, lastWords }), // of the reboot
  });
  register('environment.hibernate', hibernateSteps, { event: 'environment.hibernated', done: async ({ vm }) => await stoppedRecord(vm, 'hibernated') });
  register('environment.wake', wakeSteps, { event: 'environment.woken', done: running });
  register('environment.remove', removeSteps, { event: 'environment.removed', done: removed });
  engine.register<Input, LifecycleContext>({
    kind: 'environment.purge', input: Input, open, steps: purgeSteps, cancellable: false,
    ...recordOutcome<LifecycleContext>(deps, {
      event: 'environment.purged',
      done: async ({ vm }) => () => {
        monitor.forget(vm.id);
        keys.revokeAllOf(vm.id);
        return 'gone';
      },
    }),
  });
}

/** What a new environment's VM is made of. */
export async function specOf(record: EnvironmentRecord, { profiles, images }: Pick<LifecycleDeps, 'profiles' | 'images'>): Promise<NewVm> {
  const { shape, gpu } = await profiles.get(record.profile);
  return { name: record.name, shape: sizedShape(shape, record), gpu, image: await images.get(record.image), network: { index: record.networkIndex, policy: record.network } };
}

/** The state shown while an action is in progress, and the state it is to reach. */
export function intention(action: keyof typeof transitions): Partial<Pick<Environment, 'state' | 'desiredState'>> {
  const { via, to } = transitions[action];
  return { ...(via === null ? {} : { state: via }), ...(to === null ? {} : { desiredState: to }) };
}
