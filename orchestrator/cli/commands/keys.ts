// somnus key create, ls, rm
import type { ApiKey, ApiKeyPage, KeyScope } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Cli } from '../command.ts';
import { page } from '../paging.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface CreateOptions { user: string | undefined; scope: KeyScope[]; environment: string | undefined; mayPurge: boolean; expiresInDays: number | undefined }

/** Prints only the secret on standard output, so that it can be redirected to a file. */
export async function createKey(cli: Cli, args: { name: string }, options: CreateOptions): Promise<void> {
  const { user, scope, environment, mayPurge, expiresInDays } = options;
  if (mayPurge && environment === undefined) throw new SomnusError('invalid_request', '--may-purge requires --environment', { hint: 'Keys that are not limited to one environment may always purge.' });
  const api = await cli.api();
  const body = { name: args.name, user, scopes: scope.length === 0 ? undefined : scope, environment, ...(mayPurge ? { mayPurge } : {}), expiresInDays };
  const key = await api.call('post', '/v1/keys', { body });
  cli.out.note(`${key.id} (${key.scopes.join(', ')})${key.expiresAt === null ? '' : `, expires ${formatWhen(key.expiresAt)}`}. The key is shown only once:`);
  cli.out.result(key, () => sanitize(key.secret));
}

export async function listKeys(cli: Cli, _args: unknown, options: { all: boolean; limit: number | undefined; cursor: string | undefined }): Promise<void> {
  const keys: ApiKeyPage = await page(cli, '/v1/keys', {}, options);
  cli.out.list(keys, {
    columns: ['ID', 'NAME', 'USER', 'SCOPES', 'ENVIRONMENT', 'CREATED', 'LAST USED', 'STATE'].map((title) => ({ title })),
    row: (key) => [key.id, sanitize(key.name), sanitize(key.user), key.scopes.join(','), key.environmentId === null ? '-' : `${key.environmentId}${key.mayPurge ? ' (may purge)' : ''}`, formatWhen(key.createdAt), formatWhen(key.lastUsedAt), stateOf(key)],
    name: ({ id }) => id,
    none: 'No keys.',
  });
}

export async function removeKeys(cli: Cli, args: { ids: string[] }): Promise<void> {
  const api = await cli.api();
  for (const id of args.ids) {
    const key = await api.call('delete', '/v1/keys/{id}', { path: { id } });
    const human = (): string => (cli.out.quiet ? key.id : `Revoked ${key.id} (${sanitize(key.name)})`);
    if (args.ids.length > 1) cli.out.item(key, human);
    else cli.out.result(key, human);
  }
}

function stateOf(key: ApiKey): string {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt === null) return 'valid';
  return Date.parse(key.expiresAt) < Date.now() ? 'expired' : `expires ${formatWhen(key.expiresAt)}`;
}
