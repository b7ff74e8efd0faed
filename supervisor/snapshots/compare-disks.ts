// Compares the files on two disks. The host never reads a file system that a guest wrote: a small VM without a network, whose QEMU runs as the
// environment's own user, mounts clones of both disks and lists what differs. It ends by itself, and all its files are unlinked before it starts,
// so nothing is left even if Somnus is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { stretched, throwIfAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { cpioArchive } from '../../images/cpio-archive.ts';
import { fileTypeOf, type FileType } from '../domain/file-type.ts';
import { printable } from '../guest/bounded-text.ts';
import { helperVmArgs } from '../host/helper-vm.ts';
import type { StoragePool } from '../storage/pool.ts';
import type { VmUser } from '../vms/vm-user.ts';

export interface CompareDisks {
  /** Paths of the disks. Journals are replayed on clones, so that a disk may be of a VM that runs. */
  before: string;
  after: string;
  /** The folder of a guest image: its kernel boots, and its programs compare. */
  imageFolder: string;
  accel: 'kvm' | 'tcg';
  user: VmUser;
  pool: StoragePool;
  signal: AbortSignal;
}

export interface FileChange {
  path: string;
  change: 'added' | 'changed' | 'removed';
  type: FileType;
  /** Its size afterwards; before, if it was removed. */
  sizeBytes: number;
}

const MEMORY_MIB = 768;
/** Listing a million files takes a minute under emulation. */
const TIMEOUT_MS = 15 * 60_000;
const RESULT_BYTES = 512 * 2 ** 20;
const CONSOLE_BYTES = 4096;
const COMPLETE = 'somnus-complete';
const FAILURE = 'somnus-failure: ';

/** Lists each file with all that says whether it changed; of a folder only owner and mode, since its times follow from the files in it. */
const listScript = `export LC_ALL=C TMPDIR=/mnt/work; cd /mnt && mkdir work || exit 1
for side in before after; do
  find $side -xdev -mindepth 1 \\( -type d -printf 'd %m %U %G 0 0 %P\\0' -o -printf '%y %m %U %G %s %C@ %P\\0' \\) | sort -z >work/$side || exit 1
done
{ comm -z -3 work/before work/after && printf '${COMPLETE}\\0'; } | dd of=/dev/vdd bs=64k iflag=fullblock conv=fsync status=none`;

/** Modules are loaded in several passes, because they depend on each other and the image decides which there are. */
const initScript = `#!/busybox sh
bb=/busybox
fail() { $bb echo "${FAILURE}$1"; $bb poweroff -f; }
$bb mount -t devtmpfs dev /dev
for pass in 1 2 3 4; do for module in /*.ko; do $bb insmod $module 2>/dev/null; done; done
( $bb sleep ${(2 * TIMEOUT_MS) / 1000}; $bb poweroff -f ) &
$bb mount -t ext4 -o ro /dev/vda /root || fail 'the image cannot be mounted'
$bb mount -t devtmpfs dev /root/dev
$bb mount -t tmpfs -o size=90% work /root/mnt && $bb mkdir /root/mnt/before /root/mnt/after || fail 'there is not enough memory'
$bb mount -t ext4 -o ro,nosuid,nodev,noexec /dev/vdb /root/mnt/before || fail 'the first disk cannot be mounted'
$bb mount -t ext4 -o ro,nosuid,nodev,noexec /dev/vdc /root/mnt/after || fail 'the second disk cannot be mounted'
$bb cp /list /root/mnt/list && $bb chroot /root /bin/sh /mnt/list 2>&1 || fail 'the files cannot be listed'
$bb poweroff -f
`;

/**
 * Returns what changed from `before` to `after`, sorted by path.
 * @throws corrupt when a disk cannot be mounted or listed; timeout, cancelled, unavailable
 */
export async function compareDisks(options: CompareDisks): Promise<FileChange[]> {
  const { pool, imageFolder, before, after, signal } = options;
  await using files = new AsyncDisposableStack();
  const unlinked = async (name: string, make: (path: string) => Promise<void>): Promise<FileHandle> => {
    const path = join(pool.folders.staging, `compare-${name}`);
    await rm(path, { force: true }); // of a comparison that was killed right here
    await make(path);
    const handle = files.adopt(await open(path, 'r+'), async (opened) => await opened.close());
    await rm(path);
    return handle;
  };
  const disks = [
    await unlinked('image', async (path) => await pool.clone(join(imageFolder, 'disk'), path)),
    await unlinked('before', async (path) => await pool.clone(before, path)),
    await unlinked('after', async (path) => await pool.clone(after, path)),
  ];
  const result = await unlinked('result', async (path) => await writeFile(path, '', { mode: 0o600 }));
  await result.truncate(RESULT_BYTES);
  const initrd = await unlinked('initrd', async (path) => await writeFile(path, await compareInitrd(imageFolder), { mode: 0o600 }));
  throwIfAborted(signal);
  const console = await runGuest(options, [...disks, result], initrd);
  const changes = await readChanges(result);
  if (changes !== undefined) return changes;
  const reason = new RegExp(`${FAILURE}(.*)`).exec(console)?.[1];
  throw new SomnusError('corrupt', `The disks cannot be compared: ${printable(reason ?? console.trim().split('\n').at(-1) ?? 'no answer', 300)}`, { details: { console: printable(console, CONSOLE_BYTES) } });
}

/** The image's initrd with another first program; the kernel unpacks archives one after the other. */
async function compareInitrd(imageFolder: string): Promise<Buffer> {
  const image = await readFile(join(imageFolder, 'initrd'));
  const script = (path: string, text: string) => ({ kind: 'file' as const, path, content: Buffer.from(text), executable: true });
  return Buffer.concat([image, Buffer.alloc(-image.length & 3), cpioArchive([script('compare', initScript), script('list', listScript)])]);
}

/** Runs the VM to its end. @returns the end of its console */
async function runGuest({ imageFolder, accel, user, signal }: CompareDisks, disks: readonly FileHandle[], initrd: FileHandle): Promise<string> {
  const timeoutMs = stretched(TIMEOUT_MS);
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, deadline]);
  const firstFd = 3;
  const qemu = spawn('qemu-system-x86_64', [
    ...helperVmArgs(accel, MEMORY_MIB), '-sandbox', 'on,spawn=deny,resourcecontrol=deny', '-runas', `${user.uid}:${user.gid}`,
    '-kernel', join(imageFolder, 'kernel'), '-initrd', `/dev/fd/${firstFd + disks.length}`, '-append', 'console=ttyS0 quiet panic=-1 rdinit=/compare random.trust_cpu=on no_timer_check',
    ...disks.flatMap((_, at) => [
      '-add-fd', `fd=${firstFd + at},set=${at}`, '-blockdev', JSON.stringify({ driver: 'raw', 'node-name': `disk${at}`, file: { driver: 'file', filename: `/dev/fdset/${at}` } }), '-device', `virtio-blk-pci,drive=disk${at}`,
    ]),
  ], { stdio: ['ignore', 'pipe', 'pipe', ...disks.map(({ fd }) => fd), initrd.fd] });
  let console = '';
  for (const stream of [qemu.stdout!, qemu.stderr!]) stream.on('data', (chunk: Buffer) => { console = (console + chunk.toString('latin1')).slice(-CONSOLE_BYTES); });
  try {
    await once(qemu, 'close', { signal: stop });
    return console;
  } catch (error) {
    throwIfAborted(signal);
    if (deadline.aborted) throw new SomnusError('timeout', `Comparing the disks took longer than ${timeoutMs / 1000} s`);
    throw new SomnusError('unavailable', `QEMU cannot be started: ${(error as Error).message}`, { cause: error });
  } finally {
    qemu.kill('SIGKILL');
  }
}

/** Reads the list that the VM wrote; undefined when it is not complete. Lines of `comm`: without a tab only before, with one only after. */
async function readChanges(result: FileHandle): Promise<FileChange[] | undefined> {
  const found = new Map<string, FileChange>();
  let rest = '';
  for await (const chunk of result.createReadStream({ start: 0, autoClose: false, encoding: 'utf8' }) as AsyncIterable<string>) {
    const records = (rest + chunk).split('\0');
    rest = records.pop() ?? '';
    for (const record of records) {
      if (record === COMPLETE) return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
      const { tab, type = '', size, path } = /^(?<tab>\t?)(?<type>\S) \d+ \d+ \d+ (?<size>\d+) [\d.]+ (?<path>.+)$/su.exec(record)?.groups ?? {};
      if (path === undefined) return undefined;
      const change = found.has(path) ? 'changed' : tab === '' ? 'removed' : 'added';
      if (change !== 'changed' || tab !== '') found.set(path, { path: `/${path}`, change, type: fileTypeOf(type), sizeBytes: Number(size) });
      else found.set(path, { ...found.get(path)!, change });
    }
  }
  return undefined;
}
