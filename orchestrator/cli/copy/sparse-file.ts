// Sparse files: written without blocks for zeros, and read only where they have data. Also the tar format for them (GNU's PAX format 1.0: a map of
// the data in decimal lines, padded to a block, before the data itself).
import { open, type FileHandle } from 'node:fs/promises';
import { SomnusError } from '../../../common/errors.ts';

/** A run of zeros of at least this size, aligned, becomes a hole. It is the block size of most file systems. */
const BLOCK_BYTES = 4096;
const READ_BYTES = 1024 * 1024;
const TAR_BLOCK_BYTES = 512;
const zeros = Buffer.alloc(BLOCK_BYTES);

/** A part of a file that has data: offset and length. */
export type DataMap = readonly { offset: number; bytes: number }[];

/** Whether a file uses less disk space than its length. */
export function hasHoles(info: { size: number; blocks: number }): boolean {
  return info.size > 0 && info.blocks * 512 < info.size;
}

/** Writes bytes into a hole of a file, leaving out blocks of zeros. */
async function writeAround(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  let runStart = 0;
  let at = 0;
  while (at < chunk.length) {
    const bytes = Math.min(BLOCK_BYTES - ((position + at) % BLOCK_BYTES), chunk.length - at);
    if (chunk.subarray(at, at + bytes).equals(zeros.subarray(0, bytes))) {
      await writeAll(file, chunk.subarray(runStart, at), position + runStart);
      runStart = at + bytes;
    }
    at += bytes;
  }
  await writeAll(file, chunk.subarray(runStart), position + runStart);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

/** Writes the content to a new file that only its owner can read. @throws EEXIST when it exists */
export async function writeSparse(path: string, content: AsyncIterable<Buffer>): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  let position = 0;
  for await (const chunk of content) {
    await writeAround(file, chunk, position);
    position += chunk.length;
  }
  await file.truncate(position);
}

/** Writes a tar entry in the PAX sparse format to a new file. @throws invalid_request for an invalid map */
export async function writeFromSparseEntry(path: string, entry: AsyncIterable<Buffer>, realBytes: number): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  const map = new MapReader();
  let run = 0;
  let written = 0;
  for await (const chunk of entry) {
    let rest = map.take(chunk);
    while (rest.length > 0) {
      const place = map.runs[run];
      if (place === undefined || place.offset + place.bytes > realBytes) throw badMap();
      const part = rest.subarray(0, place.bytes - written);
      await writeAround(file, part, place.offset + written);
      written += part.length;
      rest = rest.subarray(part.length);
      if (written === place.bytes) [run, written] = [run + 1, 0];
    }
  }
  if (!map.complete) throw badMap();
  await file.truncate(realBytes);
}

/** Reads the map and returns what follows it. */
class MapReader {
  readonly runs: { offset: number; bytes: number }[] = [];
  complete = false;
  #text = '';
  #readBytes = 0;

  take(chunk: Buffer): Buffer {
    if (this.complete) return chunk;
    this.#text += chunk.toString('latin1');
    this.#readBytes += chunk.length;
    const numbers = this.#text.split('\n').slice(0, -1);
    const count = numbers.length === 0 ? undefined : whole(numbers[0]);
    if (count === undefined || numbers.length < 1 + 2 * count) {
      if (this.#text.length > 64 * 2 ** 20) throw badMap();
      return Buffer.alloc(0);
    }
    const mapBytes = numbers.slice(0, 1 + 2 * count).reduce((total, number) => total + number.length + 1, 0);
    const paddedBytes = Math.ceil(mapBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    if (this.#readBytes < paddedBytes) return Buffer.alloc(0);
    for (let at = 0; at < count; at += 1) {
      const [offset, bytes] = [whole(numbers[1 + 2 * at]), whole(numbers[2 + 2 * at])];
      if (bytes > 0) this.runs.push({ offset, bytes });
    }
    this.complete = true;
    return chunk.subarray(chunk.length - (this.#readBytes - paddedBytes));
  }
}

function whole(digits: string | undefined): number {
  const number = /^\d{1,15}$/.test(digits ?? '') ? Number(digits) : Number.NaN;
  if (Number.isNaN(number)) throw badMap();
  return number;
}

function badMap(): SomnusError {
  return new SomnusError('invalid_request', 'The archive contains an invalid sparse file', { hint: 'Copy the file separately.' });
}

/** Reads a whole file and finds the blocks that are not zeros. */
export async function dataMapOf(path: string, sizeBytes: number): Promise<DataMap> {
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(READ_BYTES);
  const runs: { offset: number; bytes: number }[] = [];
  for (let position = 0; position < sizeBytes;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, sizeBytes - position), position);
    if (bytesRead === 0) break;
    for (let at = 0; at < bytesRead;) {
      const bytes = Math.min(BLOCK_BYTES - ((position + at) % BLOCK_BYTES), bytesRead - at);
      if (!buffer.subarray(at, at + bytes).equals(zeros.subarray(0, bytes))) {
        const last = runs.at(-1);
        if (last !== undefined && last.offset + last.bytes === position + at) last.bytes += bytes;
        else runs.push({ offset: position + at, bytes });
      }
      at += bytes;
    }
    position += bytesRead;
  }
  return runs;
}

/** The map that precedes the data of a tar entry. An empty last run marks the file's length, as GNU tar expects. */
export function sparseMapText(map: DataMap, sizeBytes: number): Buffer {
  const runs = [...map, { offset: sizeBytes, bytes: 0 }];
  const text = Buffer.from([runs.length, ...runs.flatMap(({ offset, bytes }) => [offset, bytes])].map((number) => `${number}\n`).join(''));
  return Buffer.concat([text, Buffer.alloc((TAR_BLOCK_BYTES - (text.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES)]);
}
