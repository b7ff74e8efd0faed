// Reads the journal of a running guest: what systemd, services and the kernel logged, with times.
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest, GuestProcess } from '../../supervisor/guest/guest-channel.ts';

export interface JournalOptions { lines: number | undefined; sinceMs: number | undefined; follow: boolean }

/** One line per entry: its time in UTC, its unit and the message. `--since=@…` does not depend on the guest's time zone. */
export function journalCommand({ lines, sinceMs, follow }: JournalOptions): ExecRequest {
  return {
    command: [
      'journalctl', '--quiet', '--no-pager', '--no-hostname', '--utc', '--output=short-iso', ...(lines === undefined ? [] : [`--lines=${lines}`]),
      ...(sinceMs === undefined ? [] : [`--since=@${Math.floor(sinceMs / 1000)}`]), ...(follow ? ['--follow'] : []),
    ],
    env: { LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0' },
  };
}

/** The output of journalctl; fails with its message when it fails. */
export function journalText(process: GuestProcess): Readable {
  const output = new PassThrough();
  process.stdin.end();
  const errors = text(process.stderr);
  process.stdout.pipe(output, { end: false });
  output.once('close', () => process.stdout.destroy());
  Promise.all([process.exit, errors]).then(
    ([{ code }, message]) => (code === 0 ? output.end() : output.destroy(new SomnusError('command_failed', `The journal cannot be read: ${message.trim().slice(0, 500) || `exit code ${code}`}`))),
    (error: unknown) => output.destroy(error as Error),
  );
  return output;
}
