// Standard output and error for large amounts of bytes. Unlike process.stdout it never blocks the event loop on a slow pipe,
// so Ctrl-C works even while nothing reads the output.
import { write as fsWrite } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const write = promisify(fsWrite);

export interface ByteSink {
  /** Settles when the bytes are written. Rejects, from then on always, when they cannot be (EPIPE). */
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
      // Another process that shares this pipe has made it non-blocking, and it is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await delay(5);
    }
  }
}
