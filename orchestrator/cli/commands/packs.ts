// somnus pack …
import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledPack, InstalledPackPage, Operation, PackChangeAnswer, PackEntry, PackHistoryPage, PackStep, ShownPack } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { page, type PageOptions } from '../paging.ts';
import { parseCount } from '../parse-values.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';
import { environmentSentence } from '../views/environment-view.ts';
import { operationRow } from '../views/operation-view.ts';

interface Waiting { wait: boolean }
const idempotent = () => ({ 'idempotency-key': randomUUID() });
const OUTPUT_LINES = 20;

export async function listPacks(cli: Cli, _args: object, { environment }: { environment: string | undefined }): Promise<void> {
  const api = await cli.api();
  if (environment !== undefined) return listInstalled(cli, environment, await api.call('get', '/v1/environments/{ref}/packs', { path: { ref: environment } }));
  const packs = await api.call('get', '/v1/packs');
  cli.out.list(packs, {
    columns: [{ title: 'NAME' }, { title: 'VERSION' }, { title: 'STEPS', align: 'right' }, { title: 'DEPENDS' }, { title: 'DESCRIPTION' }],
    row: ({ name, version, steps, depends, description, problem }) => [name, sanitize(version ?? '-'), problem === null ? String(steps) : '-', depends.join(', '), sanitize(problem === null ? description ?? '' : `not valid: ${problem}`)],
    name: ({ name }) => name,
    none: 'No packs.',
  });
}

function listInstalled(cli: Cli, environment: string, packs: InstalledPackPage): void {
  cli.out.list(packs, {
    columns: [{ title: 'NAME' }, { title: 'VERSION' }, { title: 'STATE' }, { title: 'INSTALLED' }, { title: 'BY' }, { title: 'ENTRY', align: 'right' }],
    row: ({ name, version, complete, steps, at, actor, entry }: InstalledPack) => [name, sanitize(version), complete ? 'complete' : `partial: ${steps.join(', ')}`, formatWhen(at), actor ?? 'somnus', String(entry)],
    name: ({ name }) => name,
    none: `No packs. Install one with \`somnus pack install ${environment} PACK\`.`,
  });
}

export async function showPack(cli: Cli, args: { pack: string }): Promise<void> {
  const shown: ShownPack = await (await cli.api()).call('get', '/v1/packs/{name}', { path: { name: args.pack } });
  cli.out.result(shown, () => {
    const { pack, builtIn } = shown;
    const facts: [string, string][] = [
      ['name', pack.name], ['version', sanitize(pack.version)], ['description', sanitize(pack.description)], ['depends', pack.depends.join(', ') || 'on nothing'], ['needs', needsText(pack.needs)],
      ['origin', builtIn ? 'comes with Somnus' : 'added'], ['uninstall', pack.uninstall.length === 0 ? 'not possible' : pack.uninstall.map(({ name }) => name).join(', ')],
    ];
    const steps = formatTable([{ title: 'STEP' }, { title: 'DOES' }, { title: 'CHECK' }], pack.steps.map((step) => [step.name + (step.optional ? ' (optional)' : ''), sanitize(whatItDoes(step)), sanitize(oneLine(step.check))]));
    return `${formatFacts(facts)}\n\n${steps}`;
  });
}

export async function installPacks(cli: Cli, args: { name: string; packs: string[] }, options: Waiting): Promise<number> {
  const api = await cli.api();
  const answer = await api.call('post', '/v1/environments/{ref}/packs', { path: { ref: args.name }, body: { packs: args.packs.flatMap((names) => names.split(',')).filter((name) => name !== '') }, headers: idempotent() });
  return await finishChange(cli, args.name, answer, options);
}

export async function uninstallPack(cli: Cli, args: { name: string; pack: string }, options: Waiting): Promise<number> {
  const api = await cli.api();
  return await finishChange(cli, args.name, await api.call('delete', '/v1/environments/{ref}/packs/{name}', { path: { ref: args.name, name: args.pack }, headers: idempotent() }), options);
}

export async function verifyPacks(cli: Cli, args: { name: string; packs: string[] }, options: Waiting): Promise<number> {
  const api = await cli.api();
  const { operation } = await api.call('post', '/v1/environments/{ref}/packs/verify', { path: { ref: args.name }, body: { packs: args.packs }, headers: idempotent() });
  const ended = await outcome(cli, operation, options);
  if (ended === undefined) return exitCodes.ok;
  const { ok, results } = ended.result as { ok: boolean; results: { pack: string; version: string; step: string; ok: boolean; output: string }[] };
  cli.out.result(ended.result, () => formatTable([{ title: 'PACK' }, { title: 'VERSION' }, { title: 'STEP' }, { title: 'CHECK' }], results.map((each) => [sanitize(each.pack), sanitize(each.version), sanitize(each.step), each.ok ? 'ok' : 'failed'])));
  for (const each of results) if (!each.ok) cli.out.note(`The check of ${sanitize(each.step)} of ${sanitize(each.pack)} failed:\n${endOf(each.output)}`);
  return ok ? exitCodes.ok : exitCodes.error;
}

export async function packHistory(cli: Cli, args: { name: string }, options: PageOptions): Promise<void> {
  const entries: PackHistoryPage = await page(cli, '/v1/environments/{ref}/packs/history', { path: { ref: args.name } }, options);
  cli.out.list(entries, {
    columns: [{ title: 'ENTRY', align: 'right' }, { title: '' }, { title: 'WHAT' }, { title: 'WHEN' }, { title: 'BY' }, { title: 'SNAPSHOT' }],
    row: (entry) => [String(entry.number), entry.current ? '*' : '', entryText(entry), formatWhen(entry.at), entry.actor ?? 'somnus', entry.snapshot ?? '-'],
    name: ({ number }) => String(number),
    none: `No packs were ever installed. Install one with \`somnus pack install ${args.name} PACK\`.`,
  });
}

export async function returnToEntry(cli: Cli, args: { name: string; entry: string }, options: Waiting & { safety: boolean }): Promise<void> {
  const api = await cli.api();
  const answer = await api.call('post', '/v1/environments/{ref}/packs/return', { path: { ref: args.name }, body: { entry: parseCount(args.entry, 1), safety: options.safety }, headers: idempotent() });
  if (answer.operation !== null && await outcome(cli, answer.operation, options) === undefined) return;
  const environment = await api.call('get', '/v1/environments/{ref}', { path: { ref: args.name } });
  cli.out.result(environment, () => (cli.out.quiet ? environment.name : environmentSentence(environment)));
}

export async function createPack(cli: Cli, args: { path: string }, { replace }: { replace: boolean }): Promise<void> {
  const yaml = await readPack(args.path);
  const shown: ShownPack = await (await cli.api()).call('post', '/v1/packs', { body: { yaml, replace }, headers: idempotent() });
  cli.out.result(shown, () => (cli.out.quiet ? shown.pack.name : sanitize(`The pack ${shown.pack.name} ${shown.pack.version} can be installed: \`somnus pack install NAME ${shown.pack.name}\``)));
}

export async function removePack(cli: Cli, args: { pack: string }): Promise<void> {
  await (await cli.api()).call('delete', '/v1/packs/{name}', { path: { name: args.pack } });
  if (!cli.out.json) cli.out.line(cli.out.quiet ? args.pack : `The pack ${sanitize(args.pack)} is removed.`);
}

async function readPack(path: string): Promise<string> {
  try {
    return await readFile((await stat(path)).isDirectory() ? join(path, 'pack.yaml') : path, 'utf8');
  } catch (cause) {
    throw new SomnusError('invalid_request', `${path} cannot be read: ${(cause as Error).message}`, { hint: 'Name a pack.yaml, or the folder that contains it.', cause });
  }
}

async function finishChange(cli: Cli, name: string, { operation, already, skipped }: PackChangeAnswer, options: Waiting): Promise<number> {
  for (const pack of already) cli.out.note(sanitize(`${pack.name} ${pack.version} is installed already; nothing to do for it.`));
  for (const { pack, step, reason } of skipped) cli.out.note(sanitize(`The optional step ${step} of ${pack} is skipped: ${reason}.`));
  if (operation !== null && await outcome(cli, operation, options) === undefined) return exitCodes.ok;
  const installed: InstalledPackPage = await (await cli.api()).call('get', '/v1/environments/{ref}/packs', { path: { ref: name } });
  cli.out.result(operation === null ? { operation, already, skipped } : installed, () => {
    if (cli.out.quiet) return installed.items.map((pack) => pack.name).join('\n');
    return sanitize(installed.items.length === 0 ? `${name} has no packs` : `${name} has: ${installed.items.map((pack) => `${pack.name} ${pack.version}${pack.complete ? '' : ' (partial)'}`).join(', ')}`);
  });
  return exitCodes.ok;
}

/** Waits for the operation; without waiting, prints it and returns undefined. @throws why the operation failed, after printing the end of the output of a failed step */
async function outcome(cli: Cli, operation: Operation, { wait }: Waiting): Promise<Operation | undefined> {
  if (!wait) {
    cli.out.result(operation, () => (cli.out.quiet ? operation.id : operationRow(cli.out, operation).slice(0, 4).join('   ')));
    return undefined;
  }
  const [ended = operation] = await followOperations(cli, [operation]);
  const failure = operationFailure(ended);
  if (failure === undefined) return ended;
  const { output } = failure.details;
  if (typeof output === 'string' && output !== '') cli.out.note(`The end of the output:\n${endOf(output)}`);
  throw failure;
}

function endOf(output: string): string {
  return sanitizeConsole(output).split('\n').slice(-OUTPUT_LINES).map((line) => `  ${line}`).join('\n');
}

function entryText({ action, pack, version, step, completes }: PackEntry): string {
  if (action === 'before') return sanitize(`before ${pack} ${version}`);
  const done = completes ? { install: ', installed', upgrade: ', upgraded', uninstall: ', uninstalled' }[action] : '';
  return sanitize(`${pack} ${version}: ${step}${done}`);
}

function whatItDoes({ apt, npm, pip, file, service, command }: PackStep): string {
  if (apt) return `apt: ${apt.join(' ')}`;
  if (npm) return `npm: ${npm.join(' ')}`;
  if (pip) return `pip in ${pip.venv}: ${pip.packages.join(' ')}`;
  if (file) return `file ${file.path}`;
  if (service) return `service ${service.name}`;
  return `command: ${oneLine(command ?? '')}`;
}

function oneLine(script: string): string {
  const lines = script.trim().split('\n');
  const [first = ''] = lines;
  return first.length > 60 || lines.length > 1 ? `${first.slice(0, 60)} …` : first;
}

function needsText({ memoryMiB, diskMiB }: ShownPack['pack']['needs']): string {
  return [...(memoryMiB === undefined ? [] : [`${memoryMiB} MiB of memory`]), ...(diskMiB === undefined ? [] : [`${diskMiB} MiB of disk space`])].join(', ') || 'nothing special';
}
