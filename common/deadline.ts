// Deadlines, sleeps and polls that obey an AbortSignal. `deadlineScale` stretches all deadlines on a very slow host.
import { setTimeout as delay } from 'node:timers/promises';
import { SomnusError, toSomnusError } from './errors.ts';

let scale = 1;

/** Multiplies all deadlines of this process by the configured `deadlineScale`. Call it once at startup. */
export function stretchDeadlines(by: number): void {
  scale = by;
}

/** Returns a deadline scaled for this host, for callers that do not wait with the functions below. */
export function stretched(timeoutMs: number): number {
  return timeoutMs * scale;
}

/**
 * Runs `work` with a signal that fires when `timeoutMs`, stretched, have passed or `parent` fires.
 * @throws SomnusError `timeout` naming `what`, or `cancelled` when the parent fired.
 */
export async function withDeadline<T>(
  what: string,
  timeoutMs: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  throwIfAborted(parent);
  const stretchedMs = stretched(timeoutMs);
  const controller = new AbortController(); // not AbortSignal.any: a long-lived parent would keep a reference to each signal
  const { promise: fired, reject } = Promise.withResolvers<never>();
  const fire = (error: SomnusError): void => {
    reject(error);
    controller.abort(error);
  };
  const handle = setTimeout(() => fire(new SomnusError('timeout', `${what} took longer than ${stretchedMs / 1000} s`, { details: { what, timeoutMs: stretchedMs } })), stretchedMs);
  const onParent = (): void => { if (parent) fire(cancelledError(parent)); };
  parent?.addEventListener('abort', onParent, { once: true });
  try {
    return await Promise.race([work(controller.signal), fired]);
  } finally {
    clearTimeout(handle);
    parent?.removeEventListener('abort', onParent);
  }
}

/** Sleeps; throws `cancelled` at once when the signal fires. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (thrown) {
    throw toSomnusError(thrown);
  }
}

/** Waits for a promise that others may share. When the signal fires it stops waiting, but the work continues. @throws SomnusError `cancelled` */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  throwIfAborted(signal);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelledError(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Calls `probe` every `intervalMs` until it returns something other than undefined. Only for sources that cannot notify. */
export async function pollUntil<T>(
  what: string,
  options: { timeoutMs: number; intervalMs: number; signal?: AbortSignal | undefined },
  probe: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T> {
  return await withDeadline(what, options.timeoutMs, options.signal, async (signal) => {
    for (;;) {
      const answer = await probe(signal);
      if (answer !== undefined) return answer;
      await sleep(options.intervalMs, signal);
    }
  });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError(signal);
}

function cancelledError(signal: AbortSignal): SomnusError {
  return signal.reason instanceof SomnusError ? signal.reason : new SomnusError('cancelled', 'Cancelled', { cause: signal.reason });
}
