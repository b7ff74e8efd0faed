// Splits a stream of bytes into lines.

const NEWLINE = 0x0a;

export class LineSplitter {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Set while the rest of an overlong line is being skipped. */
  #skipping = false;
  readonly #maxBytes: number;

  /** Drops lines longer than `maxBytes` without buffering them. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the lines that `chunk` completes, without their newlines; a dropped line is undefined. Keeps no reference to `chunk`. */
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

  /** Discards a partial line, because the peer has disconnected. */
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
