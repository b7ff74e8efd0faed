// How the journal of a running guest is read: what systemd, services and the kernel logged, with times.
import type { ExecRequest } from '../../supervisor/guest/guest-channel.ts';

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
