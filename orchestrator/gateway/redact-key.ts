// Replaces a key in a stream by asterisks of the same length, so that a service that repeats what it was sent (an error page, an echo) cannot reveal it. Holds back only bytes that may be the beginning of the key.
import { Transform } from 'node:stream';

export function redactKey(key: string): Transform {
  const bytes = Buffer.from(key);
  const stars = Buffer.alloc(bytes.length, '*');
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const data = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      for (let at = data.indexOf(bytes); at !== -1; at = data.indexOf(bytes, at + bytes.length)) stars.copy(data, at);
      const keep = beginningAtEnd(data, bytes);
      held = data.subarray(data.length - keep);
      done(null, data.subarray(0, data.length - keep));
    },
    flush(done) {
      done(null, held);
    },
  });
}

/** How many bytes at the end of the data are a beginning of the key. */
function beginningAtEnd(data: Buffer, key: Buffer): number {
  for (let length = Math.min(key.length - 1, data.length); length > 0; length -= 1) {
    if (data.subarray(data.length - length).equals(key.subarray(0, length))) return length;
  }
  return 0;
}
