// Reads one entry of `journalctl --output=json`: where it comes from, its lines and its position. Pure.
import type { Level } from '../errors/reading/level.ts';
import { plainText } from '../errors/reading/plain-text.ts';

export interface JournalEntry { cursor: string; atUs: number; place: string; lines: string[]; level: Level | undefined }

/** The fields that `readJournalEntry` uses; journalctl adds the cursor and times. */
export const JOURNAL_FIELDS = ['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', 'UNIT', '_COMM', '_SYSTEMD_UNIT', '_TRANSPORT'] as const;

/** What the agent itself writes, to the kernel's log and through its helper programs, must not open incidents. */
const OWN_UNIT = 'somnus-agent.service';
const OWN_KERNEL_LINE = /^somnus-agent: /;
/** Each SSH connection has its own unit, so lines are grouped by program. */
const CONNECTION_UNIT = /^somnus-ssh@|^session-|^user@|^init\.scope$/;

/** Returns undefined for lines that are not entries and for the agent's own entries. */
export function readJournalEntry(json: string): JournalEntry | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const [cursor, atUs] = [fields['__CURSOR'], Number(fields['__REALTIME_TIMESTAMP'])];
  if (typeof cursor !== 'string' || !Number.isFinite(atUs)) return undefined;
  const message = textOf(fields['MESSAGE']);
  const fromKernel = fields['_TRANSPORT'] === 'kernel';
  const own = fields['_SYSTEMD_UNIT'] === OWN_UNIT || (fromKernel && OWN_KERNEL_LINE.test(message));
  return {
    cursor, atUs, place: placeOf(fields, fromKernel), lines: own ? [] : message.split('\n'),
    // Standard output of services has no priority of its own; lines of the kernel do.
    level: fromKernel ? kernelLevel(Number(fields['PRIORITY'] ?? 6)) : undefined,
  };
}

/** A message with unprintable characters is a list of bytes. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? Buffer.from(message as number[]).toString('utf8') : '';
}

function placeOf(fields: Record<string, unknown>, fromKernel: boolean): string {
  if (fromKernel) return 'kernel';
  const about = fields['UNIT']; // systemd's messages about a unit
  if (typeof about === 'string') return plainText(about);
  const unit = fields['_SYSTEMD_UNIT'];
  if (typeof unit === 'string' && !CONNECTION_UNIT.test(unit)) return plainText(unit);
  const program = [fields['SYSLOG_IDENTIFIER'], fields['_COMM']].find((name) => typeof name === 'string' && name !== '');
  return typeof program === 'string' ? plainText(program).replaceAll(/\s+/g, ' ') : 'journal';
}

function kernelLevel(priority: number): Level {
  return priority <= 2 ? 'fatal' : priority === 3 ? 'error' : priority === 4 ? 'warning' : priority <= 6 ? 'info' : 'debug';
}
