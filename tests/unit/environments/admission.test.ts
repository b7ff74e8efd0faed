import { expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { assertFits, OVERHEAD_MIB, committedMiB, type HostCapacity } from '../../../orchestrator/environments/admission.ts';
import type { PoolUsage } from '../../../supervisor/storage/pool.ts';

const GIB = 2 ** 30;
const host: HostCapacity = { totalMiB: 4096, committedMiB: 0, reserveMiB: 1024 };
const pool: PoolUsage = { path: '/pool', backing: 'loop', fileSystem: 'xfs', reflink: true, totalBytes: 20 * GIB, freeBytes: 10 * GIB, reserveBytes: GIB };

function refusal(memoryMiB: number, capacity: HostCapacity = host, space: PoolUsage = pool): SomnusError | undefined {
  try {
    assertFits({ memoryMiB }, capacity, space);
    return undefined;
  } catch (error) {
    if (error instanceof SomnusError) return error;
    throw error;
  }
}

test('A VM that fits to the last MiB is admitted, one more MiB is refused with the numbers', () => {
  const most = host.totalMiB - host.reserveMiB - OVERHEAD_MIB;
  expect(refusal(most)).toBeUndefined();
  const error = refusal(most + 1);
  expect(error?.code).toBe('insufficient_memory');
  expect(error?.details).toMatchObject({ neededMiB: most + 1 + OVERHEAD_MIB, availableMiB: 3072, totalMiB: 4096 });
  expect(error?.message).toContain('3072 MiB left of 4096 MiB');
});

test('Capacity that is committed to others is not committed again, neither memory nor space for it', () => {
  expect(refusal(512, { ...host, committedMiB: 2560 })?.code).toBe('insufficient_memory');
  expect(refusal(512, { ...host, totalMiB: 65_536, committedMiB: 9 * 1024 })?.code).toBe('insufficient_space');
});

test('A pool without enough space for the new VM\'s memory refuses it, naming free and needed space', () => {
  const error = refusal(1024, host, { ...pool, freeBytes: 2 * GIB });
  expect(error?.code).toBe('insufficient_space');
  expect(error?.details).toMatchObject({ neededBytes: 2 * GIB, availableBytes: GIB });
});

test('VMs that are off, hibernated or removed have nothing committed', () => {
  const of = (state: Parameters<typeof committedMiB>[0][number]['state']) => committedMiB([{ state, memoryMiB: 512 }]);
  expect(['stopped', 'hibernated', 'removed', 'failed'].map((state) => of(state as 'stopped'))).toEqual([0, 0, 0, 0]);
  expect(of('running')).toBe(512 + OVERHEAD_MIB);
  expect(of('suspended')).toBe(512 + OVERHEAD_MIB);
});
