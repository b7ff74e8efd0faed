// The event log as server-sent events.
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { Event } from '../events/event.ts';

const RETRY_MS = 2000;

/** Reads an event only when the client can take it, and stops when the client does. Sends a keep-alive every `aliveMs`. */
export function sseStream(events: AsyncIterable<Event>, aliveMs: number): Readable {
  const out = new PassThrough({ highWaterMark: 65_536 });
  out.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => {
    if (out.readableLength === 0) out.write(': alive\n\n');
  }, aliveMs);
  out.once('close', () => clearInterval(heartbeat));
  // A failure destroys `out`, which cuts off the answer; the client reconnects with its last cursor.
  pipeline(frames(events), out, () => {});
  return out;
}

async function* frames(events: AsyncIterable<Event>): AsyncIterable<string> {
  for await (const event of events) yield `id: ${event.cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
