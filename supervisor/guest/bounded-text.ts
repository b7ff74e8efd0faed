// Text from a guest, which is not trusted to stop.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';

/** Reads a stream to its end and keeps the first `maxBytes`. */
export async function boundedText(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (kept >= maxBytes) continue;
    chunks.push(chunk.subarray(0, maxBytes - kept));
    kept += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a stream to its end. @throws guest_unreachable as soon as there is more than `maxBytes` */
export async function wholeText(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new SomnusError('guest_unreachable', `it says more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** For messages and logs: one line without control characters, not too long. */
export function printable(text: string, maxLength = 300): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim().slice(0, maxLength);
}
