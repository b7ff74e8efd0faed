// somnus health, incidents, fix, soft-reboot, upgrade-agent: what the agent in a VM reports, its fixes, and restarts of what it watches. All text comes from a guest.
import { setTimeout as delay } from 'node:timers/promises';
import type { EnvironmentHealth, FixAttempt, FixMode, Incident, IncidentList, PastIncident, PastIncidentPage, UpgradeAgent } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { page, type PageOptions } from '../paging.ts';
import { formatBytes, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';
import { localTime } from '../views/event-view.ts';

const followMs = 1000;
/** Fixes install packages, upgrades copy the embedding engine, and processes need time to restart. Somnus itself ends requests that take longer. */
const longestMs = 15 * 60_000;

/** Exit code 1 unless the state is `ok`, so that scripts can test it. */
export async function health(cli: Cli, { name }: { name: string }): Promise<number> {
  const api = await cli.api();
  const found = await api.call('get', '/v1/environments/{ref}/agent/health', { path: { ref: name } });
  cli.out.result(found, () => healthText(found));
  return found.state === 'ok' ? exitCodes.ok : exitCodes.error;
}

function healthText({ state, summary, asOf, unreachableSince, watched, reading }: EnvironmentHealth): string {
  const facts = formatFacts([
    ['state', `${state}${unreachableSince === null ? '' : ` since ${localTime(unreachableSince)}`}`],
    ['summary', sanitize(summary)],
    ...(state === 'ok' || state === 'attention' ? [] : [['last answer', asOf === null ? 'none since Somnus started' : formatWhen(asOf)] as [string, string]]),
    ...(reading === null ? [] : [['incidents', `${reading.open} open, ${reading.total} in all${reading.uncollected === 0 ? '' : `; ${reading.uncollected} more errors were counted without an incident`}`] as [string, string]]),
  ]);
  if (watched === null || watched.length === 0) return facts;
  const rows = watched.map((each) => [sanitize(each.name), each.retryAt === null ? each.state : `${each.state}, retry ${formatWhen(each.retryAt)}`, String(each.processes), formatBytes(each.rssBytes), String(each.restarts), formatWhen(each.since)]);
  return `${facts}\n\n${formatTable([{ title: 'WATCHED' }, { title: 'STATE' }, { title: 'PROCESSES', align: 'right' }, { title: 'MEMORY', align: 'right' }, { title: 'RESTARTS', align: 'right' }, { title: 'SINCE' }], rows)}`;
}

export async function incidents(cli: Cli, { name }: { name: string }, { follow, history, ...paging }: PageOptions & { follow: boolean; history: boolean }): Promise<void> {
  const { all } = paging;
  if (history) return await incidentHistory(cli, name, paging);
  const api = await cli.api();
  if (follow) return await followIncidents(cli, api, name);
  const found = await list(api, name);
  const items = all ? found.items : found.items.filter(({ closedAt }) => closedAt === null);
  if (cli.out.json) return cli.out.result({ ...found, items }, () => '');
  noteAge(cli, found);
  if (items.length === 0) cli.out.note(found.items.length === 0 ? 'No incidents.' : 'No open incidents; --all shows closed ones.');
  for (const each of items) cli.out.line(incidentText(each));
}

async function incidentHistory(cli: Cli, name: string, paging: PageOptions): Promise<void> {
  const found: PastIncidentPage = await page(cli, '/v1/environments/{ref}/agent/incidents/history', { path: { ref: name } }, paging);
  if (cli.out.json) return cli.out.result(found, () => '');
  if (found.items.length === 0) cli.out.note('No incidents.');
  for (const each of found.items) cli.out.line(pastText(each));
}

/** Prints each incident when it begins, closes, or has new lines or attempts. Runs until interrupted. */
async function followIncidents(cli: Cli, api: ApiClient, name: string): Promise<never> {
  const seen = new Map<string, string>();
  let wasCurrent = true;
  for (;;) {
    const found = await list(api, name);
    if (wasCurrent && !found.current) noteAge(cli, found);
    if (!wasCurrent && found.current) cli.out.note('The agent is answering again.');
    wasCurrent = found.current;
    for (const each of found.current ? found.items.toReversed() : []) {
      const version = `${each.count} ${each.closedAt} ${each.attempts.length}`;
      if (seen.get(each.id) === version) continue;
      seen.set(each.id, version);
      cli.out.item(each, () => incidentText(each));
    }
    await delay(followMs);
  }
}

async function list(api: ApiClient, ref: string): Promise<IncidentList> {
  return await api.call('get', '/v1/environments/{ref}/agent/incidents', { path: { ref } });
}

/** Warns when the incidents are not current. */
function noteAge(cli: Cli, { current, asOf, unreachableSince }: IncidentList): void {
  if (current) return;
  const why = unreachableSince === null ? 'The environment is not running' : `The agent has not answered since ${localTime(unreachableSince)}`;
  cli.out.warn(`${why}. ${asOf === null ? 'It has not reported any incidents since Somnus started.' : `These incidents are as of ${localTime(asOf)}.`}`);
}

function incidentText({ category, place, count, ratePerMinute, spiking, lastAt, rootId, closedAt, message, fixes, attempts, confidence, id }: Incident): string {
  const [fix] = fixes;
  const times = count === 1 ? 'once' : `${count} times${ratePerMinute > 1 ? `, ${ratePerMinute} in the last minute${spiking ? ' (a spike)' : ''}` : ''}`;
  return [
    `${category} in ${sanitize(place)}: ${sanitize(message)}`,
    `  ${times}, last ${formatWhen(lastAt)}, ${Math.round(confidence * 100)} % sure${rootId === null ? '' : `, caused by ${sanitize(rootId)}`}${closedAt === null ? '' : `, closed ${formatWhen(closedAt)}`}  ${sanitize(id)}`,
    ...attempts.slice(-2).map(({ fixId, what, outcome, automatic }) => {
      const undo = outcome === 'fixed' ? fixes.find((each) => each.id === fixId)?.undo : undefined;
      return `  tried${automatic ? ' automatically' : ''}: ${sanitize(what)}: ${outcomes[outcome]}${undo === undefined ? '' : `; to undo it: ${sanitize(undo.join(' '))}`}`;
    }),
    ...(fix === undefined || closedAt !== null ? [] : [`  fix: ${sanitize(fix.what)}${fix.command === undefined ? '' : `: ${sanitize(fix.command.join(' '))}`}`]),
  ].join('\n');
}

const pastOutcomes: Readonly<Record<PastIncident['outcome'], string>> = { open: 'open', closed: 'closed', fixed: 'fixed', gone: 'no longer reported' };

function pastText({ category, place, message, count, firstSeenAt, lastSeenAt, outcome, closedBy, attempts, id }: PastIncident): string {
  return [
    `${category} in ${sanitize(place)}: ${sanitize(message)}`,
    `  ${count === 1 ? 'once' : `${count} times`}, first seen ${localTime(firstSeenAt)}, last ${localTime(lastSeenAt)}, ${pastOutcomes[outcome]}${closedBy === null ? '' : ` (${sanitize(closedBy)})`}  ${sanitize(id)}`,
    ...attempts.map((attempt) => `  ${localTime(attempt.at)} tried${attempt.automatic ? ' automatically' : ''}: ${sanitize(attempt.what)}: ${outcomes[attempt.outcome]}`),
  ].join('\n');
}

/** Exit code 1 unless the fix helped, or ran without a way to verify it. */
export async function applyFix(cli: Cli, { name, incident }: { name: string; incident: string }, { fix, snapshot }: { fix: string | undefined; snapshot: boolean }): Promise<number> {
  const api = await cli.api();
  const done = await api.call('post', '/v1/environments/{ref}/agent/incidents/{incident}/fix', { path: { ref: name, incident }, body: { fixId: fix, snapshot }, timeoutMs: longestMs });
  cli.out.result(done, () => `${sanitize(done.what)}: ${outcomes[done.outcome]}${done.detail === '' ? '' : `\n  ${sanitize(done.detail)}`}`);
  return done.outcome === 'fixed' || done.outcome === 'applied' ? exitCodes.ok : exitCodes.error;
}

const outcomes: Readonly<Record<FixAttempt['outcome'], string>> = {
  fixed: 'fixed, and verified', applied: 'done, but the result cannot be verified', 'not-needed': 'not needed, because the cause no longer exists', 'not-possible': 'not possible here', failed: 'failed', 'not-fixed': 'done, but the cause still exists',
};

export async function learnBenign(cli: Cli, { name, incident }: { name: string; incident: string }): Promise<void> {
  const api = await cli.api();
  await api.call('post', '/v1/environments/{ref}/agent/incidents/{incident}/not-an-error', { path: { ref: name, incident } });
  cli.out.note(`${name} no longer treats this as an error.`);
}

export async function setFixes(cli: Cli, { name, mode }: { name: string; mode: string }): Promise<void> {
  const api = await cli.api();
  await api.call('put', '/v1/environments/{ref}/agent/fixes', { path: { ref: name }, body: { mode: mode as FixMode } });
  cli.out.note(`Fixes in ${name}: ${mode}.`);
}

export async function upgradeAgent(cli: Cli, { name }: { name: string }, { engine }: { engine: string | undefined }): Promise<number> {
  const api = await cli.api();
  const done = await api.call('post', '/v1/environments/{ref}/agent/upgrade', { path: { ref: name }, body: { engine: engine as UpgradeAgent['engine'] }, timeoutMs: longestMs });
  cli.out.result(done, () => ({
    upgraded: `The agent of ${sanitize(name)} has version ${sanitize(done.to)}.`, current: `The agent of ${sanitize(name)} already has this version.`,
    'rolled-back': `The new agent was not ready in time; ${sanitize(name)} is running the previous one again.`,
  })[done.outcome]);
  return done.outcome === 'rolled-back' ? exitCodes.error : exitCodes.ok;
}

export async function softReboot(cli: Cli, { name }: { name: string }, { deadline }: { deadline: number | undefined }): Promise<number> {
  const api = await cli.api();
  const done = await api.call('post', '/v1/environments/{ref}/agent/soft-reboot', { path: { ref: name }, body: deadline === undefined ? {} : { deadlineSeconds: Math.round(deadline / 1000) }, timeoutMs: longestMs });
  cli.out.result(done, () => done.processes.map((each) => (
    `${sanitize(each.name)}: ${{ ended: 'ended', killed: 'did not stop in time and was killed', 'not-running': 'was not running' }[each.stopped]}, ${each.back ? `running again after ${(each.tookMs / 1000).toFixed(1)} s` : 'did not start again'}`
  )).join('\n'));
  return done.processes.every(({ back }) => back) ? exitCodes.ok : exitCodes.error;
}
