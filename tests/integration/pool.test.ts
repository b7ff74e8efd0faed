// A pool of its own on a loop file: whether it supports reflink, and when that is tested.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import { XfsPool } from '../../supervisor/storage/xfs-pool.ts';
import { makeDiskFolder } from '../support/clean-up.ts';

let folder: string;
let pool: XfsPool;
const open = (): XfsPool => new XfsPool({ mountPoint: join(folder, 'pool'), poolFile: join(folder, 'pool.img'), sizeGiB: 1, reserveBytes: 0 });

beforeAll(async () => {
  folder = await makeDiskFolder();
  pool = open();
});

afterAll(async () => {
  await runCommand('umount', [join(folder, 'pool')], { allowExit: [32] });
  await rm(folder, { recursive: true });
});

test('Concurrent tests for reflink all succeed, before the pool is mounted and while it is created', async () => {
  const asked = open();
  const early = asked.usage().catch(() => undefined); // nothing is mounted: the result must not be remembered
  await pool.ensure();
  await Promise.all([early, asked.ensure()]);
  // Each begins a little later than the one before, so that one starts while another cleans up.
  const found = await Promise.all(Array.from({ length: 100 }, async (_, at) => {
    for (let waited = 0; waited < at; waited += 1) await stat(folder);
    return (await open().usage()).reflink;
  }));
  expect(found).toEqual(found.map(() => true));
  expect(await asked.usage()).toMatchObject({ fileSystem: 'xfs', reflink: true });
});

test('A full pool starts, and clones with reflink once it has space again', async () => {
  const [filler, from, to] = ['filler', 'from', 'to'].map((name) => join(folder, 'pool', 'staging', name)) as [string, string, string];
  await runCommand('dd', ['if=/dev/urandom', `of=${from}`, 'bs=1M', 'count=4', 'status=none']);
  await runCommand('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M', 'status=none'], { allowExit: [1], timeoutMs: 120_000 });
  const full = open();
  expect(await full.ensure()).toMatchObject({ reflink: true });
  await rm(filler);
  const before = (await full.usage()).freeBytes;
  await full.clone(from, to);
  expect(before - (await full.usage()).freeBytes).toBeLessThan(2 ** 20);
});
