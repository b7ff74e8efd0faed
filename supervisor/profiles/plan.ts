// What applying a profile would do to each part of a VM: at once, at its next start, or not at all. Pure: reads nothing, changes nothing.
import { z } from 'zod';
import type { Shape } from '../vms/manifest.ts';

export const PlannedField = z.strictObject({
  field: z.enum(['vcpus', 'vcpusMax', 'memoryMiB', 'memoryMaxMiB', 'cpuQuotaPercent', 'ioWeight', 'diskGiB', 'gpu']),
  from: z.union([z.number(), z.boolean()]).nullable().meta({ description: 'What it has now; null for no cap and no weight.' }),
  to: z.union([z.number(), z.boolean()]).nullable().meta({ description: 'What the profile says.' }),
  when: z.enum(['live', 'next start', 'unsupported']),
  reason: z.string(),
});
export type PlannedField = z.infer<typeof PlannedField>;

/** What a profile asks of a VM, and what a VM has. */
export interface Equipment { shape: Shape; gpu: boolean }

/** What this host can do for a VM. */
export interface HostAbilities {
  cpuQuota: boolean;
  ioWeight: boolean;
  /** PCI address of the GPU that may be handed through. */
  gpu: string | null;
}

/** The guest's own figures. */
export interface GuestMemory { totalMiB: number; usedMiB: number }

export interface PlanInput {
  now: Equipment;
  wanted: Equipment;
  running: boolean;
  host: HostAbilities;
  /** Of a running guest. */
  guest?: GuestMemory | undefined;
}

/** What a guest must keep beyond what it uses now: without it, it would begin to kill programs. */
export const GUEST_SPARE_MIB = 64;

/** Each field once, also those that stay as they are. */
export function planProfile(input: PlanInput): PlannedField[] {
  const { now, wanted } = input;
  const judge = judges(input);
  return PlannedField.shape.field.options.map((field): PlannedField => {
    const [from, to] = field === 'gpu' ? [now.gpu, wanted.gpu] : [now.shape[field], wanted.shape[field]];
    if (from === to) return { field, from, to, when: input.running ? 'live' : 'next start', reason: 'it stays as it is' };
    const refusal = judge.refusal(field);
    if (refusal !== undefined) return { field, from, to, when: 'unsupported', reason: refusal };
    if (!input.running) return { field, from, to, when: 'next start', reason: 'it does not run' };
    const wait = judge.wait(field);
    return { field, from, to, when: wait === undefined ? 'live' : 'next start', reason: wait ?? 'it can change while it runs' };
  });
}

/** The shape that a running VM has when the plan was carried out: what waits for the next start stays as it is. */
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
      if (field === 'ioWeight' && asks.ioWeight !== null && !host.ioWeight) return 'this host weighs no disk access: its cgroups and the scheduler of its disks would have to (BFQ)';
      if (field === 'cpuQuotaPercent' && asks.cpuQuotaPercent !== null && !host.cpuQuota) return 'this host has no cgroup that caps CPU time';
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
        case 'vcpus': return asks.vcpus > has.vcpusMax ? `it booted with at most ${has.vcpusMax}` : undefined;
        case 'memoryMiB': return asks.memoryMiB > has.memoryMaxMiB ? `it booted with at most ${has.memoryMaxMiB} MiB` : undefined;
        case 'vcpusMax':
        case 'memoryMaxMiB': return 'the most that it can have is fixed when it boots';
        case 'diskGiB': return 'the disk grows while it is off';
        case 'gpu': return 'a GPU is handed over when it boots';
        default: return undefined;
      }
    },
  };
}
