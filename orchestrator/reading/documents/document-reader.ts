// Reads documents for callers of the API: a few at a time, so that many large ones do not use up the host's memory and processors. Others wait for their turn; their bodies are received only then.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../../common/errors.ts';
import { untilAborted } from '../../../common/deadline.ts';
import type { ReadDocument } from './document.ts';
import type { DocumentHints } from './parse-document.ts';
import { maxDocumentBytes, readDocument } from './read-document.ts';

export interface DocumentReader {
  /**
   * Receives and reads a document. Changes nothing and can be repeated.
   * @throws SomnusError as `readDocument` does; `unavailable` when too many wait
   */
  read(content: Readable, hints: DocumentHints, signal: AbortSignal): Promise<ReadDocument>;
}

export class QueuedDocumentReader implements DocumentReader {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor({ atOnce = 2, maxWaiting = 30 }: { atOnce?: number; maxWaiting?: number } = {}) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  async read(content: Readable, hints: DocumentHints, signal: AbortSignal): Promise<ReadDocument> {
    await this.#turn(signal);
    try {
      return await readDocument(await received(content, signal), hints, { signal });
    } finally {
      this.#reading -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#reading >= this.#atOnce) {
      if (this.#waiting.length >= this.#maxWaiting) throw new SomnusError('unavailable', 'Too many documents are waiting to be read', { hint: 'Try again in a moment.' });
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      try {
        await untilAborted(promise, signal);
      } catch (thrown) {
        const at = this.#waiting.indexOf(resolve);
        if (at >= 0) this.#waiting.splice(at, 1);
        else this.#waiting.shift()?.(); // it already had its turn: pass it to the next one
        throw thrown;
      }
    }
    this.#reading += 1;
  }
}

async function received(content: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    size += chunk.length;
    if (size > maxDocumentBytes) throw new SomnusError('too_large', `The document has more than ${maxDocumentBytes} bytes`, { hint: 'Split the document.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
