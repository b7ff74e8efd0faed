// somnus quarantine ls, take, adopt, rm: files and VMs that no record knows.
import type { Adopted, QuarantineItem, QuarantinePage } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatBytes, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** Deleting a large folder may take a while. */
const deleteTimeoutMs = 300_000;
/** The memory of each VM is saved. */
const takeTimeoutMs = 3_600_000;

export async function listQuarantine(cli: Cli): Promise<void> {
  const api = await cli.api();
  cli.out.list(await api.call('get', '/v1/quarantine'), {
    columns: [{ title: 'ID' }, { title: 'KIND' }, { title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'FOUND' }, { title: 'CAN BE RESTORED' }, { title: 'REASON' }],
    row: (item) => [item.id, item.kind, sanitize(item.name ?? ''), formatBytes(item.sizeBytes), formatWhen(item.foundAt), item.adoptable ? 'yes' : 'no', sanitize(item.reason)],
    name: ({ id }) => id,
    none: 'Nothing is in quarantine.',
  });
}

/** Moves everything that no record knows to quarantine. Running VMs are hibernated, which takes a while. */
export async function take(cli: Cli, _args: unknown, options: { yes: boolean }): Promise<void> {
  await confirm('Hibernate all VMs that the database does not know and move them to quarantine?', options.yes);
  const page = await takeUnknown(await cli.api());
  cli.out.result(page, () => `${page.items.length} in quarantine; decide about each with \`somnus recover\``);
}

export async function takeUnknown(api: ApiClient): Promise<QuarantinePage> {
  return await api.call('post', '/v1/quarantine/unknown', { timeoutMs: takeTimeoutMs });
}

export async function adopt(cli: Cli, args: { id: string }, options: { name: string | undefined }): Promise<void> {
  const adopted = await adoptItem(await cli.api(), args.id, options.name);
  cli.out.result(adopted, () => (cli.out.quiet ? adopted.name : adoptedSentence(adopted)));
}

export async function remove(cli: Cli, args: { id: string }, options: { yes: boolean }): Promise<void> {
  await confirm(`Permanently delete ${sanitize(args.id)}?`, options.yes);
  await deleteItem(await cli.api(), args.id);
  cli.out.result({ id: args.id }, () => (cli.out.quiet ? args.id : `Deleted ${sanitize(args.id)}`));
}

export async function adoptItem(api: ApiClient, id: string, name?: string): Promise<Adopted> {
  return await api.call('post', '/v1/quarantine/{item}/adopt', { path: { item: id }, body: name === undefined ? {} : { name } });
}

export async function deleteItem(api: ApiClient, id: string): Promise<void> {
  await api.call('delete', '/v1/quarantine/{item}', { path: { item: id }, timeoutMs: deleteTimeoutMs });
}

export function adoptedSentence({ name, snapshots }: Adopted): string {
  return `Restored ${sanitize(name)}${snapshots.length === 0 ? '' : ` with ${snapshots.length === 1 ? 'the snapshot' : 'the snapshots'} ${snapshots.map(sanitize).join(', ')}`}; see \`somnus show ${sanitize(name)}\``;
}

export function itemSentence(item: QuarantineItem): string {
  const what = item.name === null ? item.snapshotId ?? item.environmentId ?? item.id : item.name;
  return `${item.kind} ${sanitize(what)}, ${formatBytes(item.sizeBytes)}, found ${formatWhen(item.foundAt)}: ${sanitize(item.reason)}${item.blockedReason === null ? '' : `; it cannot be restored: ${sanitize(item.blockedReason)}`}\n  in ${sanitize(item.path)}`;
}
