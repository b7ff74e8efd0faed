// somnus memory status, setup, unlock, lock, rotate, recovery-key, key-file, add-space, rm-space
import { writeFileDurably } from '../../../common/durable-file.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { MemoryStatus } from '../../client/schema.d.ts';
import { readKeyFile } from '../../memory/key-file.ts';
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { readNewSecret, readSecret } from '../terminal/secret-input.ts';
import { formatFacts } from '../terminal/text-table.ts';

interface CredentialOptions { space: string | undefined; secretFile: string | undefined; recoveryKeyFile: string | undefined; keyFile: string | undefined }
type Credential = { space?: string } & ({ secret: string } | { recoveryKey: string } | { fileKey: string });

export async function memoryStatus(cli: Cli): Promise<void> {
  const api = await cli.api();
  printStatus(cli, await api.call('get', '/v1/memory'));
}

export async function setUpMemory(cli: Cli, _args: unknown, options: { secretFile: string | undefined }): Promise<void> {
  const api = await cli.api();
  const secret = await readNewSecret(options.secretFile, 'New secret for your memory (at least 12 characters): ', '--secret-file');
  printRecoveryKey(cli, await api.call('post', '/v1/memory/setup', { body: { secret } }));
}

export async function unlockMemory(cli: Cli, _args: unknown, options: CredentialOptions): Promise<void> {
  const api = await cli.api();
  printStatus(cli, await api.call('post', '/v1/memory/unlock', { body: await credential(options), timeoutMs: 120_000 }));
}

export async function lockMemory(cli: Cli, _args: unknown, options: { space: string | undefined }): Promise<void> {
  const api = await cli.api();
  printStatus(cli, await api.call('post', '/v1/memory/lock', { body: { space: options.space }, timeoutMs: 120_000 }));
}

export async function rotateSecret(cli: Cli, _args: unknown, options: CredentialOptions & { newSecretFile: string | undefined }): Promise<void> {
  const api = await cli.api();
  const old = await credential(options);
  const newSecret = await readNewSecret(options.newSecretFile, 'New secret: ', '--new-secret-file');
  await api.call('post', '/v1/memory/secret', { body: { credential: old, newSecret } });
  cli.out.result({ space: options.space ?? 'main' }, () => 'Changed the secret');
}

export async function newRecoveryKey(cli: Cli, _args: unknown, options: CredentialOptions): Promise<void> {
  const api = await cli.api();
  printRecoveryKey(cli, await api.call('post', '/v1/memory/recovery-key', { body: { credential: await credential(options) } }));
}

export async function makeKeyFile(cli: Cli, args: { file: string }, options: CredentialOptions): Promise<void> {
  const api = await cli.api();
  const { keyFile } = await api.call('post', '/v1/memory/key-file', { body: { credential: await credential(options) } });
  await writeFileDurably(args.file, keyFile);
  cli.out.note('Keep it out of the data folder and of backups. List it under memory.keyFiles in somnus.yaml to unlock memory at every start.');
  cli.out.result({ file: args.file }, () => `${sanitize(args.file)} unlocks your memory`);
}

export async function addSpace(cli: Cli, args: { name: string }, options: { secretFile: string | undefined }): Promise<void> {
  const api = await cli.api();
  const secret = await readNewSecret(options.secretFile, `New secret for ${args.name} (at least 12 characters): `, '--secret-file');
  printRecoveryKey(cli, await api.call('post', '/v1/memory/spaces', { body: { name: args.name, secret } }));
}

export async function removeSpace(cli: Cli, args: { name: string }, options: { yes: boolean }): Promise<void> {
  const api = await cli.api();
  await confirm(`Destroy the memory space ${args.name} with its keys and content?`, options.yes);
  const gone = await api.call('delete', '/v1/memory/spaces/{space}', { path: { space: args.name } });
  cli.out.result(gone, () => `Destroyed ${sanitize(args.name)}`);
}

/** Reads the credential that the options name. @throws invalid_request for more than one of them */
async function credential(options: CredentialOptions): Promise<Credential> {
  const { space, secretFile, recoveryKeyFile, keyFile } = options;
  if ([secretFile, recoveryKeyFile, keyFile].filter((file) => file !== undefined).length > 1) {
    throw new SomnusError('invalid_request', '--secret-file, --recovery-key-file and --key-file cannot be combined', { hint: 'Use only one of them.' });
  }
  const inSpace = space === undefined ? {} : { space };
  if (keyFile !== undefined) return { ...inSpace, fileKey: (await readKeyFile(keyFile)).fileKey };
  if (recoveryKeyFile !== undefined) return { ...inSpace, recoveryKey: await readSecret(recoveryKeyFile, 'Recovery key: ', '--recovery-key-file') };
  return { ...inSpace, secret: await readSecret(secretFile, `Secret of ${space === undefined ? 'your memory' : sanitize(space)}: `, '--secret-file') };
}

/** Prints only the key on standard output, so that it can be redirected to a file. */
function printRecoveryKey(cli: Cli, made: { recoveryKey: string }): void {
  cli.out.note('The recovery key is shown only once. It unlocks memory if you lose the secret; keep it on another computer:');
  cli.out.result(made, () => made.recoveryKey);
}

function printStatus(cli: Cli, status: MemoryStatus): void {
  const mode = status.mode === null ? null : status.mode === 'hybrid' ? 'by keywords and meaning' : `by keywords only: ${status.degraded ?? ''}`;
  cli.out.result(status, () => formatFacts([
    ['memory', status.state],
    ...(status.problem === null ? [] : [['problem', sanitize(status.problem)] as const]),
    ...(mode === null ? [] : [['finds', sanitize(mode)] as const]),
    ...(status.spaces.length === 0 ? [['spaces', 'none; create yours with `somnus memory setup`'] as const]
      : status.spaces.map((space) => [sanitize(space.name), `${space.unlocked ? 'unlocked' : 'locked'}${space.private ? ', private' : ''}`] as const)),
  ]));
}
