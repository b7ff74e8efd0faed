// Checksums of disk files that are mostly holes. They are the same whether a file's zeros are stored or not, so a copy can be verified.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { throwIfAborted } from '../common/deadline.ts';
import { runCommand } from '../common/run-command.ts';

const BLOCK_BYTES = 1_048_576;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
const Extents = z.array(z.object({ start: z.int(), length: z.int(), data: z.boolean() }));

export interface SparseReadOptions {
  signal?: AbortSignal | undefined;
  /** Called and awaited after each block read, to show progress or to slow down. */
  onRead?: ((readBytes: number, ofBytes: number) => Promise<void> | void) | undefined;
}

/**
 * Returns the sha256 of the file's size (8 bytes, little endian) and each 1 MiB block that is not all zero, preceded by its number (8 bytes, little
 * endian). Holes are not read, because even those would fill the host's page cache with zeros.
 */
export async function sparseSha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await digest(path, { signal }, (part) => hash.update(part));
  return hash.digest('hex');
}

/** Returns the CRC-32 of the same data, as eight hexadecimal digits. Several times faster. */
export async function sparseCrc32(path: string, options: SparseReadOptions = {}): Promise<string> {
  let crc = 0;
  await digest(path, options, (part) => { crc = crc32(part, crc); });
  return crc.toString(16).padStart(8, '0');
}

async function digest(path: string, { signal, onRead }: SparseReadOptions, update: (part: Buffer) => void): Promise<void> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  update(number(size));
  const buffer = Buffer.alloc(BLOCK_BYTES);
  const blocks = await blocksWithData(path, signal);
  let done = 0;
  for (const block of blocks) {
    throwIfAborted(signal);
    const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, block * BLOCK_BYTES);
    const content = buffer.subarray(0, bytesRead);
    if (!content.equals(ZEROS.subarray(0, bytesRead))) {
      update(number(block));
      update(content);
    }
    done += 1;
    await onRead?.(done * BLOCK_BYTES, blocks.size * BLOCK_BYTES);
  }
}

async function blocksWithData(path: string, signal: AbortSignal | undefined): Promise<Set<number>> {
  const { stdout } = await runCommand('qemu-img', ['map', '--output=json', '--image-opts', `driver=file,filename=${basename(path).replaceAll(',', ',,')}`], { signal, cwd: dirname(path) });
  const blocks = new Set<number>();
  for (const { start, length } of Extents.parse(JSON.parse(stdout)).filter(({ data }) => data)) {
    for (let block = Math.floor(start / BLOCK_BYTES); block * BLOCK_BYTES < start + length; block += 1) blocks.add(block);
  }
  return blocks;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
