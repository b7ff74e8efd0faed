// manifest.json in an environment's folder: everything a supervisor needs to run the VM again without the database.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import { NetworkPolicy } from '../domain/network-policy.ts';
import { Shape } from '../domain/shape.ts';

export const MANIFEST_FORMAT = 1;

export const VmManifest = z.strictObject({
  formatVersion: z.literal(MANIFEST_FORMAT),
  environmentId: z.string(),
  name: Name,
  /** The domain's UUID in libvirt. */
  uuid: z.uuid(),
  /** Value of the genid device: a changed value tells the guest that it is a copy. */
  genid: z.uuid(),
  createdAt: z.iso.datetime(),
  imageVersion: z.string(),
  kernelCmdline: z.string(),
  /** Must not change as long as memory states of this VM may be restored. */
  hardware: z.strictObject({
    accel: z.enum(['kvm', 'tcg']),
    machineType: z.string(),
    cpuModel: z.string(),
    qemuVersion: z.string(),
    /** Whether it has a watchdog device. VMs started by an older version of Somnus have none until their next start. */
    watchdog: z.boolean().optional(),
    /** Whether it has the port of the guest's helper. VMs started by an older version of Somnus have none until their next start. */
    helper: z.boolean().optional(),
    /** Whether the guest can run VMs under KVM itself. VMs started by an older version of Somnus can until their next start; the state of their nested VMs is part of a saved memory. */
    nestedVirtualization: z.boolean().optional(),
  }),
  /** The VM's current resources; for a VM that is off, its last ones and the size of its disk. */
  shape: Shape,
  /** The resources of its profile, applied at the next start. Older versions, which knew only `shape`, omit it. */
  wanted: Shape.optional(),
  /** Whether the next start assigns the host's GPU. */
  gpu: z.boolean().default(false),
  network: z.strictObject({
    /** Index in the host's subnet, which determines address, MAC and tap name. */
    index: z.int().min(1),
    ip: z.ipv4(),
    mac: z.string(),
    policy: NetworkPolicy,
  }),
  machineId: z.string(),
  /** Whether it was created from a template. */
  fromTemplate: z.boolean().optional(),
  /** Increases with each identity sent to the guest. */
  generation: z.int().min(1),
});
export type VmManifest = z.infer<typeof VmManifest>;
