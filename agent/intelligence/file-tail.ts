// Reads new lines of one log file, through rotation, truncation and restarts of the agent. Keeps the file open, so that lines written before a rename
// are not lost. Identifies the file by device and inode, and its position by the bytes before it: a truncated or rewritten file is read from its start.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where reading continues. Saved across restarts of the agent. */
export interface FilePosition {
  path: string;
  device: number;
  inode: number;
  offset: number;
  /** The bytes before the offset, in hexadecimal. */
  before: string;
}

const CHUNK_BYTES = 65_536;
/** The number of bytes before the position that identify it. */
const BEFORE_BYTES = 64;
const NEWLINE = 0x0a;
/** Shared by all reads, which are synchronous and use the bytes at once: a buffer per read would be garbage that is collected late. */
const sharedChunk = Buffer.alloc(CHUNK_BYTES);

export class FileTail {
  readonly path: string;
  #fd: number | undefined;
  #device = 0;
  #inode = 0;
  #offset = 0;
  #before: Buffer = Buffer.alloc(0);
  /** True while the rest of an overlong line is skipped. */
  #skipping = false;
  #finished: FilePosition | undefined;

  /**
   * @param from an earlier position, `start` or `end`
   * @throws the error of the file system; Error when it is not a regular text file
   */
  constructor(path: string, from: FilePosition | 'start' | 'end') {
    this.path = path;
    if (typeof from === 'string') {
      this.#open(path);
      if (from === 'end') this.#moveTo(this.#size());
      return;
    }
    // If it was rotated while the agent was not running, the rest of it has another name in the same folder.
    const name = identifies(path, from) ? path : renamed(path, from);
    if (name === undefined) return;
    this.#open(name);
    this.#offset = from.offset;
    this.#before = Buffer.from(from.before, 'hex');
  }

  get position(): FilePosition {
    return { path: this.path, device: this.#device, inode: this.#inode, offset: this.#offset, before: this.#before.toString('hex') };
  }

  /** Where reading ended in the previous file with this path, which may have another name now. */
  get finished(): FilePosition | undefined {
    return this.#finished;
  }

  /** Reads one chunk. Returns whether there may be more. */
  read(line: (text: string) => void): boolean {
    if (this.#fd !== undefined) {
      if (this.#wasRewritten()) {
        this.#moveTo(0);
        this.#skipping = false;
      }
      if (this.#readChunk(line)) return true;
      if (identifies(this.path, this.position)) return false;
      this.#readRest(line); // it was renamed or deleted, so nothing completes its last line
      this.#finished = this.position;
      this.close();
    }
    try {
      this.#open(this.path);
    } catch {
      return false; // no file has this name now
    }
    return true;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(path: string): void {
    // O_NONBLOCK: does not wait for a writer if it is a FIFO.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (!info.isFile() || isBinary(fd)) {
      closeSync(fd);
      throw new Error(`${path} is not a text file`);
    }
    this.#fd = fd;
    [this.#device, this.#inode, this.#offset, this.#before, this.#skipping] = [info.dev, info.ino, 0, Buffer.alloc(0), false];
  }

  #size(): number {
    return this.#fd === undefined ? 0 : fstatSync(this.#fd).size;
  }

  #wasRewritten(): boolean {
    if (this.#size() < this.#offset) return true;
    return this.#offset > 0 && !bytesAt(this.#fd!, this.#offset - this.#before.length, this.#before.length).equals(this.#before);
  }

  #moveTo(offset: number): void {
    this.#offset = offset;
    const length = Math.min(offset, BEFORE_BYTES);
    this.#before = bytesAt(this.#fd!, offset - length, length);
  }

  /** Takes the complete lines of the next chunk. Returns whether it was full. */
  #readChunk(line: (text: string) => void): boolean {
    const chunk = sharedChunk.subarray(0, readSync(this.#fd!, sharedChunk, 0, CHUNK_BYTES, this.#offset));
    const full = chunk.length === CHUNK_BYTES;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#take(chunk.subarray(0, end), line);
      this.#moveTo(this.#offset + end);
    } else if (full) { // takes only the start of a line that is longer than a chunk
      this.#take(chunk, line);
      this.#skipping = true;
      this.#moveTo(this.#offset + chunk.length);
    }
    return full;
  }

  #readRest(line: (text: string) => void): void {
    const rest = bytesAt(this.#fd!, this.#offset, CHUNK_BYTES);
    if (rest.length > 0) this.#take(rest, line);
    this.#moveTo(this.#offset + rest.length);
  }

  #take(bytes: Buffer, line: (text: string) => void): void {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const text of lines) {
      if (!this.#skipping) line(text.endsWith('\r') ? text.slice(0, -1) : text);
      this.#skipping = false;
    }
  }
}

/** Whether the path refers to the file of this position. */
function identifies(path: string, { device, inode }: FilePosition): boolean {
  try {
    const info = statSync(path);
    return info.dev === device && info.ino === inode;
  } catch {
    return false;
  }
}

/** The new name of the file in its folder. Compares bytes too, because another file may have reused the inode. */
function renamed(path: string, position: FilePosition): string | undefined {
  try {
    return readdirSync(dirname(path)).map((name) => join(dirname(path), name)).find((name) => identifies(name, position) && holds(name, position));
  } catch {
    return undefined;
  }
}

function holds(path: string, { offset, before }: FilePosition): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const expected = Buffer.from(before, 'hex');
    return fstatSync(fd).size >= offset && bytesAt(fd, offset - expected.length, expected.length).equals(expected);
  } finally {
    closeSync(fd);
  }
}

function bytesAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  return buffer.subarray(0, length === 0 ? 0 : readSync(fd, buffer, 0, length, offset));
}

/** Text has no NUL bytes: this excludes compressed logs and databases. */
function isBinary(fd: number): boolean {
  return bytesAt(fd, 0, 1024).includes(0);
}
