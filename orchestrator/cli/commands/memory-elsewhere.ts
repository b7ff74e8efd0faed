// somnus memory backup, restore, export, import, token, training
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { writeFileDurably } from '../../../common/durable-file.ts';
import { SomnusError } from '../../../common/errors.ts';
import { exists } from '../../../common/exists.ts';
import type { ChatLogFormat, TrainingState } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { readNewSecret, readSecret } from '../terminal/secret-input.ts';

const LONG_MS = 900_000;

/** @throws invalid_request when the file exists: overwriting a sealed export would lose it */
async function assertNoFile(file: string, force: boolean): Promise<void> {
  if (force || !(await exists(file))) return;
  throw new SomnusError('invalid_request', `${file} already exists; nothing was written`, { hint: 'Choose another name, or overwrite it with --force.', details: { path: file } });
}

export async function backUpMemory(cli: Cli, args: { folder: string }, options: { keys: string | undefined }): Promise<void> {
  const api = await cli.api();
  const made = await api.call('post', '/v1/memory/backup', { body: backupFolders(args.folder, options.keys), timeoutMs: LONG_MS });
  cli.out.result(made, () => `${sanitize(made.folder)} contains the encrypted memory of all users${made.keysFolder === null ? '; the keys were not copied' : `; ${sanitize(made.keysFolder)} contains the wrapped keys`}`);
}

export async function restoreMemory(cli: Cli, args: { folder: string }, options: { keys: string | undefined; yes: boolean }): Promise<void> {
  const api = await cli.api();
  await confirm(`Replace the memory of all users with the backup in ${args.folder}?`, options.yes);
  const done = await api.call('post', '/v1/memory/restore', { body: backupFolders(args.folder, options.keys), timeoutMs: LONG_MS });
  cli.out.result(done, () => `Restored the backup from ${formatWhen(done.at)}; added the keys of ${done.spacesWithKeys} spaces${done.previous === null ? '' : `; the previous content is kept as ${sanitize(done.previous)}`}`);
}

function backupFolders(folder: string, keys: string | undefined): { folder: string; keysFolder?: string } {
  return { folder: resolve(folder), ...keys === undefined ? {} : { keysFolder: resolve(keys) } };
}

type InSpace = { space: string | undefined };

export async function exportMemory(cli: Cli, args: { file: string }, options: InSpace & { core: boolean; force: boolean; passphraseFile: string | undefined }): Promise<void> {
  const api = await cli.api();
  await assertNoFile(args.file, options.force);
  const passphrase = await readNewSecret(options.passphraseFile, 'New passphrase for the file (at least 12 characters): ', '--passphrase-file');
  const content = await text(await api.open('post', '/v1/memory/export', { body: { passphrase, core: options.core, space: options.space }, timeoutMs: LONG_MS }));
  await writeFileDurably(args.file, content);
  cli.out.result({ file: args.file, sizeBytes: Buffer.byteLength(content) }, () => `${sanitize(args.file)} contains ${options.core ? 'the core' : 'everything'}, encrypted with the passphrase`);
}

export async function importMemory(cli: Cli, args: { file: string }, options: InSpace & { format: ChatLogFormat | undefined; token: boolean; passphraseFile: string | undefined }): Promise<void> {
  const api = await cli.api();
  const { space, format } = options;
  const content = await readFile(args.file, 'utf8');
  if (!options.token && format === undefined) assertExport(args.file, content); // before a passphrase is asked for
  const timeoutMs = LONG_MS;
  const done = options.token ? await api.call('post', '/v1/memory/import-token', { body: { ...parseToken(content), space }, timeoutMs })
    : format === undefined ? await api.call('post', '/v1/memory/import', { body: { file: content, passphrase: await readSecret(options.passphraseFile, 'Passphrase of the file: ', '--passphrase-file'), space }, timeoutMs })
      : await api.call('post', '/v1/memory/import-chat', { body: { text: content, format, space }, timeoutMs });
  cli.out.result(done, () => [
    `${done.stored} stored, ${done.duplicates} already existed${done.forgotten === 0 ? '' : `, ${done.forgotten} skipped because they were forgotten here`}`,
    ...done.refused.map(({ line, problem }) => `  line ${line} was not stored: ${sanitize(problem)}`),
  ].join('\n'));
}

/** @throws invalid_request for a file that is not one of our exports */
function assertExport(file: string, content: string): void {
  if (/^\s*\{\s*"somnusMemoryExport"/.test(content)) return;
  throw new SomnusError('invalid_request', `${file} is not a Somnus export; give --format`, { hint: 'For example --format openai for a chat log, or --token for a token; see `somnus memory import --help`.' });
}

export async function exportToken(cli: Cli, args: { id: string; file: string }, options: InSpace & { force: boolean }): Promise<void> {
  const api = await cli.api();
  await assertNoFile(args.file, options.force);
  const made = await api.call('post', '/v1/memory/memories/{id}/token', { path: { id: args.id }, body: { space: options.space } });
  await writeFileDurably(args.file, `${JSON.stringify(made, null, 2)}\n`);
  cli.out.result({ file: args.file }, () => `${sanitize(args.file)} contains the token and the key that decrypts it; send them separately`);
}

export async function trainingData(cli: Cli, _args: unknown, options: InSpace & { consent: string | undefined; revoke: string | undefined; export: string | undefined; force: boolean }): Promise<void> {
  const api = await cli.api();
  const { space } = options;
  if ([options.consent, options.revoke, options.export].filter((given) => given !== undefined).length > 1) throw new SomnusError('invalid_request', '--consent, --revoke and --export cannot be combined', { hint: 'Use only one of them.' });
  if (options.export !== undefined) {
    await assertNoFile(options.export, options.force);
    const jsonl = await text(await api.open('post', '/v1/memory/training/export', { body: { space }, timeoutMs: LONG_MS }));
    await writeFileDurably(options.export, jsonl);
    const lines = jsonl.split('\n').length - 1;
    return cli.out.result({ file: options.export, conversations: lines }, () => `${sanitize(options.export ?? '')}: ${lines} conversations`);
  }
  const conversationId = options.consent ?? options.revoke;
  const state = conversationId === undefined ? await api.call('get', '/v1/memory/training', { query: { space } })
    : await api.call('post', '/v1/memory/training/consent', { body: { conversationId, granted: options.consent !== undefined, space } });
  cli.out.result(state, () => stateText(state));
}

function stateText({ consents, exports }: TrainingState): string {
  return [
    consents.length === 0 ? 'No conversation may be used for training.' : `May be used: ${consents.map(({ conversationId }) => sanitize(conversationId)).join(', ')}`,
    ...exports.map((one) => `${one.id}  ${formatWhen(one.at)}  ${one.conversations.length} conversations, ${one.messages} messages`
      + `${one.revokedConversations.length === 0 ? '' : `; revoked since: ${one.revokedConversations.map(sanitize).join(', ')}`}${one.revokedMemories.length === 0 ? '' : `; forgotten since: ${one.revokedMemories.join(', ')}`}`),
  ].join('\n');
}

function parseToken(content: string): { token: string; key: string } {
  try {
    const { token, key } = JSON.parse(content) as { token?: unknown; key?: unknown };
    if (typeof token === 'string' && typeof key === 'string') return { token, key };
  } catch {
    // Not JSON: refused below.
  }
  throw new SomnusError('invalid_request', 'The file does not contain a token with its key', { hint: 'Create one with `somnus memory token ID FILE`.' });
}
