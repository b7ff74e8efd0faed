// Confirms on the host what an incident says about memory or disk, from the figures of the VM. Pure.
import type { BasicStats } from '../../agent/contract.ts';
import type { Incident } from '../../agent/contract/incident.ts';

export type Resource = 'memory' | 'disk';

/** The same limits as in the agent's own probe and in autoscaling. */
const FULL_BYTES = 256 * 2 ** 20;
const FULL_SHARE = 0.05;
const MEMORY_USED_SHARE = 0.9;
const MEMORY_PRESSURE = 10;
/** What the kernel writes when the whole VM has no memory left. When only a control group has reached its limit, the message differs, and a larger VM would not help. */
const OOM_KILL = /\bOut of memory: Killed process \d+/;

export function resourceOf(host: 'more-memory' | 'larger-disk'): Resource {
  return host === 'larger-disk' ? 'disk' : 'memory';
}

/** Whether the VM has too little of the resource now. */
export function isShort(resource: Resource, { memory, pressure, disk }: BasicStats): boolean {
  if (resource === 'disk') return disk.totalBytes > 0 && disk.availableBytes < Math.min(FULL_BYTES, disk.totalBytes * FULL_SHARE);
  return (memory.totalBytes > 0 && memory.usedBytes / memory.totalBytes >= MEMORY_USED_SHARE) || (pressure?.memory.some60 ?? 0) >= MEMORY_PRESSURE;
}

/** The incident, and those that it caused. */
export function familyOf(incidents: readonly Incident[], id: string): Incident[] {
  return incidents.filter((each) => each.id === id || each.rootId === id);
}

export function linesOf(incidents: readonly Incident[], id: string): number {
  return familyOf(incidents, id).reduce((sum, { count }) => sum + count, 0);
}

/** Whether the kernel killed a process because the VM had no memory left. The VM then has free memory again, so its figures no longer show the shortage. */
export function hasOomKill(incidents: readonly Incident[], id: string): boolean {
  return familyOf(incidents, id).some(({ place, message = '', example }) => place === 'kernel' && OOM_KILL.test(`${message}\n${example}`));
}
