// Records the output of a run while a caller reads it: passes each stream on, and stores its beginning. The recording continues when the caller leaves.
import { PassThrough, type Readable } from 'node:stream';
import { untilWritable } from '../containers/docker-frames.ts';
import type { BlobWriter, StoredBlob } from '../store/blob-store.ts';

/** How much of each stream can be searched. */
const INDEXED_BYTES = 131_072;

export class StreamRecording {
  /** For the caller. */
  readonly passed = new PassThrough();
  readonly #writer: BlobWriter;
  readonly #done: Promise<void>;
  #beginning: Buffer = Buffer.alloc(0);
  /** Why the rest is not stored. */
  #failure: unknown;

  /** `signal` fires when the caller leaves. */
  constructor(writer: BlobWriter, source: Readable, signal: AbortSignal | undefined) {
    this.#writer = writer;
    this.#done = this.#record(source, signal);
    this.#done.catch(() => {}); // thrown by `finish`
  }

  /** After the stream's end. @throws what the source threw, or why not all could be stored */
  async finish(): Promise<{ blob: StoredBlob; text: string }> {
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
    return { blob: await this.#writer.finish(), text: this.#beginning.toString('utf8').replaceAll('\0', '') };
  }

  async #record(source: Readable, signal: AbortSignal | undefined): Promise<void> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        if (this.#beginning.length < INDEXED_BYTES) this.#beginning = Buffer.concat([this.#beginning, chunk]).subarray(0, INDEXED_BYTES);
        if (this.#failure === undefined) await this.#writer.write(chunk).catch((error: unknown) => { this.#failure = error; });
        if (!this.passed.destroyed && signal?.aborted !== true && !this.passed.write(chunk)) await untilWritable(this.passed, signal);
      }
    } finally {
      this.passed.end();
    }
  }
}
