// Reads new lines of one log file, through rotation, truncation and restarts of the agent. Keeps the file open, so that lines written before a rename
// are not lost. Knows the file by device and inode, and its position by the bytes before it: a file that was cut or rewritten is read from its start.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where reading continues. Survives the agent. */
export interface FilePosition {
  path: string;
  device: number;
  inode: number;
  offset: number;
  /** The bytes before the offset, in hexadecimal. */
  before: string;
}

const CHUNK_BYTES = 65_536;
/** How many bytes before the position identify it. */
const BEFORE_BYTES = 64;
const NEWLINE = 0x0a;
/** Reads are synchronous, and what they return is used at once: a buffer for each would be garbage that the collector sees late. */
const sharedChunk = Buffer.alloc(CHUNK_BYTES);

export class FileTail {
  readonly path: string;
  #fd: number | undefined;
  #device = 0;
  #inode = 0;
  #offset = 0;
  #before: Buffer = Buffer.alloc(0);
  /** Set while the rest of an overlong line is skipped. */
  #skipping = false;
  #finished: FilePosition | undefined;

  /**
   * @param from an earlier position, `start` or `end`
   * @throws Error of the file system; when it is not a regular text file
   */
  constructor(path: string, from: FilePosition | 'start' | 'end') {
    this.path = path;
    if (typeof from === 'string') {
      this.#open(path);
      if (from === 'end') this.#moveTo(this.#size());
      return;
    }
    // Rotated while the agent was away: what remains to be read has another name in the same folder.
    const name = identifies(path, from) ? path : renamed(path, from);
    if (name === undefined) return;
    this.#open(name);
    this.#offset = from.offset;
    this.#before = Buffer.from(from.before, 'hex');
  }

  get position(): FilePosition {
    return { path: this.path, device: this.#device, inode: this.#inode, offset: this.#offset, before: this.#before.toString('hex') };
  }

  /** Where reading ended in the file that had this path before; it may have another name now. */
  get finished(): FilePosition | undefined {
    return this.#finished;
  }

  /** Reads one part. Returns whether there may be more. */
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
      return false; // none has its name now
    }
    return true;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(path: string): void {
    // Without waiting for a writer, if it is a FIFO.
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
    } else if (full) { // of a line that is longer than a chunk, only its start is taken
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

/** Whether the path names the file of this position. */
function identifies(path: string, { device, inode }: FilePosition): boolean {
  try {
    const info = statSync(path);
    return info.dev === device && info.ino === inode;
  } catch {
    return false;
  }
}

/** The new name of the file in its folder; its bytes tell it from a file that got the inode of a deleted one. */
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

/** Text has no NUL bytes: this leaves out compressed logs and databases. */
function isBinary(fd: number): boolean {
  return bytesAt(fd, 0, 1024).includes(0);
}
