// When the agent grows the root file system, on a real ext4 in a file; tests with VMs cover growing by the guest's kernel while mounted.
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DiskGrowth, ext4Bytes } from '../../agent/disk-growth.ts';
import { runCommand } from '../../common/run-command.ts';

const MIB = 2 ** 20;

/** A root folder with a disk of `diskMiB` that contains an ext4 of 64 MiB. */
async function guest(diskMiB: number) {
  const root = await mkdtemp(join(tmpdir(), 'somnus-growth-'));
  onTestFinished(async () => await rm(root, { recursive: true }));
  await mkdir(join(root, 'dev'));
  await mkdir(join(root, 'sys/block/vda'), { recursive: true });
  const device = join(root, 'dev/vda');
  await runCommand('mke2fs', ['-q', '-t', 'ext4', device, '64M']);
  await truncate(device, diskMiB * MIB);
  await writeFile(join(root, 'sys/block/vda/size'), `${(diskMiB * MIB) / 512}\n`);
  return { root, device, lines: [] as string[] };
}

test('A file system that is smaller than its disk is grown to its size, once', async () => {
  const { root, device, lines } = await guest(256);
  let resized = 0;
  const growth = new DiskGrowth({ root, log: (line) => lines.push(line), resize: async () => {
    resized += 1;
    await runCommand('resize2fs', [device]);
  } });
  expect(growth.underway).toBe(false);
  const run = growth.run();
  expect(growth.underway).toBe(true); // immediately, so that the guest is not reported as ready
  await run;
  expect(growth.underway).toBe(false);
  expect(ext4Bytes(device)).toBe(256 * MIB);
  await growth.run();
  expect(resized).toBe(1);
  expect(lines).toEqual([`root file system grown from ${64 * MIB} to ${256 * MIB} bytes`]);
});

test('Nothing is started for a disk that has the size of its file system, or none', async () => {
  const { root, device, lines } = await guest(64);
  const growth = new DiskGrowth({ root, log: (line) => lines.push(line), resize: async () => { throw new Error('started'); } });
  await growth.run();
  await writeFile(device, Buffer.alloc(4096));
  await writeFile(join(root, 'sys/block/vda/size'), '1000000\n');
  await growth.run();
  expect(lines).toEqual([]);
});

test('A guest that cannot grow its file system reports why and keeps running', async () => {
  const { root, lines } = await guest(256);
  const growth = new DiskGrowth({ root, log: (line) => lines.push(line), resize: async () => { throw new Error('no space'); } });
  await growth.run();
  expect(growth.underway).toBe(false);
  expect(lines).toEqual(['root file system not grown: Error: no space']);
});
