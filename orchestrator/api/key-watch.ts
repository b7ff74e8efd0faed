// Looks again at the keys of requests that are still being answered, so that a revoked or expired key does not keep a stream open.
import { SomnusError } from '../../common/errors.ts';
import { authenticate } from './authentication.ts';
import type { KeyDoor } from './services.ts';

/** Waits for the work until the signal fires because a key has ended; a signal that fires for another reason leaves the work to end by itself. @throws the key's error */
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

/** Whether this says that a key is no longer valid. */
export function isKeyEnd(thrown: unknown): thrown is SomnusError {
  return thrown instanceof SomnusError && (thrown.code === 'unauthenticated' || thrown.code === 'key_expired');
}

export class KeyWatch {
  readonly #keys: Pick<KeyDoor, 'verify'>;
  /** The requests that each Authorization header is good for, by what to do when its key ends. */
  readonly #watched = new Map<string, Set<(error: SomnusError) => void>>();
  readonly #timer: NodeJS.Timeout;

  /** Each key is checked once every `intervalMs`, however many requests it serves. */
  constructor(keys: Pick<KeyDoor, 'verify'>, intervalMs: number) {
    this.#keys = keys;
    this.#timer = setInterval(() => { for (const authorization of this.#watched.keys()) void this.#check(authorization); }, intervalMs).unref();
  }

  /** Calls `onEnd` once, when the key is no longer valid. @returns what stops that (repeatable) */
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
      if (!isKeyEnd(thrown)) return; // the key could not be checked: the next look may
      const listeners = this.#watched.get(authorization) ?? [];
      this.#watched.delete(authorization);
      for (const onEnd of listeners) onEnd(thrown);
    }
  }
}
