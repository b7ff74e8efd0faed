// Decides whether a VM fits this host: pure rules over numbers, checked before anything is created.
import { SomnusError } from '../../common/errors.ts';
import { capacityToRunBytes, spareBytes, type PoolSpace } from '../../supervisor/storage/pool-level.ts';
import type { PoolUsage } from '../../supervisor/storage/pool.ts';
import type { Shape } from '../../supervisor/domain/shape.ts';
import type { Environment } from './environment-schemas.ts';

/** What QEMU needs in addition to the guest's memory: its own, and under TCG a translation cache of 128 MiB. */
export const OVERHEAD_MIB = 192;
/** Disk space that a new or woken VM needs in addition to its memory: what a guest can write before Somnus reacts. */
const DISK_MARGIN_BYTES = 2 ** 30;
const MIB = 2 ** 20;
const FREE_SPACE_HINT = 'Purge snapshots that you do not need (`somnus snapshot rm --purge`), or grow the pool with `somnus pool grow`.';

export interface HostCapacity {
  totalMiB: number;
  /** Committed to VMs that are running or suspended, including overhead. */
  committedMiB: number;
  reserveMiB: number;
}

/** States in which a VM has memory, or is about to. */
const inMemory: readonly Environment['state'][] = ['creating', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'waking', 'restoring'];

export function committedMiB(environments: readonly Pick<Environment, 'state' | 'memoryMiB'>[]): number {
  return environments.filter(({ state }) => inMemory.includes(state)).reduce((total, { memoryMiB }) => total + memoryMiB + OVERHEAD_MIB, 0);
}

/**
 * Counts the memory that the balloon leaves a VM: an increase is committed before the balloon moves, a decrease only afterwards. A guest that deflates its balloon by force takes
 * host memory that can be written to the pool, and pool space that is covered by the reserve.
 * @throws insufficient_memory, insufficient_space with the numbers
 */
export function assertFits(shape: Pick<Shape, 'memoryMiB'>, host: HostCapacity, pool: PoolUsage): void {
  const neededMiB = shape.memoryMiB + OVERHEAD_MIB;
  const availableMiB = host.totalMiB - host.reserveMiB - host.committedMiB;
  if (neededMiB > availableMiB) {
    throw new SomnusError('insufficient_memory', `The VM needs ${neededMiB} MiB of memory; the host has ${Math.max(0, availableMiB)} MiB left of ${host.totalMiB} MiB (${host.committedMiB} MiB committed, ${host.reserveMiB} MiB reserved)`, {
      details: { neededMiB, availableMiB, ...host },
    });
  }
  // Guest memory is a file in the pool whose blocks are allocated as the guest touches pages, so there must be space for them.
  const neededBytes = shape.memoryMiB * MIB + DISK_MARGIN_BYTES;
  const outstandingBytes = host.committedMiB * MIB;
  const availableBytes = pool.freeBytes - pool.reserveBytes - outstandingBytes;
  if (neededBytes > availableBytes) {
    throw new SomnusError('insufficient_space', `The VM needs ${toGiB(neededBytes)} GiB of the pool; it has ${toGiB(Math.max(0, availableBytes))} GiB left of ${toGiB(pool.totalBytes)} GiB (${toGiB(outstandingBytes)} GiB committed to the memory of other VMs, ${toGiB(pool.reserveBytes)} GiB reserved)`, {
      details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
    });
  }
}

/** Memory that VMs can write to now. Suspended VMs write nothing. */
export function runningBytes(environments: readonly Pick<Environment, 'state' | 'memoryMiB'>[]): number {
  return environments.filter(({ state }) => state !== 'suspended' && inMemory.includes(state)).reduce((total, { memoryMiB }) => total + memoryMiB * MIB, 0);
}

/**
 * Checks whether a suspended VM may be resumed beside the others. A VM that a user suspended needs no more space than while it was running; a VM that
 * Somnus paused needs a second reserve, so that it is not paused again right away.
 * @throws insufficient_space with the numbers
 */
export function assertCapacityToRun({ memoryMiB, pausedBy }: Pick<Environment, 'memoryMiB' | 'pausedBy'>, othersBytes: number, pool: PoolSpace): void {
  const neededBytes = memoryMiB * MIB;
  const availableBytes = pausedBy === null ? spareBytes(pool, othersBytes) : capacityToRunBytes(pool, othersBytes);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `The pool is too full to resume the VM: its memory needs ${toGiB(neededBytes)} GiB, and of ${toGiB(pool.freeBytes)} GiB of free space, only ${toGiB(Math.max(0, availableBytes))} GiB are left after other VMs and the reserve`, {
    hint: `${FREE_SPACE_HINT} VMs that Somnus paused are then resumed automatically.`, details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

/** The capacity without what is committed to this VM: for a VM that is to get more. */
export function capacityWithout(environment: Pick<Environment, 'state' | 'memoryMiB'>, capacity: HostCapacity): HostCapacity {
  return { ...capacity, committedMiB: capacity.committedMiB - committedMiB([environment]) };
}

/** Whether running VMs can keep writing when all of their blocks are shared with a snapshot. @throws insufficient_space with the numbers */
export function assertCapacityForSnapshot(host: HostCapacity, pool: PoolUsage): void {
  const neededBytes = host.committedMiB * MIB + DISK_MARGIN_BYTES;
  const availableBytes = Math.max(0, pool.freeBytes - pool.reserveBytes);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `A snapshot needs ${toGiB(neededBytes)} GiB of the pool for what running VMs may change; ${toGiB(availableBytes)} GiB are left of ${toGiB(pool.totalBytes)} GiB (${toGiB(pool.reserveBytes)} GiB reserved)`, {
    hint: FREE_SPACE_HINT,
    details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

/** Whether the pool has space for an image of this size and what running VMs may write. @throws insufficient_space with the numbers */
export function assertCapacityForImage(neededBytes: number, host: HostCapacity, pool: PoolUsage): void {
  const availableBytes = Math.max(0, pool.freeBytes - pool.reserveBytes - host.committedMiB * MIB);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `The image needs ${toGiB(neededBytes)} GiB of the pool; ${toGiB(availableBytes)} GiB are left of ${toGiB(pool.totalBytes)} GiB (${toGiB(host.committedMiB * MIB)} GiB committed to the memory of VMs, ${toGiB(pool.reserveBytes)} GiB reserved)`, {
    hint: `Remove old images with \`somnus image rm\`. ${FREE_SPACE_HINT}`, details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

function toGiB(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
