// Disk space reserved for the database: a file beside it that is shortened when a write finds the disk full, so that running operations can still be recorded,
// and refilled when there is space. Also measures the disk that holds the data folder: ok, low or full.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';

export const RESERVE_BYTES = 32 * 2 ** 20;
/** How much one write that finds the disk full releases. Small, since any process on the host may take it first. */
const PORTION_BYTES = 4 * 2 ** 20;
/** A disk with less free space counts as full: file systems keep some of it for themselves (ext4: 16 MiB). */
const FULL_BYTES = 24 * 2 ** 20;
/** With less free space than this in addition to the reserve, the disk counts as low. */
export const LOW_BYTES = 64 * 2 ** 20;
const LOOK_EVERY_MS = 2_000;

/** `full`: part of the reserve is in use. `exhausted`: nothing can be written, new operations wait. */
const spaceLevels = ['ok', 'low', 'full', 'exhausted'] as const;
export type SpaceLevel = (typeof spaceLevels)[number];

export interface SpaceReserveOptions {
  /** The reserve file; its disk is the one that is measured. */
  path: string;
  log: Logger;
  sizeBytes?: number;
  freeBytes?: () => number;
}

export class SpaceReserve {
  readonly #path: string;
  readonly #log: Logger;
  readonly #sizeBytes: number;
  readonly #freeBytes: () => number;
  readonly #listeners = new Set<(level: SpaceLevel) => void>();
  #level: SpaceLevel = 'ok';
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor({ path, log, sizeBytes = RESERVE_BYTES, freeBytes }: SpaceReserveOptions) {
    this.#path = path;
    this.#log = log;
    this.#sizeBytes = sizeBytes;
    this.#freeBytes = freeBytes ?? (() => freeBytesAt(dirname(path)));
  }

  get level(): SpaceLevel {
    return this.#level;
  }

  /** What is wrong and what to do about it; undefined while there is enough space. */
  get problem(): SomnusError | undefined {
    return this.#level === 'ok' ? undefined : spaceProblem(dirname(this.#path), this.#level, this.#freeBytes());
  }

  /** Calls `listener` when the level has changed. */
  onLevel(listener: (level: SpaceLevel) => void): void {
    this.#listeners.add(listener);
  }

  /** Creates the reserve if there is space. On a disk that is already full, releases a part at once, since a start needs some space. */
  async start(): Promise<void> {
    if (this.#freeBytes() < FULL_BYTES) this.release();
    await this.look();
    this.#timer = setInterval(() => { this.#work = this.#work.then(async () => await this.look()); }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  /** Releases a part of the reserve for a write that found the disk full. @returns whether to try the write again */
  release(): boolean {
    let fd: number | undefined;
    try {
      if (this.#freeBytes() >= FULL_BYTES) return false; // the write failed for another reason
      fd = openSync(this.#path, 'r+');
      const { size } = fstatSync(fd);
      if (size === 0) return false;
      ftruncateSync(fd, Math.max(0, size - PORTION_BYTES));
      fsyncSync(fd); // some file systems free blocks only when that is on disk
      this.#log.warn({ event: 'data-folder.reserve-used', leftBytes: Math.max(0, size - PORTION_BYTES) });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log.error({ event: 'data-folder.reserve-not-released', err: error });
      return false;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Measures the disk and refills the reserve if there is space. Never throws. */
  async look(): Promise<void> {
    try {
      const missingBytes = this.#sizeBytes - this.#heldBytes();
      if (missingBytes > 0 && this.#freeBytes() >= missingBytes + LOW_BYTES) await this.#make();
    } catch (error) {
      this.#log.warn({ event: 'data-folder.reserve-not-made', err: error });
    }
    try {
      const [held, free] = [this.#heldBytes(), this.#freeBytes()];
      this.#set(free < FULL_BYTES ? (held === 0 ? 'exhausted' : 'full') : free < LOW_BYTES || held < this.#sizeBytes ? 'low' : 'ok', free);
    } catch (error) {
      this.#log.warn({ event: 'data-folder.not-measured', err: error });
    }
  }

  #set(level: SpaceLevel, freeBytes: number): void {
    if (level === this.#level) return;
    this.#level = level;
    this.#log[level === 'ok' ? 'info' : 'warn']({ event: `data-folder.${level}`, freeBytes });
    for (const listener of this.#listeners) listener(level);
  }

  async #make(): Promise<void> {
    await using file = await open(this.#path, 'a', 0o600);
    await runCommand('fallocate', ['--length', String(this.#sizeBytes), this.#path], { timeoutMs: 60_000 });
    await file.sync();
  }

  #heldBytes(): number {
    let fd: number | undefined;
    try {
      fd = openSync(this.#path, 'r');
      return fstatSync(fd).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}

/** Free space for root, as which the control plane runs. */
export function freeBytesAt(folder: string): number {
  const { bfree, bsize } = statfsSync(folder);
  return bfree * bsize;
}

export function spaceProblem(folder: string, level: Exclude<SpaceLevel, 'ok'>, freeBytes: number): SomnusError {
  const free = `${(freeBytes / 2 ** 20).toFixed(0)} MiB free`;
  const found = {
    low: `The disk that holds ${folder} is nearly full (${free})`,
    full: `The disk that holds ${folder} is full (${free}): Somnus is using the space reserved for its database and drops log lines`,
    exhausted: `The disk that holds ${folder} is full (${free}), and the reserve for the database is used up: nothing new can be recorded, and operations wait`,
  }[level];
  return new SomnusError('insufficient_space', found, {
    hint: `Free at least ${Math.ceil((RESERVE_BYTES + LOW_BYTES) / 2 ** 20)} MiB on that disk: \`du -xh --max-depth=2 ${folder}\` shows what uses it. Somnus recovers automatically.`, details: { freeBytes },
  });
}
