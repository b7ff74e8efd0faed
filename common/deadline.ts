// Waiting with an end: deadlines, sleeps and polls that obey an AbortSignal. On a host that is many times slower than others, all deadlines are stretched.
import { setTimeout as delay } from 'node:timers/promises';
import { SomnusError, toSomnusError } from './errors.ts';

let scale = 1;

/** Multiplies all deadlines of this process: `deadlineScale` of the configuration. To be called when it starts. */
export function stretchDeadlines(by: number): void {
  scale = by;
}

/** A deadline as it holds on this host, for those that are not waited for with the functions below. */
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
  const controller = new AbortController(); // not AbortSignal.any: a parent that lives long would remember each of them
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

/** Waits for a promise that others may share; stops waiting, not the work, when the signal fires. @throws SomnusError `cancelled` */
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

/** Asks `probe` every `intervalMs` until it gives something other than undefined. Only for sources that cannot notify. */
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
