// Checks the keys of requests that are still being answered, so that a revoked or expired key does not keep a stream open.
import { SomnusError } from '../../common/errors.ts';
import { authenticate } from './authentication.ts';
import type { KeyService } from './services.ts';

/** Waits for the work, or until the signal fires because a key is no longer valid; other reasons of the signal leave the work to end on its own. @throws the key's error */
export async function untilKeyEnds<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => { if (isKeyEnd(signal.reason)) reject(signal.reason); };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether the error means that a key is no longer valid. */
export function isKeyEnd(thrown: unknown): thrown is SomnusError {
  return thrown instanceof SomnusError && (thrown.code === 'unauthenticated' || thrown.code === 'key_expired');
}

export class KeyWatch {
  readonly #keys: Pick<KeyService, 'verify'>;
  /** Running requests by Authorization header, with what to do when their key is no longer valid. */
  readonly #watched = new Map<string, Set<(error: SomnusError) => void>>();
  readonly #timer: NodeJS.Timeout;

  /** Checks each key once per `intervalMs`, regardless of the number of its requests. */
  constructor(keys: Pick<KeyService, 'verify'>, intervalMs: number) {
    this.#keys = keys;
    this.#timer = setInterval(() => { for (const authorization of this.#watched.keys()) void this.#check(authorization); }, intervalMs).unref();
  }

  /** Calls `onEnd` once, when the key is no longer valid. @returns a function that stops this (repeatable) */
  watch(authorization: string, onEnd: (error: SomnusError) => void): () => void {
    const listeners = this.#watched.get(authorization) ?? new Set();
    this.#watched.set(authorization, listeners.add(onEnd));
    return () => {
      listeners.delete(onEnd);
      if (listeners.size === 0 && this.#watched.get(authorization) === listeners) this.#watched.delete(authorization);
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(authorization: string): Promise<void> {
    try {
      await authenticate(authorization, this.#keys);
    } catch (thrown) {
      if (!isKeyEnd(thrown)) return; // the check itself failed; the next one may succeed
      const listeners = this.#watched.get(authorization) ?? [];
      this.#watched.delete(authorization);
      for (const onEnd of listeners) onEnd(thrown);
    }
  }
}
