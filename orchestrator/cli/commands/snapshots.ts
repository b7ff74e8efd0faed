// somnus snapshot …, somnus fork
import { randomUUID } from 'node:crypto';
import type { Operation, SnapshotAnswer, SnapshotPage } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { page } from '../paging.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts } from '../terminal/text-table.ts';
import { environmentSentence } from '../views/environment-view.ts';
import { operationRow } from '../views/operation-view.ts';
import { asTree, snapshotColumns, snapshotFacts, snapshotRow, snapshotSentence } from '../views/snapshot-view.ts';

/** As long as the control plane allows; other comparisons may be waiting. */
const diffTimeoutMs = 20 * 60_000;

interface Waiting { wait: boolean }
interface Target { name: string; snapshot: string }

/** @throws invalid_request when an argument that may be left out is given more than once */
function atMostOne(given: readonly string[], argument: string): string | undefined {
  if (given.length > 1) throw new SomnusError('invalid_request', `Only one ${argument} can be given, not ${given.length}`);
  return given[0];
}

const ofSnapshot = ({ name, snapshot }: Target) => ({ ref: name, snapshot });
const idempotent = () => ({ 'idempotency-key': randomUUID() });

export async function createSnapshot(cli: Cli, args: { name: string; snapshot: string[] }, options: Waiting & { diskOnly: boolean; description: string | undefined }): Promise<void> {
  const name = atMostOne(args.snapshot, 'SNAP');
  const body = { ...(name === undefined ? {} : { name }), ...(options.description === undefined ? {} : { description: options.description }), memory: !options.diskOnly };
  const api = await cli.api();
  await finish(cli, api, await api.call('post', '/v1/environments/{ref}/snapshots', { path: { ref: args.name }, body, headers: idempotent() }), options, { of: args.name });
}

export async function listSnapshots(cli: Cli, args: { name: string }, options: { removed: boolean; all: boolean; limit: number | undefined; cursor: string | undefined }): Promise<void> {
  const snapshots: SnapshotPage = await page(cli, '/v1/environments/{ref}/snapshots', { path: { ref: args.name }, query: { removed: options.removed ? 'only' : undefined } }, options);
  const tree = cli.out.json || cli.out.quiet ? [] : asTree(snapshots.items);
  const branches = new Map(tree.map(({ snapshot, branch }) => [snapshot.id, branch]));
  cli.out.list(tree.length === 0 ? snapshots : { ...snapshots, items: tree.map(({ snapshot }) => snapshot) }, {
    columns: snapshotColumns,
    row: (snapshot) => snapshotRow(snapshot, branches.get(snapshot.id) ?? ''),
    name: ({ name }) => name,
    none: options.removed ? 'No removed snapshots.' : `No snapshots. Take one with \`somnus snapshot create ${args.name}\`.`,
  });
}

export async function showSnapshot(cli: Cli, args: Target): Promise<void> {
  const api = await cli.api();
  const snapshot = await api.call('get', '/v1/environments/{ref}/snapshots/{snapshot}', { path: ofSnapshot(args) });
  cli.out.result(snapshot, () => formatFacts(snapshotFacts(snapshot)));
}

export async function setSnapshot(cli: Cli, args: Target, options: { name: string | undefined; description: string | undefined }): Promise<void> {
  const api = await cli.api();
  const { name, description } = options;
  const snapshot = await api.call('patch', '/v1/environments/{ref}/snapshots/{snapshot}', { path: ofSnapshot(args), body: { name, description } });
  const now = [...(name === undefined ? [] : [`name ${snapshot.name}`]), ...(description === undefined ? [] : [snapshot.description === '' ? 'no description' : `description "${snapshot.description}"`])];
  cli.out.result(snapshot, () => (cli.out.quiet ? snapshot.name : sanitize(`${args.snapshot} now has: ${now.join(', ')}`)));
}

export async function restoreSnapshot(cli: Cli, args: Target, options: Waiting & { safety: boolean; diskOnly: boolean }): Promise<void> {
  const api = await cli.api();
  const answer = await api.call('post', '/v1/environments/{ref}/snapshots/{snapshot}/restore', { path: ofSnapshot(args), body: { safety: options.safety, memory: !options.diskOnly }, headers: idempotent() });
  const operation = await outcome(cli, answer.operation, options);
  if (operation === undefined) return;
  const environment = await api.call('get', '/v1/environments/{ref}', { path: { ref: args.name } });
  cli.out.result(environment, () => (cli.out.quiet ? environment.name : environmentSentence(environment)));
}

const changeLetters = { added: 'A', changed: 'C', removed: 'D' } as const;

export async function diffSnapshots(cli: Cli, args: Target & { to: string[] }): Promise<void> {
  const to = atMostOne(args.to, 'TO');
  const api = await cli.api();
  cli.out.note('Comparing the disks. Changes that were only in the guest\'s memory when a snapshot was taken are not listed; `sync` in the guest writes them.');
  const diff = await api.call('get', '/v1/environments/{ref}/snapshots/{snapshot}/diff', { path: ofSnapshot(args), query: { to }, timeoutMs: diffTimeoutMs });
  cli.out.result(diff, () => (diff.changes.length === 0 ? 'No file on the disks differs.' : diff.changes.map(({ change, path, type }) => `${changeLetters[change]} ${sanitize(path)}${type === 'directory' ? '/' : ''}`).join('\n')));
}

export async function checkSnapshot(cli: Cli, args: Target, options: Waiting): Promise<void> {
  const api = await cli.api();
  const answer = await api.call('post', '/v1/environments/{ref}/snapshots/{snapshot}/check', { path: ofSnapshot(args), headers: idempotent() });
  await finish(cli, api, answer, options, { of: args.name });
}

export async function removeSnapshot(cli: Cli, args: Target, options: Waiting & { purge: boolean; withChildren: boolean }): Promise<void> {
  const query = { ...(options.purge ? { purge: true } : {}), ...(options.withChildren ? { withChildren: true } : {}) };
  const api = await cli.api();
  await finish(cli, api, await api.call('delete', '/v1/environments/{ref}/snapshots/{snapshot}', { path: ofSnapshot(args), query, headers: idempotent() }), options, { gone: `${args.snapshot} is purged` });
}

export async function undeleteSnapshot(cli: Cli, args: Target): Promise<void> {
  const api = await cli.api();
  const snapshot = await api.call('post', '/v1/environments/{ref}/snapshots/{snapshot}/undelete', { path: ofSnapshot(args) });
  cli.out.result(snapshot, () => (cli.out.quiet ? snapshot.name : snapshotSentence(snapshot)));
}

export async function fork(cli: Cli, args: { name: string; newName: string }, options: Waiting & { from: string | undefined; count: number | undefined; diskOnly: boolean }): Promise<void> {
  const body = {
    name: args.newName, memory: !options.diskOnly, ...(options.from === undefined ? {} : { snapshot: options.from }), ...(options.count === undefined ? {} : { count: options.count }),
  };
  const api = await cli.api();
  const answer = await api.call('post', '/v1/environments/{ref}/fork', { path: { ref: args.name }, body, headers: idempotent() });
  if (await outcome(cli, answer.operation, options) === undefined) return;
  const forks = await Promise.all(answer.environments.map(async ({ id }) => await api.call('get', '/v1/environments/{ref}', { path: { ref: id } })));
  for (const environment of forks) {
    const human = (): string => (cli.out.quiet ? environment.name : environmentSentence(environment));
    if (options.count === undefined) cli.out.result(environment, human);
    else cli.out.item(environment, human);
  }
}

/** Prints the snapshot after the operation has ended, or that it is gone. `of` is its environment. */
async function finish(cli: Cli, api: ApiClient, answer: SnapshotAnswer, options: Waiting, then: { of?: string; gone?: string }): Promise<void> {
  let { snapshot } = answer;
  if (answer.operation !== null) {
    const operation = await outcome(cli, answer.operation, options);
    if (operation === undefined) return;
    snapshot = then.of !== undefined && snapshot ? await api.call('get', '/v1/environments/{ref}/snapshots/{snapshot}', { path: { ref: then.of, snapshot: snapshot.id } }) : null;
    if (snapshot === null) return cli.out.result(operation, () => (cli.out.quiet ? operation.id : then.gone ?? operation.status));
  }
  cli.out.result(snapshot, () => (snapshot === null ? '' : cli.out.quiet ? snapshot.name : snapshotSentence(snapshot)));
}

/** Waits for the operation; without waiting, prints it and returns undefined. @throws why the operation failed */
async function outcome(cli: Cli, operation: Operation | null, { wait }: Waiting): Promise<Operation | undefined> {
  if (operation === null) return undefined;
  if (!wait) {
    cli.out.result(operation, () => (cli.out.quiet ? operation.id : operationRow(cli.out, operation).slice(0, 4).join('   ')));
    return undefined;
  }
  const [ended = operation] = await followOperations(cli, [operation]);
  const failure = operationFailure(ended);
  if (failure) throw failure;
  return ended;
}
