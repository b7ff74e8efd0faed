// Applies a profile to a VM: what can change while it runs at once, the rest at its next start. On failure the VM keeps what it had.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import type { Step, StepRun } from '../../common/step.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import { Shape } from '../domain/shape.ts';
import { balloonedMiB, setCpuLimit, setMemory, setVcpus, guestMemory, percentPerVcpu, setIoWeight } from '../profiles/set-resources.ts';
import { liveShape, planProfile, type PlannedField } from '../profiles/plan.ts';

/** The state recorded when the change begins, needed to continue after a crash. */
export const ProfileChange = z.strictObject({
  before: z.strictObject({ shape: Shape, wanted: Shape, gpu: z.boolean() }),
  wanted: Shape,
  gpu: z.boolean(),
  running: z.boolean(),
});
export type ProfileChange = z.infer<typeof ProfileChange>;

export interface ApplyContext extends VmContext, ProfileChange {}

/** Returns what would happen to each field. */
export function planChange({ vm, before, wanted, gpu, running }: ApplyContext, guest: Parameters<typeof planProfile>[0]['guest']): PlannedField[] {
  const now = running ? before.shape : { ...before.wanted, diskGiB: before.shape.diskGiB };
  return planProfile({ now: { shape: now, gpu: before.gpu }, wanted: { shape: wanted, gpu }, running, host: vm.host.abilities, guest });
}

/** @throws unsupported, memory_in_use naming every field that cannot be changed */
export function assertPossible(plan: readonly PlannedField[]): void {
  const refused = plan.filter(({ when }) => when === 'unsupported');
  if (refused.length === 0) return;
  const code = refused.every(({ field }) => field === 'memoryMiB') ? 'memory_in_use' : 'unsupported';
  throw new SomnusError(code, `Nothing was changed: ${refused.map(({ field, reason }) => `${field}: ${reason}`).join('; ')}`, {
    ...(code === 'unsupported' ? { hint: 'Choose another profile; --dry-run shows what each would change.' } : {}), details: { fields: refused },
  });
}

/** Returns the VM's resources after the change. */
function after(context: ApplyContext): Shape {
  return context.running ? liveShape(context.before.shape, context.wanted, planChange(context, undefined)) : context.before.shape;
}

/** Checks again, because the guest may have begun to use more memory since the request. */
const check: Step<ApplyContext> = {
  name: 'profile.check',
  timeoutMs: 60_000,
  async run(context, { signal }) {
    const { vm, running, wanted, before } = context;
    if (!running) return assertPossible(planChange(context, undefined));
    if (wanted.memoryMiB >= before.shape.memoryMiB) return;
    const memoryMiB = Math.round(await balloonedMiB(vm, signal)); // an interrupted attempt may already have taken some of it back
    assertPossible(planChange({ ...context, before: { ...before, shape: { ...before.shape, memoryMiB } } }, await guestMemory(vm, signal)));
  },
};

/** Returns a step that sets a resource of a running VM; its undo sets the previous value. */
function resourceStep(name: string, timeoutMs: number, differs: (a: Shape, b: Shape) => boolean, set: (vm: Vm, shape: Shape, step: StepRun) => Promise<void>): Step<ApplyContext> {
  const work = async (context: ApplyContext, to: Shape, step: StepRun): Promise<void> => {
    if (context.running && differs(context.before.shape, after(context))) await set(context.vm, to, step);
  };
  return {
    name, timeoutMs,
    run: async (context, step) => {
      if (context.running && !(await context.vm.isAlive())) throw new SomnusError('guest_unreachable', 'The VM has ended', { hint: 'Nothing was changed. Apply the profile again; the next start applies it.' });
      await work(context, after(context), step);
    },
    undo: async (context, step) => {
      if (await context.vm.isActive()) await work(context, context.before.shape, step);
    },
  };
}

const cpus = resourceStep('vcpus.set', 60_000, (a, b) => a.vcpus !== b.vcpus, async (vm, { vcpus }, step) => await setVcpus(vm, vcpus, step));

const cpuLimit = resourceStep('cpu.set-limit', 60_000, (a, b) => percentPerVcpu(a) !== percentPerVcpu(b), async (vm, shape) => await setCpuLimit(vm, shape));

const ioWeight = resourceStep('io.set-weight', 60_000, (a, b) => a.ioWeight !== b.ioWeight, async (vm, { ioWeight }) => await setIoWeight(vm, ioWeight));

const memory = resourceStep('memory.set', 600_000, (a, b) => a.memoryMiB !== b.memoryMiB, async (vm, { memoryMiB }, step) => await setMemory(vm, memoryMiB, step));

const record: Step<ApplyContext> = {
  name: 'profile.record',
  timeoutMs: 30_000,
  async run(context) {
    await context.vm.changeManifest({ shape: after(context), wanted: context.wanted, gpu: context.gpu });
  },
  async undo({ vm, before }) {
    await vm.changeManifest(before);
  },
};

/** The CPU limit comes last, because a limited guest releases memory slowly. */
export const applySteps: readonly Step<ApplyContext>[] = [check, cpus, memory, ioWeight, cpuLimit, record];
