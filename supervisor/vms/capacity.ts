// The last look at the pool before a VM runs. Admission promised the space; the pool may have filled up since.
import { SomnusError } from '../../common/errors.ts';
import { spareBytes } from '../storage/pool-level.ts';
import type { Vm } from './vm.ts';
import type { Shape } from './manifest.ts';

/** @throws insufficient_space when the pool could not hold all of its memory: a write that finds no block kills QEMU */
export async function assertCapacityForMemory(vm: Vm, { memoryMiB }: Pick<Shape, 'memoryMiB'>): Promise<void> {
  const neededBytes = memoryMiB * 2 ** 20;
  const pool = await vm.host.pool.usage();
  if (spareBytes(pool, neededBytes) >= 0) return;
  throw new SomnusError('insufficient_space', 'The pool has filled up: it could not hold the memory of the VM', { details: { neededBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes } });
}
