// Standard output and error for bytes of any amount. Unlike process.stdout it never blocks the event loop on a slow pipe,
// so that Ctrl-C is heard while nobody reads.
import { write as fsWrite } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const write = promisify(fsWrite);

export interface ByteSink {
  /** Settles when the bytes have gone; rejects, from then on for good, when they cannot go (EPIPE). */
  write(bytes: Buffer): Promise<void>;
}

export function fdSink(fd: 1 | 2): ByteSink {
  let last = Promise.resolve();
  return {
    write: (bytes) => {
      last = last.then(async () => await writeAll(fd, bytes));
      return last;
    },
  };
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += (await write(fd, bytes, at)).bytesWritten;
    } catch (error) {
      // Whoever shares this pipe with us has made it non-blocking, and it is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await delay(5);
    }
  }
}
