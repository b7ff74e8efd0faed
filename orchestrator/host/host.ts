// The host as the API shows it: status and the doctor's report.
import { z } from 'zod';
import { poolLevels } from '../../supervisor/storage/pool-level.ts';
import type { Caller } from '../keys/caller.ts';

export const HostAccel = z.strictObject({ use: z.enum(['kvm', 'tcg']), setting: z.enum(['auto', 'kvm', 'tcg']), reason: z.string() });
export type HostAccel = z.infer<typeof HostAccel>;

export const HostStatus = z.strictObject({
  version: z.string(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  installation: z.string().meta({ description: 'Four hex digits. The names of everything that this control plane creates on the host begin with them.' }),
  dataDir: z.string(),
  url: z.string(),
  keyFile: z.string().nullable().meta({ description: 'Path of the first admin key\'s file; null for keys without the scope admin.' }),
  accel: HostAccel,
  hostname: z.string(),
  cpus: z.int(),
  memory: z.strictObject({ totalMiB: z.int(), availableMiB: z.int(), committedMiB: z.int(), reserveMiB: z.int() }),
  pool: z.strictObject({
    path: z.string(), backing: z.enum(['loop', 'folder']), fileSystem: z.string(), reflink: z.boolean(),
    totalBytes: z.number(), freeBytes: z.number(), reserveBytes: z.number(),
    usedPercent: z.number(),
    level: z.enum(poolLevels).meta({ description: '`filling`: 80 % is used or little space is left. `full`: less is free than the reserve plus the memory of all running and paused VMs, so VMs are paused.' }),
    keptBytes: z.number().meta({ description: 'Memory of all running VMs, which must stay free in addition to the reserve.' }),
    paused: z.array(z.string()).meta({ description: 'Names of environments that are suspended until space is free: the caller\'s own, or all for admins.' }),
    trash: z.strictObject({ environments: z.int(), snapshots: z.int() }).meta({ description: 'Removed but not yet purged. Purging them frees space.' }),
  }),
  libvirt: z.strictObject({ connected: z.boolean(), uri: z.string(), version: z.string().nullable(), qemuVersion: z.string().nullable() }),
  redis: z.strictObject({ connected: z.boolean(), private: z.boolean() }),
  network: z.strictObject({
    subnet: z.string(),
    conflict: z.string().nullable().meta({ description: 'What else on the host uses addresses of the subnet; null if nothing does.' }),
  }),
  environments: z.record(z.string(), z.int()).meta({ description: 'Number of environments in each state: the caller\'s own, or all for admins.' }),
  unknownVms: z.int().meta({ description: 'Number of VMs that the database does not know, when they are most of the VMs on this host: it is empty, lost or belongs to another host. Otherwise 0.' }),
});
export type HostStatus = z.infer<typeof HostStatus>;

export const DoctorCheck = z.strictObject({
  name: z.string(),
  status: z.enum(['ok', 'warning', 'failed']),
  found: z.string().meta({ description: 'Result of the check, in one line.' }),
  fix: z.string().nullable().meta({ description: 'How to fix it; null if nothing is wrong.' }),
  details: z.record(z.string(), z.unknown()),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const DoctorReport = z.strictObject({ ok: z.boolean(), checks: z.array(DoctorCheck) });
export type DoctorReport = z.infer<typeof DoctorReport>;

/** The API's operations on the host. */
export interface HostService {
  /** Names of environments are shown to their owner and to admins. */
  status(caller: Caller): Promise<HostStatus>;
  /** Visibility as for the status. Only admins see what is in quarantine, since it may belong to any user. */
  doctor(caller: Caller): Promise<DoctorReport>;
  /** Boots a probe guest under KVM now. */
  probeAccel(): Promise<HostAccel>;
  growPool(caller: Caller, toGiB: number): Promise<HostStatus>;
  /** Trusts the host's clock after a jump. */
  confirmClock(): Promise<void>;
  /** Stops the control plane cleanly; VMs keep running. */
  shutdown(): Promise<void>;
}
