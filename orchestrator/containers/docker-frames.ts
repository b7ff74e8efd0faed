// Separates the two output streams of a program in a container, which the engine sends as frames: one byte for the stream, three zero bytes, four bytes for the length.
// Format: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const HEADER_BYTES = 8;
const STDERR = 2;

/** Waits for slow readers; discards output whose reader has closed its stream. Ends neither stream. @throws the error of `source` */
export async function separateFrames(source: Readable, stdout: Writable, stderr: Writable): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  let target = stdout;
  let left = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length > 0) {
      if (left === 0) {
        if (held.length < HEADER_BYTES) break;
        target = held[0] === STDERR ? stderr : stdout;
        left = held.readUInt32BE(4);
        held = held.subarray(HEADER_BYTES);
        continue;
      }
      const part = held.subarray(0, left);
      left -= part.length;
      held = held.subarray(part.length);
      if (!target.destroyed && !target.write(part)) await untilWritable(target);
    }
  }
}

/** Also settles when the target has closed or the signal fires. */
export async function untilWritable(target: Writable, signal?: AbortSignal): Promise<void> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  signal?.addEventListener('abort', stop, { once: true });
  await Promise.race([once(target, 'drain', over), once(target, 'close', over)]).catch(() => {}); // a failed reader reads no more
  signal?.removeEventListener('abort', stop);
  over.abort();
}
