// Checks the pool's free space right before a VM runs. Admission committed the space, but the pool may have filled up since.
import { SomnusError } from '../../common/errors.ts';
import { spareBytes } from '../storage/pool-level.ts';
import type { Vm } from './vm.ts';
import type { Shape } from '../domain/shape.ts';

/** @throws insufficient_space when the pool could not hold all of the VM's memory: QEMU is killed when a write finds no block */
export async function assertCapacityForMemory(vm: Vm, { memoryMiB }: Pick<Shape, 'memoryMiB'>): Promise<void> {
  const neededBytes = memoryMiB * 2 ** 20;
  const pool = await vm.host.pool.usage();
  if (spareBytes(pool, neededBytes) >= 0) return;
  throw new SomnusError('insufficient_space', "The pool has too little free space for the VM's memory", { details: { neededBytes, freeBytes: pool.freeBytes, reserveBytes: pool.reserveBytes } });
}
