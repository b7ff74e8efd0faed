// Reads a guest's console log: its end, on request with the time of each line, and with `follow` also what is appended.
import type { FileHandle } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { openPlainFile } from '../host/untrusted-files.ts';
import { growthMarks, type GrowthMark } from './console-times.ts';

export interface ConsoleLogOptions {
  /** At most this much of the end. */
  tailBytes: number;
  /** At most this many lines of it. */
  lines?: number | undefined;
  /** Only what was written from this time on, to the second. */
  sinceMs?: number | undefined;
  /** Precede each line with the time at which it was seen, within a second, in UTC. */
  times?: boolean | undefined;
  follow: boolean;
}

/** Polling interval. libvirt's log daemon writes the file, and watching it is not reliable. */
const FOLLOW_MS = 500;
const NEWLINE = 0x0a;

/** A missing file counts as empty. @throws corrupt when the path is not a plain file; it is not read then */
export async function readConsoleLog(path: string, options: ConsoleLogOptions, signal?: AbortSignal): Promise<Readable> {
  const open = async (): Promise<FileHandle | undefined> => await openPlainFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const first = await open();
  const marks = options.times || options.sinceMs !== undefined ? await growthMarks(path) : [];
  const output = new PassThrough();
  let position = first ? await startOf(first, options, marks) : 0;
  const stamp = options.times ? lineStamper(marks, position) : (chunk: Buffer) => chunk;
  let reading = false;
  const readOn = async (file: FileHandle | undefined): Promise<void> => {
    for await (const chunk of file?.createReadStream({ start: position }) ?? []) {
      position += (chunk as Buffer).length;
      if (output.destroyed) return;
      output.write(stamp(chunk as Buffer));
    }
  };
  const turn = (opened: () => Promise<FileHandle | undefined>): void => {
    if (reading || output.writableNeedDrain) return;
    reading = true;
    opened().then(readOn).then(() => { if (!options.follow) output.end(); }, (error: unknown) => output.destroy(error as Error)).finally(() => { reading = false; });
  };
  turn(async () => first);
  if (options.follow) {
    const timer = setInterval(() => turn(open), FOLLOW_MS);
    signal?.addEventListener('abort', () => output.destroy(), { once: true });
    output.on('close', () => clearInterval(timer));
  }
  return output;
}

/** Where the requested part begins. */
async function startOf(file: FileHandle, { tailBytes, lines, sinceMs }: ConsoleLogOptions, marks: readonly GrowthMark[]): Promise<number> {
  const { size } = await file.stat();
  const earliest = sinceMs === undefined ? 0 : marks.findLast(({ atMs }) => atMs < sinceMs)?.sizeBytes ?? 0;
  const start = Math.min(size, Math.max(earliest, size - tailBytes));
  if (lines === undefined) return start;
  const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  let at = buffer.at(-1) === NEWLINE ? buffer.length - 1 : buffer.length;
  if (lines === 0) return size;
  for (let left = lines; left > 0; left -= 1) {
    at = at === 0 ? -1 : buffer.lastIndexOf(NEWLINE, at - 1);
    if (at === -1) return start;
  }
  return start + at + 1;
}

/** Precedes each line with the time of the mark that first included its beginning, or the present if there is none yet. */
function lineStamper(marks: readonly GrowthMark[], start: number): (chunk: Buffer) => Buffer {
  let position = start;
  let atLineStart = true;
  let next = 0;
  const time = (): string => {
    while (next < marks.length && marks[next]!.sizeBytes <= position) next += 1;
    return `${new Date(marks[next]?.atMs ?? Date.now()).toISOString().slice(0, 19)}Z `;
  };
  return (chunk) => {
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      if (atLineStart) parts.push(Buffer.from(time()));
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline === -1 ? chunk.length : newline + 1;
      parts.push(chunk.subarray(at, end));
      position += end - at;
      atLineStart = newline !== -1;
      at = end;
    }
    return Buffer.concat(parts);
  };
}
