// One line that says what is wrong in this VM, why, and what to do. Pure.
import type { Watched } from '../contract/health.ts';
import type { Incident } from '../contract/incident.ts';

/** An incident without a new line for this long is no longer reported. Neither is one whose last line is this far in the future, because the clock was set back. */
const RECENT_MS = 15 * 60_000;
const LONGEST_MESSAGE = 160;

/** @param problems what prevents the agent from reading logs */
export function summaryOf(watched: readonly Watched[], incidents: readonly Incident[], problems: readonly string[], nowMs: number): { state: 'ok' | 'attention'; summary: string } {
  const down = watched.filter(({ state }) => state === 'failed' || state === 'backed-off' || state === 'given-up');
  const open = incidents.filter(({ closedAtMs, lastAtMs }) => closedAtMs === null && Math.abs(nowMs - lastAtMs) <= RECENT_MS);
  // Causes before their consequences, then the one with the most lines.
  const [worst] = open.toSorted((a, b) => Number(a.rootId !== null) - Number(b.rootId !== null) || b.count - a.count);
  const parts = [
    ...down.map((each) => `${each.name} ${each.state === 'backed-off' ? 'is stopped for a while because it was restarted too often' : each.state === 'given-up' ? 'is stopped because it was restarted too often' : 'has failed'}${each.result === null ? '' : ` (${each.result})`}.`),
    ...(worst === undefined ? [] : [explained(worst), ...(open.length > 1 ? [`${open.length - 1} more incident${open.length > 2 ? 's' : ''}.`] : [])]),
    ...problems.map((problem) => `${problem}.`),
  ];
  return parts.length === 0 ? { state: 'ok', summary: watched.length === 0 ? 'No recent errors.' : 'No recent errors; all watched units and processes are running.' } : { state: 'attention', summary: parts.join(' ').slice(0, 1000) };
}

function explained({ category, place, example, message = example, count, fixes: [fix] }: Incident): string {
  const times = count === 1 ? '' : ` (${count} times)`;
  const advice = fix === undefined ? '' : ` ${fix.what}${fix.command === undefined ? '' : `: ${fix.command.join(' ')}`}.`;
  return `${category} in ${place}: ${message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message}${times}.${advice}`;
}
