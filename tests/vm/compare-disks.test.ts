// Which files differ on two disks, read by a VM of the guest image.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Config } from '../../common/config.ts';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { cachedGuestImage } from '../../images/build-guest.ts';
import { compareDisks, type FileChange } from '../../supervisor/snapshots/compare-disks.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import { makeDiskFolder } from '../support/clean-up.ts';

const UID = 1_879_048_192;
let folder: string;
let imageFolder: string;
let before: string;
let after: string;

/** A folder instead of a pool. */
const pool = () => ({
  folders: { staging: join(folder, 'staging') },
  clone: async (from: string, to: string) => { await runCommand('cp', ['--sparse=always', '--reflink=auto', '--', from, to]); },
}) as unknown as StoragePool;

async function disk(name: string, fill: (root: string) => Promise<void>): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, 'srv'), { recursive: true });
  await fill(root);
  const file = `${root}.disk`;
  await (await open(file, 'w')).close();
  await runCommand('truncate', ['-s', '64M', file]);
  await runCommand('mkfs.ext4', ['-q', '-d', root, file]);
  return file;
}

const compare = async (from: string, to: string, signal = new AbortController().signal): Promise<FileChange[]> =>
  await compareDisks({ before: from, after: to, imageFolder, accel: 'tcg', user: { uid: UID, gid: UID }, pool: pool(), signal });

beforeAll(async () => {
  folder = await makeDiskFolder();
  await mkdir(join(folder, 'staging'));
  ({ imageDir: imageFolder } = await cachedGuestImage({ cacheDir: Config.parse({}).images.cacheDir, log: createLogger({ level: 'silent' }) }));
  before = await disk('before', async (root) => {
    for (const name of ['same', 'gone', 'grown', 'srv/replaced']) await writeFile(join(root, name), name);
  });
  // The same files with the same times, then the changes.
  after = join(folder, 'after.disk');
  await runCommand('cp', ['--', before, after]);
  const commands = ['rm gone', 'rm grown', 'write /dev/null grown', 'set_inode_field grown size 9', 'rm srv/replaced', 'mkdir srv/replaced', 'write /etc/hostname "srv/new file"', 'symlink link same', 'set_inode_field same mode 0100600'];
  const script = join(folder, 'changes');
  await writeFile(script, `${commands.join('\n')}\n`);
  await runCommand('debugfs', ['-w', '-f', script, after]);
}, 120_000);
afterAll(async () => { await rm(folder, { recursive: true }); });

test('Added, changed and removed files are listed by path, and nothing is left', async () => {
  expect((await compare(before, after)).map(({ path, change, type }) => [path, change, type])).toEqual([
    ['/gone', 'removed', 'file'],
    ['/grown', 'changed', 'file'],
    ['/link', 'added', 'symlink'],
    ['/same', 'changed', 'file'],
    ['/srv/new file', 'added', 'file'],
    ['/srv/replaced', 'changed', 'directory'],
  ]);
  expect(await readdir(join(folder, 'staging'))).toEqual([]);
}, 300_000);

test('A disk without a file system gives an error that names it, and leaves nothing behind', async () => {
  const broken = join(folder, 'broken.disk');
  await writeFile(broken, Buffer.alloc(1 << 20));
  await expect(compare(before, broken)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('the second disk cannot be mounted') as string });
  expect(await readdir(join(folder, 'staging'))).toEqual([]);
}, 300_000);

test('A cancelled comparison ends its VM, which runs as the given user', async () => {
  const cancelled = new AbortController();
  const comparing = compare(before, after, cancelled.signal);
  comparing.catch(() => {});
  const running = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isGuest(pid));
  await expect.poll(running, { timeout: 60_000, interval: 20 }).toHaveLength(1);
  cancelled.abort();
  await expect(comparing).rejects.toMatchObject({ code: 'cancelled' });
  await expect.poll(running, { timeout: 60_000 }).toEqual([]);
  await symlink('x', join(folder, 'staging', 'compare-image')); // of a comparison that was killed while it prepared
  expect(await compare(before, before)).toEqual([]);
}, 300_000);

/** Whether this is a QEMU that runs as our user. */
function isGuest(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`Uid:\t${UID}\t${UID}`);
  } catch {
    return false; // it has ended
  }
}
