// Determines what applying a profile would do to each resource of a VM: change at once, change at its next start, or fail. Pure: reads nothing,
// changes nothing.
import { z } from 'zod';
import type { Shape } from '../domain/shape.ts';

export const PlannedField = z.strictObject({
  field: z.enum(['vcpus', 'vcpusMax', 'memoryMiB', 'memoryMaxMiB', 'cpuQuotaPercent', 'ioWeight', 'diskGiB', 'gpu']),
  from: z.union([z.number(), z.boolean()]).nullable().meta({ description: 'Current value; null for no limit and no weight.' }),
  to: z.union([z.number(), z.boolean()]).nullable().meta({ description: 'Value in the profile.' }),
  when: z.enum(['live', 'next start', 'unsupported']),
  reason: z.string(),
});
export type PlannedField = z.infer<typeof PlannedField>;

/** The resources that a profile asks for, or that a VM has. */
interface Equipment { shape: Shape; gpu: boolean }

/** What this host supports. */
export interface HostAbilities {
  cpuQuota: boolean;
  ioWeight: boolean;
  /** PCI address of the GPU that can be passed through. */
  gpu: string | null;
}

/** Memory figures reported by the guest. */
export interface GuestMemory { totalMiB: number; usedMiB: number }

export interface PlanInput {
  now: Equipment;
  wanted: Equipment;
  running: boolean;
  host: HostAbilities;
  /** Only for a running guest. */
  guest?: GuestMemory | undefined;
}

/** Memory a guest needs beyond its current use; with less it would start to kill programs. */
export const GUEST_SPARE_MIB = 64;

/** Returns every field once, including unchanged ones. */
export function planProfile(input: PlanInput): PlannedField[] {
  const { now, wanted } = input;
  const judge = judges(input);
  return PlannedField.shape.field.options.map((field): PlannedField => {
    const [from, to] = field === 'gpu' ? [now.gpu, wanted.gpu] : [now.shape[field], wanted.shape[field]];
    if (from === to) return { field, from, to, when: input.running ? 'live' : 'next start', reason: 'unchanged' };
    const refusal = judge.refusal(field);
    if (refusal !== undefined) return { field, from, to, when: 'unsupported', reason: refusal };
    if (!input.running) return { field, from, to, when: 'next start', reason: 'the VM is not running' };
    const wait = judge.wait(field);
    return { field, from, to, when: wait === undefined ? 'live' : 'next start', reason: wait ?? 'can change while the VM runs' };
  });
}

/** Returns a running VM's shape after the plan: fields that wait for the next start are unchanged. */
export function liveShape(now: Shape, wanted: Shape, plan: readonly PlannedField[]): Shape {
  const live = plan.filter(({ field, when }) => field !== 'gpu' && when === 'live').map(({ field }) => field as keyof Shape);
  return { ...now, ...Object.fromEntries(live.map((field) => [field, wanted[field]])) };
}

type Field = PlannedField['field'];

function judges({ now, wanted, running, host, guest }: PlanInput): { refusal(field: Field): string | undefined; wait(field: Field): string | undefined } {
  const [has, asks] = [now.shape, wanted.shape];
  return {
    refusal(field) {
      if (field === 'diskGiB' && asks.diskGiB < has.diskGiB) return `the disk has ${has.diskGiB} GiB, and a disk never shrinks`;
      if (field === 'gpu' && wanted.gpu && host.gpu === null) return 'no GPU is configured for this host (vms.gpu)';
      if (field === 'ioWeight' && asks.ioWeight !== null && !host.ioWeight) return 'this host does not support I/O weights: they need the io cgroup controller and the BFQ disk scheduler';
      if (field === 'cpuQuotaPercent' && asks.cpuQuotaPercent !== null && !host.cpuQuota) return 'this host has no cgroup controller for CPU limits';
      if (field === 'memoryMiB' && running && guest && asks.memoryMiB < has.memoryMiB) {
        const leftMiB = guest.totalMiB - (has.memoryMiB - asks.memoryMiB);
        if (leftMiB < guest.usedMiB + GUEST_SPARE_MIB) {
          return `the guest uses ${Math.round(guest.usedMiB)} MiB and needs ${GUEST_SPARE_MIB} MiB to spare; it would have ${Math.max(0, Math.round(leftMiB))} MiB`;
        }
      }
      return undefined;
    },
    wait(field) {
      switch (field) {
        case 'vcpus': return asks.vcpus > has.vcpusMax ? `the VM booted with at most ${has.vcpusMax}` : undefined;
        case 'memoryMiB': return asks.memoryMiB > has.memoryMaxMiB ? `the VM booted with at most ${has.memoryMaxMiB} MiB` : undefined;
        case 'vcpusMax':
        case 'memoryMaxMiB': return 'the maximum is fixed at boot';
        case 'diskGiB': return 'the disk can only grow while the VM is off';
        case 'gpu': return 'a GPU is assigned at boot';
        default: return undefined;
      }
    },
  };
}
