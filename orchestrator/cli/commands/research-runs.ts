// somnus research fact-check, run, runs, report, remember, rm-run
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { SomnusError } from '../../../common/errors.ts';
import type { CheckedClaim, Evidence, ReportSection, ResearchReport, ResearchRun, ResearchRunPage, StartResearchRun } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { page, type PageOptions } from '../paging.ts';
import { parsePairs } from '../parse-values.ts';
import type { Color } from '../terminal/output.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';

export interface RunOptions { set?: string[]; writer?: 'quotes' | 'model' | undefined; url: string[]; engine: string[]; allowHost: string[]; pages: number | undefined; offline: boolean; wait: boolean }

const verdictColor: Readonly<Record<CheckedClaim['verdict'], Color>> = { supported: 'green', refuted: 'red', conflicting: 'yellow', 'not enough evidence': 'gray' };
const coverageColor: Readonly<Record<ReportSection['coverage'], Color>> = { answered: 'green', 'one source': 'yellow', 'no evidence': 'gray' };

export async function factCheck(cli: Cli, { claims }: { claims: string[] }, options: RunOptions): Promise<void> {
  await startRun(cli, { workflow: 'fact-check', texts: claims }, options);
}

/** `texts`: the claims, questions or addresses. */
export async function startRun(cli: Cli, { workflow, texts }: { workflow: string; texts: string[] }, options: RunOptions): Promise<void> {
  const api = await cli.api();
  const started = await api.call('post', '/v1/research/runs', { body: requestOf(workflow, texts, options), headers: { 'idempotency-key': randomUUID() } });
  if (!options.wait) {
    cli.out.result(started, () => (cli.out.quiet ? started.run.id : `Started ${started.run.id}: see \`somnus op wait ${started.operation.id}\` and \`somnus research report ${started.run.id}\``));
    return;
  }
  const [operation = started.operation] = await followOperations(cli, [started.operation]);
  const failure = operationFailure(operation);
  if (failure !== undefined) throw failure;
  if (cli.out.quiet) cli.out.result(started.run, () => started.run.id);
  else await showReport(cli, { run: started.run.id }, { format: undefined });
}

function requestOf(workflow: string, texts: string[], options: RunOptions): StartResearchRun {
  const { url, engine, allowHost, pages, offline, writer, set = [] } = options;
  if (!isBuiltIn(workflow)) return { workflow: 'own', input: { name: workflow, parameters: ownParameters(workflow, texts, options) } };
  if (set.length > 0) throw new SomnusError('invalid_request', `--set does not apply to the workflow ${workflow}`, { hint: 'It sets parameters of workflows of your own; see `somnus workflow ls`.' });
  const limits = { offline, ...(allowHost.length === 0 ? {} : { allowHosts: allowHost }), ...(pages === undefined ? {} : { maxPages: pages }) };
  const searched = { ...limits, urls: url, ...(engine.length === 0 ? {} : { engines: engine }) };
  if (writer !== undefined && workflow !== 'deep-dive') throw new SomnusError('invalid_request', `--writer does not apply to the workflow ${workflow}`, { hint: 'Leave it out.' });
  switch (workflow) {
    case 'fact-check': return { workflow, input: { ...searched, claims: texts } };
    case 'deep-dive': return { workflow, input: { ...searched, questions: texts, ...(writer === undefined ? {} : { writer }) } };
    case 'collect':
      if (engine.length > 0) throw new SomnusError('invalid_request', 'The workflow collect asks no search engine', { hint: 'Leave out --engine.' });
      return { workflow, input: { ...limits, urls: [...texts, ...url] } };
  }
}

function isBuiltIn(workflow: string): workflow is 'fact-check' | 'deep-dive' | 'collect' {
  return ['fact-check', 'deep-dive', 'collect'].includes(workflow);
}

function ownParameters(workflow: string, texts: string[], { url, engine, allowHost, pages, offline, writer, set = [] }: RunOptions): Record<string, string> {
  if (texts.length + url.length + engine.length + allowHost.length > 0 || pages !== undefined || offline || writer !== undefined) {
    throw new SomnusError('invalid_request', `The workflow ${workflow} is your own: it takes only --set NAME=VALUE`, { hint: `Its document has the rest: \`somnus workflow show ${workflow}\`.` });
  }
  return parsePairs(set, 'a parameter of the workflow');
}

export async function listRuns(cli: Cli, _args: unknown, options: PageOptions): Promise<void> {
  const runs: ResearchRunPage = await page(cli, '/v1/research/runs', {}, options);
  cli.out.list(runs, {
    columns: [{ title: 'ID' }, { title: 'WORKFLOW' }, { title: 'STARTED' }, { title: 'ABOUT' }],
    row: (run: ResearchRun) => [run.id, run.workflow, formatWhen(run.createdAt), sanitize(textsOf(run).join(' ')).slice(0, 80)],
    name: ({ id }) => id,
    none: 'No research runs. Start one with `somnus research run deep-dive QUESTION`.',
  });
}

function textsOf(run: ResearchRun): string[] {
  switch (run.workflow) {
    case 'fact-check': return run.input.claims;
    case 'deep-dive': return run.input.questions;
    case 'collect': return run.input.urls;
    case 'own': return [`${run.input.name} (version ${run.input.version})`, ...Object.entries(run.input.parameters).map(([name, set]) => `${name}=${set}`)];
  }
}

export async function showReport(cli: Cli, { run: id }: { run: string }, { format }: { format: 'markdown' | 'html' | undefined }): Promise<void> {
  const api = await cli.api();
  if (format !== undefined) {
    const content = await text(await api.open('get', '/v1/research/runs/{run}/report', { path: { run: id }, query: { format } }));
    cli.out.result({ report: content }, () => sanitizeConsole(content).trimEnd());
    return;
  }
  const run: ResearchRun = await api.call('get', '/v1/research/runs/{run}', { path: { run: id } });
  cli.out.result(run, () => (run.report === null ? `${id} has no report yet: see \`somnus op show ${run.operationId ?? ''}\`` : reportText(cli, run.report)));
}

export async function rememberRun(cli: Cli, { run }: { run: string }, { space }: { space: string | undefined }): Promise<void> {
  const remembered = await (await cli.api()).call('post', '/v1/research/runs/{run}/memories', { path: { run }, body: space === undefined ? {} : { space } });
  cli.out.result(remembered, () => (cli.out.quiet ? remembered.memories.join('\n') : `${remembered.stored} memories stored, ${remembered.known} already known`));
}

export async function removeRuns(cli: Cli, { runs }: { runs: string[] }): Promise<void> {
  const api = await cli.api();
  for (const run of runs) {
    await api.call('delete', '/v1/research/runs/{run}', { path: { run } });
    cli.out.item({ run }, () => (cli.out.quiet ? run : `Deleted ${sanitize(run)}`));
  }
}

function reportText(cli: Cli, report: ResearchReport): string {
  const { claims, sections, pages, injections, gaps, unresolved, droppedSentences, earlierRuns } = report;
  return [
    ...sections.map((section) => sectionText(cli, section, report)),
    ...claims.map((checked) => claimText(cli, checked)),
    ...(earlierRuns.length === 0 ? [] : [`Started from what was known: shares pages with ${earlierRuns.join(', ')}`]),
    `${pages.read} pages read, ${pages.blocked} blocked, ${pages.quarantined} quarantined, ${pages.failed} not collected; ${pages.stored} were already stored`,
    ...injections.map(({ url, spans }) => `${sanitize(url)}: passages that try to instruct agents: ${spans.length}; Somnus did not follow them`),
    ...(unresolved === 0 ? [] : [`Quotes left out because they are no longer in the stored pages: ${unresolved}`]),
    ...(droppedSentences === 0 ? [] : [`Sentences of the language model left out because their quotes do not support them: ${droppedSentences}`]),
    ...gaps.map((gap) => `Gap: ${sanitize(gap)}`),
  ].join('\n');
}

/** Numbers of findings refer to the list below the section. */
function sectionText(cli: Cli, { question, coverage, parts }: ReportSection, { findings }: ResearchReport): string {
  const cited = findings.filter(({ id }) => parts.some(({ sentences }) => sentences.some((sentence) => sentence.findings.includes(id))));
  return [
    `${cli.out.paint(coverageColor[coverage], coverage)}: ${sanitize(question)}`,
    ...parts.flatMap(({ title, sentences }) => [...(title === null ? [] : [`  ${sanitize(title)}`]), ...sentences.map((sentence) => `  ${sanitize(sentence.text)} [${sentence.findings.join(', ')}]`)]),
    ...cited.map(({ id, url, captureId, span }) => `    [${id}] ${sanitize(url)} (${captureId} ${span.start}-${span.end})`), '',
  ].join('\n');
}

function claimText(cli: Cli, { claim, verdict, explanation, evidence }: CheckedClaim): string {
  const line = ({ stance, quote, url, stated, outdated, captureId, span }: Evidence): string => (
    `  ${stance === 'supports' ? '+' : '-'} "${sanitize(quote)}"\n    ${sanitize(url)}${stated === null ? '' : `, ${sanitize(stated)}`}${outdated ? ', outdated' : ''} (${captureId} ${span.start}-${span.end})`
  );
  return [`${cli.out.paint(verdictColor[verdict], verdict)}: ${sanitize(claim)}`, `  ${explanation}`, ...evidence.map(line), ''].join('\n');
}
