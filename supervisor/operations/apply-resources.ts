// Applies the resources of the profile when a VM starts, wakes or is restored, as far as a running VM allows. Runs before the rest of the boot, with
// which the balloon would otherwise compete for vCPUs.
import { toSomnusError } from '../../common/errors.ts';
import type { Step, StepRun } from '../../common/step.ts';
import type { VmContext, Vm } from '../vms/vm.ts';
import type { Shape } from '../domain/shape.ts';
import { balloonedMiB, setCpuLimit, setMemory, setVcpus, guestMemory, setIoWeight } from '../profiles/set-resources.ts';
import { liveShape, planProfile } from '../profiles/plan.ts';

/**
 * A cold start boots with all memory and is then ballooned; a loaded memory has the shape it was saved with. If applying fails, the VM keeps running
 * as it is, because that is no reason to lose it.
 */
export const applyResources: Step<VmContext> = {
  name: 'resources.apply',
  timeoutMs: 300_000,
  async run({ vm }, step) {
    try {
      await apply(vm, step);
    } catch (error) {
      step.signal.throwIfAborted();
      vm.log.warn({ event: 'resources.not-applied', err: toSomnusError(error) });
    }
  },
};

async function apply(vm: Vm, step: StepRun): Promise<void> {
  const { shape: recorded, wanted = recorded, gpu } = await vm.manifest();
  const shrinks = wanted.memoryMiB < recorded.memoryMiB;
  const now = shrinks ? { ...recorded, memoryMiB: Math.round(await balloonedMiB(vm, step.signal)) } : recorded; // the balloon may already be moving
  const guest = shrinks ? await guestMemory(vm, step.signal) : undefined;
  const shape = liveShape(now, wanted, planProfile({ now: { shape: now, gpu }, wanted: { shape: wanted, gpu }, running: true, host: vm.host.abilities, guest }));
  if (shape.vcpus !== recorded.vcpus) await setVcpus(vm, shape.vcpus, step);
  if (shape.memoryMiB !== recorded.memoryMiB) await setMemory(vm, shape.memoryMiB, step);
  if (shape.ioWeight !== null) await setIoWeight(vm, shape.ioWeight); // a new QEMU has no weight and no limit
  if (shape.cpuQuotaPercent !== null) await setCpuLimit(vm, shape);
  if (!isSame(shape, recorded)) await vm.changeManifest({ shape });
}

function isSame(a: Shape, b: Shape): boolean {
  return (Object.keys(a) as (keyof Shape)[]).every((field) => a[field] === b[field]);
}
