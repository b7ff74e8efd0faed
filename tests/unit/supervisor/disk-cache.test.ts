// What the host keeps of VMs' disks in its page cache, with real files; only QEMU and its counters are simulated.
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../common/run-command.ts';
import type { Vm } from '../../../supervisor/vms/vm.ts';
import { DiskCache } from '../../../supervisor/storage/disk-cache.ts';
import { makeDiskFolder } from '../../support/clean-up.ts';
import { log } from '../../support/operations.ts';

const MIB = 2 ** 20;
const DISK_BYTES = 4 * MIB;

const moved = (bytes: number) => ({ blocks: [{ device: 'vda', readBytes: bytes, readRequests: 0, writtenBytes: 0, writeRequests: 0, allocatedBytes: undefined, capacityBytes: undefined }] });

async function vmWithDisk({ direct = false } = {}) {
  const folder = await makeDiskFolder(); // a temporary file system in memory would keep its pages
  const diskFile = join(folder, 'disk');
  await writeFile(diskFile, randomBytes(DISK_BYTES), { flush: true });
  const asked: { command: string; args: unknown }[] = [];
  const monitor = async (_: string, command: string, args: unknown): Promise<unknown> => {
    asked.push({ command, args });
    return command === 'query-named-block-nodes' ? ['format', 'storage'].map((kind) => ({ 'node-name': `libvirt-1-${kind}`, cache: { direct } })) : {};
  };
  const vm = { id: 'env_1', domainName: 'somnus-abcd-env_1', diskFile, host: { driver: { monitor } }, log } as unknown as Vm;
  return {
    vm, asked,
    remove: async (): Promise<void> => await rm(diskFile),
    [Symbol.asyncDispose]: async (): Promise<void> => await rm(folder, { recursive: true }),
    use: async (): Promise<void> => { await readFile(diskFile); },
    cachedBytes: async (): Promise<number> => Number((await runCommand('fincore', ['--noheadings', '--bytes', '--output', 'RES', diskFile])).stdout),
  };
}

test('What a guest has read or written leaves the host\'s page cache after 64 MiB, or a minute later', async () => {
  await using made = await vmWithDisk();
  const { vm, use, cachedBytes } = made;
  const cache = new DiskCache();
  await cache.look(vm, moved(0), 0);
  await use();
  await cache.look(vm, moved(63 * MIB), 5_000);
  expect(await cachedBytes()).toBe(DISK_BYTES);
  await cache.look(vm, moved(64 * MIB), 10_000);
  expect(await cachedBytes()).toBe(0);

  await use();
  await cache.look(vm, moved(65 * MIB), 15_000);
  expect(await cachedBytes()).toBe(DISK_BYTES);
  await cache.look(vm, moved(65 * MIB), 70_000);
  expect(await cachedBytes()).toBe(0);
});

test('A VM that has ended leaves nothing in the page cache, and a missing disk is not an error', async () => {
  await using made = await vmWithDisk();
  const { vm, use, cachedBytes, remove } = made;
  const cache = new DiskCache();
  await use();
  await cache.end(vm);
  expect(await cachedBytes()).toBe(0);
  await remove();
  await cache.end(vm);
});

test('A VM that runs with direct I/O is switched to buffered I/O the first time it is seen', async () => {
  await using made = await vmWithDisk({ direct: true });
  const { vm, asked } = made;
  const cache = new DiskCache();
  await cache.look(vm, moved(0));
  await cache.look(vm, moved(1));
  expect(asked.map(({ command }) => command)).toEqual(['query-named-block-nodes', 'blockdev-reopen']);
  expect(asked[1]?.args).toMatchObject({ options: [{ driver: 'file', filename: vm.diskFile, cache: { direct: false } }, { driver: 'raw', cache: { direct: false } }] });
});
