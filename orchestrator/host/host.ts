// What a host says of itself: status and the doctor's report.
import { z } from 'zod';
import { poolLevels } from '../../supervisor/storage/pool-level.ts';
import type { Caller } from '../keys/caller.ts';

export const HostAccel = z.strictObject({ use: z.enum(['kvm', 'tcg']), setting: z.enum(['auto', 'kvm', 'tcg']), reason: z.string() });
export type HostAccel = z.infer<typeof HostAccel>;

export const HostStatus = z.strictObject({
  version: z.string(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  installation: z.string().meta({ description: 'Four hex digits that start the names of all that this control plane makes on the host.' }),
  dataDir: z.string(),
  url: z.string(),
  keyFile: z.string().nullable().meta({ description: 'Where the first admin key is kept; null for keys without the scope admin.' }),
  accel: HostAccel,
  hostname: z.string(),
  cpus: z.int(),
  memory: z.strictObject({ totalMiB: z.int(), availableMiB: z.int(), committedMiB: z.int(), reserveMiB: z.int() }),
  pool: z.strictObject({
    path: z.string(), backing: z.enum(['loop', 'folder']), fileSystem: z.string(), reflink: z.boolean(),
    totalBytes: z.number(), freeBytes: z.number(), reserveBytes: z.number(),
    usedPercent: z.number(),
    level: z.enum(poolLevels).meta({ description: '`filling` when 80 % are used or little is spare; `full`: less is free than the reserve and the memory of all that runs or would, so VMs are paused.' }),
    keptBytes: z.number().meta({ description: 'The memory of all that runs: what must stay free beside the reserve.' }),
    paused: z.array(z.string()).meta({ description: 'Environments that are suspended until there is room, by name: the caller\'s own, for admins all.' }),
    trash: z.strictObject({ environments: z.int(), snapshots: z.int() }).meta({ description: 'Removed and not yet purged: purging them gives space back.' }),
  }),
  libvirt: z.strictObject({ connected: z.boolean(), uri: z.string(), version: z.string().nullable(), qemuVersion: z.string().nullable() }),
  redis: z.strictObject({ connected: z.boolean(), private: z.boolean() }),
  network: z.strictObject({
    subnet: z.string(),
    conflict: z.string().nullable().meta({ description: 'What else of the host uses addresses of the subnet; null when nothing does.' }),
  }),
  environments: z.record(z.string(), z.int()).meta({ description: 'How many are in each state: of the caller\'s own, for admins of all.' }),
});
export type HostStatus = z.infer<typeof HostStatus>;

export const DoctorCheck = z.strictObject({
  name: z.string(),
  status: z.enum(['ok', 'warning', 'failed']),
  found: z.string().meta({ description: 'What the host has, in a line.' }),
  fix: z.string().nullable().meta({ description: 'What to do about it; null when nothing is wrong.' }),
  details: z.record(z.string(), z.unknown()),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const DoctorReport = z.strictObject({ ok: z.boolean(), checks: z.array(DoctorCheck) });
export type DoctorReport = z.infer<typeof DoctorReport>;

/** What the doors can do with the host. */
export interface HostService {
  /** Names of environments are shown to their owner and to admins. */
  status(caller: Caller): Promise<HostStatus>;
  /** As the status; what is in quarantine is shown to admins alone, since it may be anybody's. */
  doctor(caller: Caller): Promise<DoctorReport>;
  /** Boots a probe guest under KVM now. */
  probeAccel(): Promise<HostAccel>;
  growPool(caller: Caller, toGiB: number): Promise<HostStatus>;
  /** Trusts the host's clock after a jump. */
  confirmClock(): Promise<void>;
  /** Ends the control plane in order; VMs run on. */
  shutdown(): Promise<void>;
}
