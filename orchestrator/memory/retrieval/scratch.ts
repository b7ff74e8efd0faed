// Arrays for the scores of one question, used again for the next one. A question needs some 30 bytes for each chunk. If they were allocated for each question, the garbage collector would
// go through all memories every few questions: with a million memories, this took more time than answering.

/** How many buffers wait to be used again: those of two questions. */
const MOST_KEPT = 20;
/** Room for growth, so that a new memory does not make all buffers too small. */
const ROOM = 1.25;
const BYTES = 4;

/** The arrays of one question, each with one element for each chunk. Disposing gives them back: do not use them after that. */
export class Scratch implements Disposable {
  readonly size: number;
  readonly #pool: ScratchPool | undefined;
  #used: ArrayBuffer[] = [];

  /** Without a pool, the arrays are allocated, and left to the garbage collector. */
  constructor(size: number, pool?: ScratchPool) {
    this.size = size;
    this.#pool = pool;
  }

  /** All 0. */
  floats(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer(), 0, this.size).fill(0);
  }

  /** All 0. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer(), 0, this.size).fill(0);
  }

  /** With any content. */
  integers(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer(), 0, this.size);
  }

  [Symbol.dispose](): void {
    this.#pool?.giveBack(this.#used);
    this.#used = [];
  }

  #buffer(): ArrayBuffer {
    const buffer = this.#pool?.take(this.size) ?? new ArrayBuffer(this.size * BYTES);
    this.#used.push(buffer);
    return buffer;
  }
}

export class ScratchPool {
  #free: ArrayBuffer[] = [];
  /** Elements in each buffer. */
  #capacity = 0;

  borrow(size: number): Scratch {
    return new Scratch(size, this);
  }

  take(size: number): ArrayBuffer {
    if (size > this.#capacity) {
      this.#capacity = Math.ceil(size * ROOM);
      this.#free = [];
    }
    return this.#free.pop() ?? new ArrayBuffer(this.#capacity * BYTES);
  }

  giveBack(buffers: readonly ArrayBuffer[]): void {
    this.#free.push(...buffers.filter((buffer) => buffer.byteLength === this.#capacity * BYTES).slice(0, MOST_KEPT - this.#free.length));
  }
}
