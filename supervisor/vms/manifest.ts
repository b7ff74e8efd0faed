// manifest.json in an environment's folder: everything a supervisor needs to run its VM again, on its own.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';

export const MANIFEST_FORMAT = 1;

export const NetworkPolicy = z.enum(['open', 'packages', 'none']);
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;

/** The hardware of a VM. The maxima are fixed at boot; the rest can change while it runs. The disk only grows, while the VM is off. */
export const Shape = z.strictObject({
  vcpus: z.int().min(1).max(64),
  vcpusMax: z.int().min(1).max(64),
  memoryMiB: z.int().min(256),
  memoryMaxMiB: z.int().min(256),
  /** Virtual size of the disk; space is taken as it is written. */
  diskGiB: z.int().min(1),
  /** Percent of one host CPU for all vCPUs together; null for no cap. */
  cpuQuotaPercent: z.int().min(1).nullable(),
  /** 1–1000, the block I/O weight, where the host supports it. */
  ioWeight: z.int().min(1).max(1000).nullable(),
});
export type Shape = z.infer<typeof Shape>;

export const VmManifest = z.strictObject({
  formatVersion: z.literal(MANIFEST_FORMAT),
  environmentId: z.string(),
  name: Name,
  /** libvirt's UUID of the domain. */
  uuid: z.uuid(),
  /** For the genid device: a new one tells the guest that it is a copy. */
  genid: z.uuid(),
  createdAt: z.iso.datetime(),
  imageVersion: z.string(),
  kernelCmdline: z.string(),
  /** Fixed for as long as memory states of this VM are to be restored. */
  hardware: z.strictObject({
    accel: z.enum(['kvm', 'tcg']),
    machineType: z.string(),
    cpuModel: z.string(),
    qemuVersion: z.string(),
    /** With a watchdog device; VMs that an older version of Somnus started have none until their next start. */
    watchdog: z.boolean().optional(),
  }),
  /** What the VM has now; of one that is off: what it last had, and the size of its disk. */
  shape: Shape,
  /** What its profile says, and the next start gives it. Left out by versions that knew no other than `shape`. */
  wanted: Shape.optional(),
  /** Whether the next start hands the host's GPU over. */
  gpu: z.boolean().default(false),
  network: z.strictObject({
    /** Position in the host's subnet: address, MAC and tap name follow from it. */
    index: z.int().min(1),
    ip: z.ipv4(),
    mac: z.string(),
    policy: NetworkPolicy,
  }),
  machineId: z.string(),
  /** Counts up with each identity given to the guest. */
  generation: z.int().min(1),
});
export type VmManifest = z.infer<typeof VmManifest>;
