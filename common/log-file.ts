// Writes log lines to a file, rotates it, and copes with a full disk: lines that cannot be written are dropped and counted, and the count is written
// first once there is space again.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const ROTATE_AT_BYTES = 32 * 2 ** 20;
/** Number of rotated files kept; `.1` is the newest. */
const KEPT = 4;

export class LogFile {
  readonly #path: string;
  readonly #rotateAtBytes: number;
  #fd: number | undefined;
  #sizeBytes = 0;
  #dropped = 0;
  /** Whether the last line was only partly written. */
  #torn = false;

  constructor(path: string, options: { rotateAtBytes?: number } = {}) {
    this.#path = path;
    this.#rotateAtBytes = options.rotateAtBytes ?? ROTATE_AT_BYTES;
  }

  /** Lines dropped since the last one that was written. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never throws: a failing log must not take down the process that writes it. */
  write(line: string): void {
    try {
      if (this.#dropped > 0) this.#append(`${JSON.stringify({ level: 40, time: new Date().toISOString(), event: 'log.dropped', lines: this.#dropped })}\n`);
      this.#dropped = 0;
      this.#append(line);
    } catch {
      this.#dropped += 1;
    }
  }

  #append(line: string): void {
    const fd = this.#open();
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
    for (let written = 0; written < bytes.length;) {
      const count = writeSync(fd, bytes, written);
      written += count;
      this.#sizeBytes += count;
      this.#torn = written < bytes.length;
    }
    if (this.#sizeBytes >= this.#rotateAtBytes) this.#rotate();
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#fd = openSync(this.#path, 'a', 0o644);
    this.#sizeBytes = fstatSync(this.#fd).size;
    return this.#fd;
  }

  /** Renames need no space, so this works on a full disk too. */
  #rotate(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    for (let number = KEPT; number > 0; number -= 1) {
      try {
        renameSync(number === 1 ? this.#path : `${this.#path}.${number - 1}`, `${this.#path}.${number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}
