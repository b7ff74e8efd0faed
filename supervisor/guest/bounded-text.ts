// Reads text from a guest, which may never stop sending.
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

/** Reads a stream to its end. @throws guest_unreachable as soon as it exceeds `maxBytes` */
export async function wholeText(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new SomnusError('guest_unreachable', `the answer exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Returns one line of limited length without control characters, for messages and logs. */
export function printable(text: string, maxLength = 300): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim().slice(0, maxLength);
}
