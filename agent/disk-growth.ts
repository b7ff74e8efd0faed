// Grows the root file system at boot when the host has made the disk larger while the VM was off. The guest does this itself, online: no host should read a file system that a guest
// has written. Disk and file system are compared at each boot, so nothing has to be remembered and an interrupted attempt is repeated.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The root file system is on the whole disk: there are no partitions. */
const ROOT_DISK = 'vda';
const SECTOR_BYTES = 512;

/** Offsets within ext4's superblock: see fs/ext4/ext4.h in Linux. */
const superblock = { at: 1024, bytes: 1024, blocksLow: 0x4, logBlockSize: 0x18, magic: 0x38, blocksHigh: 0x150 } as const;
const EXT4_MAGIC = 0xef53;

export interface DiskGrowthOptions {
  log: (message: string) => void;
  root?: string;
  /** Makes the root file system as large as its disk. @throws why it cannot */
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

  /** Never throws: when the file system cannot grow, the VM runs with the size that it has, and the log says why. */
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

/** The size that the ext4 on a device has; undefined when there is none. */
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
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString('utf8')).slice(-500); });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(complaint.trim().replaceAll('\n', ' ') || `systemd-growfs ended with ${code}`))));
  });
}
