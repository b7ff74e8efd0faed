// The hardware of a VM: what a profile asks for, and what a manifest records.
import { z } from 'zod';

/** The hardware of a VM. The maxima are fixed at boot; the rest can change while it runs. The disk only grows, while the VM is off. */
export const Shape = z.strictObject({
  vcpus: z.int().min(1).max(64),
  vcpusMax: z.int().min(1).max(64),
  memoryMiB: z.int().min(256),
  memoryMaxMiB: z.int().min(256),
  /** Virtual size of the disk; space is allocated as it is written. */
  diskGiB: z.int().min(1),
  /** Percent of one host CPU for all vCPUs together; null for no limit. */
  cpuQuotaPercent: z.int().min(1).nullable(),
  /** Block I/O weight, 1–1000, where the host supports it. */
  ioWeight: z.int().min(1).max(1000).nullable(),
});
export type Shape = z.infer<typeof Shape>;
