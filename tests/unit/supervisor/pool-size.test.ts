import { expect, test } from 'vitest';
import { defaultPoolGiB } from '../../../supervisor/storage/xfs-pool.ts';

test('The default pool leaves two thirds of the free space for later use', () => {
  expect([5, 12, 60, 100, 5000].map(defaultPoolGiB)).toEqual([4, 4, 20, 33, 200]);
});
