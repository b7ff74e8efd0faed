// One line for people and AIs: what is wrong in this VM, why, and what to do. Pure.
import type { Watched } from '../contract/health.ts';
import type { Incident } from '../contract/incident.ts';

/** An incident without a new line for this long is history. */
const RECENT_MS = 15 * 60_000;
const LONGEST_MESSAGE = 160;

/** @param problems what prevents the agent from reading logs */
export function summaryOf(watched: readonly Watched[], incidents: readonly Incident[], problems: readonly string[], nowMs: number): { state: 'ok' | 'attention'; summary: string } {
  const down = watched.filter(({ state }) => state === 'failed' || state === 'backed-off' || state === 'given-up');
  const open = incidents.filter(({ closedAtMs, lastAtMs }) => closedAtMs === null && nowMs - lastAtMs <= RECENT_MS);
  // Roots before what follows from them, then the one with most lines.
  const [worst] = open.toSorted((a, b) => Number(a.rootId !== null) - Number(b.rootId !== null) || b.count - a.count);
  const parts = [
    ...down.map((each) => `${each.name} is ${each.state === 'backed-off' ? 'off for a while, because it was restarted too often' : each.state === 'given-up' ? 'off, because it was restarted too often' : 'failed'}${each.result === null ? '' : ` (${each.result})`}.`),
    ...(worst === undefined ? [] : [explained(worst), ...(open.length > 1 ? [`${open.length - 1} more incident${open.length > 2 ? 's' : ''}.`] : [])]),
    ...problems.map((problem) => `${problem}.`),
  ];
  return parts.length === 0 ? { state: 'ok', summary: watched.length === 0 ? 'No errors lately.' : 'No errors lately; everything that is watched runs.' } : { state: 'attention', summary: parts.join(' ').slice(0, 1000) };
}

function explained({ category, place, example, count, fixes: [fix] }: Incident): string {
  const message = example.replaceAll(/\s+/g, ' ').trim();
  const times = count === 1 ? '' : ` (${count} times)`;
  const advice = fix === undefined ? '' : ` ${fix.what}${fix.command === undefined ? '' : `: ${fix.command.join(' ')}`}.`;
  return `${category} in ${place}: ${message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message}${times}.${advice}`;
}
