// Pure rules for how full the pool is, in three levels, and how much of it must stay free. orchestrator/environments/pool-watch.ts decides who is
// warned and who is paused.
//
// A write to a page of guest memory that needs a new block in a full pool kills QEMU (SIGBUS); a write to a disk only pauses the VM. So the space
// that running VMs could still write to their memory must always be free, plus a reserve for what their disks take until a VM can be paused. After a
// snapshot every page is shared and takes a new block when it is written, so space for the whole memory must be free, no matter how much of the file
// exists already.
import type { PoolUsage } from './pool.ts';

export const poolLevels = ['ok', 'filling', 'full'] as const;
export type PoolLevel = (typeof poolLevels)[number];

/** Warnings begin at this level of used or spare space, and end a little later, so that they do not flap. */
const FILLING = { usedPercent: 80, sparePercent: 10 };
const FILLING_ENDS = { usedPercent: 77, sparePercent: 13 };

export type PoolSpace = Pick<PoolUsage, 'totalBytes' | 'freeBytes' | 'reserveBytes'>;

export function usedPercent({ totalBytes, freeBytes }: PoolSpace): number {
  return totalBytes === 0 ? 0 : Math.round((1 - freeBytes / totalBytes) * 100);
}

/** Returns the free space beyond the reserve and the memory of running VMs. If negative, VMs must be paused. */
export function spareBytes({ freeBytes, reserveBytes }: PoolSpace, runningBytes: number): number {
  return freeBytes - reserveBytes - runningBytes;
}

/** Returns the capacity for resuming VMs. It leaves a second reserve free, so that a resumed VM is not paused again right away. */
export function capacityToRunBytes(pool: PoolSpace, runningBytes: number): number {
  return spareBytes(pool, runningBytes) - pool.reserveBytes;
}

/** `wantedBytes` is the memory of all running VMs and of all that wait for capacity. */
export function poolLevel(pool: PoolSpace, wantedBytes: number, before: PoolLevel = 'ok'): PoolLevel {
  if ((before === 'full' ? capacityToRunBytes(pool, wantedBytes) : spareBytes(pool, wantedBytes)) < 0) return 'full';
  const limit = before === 'ok' ? FILLING : FILLING_ENDS;
  return usedPercent(pool) >= limit.usedPercent || spareBytes(pool, wantedBytes) < (pool.totalBytes * limit.sparePercent) / 100 ? 'filling' : 'ok';
}
