// Disks that grow: the host extends the file and reads nothing of it; guests of older images are told to grow their file system.
import { mkdtemp, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { ExecRequest } from '../../../supervisor/guest/guest-channel.ts';
import { growDisk, growOldGuest } from '../../../supervisor/vms/grow-disk.ts';
import type { Vm } from '../../../supervisor/vms/vm.ts';
import { log } from '../../support/operations.ts';

const GIB = 2 ** 30;

async function disk(gib: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-disk-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'disk');
  await writeFile(path, 'what a guest wrote is of no interest');
  await truncate(path, gib * GIB);
  return path;
}

test('A disk grows to its intended size, whatever it contains, and never shrinks', async () => {
  const path = await disk(2);
  await growDisk(path, 3);
  expect((await stat(path)).size).toBe(3 * GIB);
  await growDisk(path, 1);
  expect((await stat(path)).size).toBe(3 * GIB);
});

test('A link in place of a disk is not followed', async () => {
  const path = await disk(1);
  await symlink(path, `${path}.link`);
  await expect(growDisk(`${path}.link`, 3)).rejects.toMatchObject({ code: 'corrupt' });
  expect((await stat(path)).size).toBe(GIB);
});

test('Only a guest whose agent does not grow its file system is told to, and a failure does no harm', async () => {
  const asked: string[][] = [];
  let code = 0;
  const exec = async ({ command }: ExecRequest): Promise<unknown> => {
    asked.push(command);
    if (code === 255) throw new Error('not reached');
    return { stdin: new Writable({ write: (_chunk, _encoding, done) => done() }), stdout: Readable.from([]), stderr: Readable.from(['no']), exit: Promise.resolve({ code, signal: null, timedOut: false }) };
  };
  const vm = { log, host: { guests: { channel: async () => ({ exec }) } } } as unknown as Vm;
  const { signal } = new AbortController();
  await growOldGuest(vm, { contractVersion: 2 }, signal);
  expect(asked).toEqual([]);
  for (code of [0, 1, 255]) await growOldGuest(vm, { contractVersion: 1 }, signal);
  expect(asked).toEqual(Array(3).fill(['/usr/lib/systemd/systemd-growfs', '/']));
});
