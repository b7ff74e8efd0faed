// Reads and drops the rest of a request's body after its answer was written. Otherwise a client that sends everything before it reads would find its
// connection reset and lose the answer.
import type { IncomingMessage } from 'node:http';

/** A client that pauses longer is no longer sending. */
const IDLE_MS = 2000;
const bounds = {
  brief: { totalMs: 2000, bytes: 16 * 2 ** 20 },
  patient: { totalMs: 30_000, bytes: 64 * 2 ** 20 },
} as const;

/** Resolves to whether the body ended; false when a limit was reached or the client disconnected. */
export async function drainBody(request: IncomingMessage, patience: keyof typeof bounds): Promise<boolean> {
  if (request.complete) {
    request.resume();
    return true;
  }
  const { totalMs, bytes } = bounds[patience];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = (): void => resolve(false);
  const idle = setTimeout(stop, IDLE_MS);
  const total = setTimeout(stop, totalMs);
  let dropped = 0;
  const onData = (chunk: Buffer): void => {
    idle.refresh();
    dropped += chunk.length;
    if (dropped > bytes) stop();
  };
  const onEnd = (): void => resolve(true);
  request.on('data', onData).once('end', onEnd).once('close', stop).once('error', stop).resume();
  try {
    return await promise;
  } finally {
    clearTimeout(idle);
    clearTimeout(total);
    request.off('data', onData).off('end', onEnd).off('close', stop);
  }
}
