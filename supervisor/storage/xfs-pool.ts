// The storage pool on this host: an XFS with reflink in a preallocated pool file, or a folder of the host's file system. Mounts, grows and clones;
// does not care what the folders contain.
import { randomUUID } from 'node:crypto';
import { chmod, constants, copyFile, mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { claimFolder, poolFolder } from '../../common/claimed-folder.ts';
import type { Config } from '../../common/config.ts';
import { exists } from '../../common/exists.ts';
import { SomnusError } from '../../common/errors.ts';
import { dataPaths } from '../../common/paths.ts';
import { runCommand } from '../../common/run-command.ts';
import type { PoolFolders, PoolUsage, StoragePool } from './pool.ts';

const GIB = 1024 ** 3;
/** XFS needs space for its log and metadata; a smaller pool is not useful. */
const SMALLEST_POOL_GIB = 4;
const LARGEST_DEFAULT_GIB = 200;
/** The errors of ioctl_ficlone(2) on a file system that cannot share blocks. */
const NO_REFLINK: readonly string[] = ['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY', 'ENOSYS', 'EXDEV'];

/** Returns the default size of a new pool: a third of the free disk space, at least 4 GiB and at most 200. The rest is for the host, and for growing later. */
export function defaultPoolGiB(freeGiB: number): number {
  return Math.min(LARGEST_DEFAULT_GIB, Math.max(SMALLEST_POOL_GIB, Math.floor(freeGiB / 3)));
}

export interface PoolOptions {
  /** Mount point of a pool in a pool file. */
  mountPoint: string;
  /** The preallocated pool file. */
  poolFile: string;
  /** A folder on an existing file system, used instead of a pool file. */
  folder?: string | undefined;
  /** Size at creation; defaults to `defaultPoolGiB`. */
  sizeGiB?: number | undefined;
  reserveBytes: number;
}

/** Returns the configured pool. */
export function poolOf(config: Config): StoragePool {
  const { poolDir, poolFile } = dataPaths(config.dataDir);
  return new XfsPool({ mountPoint: poolDir, poolFile, folder: config.pool.path, sizeGiB: config.pool.sizeGiB, reserveBytes: config.pool.reserveGiB * GIB });
}

export class XfsPool implements StoragePool {
  readonly #options: PoolOptions;
  readonly #root: string;
  #reflink: Promise<boolean> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#root = options.folder ?? options.mountPoint;
  }

  get folders(): PoolFolders {
    const root = this.#root;
    const [images, environments] = [join(root, 'images'), join(root, 'environments')];
    return {
      root, images, environments, templates: join(root, 'templates'), staging: join(root, 'staging'), quarantine: join(root, 'quarantine'),
      environment: (id) => join(environments, id),
      image: (version) => join(images, version),
    };
  }

  async ensure(progress: (message: string) => void = () => {}): Promise<PoolUsage> {
    if (this.#options.folder === undefined) await this.#ensureLoop(progress);
    else claimFolder(this.#options.folder, poolFolder);
    const { root, images, environments, templates, staging, quarantine } = this.folders;
    for (const folder of [root, images, environments, templates, staging, quarantine]) {
      await mkdir(folder, { recursive: true });
    }
    // QEMU's user must reach its own folders; only root may list them.
    for (const folder of [root, environments]) await chmod(folder, 0o711);
    for (const folder of [images, templates, staging, quarantine]) await chmod(folder, 0o700);
    return await this.usage();
  }

  async usage(): Promise<PoolUsage> {
    const fs = await statfs(this.#root);
    const fileSystem = fs.type === 0x58_46_53_42 ? 'xfs' : fs.type === 0x91_23_68_3e ? 'btrfs' : `0x${fs.type.toString(16)}`;
    return {
      path: this.#root,
      backing: this.#options.folder === undefined ? 'loop' : 'folder',
      fileSystem,
      reflink: await this.#hasReflink().catch(() => fileSystem === 'xfs' || fileSystem === 'btrfs'), // cannot be tested while the pool is full or not mounted
      totalBytes: fs.blocks * fs.bsize,
      freeBytes: fs.bavail * fs.bsize,
      reserveBytes: this.#options.reserveBytes,
    };
  }

  async grow(toGiB: number): Promise<PoolUsage> {
    const { poolFile, folder } = this.#options;
    if (folder !== undefined) throw new SomnusError('unsupported', `The pool is a folder on this host (${folder}), which Somnus cannot grow`, { hint: 'Grow its file system instead.' });
    const sizeBytes = (await stat(poolFile)).size;
    if (toGiB * GIB < sizeBytes) {
      throw new SomnusError('invalid_request', `The pool already has ${gib(sizeBytes)} GiB and cannot shrink`, { details: { sizeBytes, toGiB } });
    }
    // Asking again for the same size completes a grow that was interrupted after this point.
    if (toGiB * GIB > sizeBytes) {
      await this.#requireHostSpace(toGiB * GIB - sizeBytes);
      await preallocate(poolFile, toGiB * GIB);
    }
    const { device } = await this.#mounted() ?? {};
    if (device === undefined) throw new SomnusError('unavailable', 'The pool is not mounted', { hint: 'Run `somnus up`.' });
    await runCommand('losetup', ['--set-capacity', device]);
    await runCommand('xfs_growfs', [this.#root], { timeoutMs: 120_000 });
    return await this.usage();
  }

  async clone(from: string, to: string): Promise<void> {
    if (await this.#hasReflink()) await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    else await runCommand('cp', ['--sparse=always', '--reflink=never', '--no-clobber', '--', from, to], { timeoutMs: 600_000 });
    await chmod(to, 0o600); // QEMU could have set any mode on it, including set-user-id
  }

  async #ensureLoop(progress: (message: string) => void): Promise<void> {
    const { poolFile, mountPoint } = this.#options;
    if (await this.#mounted()) return;
    if (!(await exists(poolFile))) await this.#makePoolFile(progress);
    await mkdir(mountPoint, { recursive: true });
    progress('mounting the pool');
    await runCommand('mount', ['-o', 'loop,noatime,nosuid,nodev', poolFile, mountPoint], { timeoutMs: 120_000 });
    const device = (await this.#mounted())?.device;
    // Without direct I/O every block would be in the page cache twice. Some host file systems do not support it; it is only an optimization.
    if (device !== undefined) await runCommand('losetup', ['--direct-io=on', device], { allowExit: [1] });
  }

  async #makePoolFile(progress: (message: string) => void): Promise<void> {
    const { poolFile } = this.#options;
    await mkdir(dirname(poolFile), { recursive: true });
    const fs = await statfs(dirname(poolFile));
    const freeGiB = Math.floor((fs.bavail * fs.bsize) / GIB);
    const sizeGiB = this.#options.sizeGiB ?? defaultPoolGiB(freeGiB);
    await this.#requireHostSpace(sizeGiB * GIB);
    progress(`creating a pool of ${sizeGiB} GiB`);
    const staging = `${poolFile}.new`;
    await rm(staging, { force: true });
    await preallocate(staging, sizeGiB * GIB);
    await runCommand('mkfs.xfs', ['-q', '-f', '-m', 'reflink=1', '-K', staging], { timeoutMs: 120_000 });
    await rename(staging, poolFile);
  }

  async #requireHostSpace(bytes: number): Promise<void> {
    const fs = await statfs(dirname(this.#options.poolFile));
    const freeBytes = fs.bavail * fs.bsize;
    if (freeBytes - GIB >= bytes) return;
    throw new SomnusError('insufficient_space', `The pool file needs ${gib(bytes)} GiB more, but the host's disk has ${gib(freeBytes)} GiB free (1 GiB is reserved)`, {
      hint: 'Free space on the host, or choose a smaller size.', details: { neededBytes: bytes, freeBytes },
    });
  }

  async #mounted(): Promise<{ device: string } | undefined> {
    const mountPoint = this.#options.mountPoint;
    const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
    const line = lines.find((candidate) => candidate.split(' ')[4] === mountPoint);
    const device = line?.split(' - ')[1]?.split(' ')[1];
    return device === undefined ? undefined : { device };
  }

  /** Tests the file system once, and remembers the result unless the test itself failed. @throws the error that prevented the test, such as ENOSPC */
  async #hasReflink(): Promise<boolean> {
    this.#reflink ??= this.#probeReflink().catch((error: unknown) => {
      this.#reflink = undefined;
      throw error;
    });
    return await this.#reflink;
  }

  async #probeReflink(): Promise<boolean> {
    const from = join(this.folders.staging, `.reflink-${randomUUID()}`);
    const to = `${from}.clone`;
    try {
      await writeFile(from, 'reflink?');
      await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      if (NO_REFLINK.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    } finally {
      await rm(from, { force: true });
      await rm(to, { force: true });
    }
  }
}

/** Allocates real blocks, because a sparse pool file on a full disk loses data silently. */
async function preallocate(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, 'a', 0o600);
  await runCommand('fallocate', ['--length', String(sizeBytes), path], { timeoutMs: 300_000 });
  await file.sync();
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
