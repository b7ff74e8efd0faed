// Whether a VM fits this host: pure rules over numbers, refused before anything is made.
import { SomnusError } from '../../common/errors.ts';
import { capacityToRunBytes, type PoolSpace } from '../../supervisor/storage/pool-level.ts';
import type { PoolUsage } from '../../supervisor/storage/pool.ts';
import type { Shape } from '../../supervisor/vms/manifest.ts';
import type { Environment } from './environment.ts';

/** What QEMU takes beside the guest's memory: its own, and under TCG a translation cache of 128 MiB. */
export const OVERHEAD_MIB = 192;
/** The disk space a new or woken VM must find beyond its memory: what a guest writes before anybody could act. */
const DISK_MARGIN_BYTES = 2 ** 30;
const MIB = 2 ** 20;
const MAKE_ROOM = 'Purge snapshots that are not needed (`somnus snapshot rm --purge`), or grow the pool with `somnus pool grow`.';

export interface HostCapacity {
  totalMiB: number;
  /** Promised to VMs that run or stand still in memory, overhead included. */
  committedMiB: number;
  reserveMiB: number;
}

/** States in which a VM holds memory, or is about to. */
const inMemory: readonly Environment['state'][] = ['creating', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'waking', 'restoring'];

export function committedMiB(environments: readonly Pick<Environment, 'state' | 'memoryMiB'>[]): number {
  return environments.filter(({ state }) => inMemory.includes(state)).reduce((total, { memoryMiB }) => total + memoryMiB + OVERHEAD_MIB, 0);
}

/**
 * What counts is what the balloon leaves a VM: more is promised before the balloon moves, less only when it has. A guest that takes its balloon back by force takes
 * host memory that can be written to the pool, and pool space that the reserve is for.
 * @throws insufficient_memory, insufficient_space with the numbers
 */
export function assertFits(shape: Pick<Shape, 'memoryMiB'>, host: HostCapacity, pool: PoolUsage): void {
  const neededMiB = shape.memoryMiB + OVERHEAD_MIB;
  const availableMiB = host.totalMiB - host.reserveMiB - host.committedMiB;
  if (neededMiB > availableMiB) {
    throw new SomnusError('insufficient_memory', `It needs ${neededMiB} MiB of memory; the host has ${Math.max(0, availableMiB)} MiB left of ${host.totalMiB} MiB (${host.committedMiB} MiB committed, ${host.reserveMiB} MiB reserved)`, {
      details: { neededMiB, availableMiB, ...host },
    });
  }
  // Guest memory is a file in the pool, whose blocks are taken as the guest touches pages: they must be there when it does.
  const neededBytes = shape.memoryMiB * MIB + DISK_MARGIN_BYTES;
  const outstandingBytes = host.committedMiB * MIB;
  const availableBytes = pool.freeBytes - pool.reserveBytes - outstandingBytes;
  if (neededBytes > availableBytes) {
    throw new SomnusError('insufficient_space', `It needs ${toGiB(neededBytes)} GiB of the pool; ${toGiB(Math.max(0, availableBytes))} GiB are left of ${toGiB(pool.totalBytes)} GiB (${toGiB(outstandingBytes)} GiB committed to the memory of other VMs, ${toGiB(pool.reserveBytes)} GiB reserved)`, {
      details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
    });
  }
}

/** Memory that VMs can write to now: of those that stand still nothing is written. */
export function runningBytes(environments: readonly Pick<Environment, 'state' | 'memoryMiB'>[]): number {
  return environments.filter(({ state }) => state !== 'suspended' && inMemory.includes(state)).reduce((total, { memoryMiB }) => total + memoryMiB * MIB, 0);
}

/** Whether one that stands still may go on beside the others. @throws insufficient_space with the numbers */
export function assertCapacityToRun({ memoryMiB }: Pick<Environment, 'memoryMiB'>, othersBytes: number, pool: PoolSpace): void {
  const neededBytes = memoryMiB * MIB;
  const availableBytes = capacityToRunBytes(pool, othersBytes);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `The pool is too full for it to go on: that takes ${toGiB(neededBytes)} GiB for its memory, and ${toGiB(Math.max(0, availableBytes))} GiB of ${toGiB(pool.freeBytes)} GiB free are left beside the others and the reserve`, {
    hint: `${MAKE_ROOM} VMs that Somnus paused are then resumed automatically.`, details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

/** The capacity there would be if this VM had not been promised anything: for one that is to have more. */
export function capacityWithout(environment: Pick<Environment, 'state' | 'memoryMiB'>, capacity: HostCapacity): HostCapacity {
  return { ...capacity, committedMiB: capacity.committedMiB - committedMiB([environment]) };
}

/** Whether what runs may go on writing when all its blocks are shared with a snapshot. @throws insufficient_space with the numbers */
export function assertCapacityForSnapshot(host: HostCapacity, pool: PoolUsage): void {
  const neededBytes = host.committedMiB * MIB + DISK_MARGIN_BYTES;
  const availableBytes = Math.max(0, pool.freeBytes - pool.reserveBytes);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `A snapshot needs ${toGiB(neededBytes)} GiB of the pool for what running VMs may change; ${toGiB(availableBytes)} GiB are left of ${toGiB(pool.totalBytes)} GiB (${toGiB(pool.reserveBytes)} GiB reserved)`, {
    hint: MAKE_ROOM,
    details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

/** Whether the pool takes an image of this size and what runs keeps room to write. @throws insufficient_space with the numbers */
export function assertCapacityForImage(neededBytes: number, host: HostCapacity, pool: PoolUsage): void {
  const availableBytes = Math.max(0, pool.freeBytes - pool.reserveBytes - host.committedMiB * MIB);
  if (neededBytes <= availableBytes) return;
  throw new SomnusError('insufficient_space', `The image needs ${toGiB(neededBytes)} GiB of the pool; ${toGiB(availableBytes)} GiB are left of ${toGiB(pool.totalBytes)} GiB (${toGiB(host.committedMiB * MIB)} GiB committed to the memory of VMs, ${toGiB(pool.reserveBytes)} GiB reserved)`, {
    hint: `Remove old images with \`somnus image rm\`. ${MAKE_ROOM}`, details: { neededBytes, availableBytes, totalBytes: pool.totalBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes },
  });
}

function toGiB(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
