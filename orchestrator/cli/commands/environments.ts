// somnus ls, show, set: lists and shows environments, and changes what needs no operation.
import type { Environment, EnvironmentPage, EnvironmentState, NetworkPolicy, RestartPolicy, UpdateEnvironment } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Cli } from '../command.ts';
import { page } from '../paging.ts';
import { parsePairs } from '../parse-values.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts } from '../terminal/text-table.ts';
import { consoleLines, environmentColumns, environmentFacts, environmentRow } from '../views/environment-view.ts';

interface ListOptions { state: EnvironmentState | undefined; profile: string | undefined; name: string | undefined; label: string | undefined; removed: boolean; all: boolean; limit: number | undefined; cursor: string | undefined }

export async function listEnvironments(cli: Cli, _args: unknown, options: ListOptions): Promise<void> {
  const { state, profile, name, label } = options;
  const environments: EnvironmentPage = await page(cli, '/v1/environments', { query: { state, profile, name, label, removed: options.removed ? 'only' : undefined } }, options);
  const filtered = options.removed || [state, profile, name, label].some((filter) => filter !== undefined);
  if (environments.items.length === 0 && !filtered) await warnOfUnknownVms(cli);
  cli.out.list(environments, {
    columns: environmentColumns,
    row: (environment) => environmentRow(cli.out, environment),
    name: (environment) => environment.name,
    none: [state, profile, name, label].some((filter) => filter !== undefined) ? `No ${options.removed ? 'removed ' : ''}environment matches.`
      : options.removed ? 'No removed environments.' : 'No environments. Create one with `somnus create NAME`.',
  });
}

/** An empty list misleads when the host runs VMs that the database does not know. */
async function warnOfUnknownVms(cli: Cli): Promise<void> {
  const unknownVms = await (await cli.api()).call('get', '/v1/host').then((host) => host.unknownVms, () => 0); // the list itself did not fail
  if (unknownVms > 0) cli.out.warn(`The database does not know ${unknownVms} ${unknownVms === 1 ? 'VM' : 'VMs'} of this host; \`somnus doctor\` shows what to do.`);
}

export async function showEnvironment(cli: Cli, args: { name: string }): Promise<void> {
  const api = await cli.api();
  const environment = await api.call('get', '/v1/environments/{ref}', { path: { ref: args.name } });
  cli.out.result(environment, () => [formatFacts(environmentFacts(cli.out, environment)), ...consoleLines(environment)].join('\n'));
}

interface SetOptions { name: string | undefined; network: NetworkPolicy | undefined; restart: RestartPolicy | undefined; label: string[]; unlabel: string[] }

/** What the changed settings are now. */
function settingsSentence(before: Environment, { name, network, restartPolicy, labels }: UpdateEnvironment): string {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}=${text}`);
  const now = [
    ...(name === undefined ? [] : [`name ${name}`]), ...(network === undefined ? [] : [`network ${network}`]), ...(restartPolicy === undefined ? [] : [`restart ${restartPolicy}`]),
    ...(labels === undefined ? [] : [pairs.length === 0 ? 'no labels' : `labels ${pairs.join(' ')}`]),
  ];
  return sanitize(`${before.name} now has: ${now.join(', ')}`);
}

/** Keeps label changes by others: applies the change to the labels it has read, and tries again if they are no longer current. */
export async function setEnvironment(cli: Cli, args: { name: string }, options: SetOptions): Promise<void> {
  const changesLabels = options.label.length + options.unlabel.length > 0;
  if (options.name === undefined && options.network === undefined && options.restart === undefined && !changesLabels) {
    throw new SomnusError('invalid_request', 'Nothing to set', { hint: 'Use --name, --network, --restart, --label or --unlabel.' });
  }
  const labels = parsePairs(options.label, 'a label');
  const api = await cli.api();
  for (let attempt = 1; ; attempt += 1) {
    const before = await api.call('get', '/v1/environments/{ref}', { path: { ref: args.name } });
    const kept = Object.entries(before.labels).filter(([key]) => !options.unlabel.includes(key));
    const body = {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.network === undefined ? {} : { network: options.network }),
      ...(options.restart === undefined ? {} : { restartPolicy: options.restart }),
      ...(changesLabels ? { labels: { ...Object.fromEntries(kept), ...labels } } : {}),
    };
    try {
      const after = await api.call('patch', '/v1/environments/{ref}', { path: { ref: before.id }, body, headers: { 'if-match': `"${before.version}"` } });
      cli.out.result(after, () => (cli.out.quiet ? after.name : settingsSentence(before, body)));
      return;
    } catch (error) {
      if (!(error instanceof SomnusError) || error.code !== 'precondition_failed' || attempt >= 5) throw error;
    }
  }
}
