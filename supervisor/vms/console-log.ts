// Reads a guest's console log: the end of the file, and with `follow` also what is appended.
import type { FileHandle } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { openPlainFile } from '../host/untrusted-files.ts';

/** Polling interval. libvirt's log daemon writes the file, and watching it is not reliable. */
const FOLLOW_MS = 500;

/** A missing file counts as empty. @throws corrupt when the path is not a plain file; it is not read then */
export async function readConsoleLog(path: string, options: { tailBytes: number; follow: boolean }, signal?: AbortSignal): Promise<Readable> {
  const open = async (): Promise<FileHandle | undefined> => await openPlainFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const first = await open();
  const output = new PassThrough();
  let position = first ? Math.max(0, (await first.stat()).size - options.tailBytes) : 0;
  let reading = false;
  const readOn = async (file: FileHandle | undefined): Promise<void> => {
    for await (const chunk of file?.createReadStream({ start: position }) ?? []) {
      position += (chunk as Buffer).length;
      if (output.destroyed) return;
      output.write(chunk);
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
