// Text from a guest, which is not trusted to stop.
import type { Readable } from 'node:stream';

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

/** For messages and logs: one line without control characters, not too long. */
export function printable(text: string, maxLength = 300): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim().slice(0, maxLength);
}
