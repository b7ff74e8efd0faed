// Translates Playwright's errors.
import { errors } from 'playwright-core';
import { SomnusError } from '../../../common/errors.ts';

const LONGEST = 600;

export function errorOf(thrown: unknown): SomnusError {
  if (thrown instanceof SomnusError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // The first line says what failed; the call log, what Playwright was waiting for.
  const lines = message.replaceAll(/\u001b\[[\d;]*m/g, '').split('\n').map((line) => line.trim()).filter((line) => line !== '' && line !== 'Call log:'); // oxlint-disable-line no-control-regex
  const text = lines.slice(0, 6).join(' ').replace(/^[\w.]+: /, '').slice(0, LONGEST);
  if (/net::ERR_|Cannot navigate to invalid URL/.test(message)) return new SomnusError('fetch_failed', /net::\w+[^\n]*/.exec(message)?.[0] ?? text, { cause: thrown });
  if (thrown instanceof errors.TimeoutError) return new SomnusError('timeout', text, { hint: 'Take a snapshot: the element may be covered, disabled or gone.', cause: thrown });
  if (/Target (?:page, context or browser|closed)|has been closed|crashed/i.test(message)) return new SomnusError('unavailable', `The page was closed or crashed: ${text}`, { hint: 'See `somnus browse NAME tabs`, and open the page again.', cause: thrown });
  return new SomnusError('invalid_request', text, { hint: 'Take a new snapshot and use its refs.', cause: thrown });
}
