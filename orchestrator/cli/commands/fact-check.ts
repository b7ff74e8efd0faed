// somnus research fact-check, runs, report
import { randomUUID } from 'node:crypto';
import type { CheckedClaim, Evidence, ResearchRun, ResearchRunPage } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { page, type PageOptions } from '../paging.ts';
import type { Color } from '../terminal/output.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface FactCheckOptions { url: string[]; engine: string[]; allowHost: string[]; pages: number | undefined; offline: boolean; wait: boolean }

const verdictColor: Readonly<Record<CheckedClaim['verdict'], Color>> = { supported: 'green', refuted: 'red', conflicting: 'yellow', 'not enough evidence': 'gray' };

export async function factCheck(cli: Cli, { claims }: { claims: string[] }, { url, engine, allowHost, pages, offline, wait }: FactCheckOptions): Promise<void> {
  const api = await cli.api();
  const body = { claims, urls: url, offline, ...(engine.length === 0 ? {} : { engines: engine }), ...(allowHost.length === 0 ? {} : { allowHosts: allowHost }), ...(pages === undefined ? {} : { maxPages: pages }) };
  const started = await api.call('post', '/v1/research/fact-checks', { body, headers: { 'idempotency-key': randomUUID() } });
  if (!wait) {
    cli.out.result(started, () => (cli.out.quiet ? started.run.id : `Started ${started.run.id}: see \`somnus op wait ${started.operation.id}\` and \`somnus research report ${started.run.id}\``));
    return;
  }
  const [operation = started.operation] = await followOperations(cli, [started.operation]);
  const failure = operationFailure(operation);
  if (failure !== undefined) throw failure;
  if (cli.out.quiet) cli.out.result(started.run, () => started.run.id);
  else await showReport(cli, { run: started.run.id });
}

export async function listRuns(cli: Cli, _args: unknown, options: PageOptions): Promise<void> {
  const runs: ResearchRunPage = await page(cli, '/v1/research/runs', {}, options);
  cli.out.list(runs, {
    columns: [{ title: 'ID' }, { title: 'WORKFLOW' }, { title: 'STARTED' }, { title: 'CLAIMS' }],
    row: (run: ResearchRun) => [run.id, run.workflow, formatWhen(run.createdAt), sanitize(run.input.claims.join(' ')).slice(0, 80)],
    name: ({ id }) => id,
    none: 'No research runs. Start one with `somnus research fact-check CLAIM`.',
  });
}

export async function showReport(cli: Cli, { run: id }: { run: string }): Promise<void> {
  const run: ResearchRun = await (await cli.api()).call('get', '/v1/research/runs/{run}', { path: { run: id } });
  cli.out.result(run, () => reportText(cli, run));
}

function reportText(cli: Cli, { id, operationId, report }: ResearchRun): string {
  if (report === null) return `${id} has no report yet: see \`somnus op show ${operationId ?? ''}\``;
  const { claims, pages, injections, gaps, unresolved } = report;
  return [
    ...claims.map((checked) => claimText(cli, checked)),
    `${pages.read} pages read, ${pages.blocked} blocked, ${pages.quarantined} quarantined, ${pages.failed} not collected`,
    ...injections.map(({ url, spans }) => `${sanitize(url)}: passages that try to instruct agents: ${spans.length}; Somnus did not follow them`),
    ...(unresolved === 0 ? [] : [`Quotes left out because they are no longer in the stored pages: ${unresolved}`]),
    ...gaps.map((gap) => `Gap: ${sanitize(gap)}`),
  ].join('\n');
}

function claimText(cli: Cli, { claim, verdict, explanation, evidence }: CheckedClaim): string {
  const line = ({ stance, quote, url, stated, outdated, captureId, span }: Evidence): string => (
    `  ${stance === 'supports' ? '+' : '-'} "${sanitize(quote)}"\n    ${sanitize(url)}${stated === null ? '' : `, ${sanitize(stated)}`}${outdated ? ', outdated' : ''} (${captureId} ${span.start}-${span.end})`
  );
  return [`${cli.out.paint(verdictColor[verdict], verdict)}: ${sanitize(claim)}`, `  ${explanation}`, ...evidence.map(line), ''].join('\n');
}
