// Grows the root file system at boot if the host has enlarged the disk while the VM was off. The guest does this itself, online, because a host
// should not read a file system that a guest has written. Disk and file system are compared at each boot, so no state is needed and an interrupted
// attempt is repeated.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The root file system is on the whole disk, without partitions. */
const ROOT_DISK = 'vda';
const SECTOR_BYTES = 512;

/** Offsets within ext4's superblock: see fs/ext4/ext4.h in Linux. */
const superblock = { at: 1024, bytes: 1024, blocksLow: 0x4, logBlockSize: 0x18, magic: 0x38, blocksHigh: 0x150 } as const;
const EXT4_MAGIC = 0xef53;

export interface DiskGrowthOptions {
  log: (message: string) => void;
  root?: string;
  /** Grows the root file system to the size of its disk. @throws with the reason */
  resize?: () => Promise<void>;
}

export class DiskGrowth {
  readonly #options: DiskGrowthOptions;
  #underway = false;

  constructor(options: DiskGrowthOptions) {
    this.#options = options;
  }

  get underway(): boolean {
    return this.#underway;
  }

  /** Never throws: if the file system cannot grow, the VM runs with its current size, and the log has the reason. */
  async run(): Promise<void> {
    const { log, root = '/', resize = growRoot } = this.#options;
    try {
      const diskBytes = Number(readFileSync(join(root, 'sys/block', ROOT_DISK, 'size'), 'latin1')) * SECTOR_BYTES;
      const fileSystemBytes = ext4Bytes(join(root, 'dev', ROOT_DISK));
      if (fileSystemBytes === undefined || fileSystemBytes >= diskBytes) return;
      this.#underway = true;
      await resize();
      log(`root file system grown from ${fileSystemBytes} to ${diskBytes} bytes`);
    } catch (error) {
      log(`root file system not grown: ${String(error)}`);
    } finally {
      this.#underway = false;
    }
  }
}

/** Returns the size of the ext4 on a device; undefined when there is none. */
export function ext4Bytes(device: string): number | undefined {
  const block = Buffer.alloc(superblock.bytes);
  const fd = openSync(device, 'r');
  try {
    readSync(fd, block, 0, superblock.bytes, superblock.at);
  } finally {
    closeSync(fd);
  }
  if (block.readUInt16LE(superblock.magic) !== EXT4_MAGIC) return undefined;
  const blocks = block.readUInt32LE(superblock.blocksHigh) * 2 ** 32 + block.readUInt32LE(superblock.blocksLow);
  return blocks * (1024 << block.readUInt32LE(superblock.logBlockSize));
}

async function growRoot(): Promise<void> {
  const child = spawn('/usr/lib/systemd/systemd-growfs', ['/'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => { stderr = (stderr + chunk.toString('utf8')).slice(-500); });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(stderr.trim().replaceAll('\n', ' ') || `systemd-growfs exited with ${code}`))));
  });
}
