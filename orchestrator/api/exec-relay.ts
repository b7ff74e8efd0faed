// Carries a guest process's output to whoever asked, as fast as they read and no faster, and its end after it.
import type { Readable } from 'node:stream';
import type { ExecExit, GuestProcess } from '../../supervisor/guest/guest-channel.ts';

export type OutputStream = 'stdout' | 'stderr';

/** Takes the next bytes of a stream (null at its end); settles when it can take more. */
export type Take = (stream: OutputStream, chunk: Buffer | null) => Promise<void>;

/** Settles when both streams have been taken whole. @throws what the process's end throws, else what `take` or a stream throws */
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
