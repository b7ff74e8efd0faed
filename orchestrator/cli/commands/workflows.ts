// somnus workflow add, ls, show, export, rm
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { ResearchWorkflow, ResearchWorkflowPage } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';
import { formatFacts } from '../terminal/text-table.ts';

interface VersionOption { version: number | undefined }

export async function addWorkflow(cli: Cli, { file }: { file: string }): Promise<void> {
  const source = await text(file === '-' ? process.stdin : createReadStream(file));
  const workflow = await (await cli.api()).call('post', '/v1/research/workflows', { body: { source } });
  cli.out.result(workflow, () => (cli.out.quiet ? workflow.name : `Stored ${workflow.name}, version ${workflow.version}: run it with \`${runLine(workflow)}\``));
}

export async function listWorkflows(cli: Cli, _args: unknown, options: PageOptions): Promise<void> {
  const workflows: ResearchWorkflowPage = await page(cli, '/v1/research/workflows', {}, options);
  cli.out.list(workflows, {
    columns: [{ title: 'NAME' }, { title: 'VERSION', align: 'right' }, { title: 'ADDED' }, { title: 'PARAMETERS' }, { title: 'DESCRIPTION' }],
    row: ({ name, version, createdAt, parameters, description }: ResearchWorkflow) => [name, String(version), formatWhen(createdAt), Object.keys(parameters).join(', ') || '-', sanitize(description).slice(0, 80)],
    name: ({ name }) => name,
    none: 'No workflows of your own. Add one with `somnus workflow add FILE`.',
  });
}

export async function showWorkflow(cli: Cli, { name }: { name: string }, { version }: VersionOption): Promise<void> {
  const workflow = await read(cli, name, version);
  cli.out.result(workflow, () => formatFacts([
    ['name', workflow.name],
    ['version', `${workflow.version} of ${workflow.versions.join(', ')}`],
    ['added', formatWhen(workflow.createdAt)],
    ['description', sanitize(workflow.description)],
    ...Object.entries(workflow.parameters).map(([parameter, { description, default: standard }]): [string, string] => [`--set ${parameter}`, sanitize(`${description}${standard === undefined ? '' : ` (default ${standard})`}`)]),
    ['run', runLine(workflow)],
  ]));
}

export async function exportWorkflow(cli: Cli, { name }: { name: string }, { version }: VersionOption): Promise<void> {
  const workflow = await read(cli, name, version);
  cli.out.result(workflow, () => sanitizeConsole(workflow.source).trimEnd());
}

export async function removeWorkflows(cli: Cli, { names }: { names: string[] }): Promise<void> {
  const api = await cli.api();
  for (const name of names) {
    await api.call('delete', '/v1/research/workflows/{name}', { path: { name } });
    cli.out.item({ name }, () => (cli.out.quiet ? name : `Deleted ${sanitize(name)}`));
  }
}

async function read(cli: Cli, name: string, version: number | undefined): Promise<ResearchWorkflow> {
  return await (await cli.api()).call('get', '/v1/research/workflows/{name}', { path: { name }, query: { version } });
}

function runLine({ name, parameters }: ResearchWorkflow): string {
  return ['somnus research run', name, ...Object.entries(parameters).flatMap(([parameter, { default: standard }]) => (standard === undefined ? [`--set ${parameter}=…`] : []))].join(' ');
}
