// Keeps one connection open for all callers: opened on first use, shared, and reopened on the next use after a loss, with a delay between attempts.
import { sleep, throwIfAborted, untilAborted } from '../../common/deadline.ts';
import type { SomnusError } from '../../common/errors.ts';

/** Delays between failed attempts: doubling from the first to the longest. */
const BACKOFF_MS = { first: 250, longest: 5000 };

export interface Link {
  /** Why the connection is lost; undefined while it works. */
  readonly lost: SomnusError | undefined;
  destroy(error: SomnusError): void;
}

export class KeptLink<L extends Link> {
  readonly #open: (signal: AbortSignal) => Promise<L>;
  readonly #closing = new AbortController();
  #link: L | undefined;
  #opening: Promise<L> | undefined;
  #failures = 0;
  #notBefore = 0;

  constructor(open: (signal: AbortSignal) => Promise<L>) {
    this.#open = open;
  }

  /** The connection, if it is up. */
  get current(): L | undefined {
    return this.#link?.lost ? undefined : this.#link;
  }

  /**
   * Returns the connection, opening it if needed; the signal ends the wait, not the attempt that others share. @throws what `open` throws; the error
   * passed to `close`
   */
  async get(signal?: AbortSignal): Promise<L> {
    throwIfAborted(this.#closing.signal);
    if (this.current) return this.current;
    this.#opening ??= this.#attempt().finally(() => { this.#opening = undefined; });
    return await untilAborted(this.#opening, signal);
  }

  /** Ends the connection permanently. Repeatable. */
  close(error: SomnusError): void {
    this.#closing.abort(error);
    this.#link?.destroy(error);
  }

  async #attempt(): Promise<L> {
    const wait = this.#notBefore - performance.now();
    if (wait > 0) await sleep(wait, this.#closing.signal);
    try {
      this.#link = await this.#open(this.#closing.signal);
      this.#failures = 0;
      return this.#link;
    } catch (error) {
      this.#notBefore = performance.now() + Math.min(BACKOFF_MS.first * 2 ** this.#failures, BACKOFF_MS.longest);
      this.#failures += 1;
      throw error;
    }
  }
}
