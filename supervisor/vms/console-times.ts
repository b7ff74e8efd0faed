// When console logs grew. QEMU writes them through libvirt's log daemon, without times, so their sizes are noted once a second, in a file beside each:
// a line with the size, the time, and the inode, since libvirt's log daemon starts a new file when a log is large.
import { constants } from 'node:fs';
import { lstat, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import { runFiles } from '../domain/domain-xml.ts';
import { openPlainFile } from '../host/untrusted-files.ts';

export interface GrowthMark { sizeBytes: number; atMs: number; inode: number }

const EVERY_MS = 1000;
/** Beyond this, only the newer half is kept: a day of constant output. */
const MOST_MARKS = 100_000;

/** Returns the marks of the file that is the log now, oldest first; none when there is no log. */
export async function growthMarks(consoleLog: string): Promise<GrowthMark[]> {
  const inode = await lstat(consoleLog).then(({ ino }) => ino, () => undefined);
  return (await readMarks(timesOf(consoleLog))).filter((mark) => mark.inode === inode);
}

/** Notes the growth of all console logs below `runDir` until it is stopped. Growth while Somnus is down counts as of its next start. */
export class ConsoleTimes {
  readonly #runDir: string;
  readonly #log: Logger;
  readonly #last = new Map<string, { mark: GrowthMark; count: number }>();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> = Promise.resolve();

  constructor(runDir: string, log: Logger) {
    this.#runDir = runDir;
    this.#log = log;
  }

  start(): void {
    let busy = false;
    this.#timer ??= setInterval(() => {
      if (busy) return;
      busy = true;
      this.#pass = this.note().catch((error: unknown) => this.#notNoted(error)).finally(() => { busy = false; });
    }, EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pass;
  }

  /** Notes what grew since the last time. */
  async note(): Promise<void> {
    const ids = (await readdir(this.#runDir)).filter((name) => name.startsWith('env_'));
    for (const id of this.#last.keys()) if (!ids.includes(id)) this.#last.delete(id);
    await Promise.all(ids.map(async (id) => { await this.#noteLog(id).catch((error: unknown) => this.#notNoted(error)); }));
  }

  #notNoted(error: unknown): void {
    this.#log.debug({ event: 'console.times-not-noted', err: error });
  }

  async #noteLog(id: string): Promise<void> {
    const path = join(this.#runDir, id, runFiles.consoleLog);
    const info = await lstat(path).catch(() => undefined);
    if (!info?.isFile()) return;
    const times = timesOf(path);
    const marks = this.#last.has(id) ? [] : await readMarks(times);
    const known = this.#last.get(id) ?? { mark: marks.at(-1), count: marks.length };
    const mark: GrowthMark = { sizeBytes: info.size, atMs: Date.now(), inode: info.ino };
    if (known.mark?.inode === mark.inode && known.mark.sizeBytes === mark.sizeBytes) {
      this.#last.set(id, { mark: known.mark, count: known.count });
      return;
    }
    const count = known.count < MOST_MARKS ? known.count : await dropOlderHalf(times);
    await using file = await openPlainFile(times, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    await file.appendFile(line(mark));
    this.#last.set(id, { mark, count: count + 1 });
  }
}

function timesOf(consoleLog: string): string {
  return `${consoleLog}.times`;
}

function line({ sizeBytes, atMs, inode }: GrowthMark): string {
  return `${sizeBytes} ${atMs} ${inode}\n`;
}

/** Ignores a last line that was cut by a crash. */
async function readMarks(path: string): Promise<GrowthMark[]> {
  await using file = await openPlainFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const text = await file?.readFile('utf8') ?? '';
  return [...text.matchAll(/^(\d+) (\d+) (\d+)\n/gm)].map(([, size, at, inode]) => ({ sizeBytes: Number(size), atMs: Number(at), inode: Number(inode) }));
}

/** @returns the number of marks that are left */
async function dropOlderHalf(path: string): Promise<number> {
  const marks = (await readMarks(path)).slice(-MOST_MARKS / 2);
  await writeFile(`${path}.new`, marks.map(line).join(''), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return marks.length;
}
