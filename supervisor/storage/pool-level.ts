// How full the pool is, in three words, and how much of it must stay free: pure rules. Who warns and who is paused is decided in orchestrator/environments/pool-watch.ts.
//
// A write to a page of guest memory that needs a new block in a full pool kills QEMU (SIGBUS); one to a disk only pauses the VM. So what running VMs could still write to
// their memory must always be free, and beside it a reserve for what their disks take until a VM can be paused. After a snapshot every page is shared and takes a new
// block when it is written: what must be free is all of the memory, however much of the file is there already.
import type { PoolUsage } from './pool.ts';

export const poolLevels = ['ok', 'filling', 'full'] as const;
export type PoolLevel = (typeof poolLevels)[number];

/** Warnings begin when so much is used, or so little is spare, and end a little later, so that they do not come and go. */
const FILLING = { usedPercent: 80, sparePercent: 10 };
const FILLING_ENDS = { usedPercent: 77, sparePercent: 13 };

export type PoolSpace = Pick<PoolUsage, 'totalBytes' | 'freeBytes' | 'reserveBytes'>;

export function usedPercent({ totalBytes, freeBytes }: PoolSpace): number {
  return totalBytes === 0 ? 0 : Math.round((1 - freeBytes / totalBytes) * 100);
}

/** What is free beyond the reserve and the memory of what runs; less than none: VMs are to be paused. */
export function spareBytes({ freeBytes, reserveBytes }: PoolSpace, runningBytes: number): number {
  return freeBytes - reserveBytes - runningBytes;
}

/** What more may run: a paused VM goes on only with as much again as the reserve, so that it is not paused right away. */
export function capacityToRunBytes(pool: PoolSpace, runningBytes: number): number {
  return spareBytes(pool, runningBytes) - pool.reserveBytes;
}

/** `wantedBytes`: the memory of all that runs, and of all that would if there were room. */
export function poolLevel(pool: PoolSpace, wantedBytes: number, before: PoolLevel = 'ok'): PoolLevel {
  if ((before === 'full' ? capacityToRunBytes(pool, wantedBytes) : spareBytes(pool, wantedBytes)) < 0) return 'full';
  const limit = before === 'ok' ? FILLING : FILLING_ENDS;
  return usedPercent(pool) >= limit.usedPercent || spareBytes(pool, wantedBytes) < (pool.totalBytes * limit.sparePercent) / 100 ? 'filling' : 'ok';
}
