// somnus secret set, ls, rm, grant, revoke
import type { Secret, SecretPage } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { readSecret } from '../terminal/secret-input.ts';

interface SetOptions {
  provider: Secret['provider'] | undefined; baseUrl: string | undefined; header: string | undefined; method: Secret['methods']; path: string[];
  perMinute: number | undefined; requests: number | undefined; bytes: number | undefined; allowPrivate: boolean; valueFile: string | undefined;
}

/** The key comes from standard input, a file or a prompt; never from the command line, which other users can see. */
export async function setSecret(cli: Cli, { name }: { name: string }, options: SetOptions): Promise<void> {
  const { provider = 'generic', baseUrl, header, method, path, perMinute, requests, bytes, allowPrivate, valueFile } = options;
  const value = await readSecret(valueFile ?? (process.stdin.isTTY ? undefined : '-'), `Key of ${name}: `, '--value-file');
  const secret: Secret = await (await cli.api()).call('put', '/v1/secrets/{secret}', { path: { secret: name }, body: {
    value, provider, baseUrl, header, methods: method.length === 0 ? undefined : method, paths: path.length === 0 ? undefined : path,
    budget: { ...(perMinute === undefined ? {} : { requestsPerMinute: perMinute }), ...(requests === undefined ? {} : { requests }), ...(bytes === undefined ? {} : { bytes }) }, ...(allowPrivate ? { allowPrivate } : {}),
  } });
  cli.out.result(secret, () => (cli.out.quiet ? secret.name : `Set ${secret.name} for ${secret.baseUrl}. ${secret.environments.length === 0 ? `Allow an environment to use it with \`somnus secret grant ${secret.name} NAME\`.` : `${secret.environments.length} environments may use it.`}`));
}

export async function listSecrets(cli: Cli): Promise<void> {
  const secrets: SecretPage = await (await cli.api()).call('get', '/v1/secrets');
  cli.out.list(secrets, {
    columns: [{ title: 'NAME' }, { title: 'SERVICE' }, { title: 'PATHS' }, { title: 'REQUESTS', align: 'right' }, { title: 'BYTES', align: 'right' }, { title: 'ENVIRONMENTS' }],
    row: ({ name, baseUrl, methods, paths, usage, budget, environments }: Secret) => [
      name, sanitize(baseUrl), `${methods.join(',')} ${sanitize(paths.join(' '))}`, used(usage.requests, budget.requests), used(usage.bytes, budget.bytes), environments.map((each) => each.name).join(', ') || '-',
    ],
    name: ({ name }) => name,
    none: 'No secrets. Set one with `somnus secret set NAME --provider anthropic`.',
  });
}

export async function removeSecret(cli: Cli, { name }: { name: string }): Promise<void> {
  await (await cli.api()).call('delete', '/v1/secrets/{secret}', { path: { secret: name } });
  if (!cli.out.json) cli.out.line(cli.out.quiet ? name : `Removed ${sanitize(name)}.`);
}

export async function grantSecret(cli: Cli, { name, environment }: { name: string; environment: string }): Promise<void> {
  const secret: Secret = await (await cli.api()).call('put', '/v1/secrets/{secret}/grants/{environment}', { path: { secret: name, environment } });
  cli.out.result(secret, () => (cli.out.quiet ? secret.name : `Programs in ${sanitize(environment)} reach ${sanitize(secret.baseUrl)} at http://127.0.0.1:7777/gateway/${secret.name}/`));
}

export async function revokeSecret(cli: Cli, { name, environment }: { name: string; environment: string }): Promise<void> {
  const secret: Secret = await (await cli.api()).call('delete', '/v1/secrets/{secret}/grants/{environment}', { path: { secret: name, environment } });
  cli.out.result(secret, () => (cli.out.quiet ? secret.name : `${sanitize(environment)} may no longer use ${secret.name}.`));
}

function used(amount: number, limit: number | null): string {
  return limit === null ? String(amount) : `${amount} of ${limit}`;
}
