// Cuts a stream of bytes into lines. Knows nothing of what the lines say.

const NEWLINE = 0x0a;

export class LineSplitter {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The line being read is over the limit: skip to its end. */
  #skipping = false;
  readonly #maxBytes: number;

  /** Lines longer than `maxBytes` are dropped, and never held in memory. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes, without their ends; a dropped line is undefined. Keeps nothing of `chunk` itself. */
  push(chunk: Uint8Array): (string | undefined)[] {
    const lines: (string | undefined)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      lines.push(this.#skipping ? undefined : Buffer.concat(this.#held).toString('utf8'));
      this.reset();
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  /** Forgets a half line: the other side has gone. */
  reset(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#skipping = false;
  }

  #hold(part: Uint8Array): void {
    this.#heldBytes += part.byteLength;
    if (this.#heldBytes > this.#maxBytes) {
      this.#held = [];
      this.#skipping = true;
    } else if (part.byteLength > 0) {
      this.#held.push(Buffer.from(part));
    }
  }
}
