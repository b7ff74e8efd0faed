// Changes the resources of a running VM: vCPUs, CPU limit, I/O weight, memory. Each change is repeatable, and undone by setting the previous value.
import { sleep } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { StepRun } from '../../common/step.ts';
import type { Vm } from '../vms/vm.ts';
import type { Shape } from '../domain/shape.ts';
import type { GuestMemory } from './plan.ts';

const MIB = 2 ** 20;
/** Default weight of libvirt and QEMU. */
const DEFAULT_IO_WEIGHT = 500;
const AGENT_TIMEOUT_MS = 30_000;
const POLL_MS = 200;
/** A guest whose memory has not changed for this long cannot release more. */
const STALLED_MS = 30_000;

type Run = Pick<StepRun, 'signal' | 'progress'>;

/** Returns the memory figures reported by the guest. @throws guest_unreachable, timeout */
export async function guestMemory(vm: Vm, signal?: AbortSignal): Promise<GuestMemory> {
  const { memory } = await vm.host.guests.port(vm).call('stats', {}, { timeoutMs: AGENT_TIMEOUT_MS, signal });
  return { totalMiB: memory.totalBytes / MIB, usedMiB: memory.usedBytes / MIB };
}

/** Brings vCPUs online or takes them offline in the guest. */
export async function setVcpus(vm: Vm, vcpus: number, { signal }: Pick<Run, 'signal'>): Promise<void> {
  await vm.whileActive(signal, async (active) => await vm.host.guests.port(vm).call('setVcpus', { online: vcpus }, { timeoutMs: AGENT_TIMEOUT_MS, signal: active }));
}

/** Limits the host CPU time of all vCPUs together. */
export async function setCpuLimit(vm: Vm, shape: Pick<Shape, 'vcpus' | 'cpuQuotaPercent'>): Promise<void> {
  await vm.host.driver.setCpuQuota(vm.domainName, percentPerVcpu(shape));
}

/** Returns the limit per vCPU; undefined when there is no effective limit, since a vCPU cannot use more than one host CPU. */
export function percentPerVcpu({ vcpus, cpuQuotaPercent }: Pick<Shape, 'vcpus' | 'cpuQuotaPercent'>): number | undefined {
  if (cpuQuotaPercent === null || cpuQuotaPercent >= 100 * vcpus) return undefined;
  return Math.max(1, Math.floor(cpuQuotaPercent / vcpus));
}

export async function setIoWeight(vm: Vm, weight: number | null): Promise<void> {
  await vm.host.driver.setIoWeight(vm.domainName, weight ?? DEFAULT_IO_WEIGHT);
}

/**
 * Moves the balloon and waits for the guest: 3 to 5 seconds per GiB when it releases memory, less when it gets more.
 * @throws timeout when the guest stops following; guest_unreachable when the VM ends
 */
export async function setMemory(vm: Vm, memoryMiB: number, { signal, progress }: Run): Promise<void> {
  const { driver } = vm.host;
  await vm.whileActive(signal, async (active) => {
    const first = await balloonedMiB(vm, active);
    await driver.setMemoryMiB(vm.domainName, memoryMiB, { signal: active });
    const all = Math.abs(first - memoryMiB);
    let [last, movedAt] = [first, performance.now()];
    while (last !== memoryMiB) {
      const done = all - Math.abs(last - memoryMiB);
      progress({ message: `${first > memoryMiB ? 'reclaiming memory' : 'adding memory'}: ${Math.round(done)} of ${Math.round(all)} MiB`, percent: Math.max(0, Math.floor((done / all) * 100)) });
      await sleep(POLL_MS, active);
      const now = await balloonedMiB(vm, active);
      if (now !== last) [last, movedAt] = [now, performance.now()];
      else if (performance.now() - movedAt > STALLED_MS) {
        throw new SomnusError('timeout', `The guest's memory went from ${Math.round(first)} to ${Math.round(now)} MiB and then stopped changing; the target is ${memoryMiB} MiB`, {
          hint: 'Stop programs in the guest, or choose a profile with more memory.', details: { fromMiB: first, reachedMiB: now, wantedMiB: memoryMiB },
        });
      }
    }
  });
}

/** Returns the guest's memory after ballooning, in MiB. Asks QEMU, because libvirt's value is out of date after a memory state was loaded. */
export async function balloonedMiB(vm: Vm, signal: AbortSignal): Promise<number> {
  const { actual } = await vm.host.driver.monitor(vm.domainName, 'query-balloon', {}, { signal }) as { actual: number };
  return actual / MIB;
}
