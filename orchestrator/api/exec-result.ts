// A guest process as one JSON answer: waits for its end and returns all output as text.
import { StringDecoder } from 'node:string_decoder';
import { SomnusError } from '../../common/errors.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ExecResult } from './exec-protocol.ts';
import { relayOutput } from './exec-relay.ts';
import { untilKeyEnds } from './key-watch.ts';

/** How much of each stream is kept for one answer. */
export const RESULT_BYTES = 16 * 1_048_576;

/** The signal must be the one that the process was started with. @throws the error of the process's end; the signal's reason when it ended the process */
export async function execResult(process: GuestProcess, signal: AbortSignal, limitBytes = RESULT_BYTES): Promise<ExecResult> {
  const startedAt = performance.now();
  const outputs = { stdout: new Output(limitBytes), stderr: new Output(limitBytes) };
  const exit = await untilKeyEnds(relayOutput(process, async (stream, chunk) => outputs[stream].add(chunk)), signal);
  if (signal.aborted) throw signal.reason instanceof SomnusError ? signal.reason : new SomnusError('cancelled', 'The program was ended');
  const { stdout, stderr } = outputs;
  return {
    stdout: stdout.text, stderr: stderr.text, exitCode: exit.code, signal: exit.signal, timedOut: exit.timedOut, durationMs: Math.round(performance.now() - startedAt), truncated: stdout.truncated || stderr.truncated,
  };
}

/** The text of a stream up to a limit; the rest is read and dropped, so that the program can end. */
class Output {
  text = '';
  truncated = false;
  readonly #decoder = new StringDecoder('utf8');
  #left: number;

  constructor(limitBytes: number) {
    this.#left = limitBytes;
  }

  add(chunk: Buffer | null): void {
    if (chunk === null) {
      this.text += this.#decoder.end();
      return;
    }
    if (chunk.length > this.#left) this.truncated = true;
    const kept = chunk.subarray(0, this.#left);
    this.#left -= kept.length;
    this.text += this.#decoder.write(kept);
  }
}
