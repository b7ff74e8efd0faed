// Connects this process's standard streams and terminal to a job. Detaching never ends the job.
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import type { Job } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { rawTerminal, resetSequences, terminalSize } from '../terminal/raw-terminal.ts';
import { WsExecSession } from './ws-exec-session.ts';

/** Ctrl-]: detaches from a terminal. */
const DETACH = 0x1d;

export interface Attachment {
  ref: string;
  job: Job;
  /** The first byte of standard output; a negative number counts from the end. */
  from: number;
  /** Whether to pass on standard input to a job without a terminal. */
  input: boolean;
}

/** Returns the exit code of the job, or 0 after detaching. @throws SomnusError when the connection is lost, or it is unknown how the job ended */
export async function attachToJob(cli: Cli, { ref, job, from, input }: Attachment): Promise<number> {
  const tty = job.tty && process.stdin.isTTY && process.stdout.isTTY;
  const { promise: detached, resolve: detach } = Promise.withResolvers<number>();
  const api = await cli.api();
  const session = new WsExecSession(api.webSocket('/v1/environments/{ref}/jobs/{job}/attach', { ref, job: job.id }), { stdoutFrom: from, stderrFrom: job.tty ? 0 : from }, {
    stdout: fdSink(1), stderr: fdSink(2),
    started: () => { if (tty) sendSize(); },
    brokenPipe: () => detach(exitCodes.brokenPipe),
  });
  const sendSize = (): void => {
    const { columns, rows } = terminalSize();
    session.resize(columns, rows);
  };
  if (tty) cli.out.note('Press Ctrl-] to detach and leave the job running.');
  using _terminal = tty ? rawTerminal() : undefined;
  const onSignal = (signal: NodeJS.Signals): void => detach(128 + constants.signals[signal]);
  const leave = (): void => detach(exitCodes.ok);
  process.on('SIGINT', leave).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  if (tty) process.stdout.on('resize', sendSize);
  if (tty) session.sendInput(Readable.from(untilDetached(process.stdin, leave))).catch(leave); // the terminal is gone
  else if (input) session.sendInput(process.stdin).catch(leave);
  try {
    const ended = await Promise.race([session.exit.then(({ code }) => code), detached.then((code) => ({ detached: code }))]);
    if (typeof ended === 'number') return ended;
    if (tty) process.stdout.write(resetSequences);
    if (ended.detached === exitCodes.ok) cli.out.note(`Detached. The job is still running; to attach again: \`somnus job attach ${ref} ${job.name ?? job.id}\`.`);
    return ended.detached;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    process.stdout.off('resize', sendSize);
    process.stdin.pause();
    session.exit.catch(() => {}); // not needed after detaching
    await session.close();
  }
}

/** What is typed before Ctrl-]. The generator then never ends, because its end would be an end of file for the job. */
async function* untilDetached(typed: AsyncIterable<Buffer>, leave: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of typed) {
    const at = chunk.indexOf(DETACH);
    if (at < 0) {
      yield chunk;
      continue;
    }
    if (at > 0) yield chunk.subarray(0, at);
    leave();
    await new Promise(() => {});
  }
}
