// The standard output of a program in a guest as a stream that fails when the program fails.
import { PassThrough, type Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { boundedText } from '../../supervisor/guest/bounded-text.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';

const ERROR_BYTES = 64 * 1024;

/** The program gets no input. `failed` says in a failure what could not be done, before the program's own message. */
export function programOutput(process: GuestProcess, failed: string): Readable {
  const output = new PassThrough();
  process.stdin.on('error', () => {}); // a program may ignore its input
  process.stdin.end();
  const errors = boundedText(process.stderr, ERROR_BYTES);
  process.stdout.pipe(output, { end: false });
  output.once('close', () => process.stdout.destroy());
  Promise.all([process.exit, errors]).then(
    ([{ code }, message]) => (code === 0 ? output.end() : output.destroy(new SomnusError('command_failed', `${failed}: ${message.trim().slice(0, 500) || `exit code ${code}`}`))),
    (error: unknown) => output.destroy(error as Error),
  );
  return output;
}
