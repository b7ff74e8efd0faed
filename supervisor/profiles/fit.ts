// A step of whatever brings a VM to life: it gets what its profile says, as far as that can be had while it runs. Before the rest of a boot begins, with which the balloon would have to share the vCPUs.
import { toSomnusError } from '../../common/errors.ts';
import type { Step, StepRun } from '../../common/step.ts';
import type { MachineContext, Machine } from '../machines/machine.ts';
import type { Shape } from '../machines/manifest.ts';
import { balloonedMiB, capCpu, giveMemory, giveVcpus, guestMemory, weighIo } from './give.ts';
import { liveShape, planProfile } from './plan.ts';

/** A cold start boots with all memory and is ballooned; a loaded memory has the shape it was saved with. A VM that cannot be fitted runs on as it is: that is no reason to lose it. */
export const fitShape: Step<MachineContext> = {
  name: 'vm.fit',
  timeoutMs: 300_000,
  async run({ machine }, step) {
    try {
      await fit(machine, step);
    } catch (error) {
      step.signal.throwIfAborted();
      machine.log.warn({ err: toSomnusError(error) }, 'vm.not-fitted');
    }
  },
};

async function fit(machine: Machine, step: StepRun): Promise<void> {
  const { shape: recorded, wanted = recorded, gpu } = await machine.manifest();
  const shrinks = wanted.memoryMiB < recorded.memoryMiB;
  const now = shrinks ? { ...recorded, memoryMiB: Math.round(await balloonedMiB(machine, step.signal)) } : recorded; // its balloon may be on the way already
  const guest = shrinks ? await guestMemory(machine, step.signal) : undefined;
  const shape = liveShape(now, wanted, planProfile({ now: { shape: now, gpu }, wanted: { shape: wanted, gpu }, running: true, host: machine.host.abilities, guest }));
  if (shape.vcpus !== recorded.vcpus) await giveVcpus(machine, shape.vcpus, step);
  if (shape.memoryMiB !== recorded.memoryMiB) await giveMemory(machine, shape.memoryMiB, step);
  if (shape.ioWeight !== null) await weighIo(machine, shape.ioWeight); // a new QEMU has no weight and no cap
  if (shape.cpuQuotaPercent !== null) await capCpu(machine, shape);
  if (!isSame(shape, recorded)) await machine.changeManifest({ shape });
}

function isSame(a: Shape, b: Shape): boolean {
  return (Object.keys(a) as (keyof Shape)[]).every((field) => a[field] === b[field]);
}
