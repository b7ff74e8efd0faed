// Passes a guest process's output to a consumer at the consumer's pace, then its end.
import type { Readable } from 'node:stream';
import type { ExecExit, GuestProcess } from '../../supervisor/guest/guest-channel.ts';

export type OutputStream = 'stdout' | 'stderr';

/** Takes the next bytes of a stream (null at its end); settles when it can take more. */
export type Take = (stream: OutputStream, chunk: Buffer | null) => Promise<void>;

/** Settles when both streams have been consumed. @throws the error of the process's end, otherwise that of `take` or a stream */
export async function relayOutput(process: GuestProcess, take: Take): Promise<ExecExit> {
  const [exit, ...streams] = await Promise.allSettled([process.exit, pump('stdout', process.stdout, take), pump('stderr', process.stderr, take)]);
  if (exit.status === 'rejected') throw exit.reason;
  for (const stream of streams) if (stream.status === 'rejected') throw stream.reason;
  return exit.value;
}

async function pump(name: OutputStream, stream: Readable, take: Take): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) await take(name, chunk);
  await take(name, null);
}
