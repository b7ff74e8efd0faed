// Brings a part up and retries until it is ready. A host that is not ready yet, such as one with a disk that is mounted late, does not end the control plane.
import { sleep } from '../../common/deadline.ts';
import { toSomnusError, type ErrorCode } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { PartName, Parts } from './parts.ts';

const AGAIN_AFTER_MS = 2_000;

export interface BringUpOptions {
  parts: Parts;
  log: Logger;
  /** Fires when the control plane stops. */
  signal: AbortSignal;
  againAfterMs?: number;
}

/** @throws SomnusError what `work` throws with one of the codes in `fatal`; `cancelled` when the signal fires */
export async function bringUp<T>(name: PartName, { parts, log, signal, againAfterMs = AGAIN_AFTER_MS }: BringUpOptions, work: () => Promise<T> | T, fatal: readonly ErrorCode[] = []): Promise<T> {
  const startedAt = performance.now();
  let lastLogged = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await work();
      parts.ready(name);
      log.info({ event: 'start.part-ready', part: name, tookMs: Math.round(performance.now() - startedAt) });
      return result;
    } catch (thrown) {
      const error = toSomnusError(thrown);
      signal.throwIfAborted();
      if (fatal.includes(error.code)) throw error;
      parts.failed(name, error);
      if (error.message !== lastLogged) log.warn({ event: 'start.part-failed', part: name, err: error });
      lastLogged = error.message;
      await sleep(againAfterMs, signal);
    }
  }
}
