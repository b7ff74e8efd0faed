// somnus create: from the image, or from a snapshot of another environment.
import { SomnusError } from '../../../common/errors.ts';
import type { NetworkPolicy, RestartPolicy } from '../../client/schema.d.ts';
import { changeEnvironments } from '../change-environments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Cli } from '../command.ts';
import { parsePairs } from '../parse-values.ts';

interface CreateOptions { profile: string | undefined; network: NetworkPolicy | undefined; restart: RestartPolicy | undefined; label: string[]; cpus: number | undefined; memory: number | undefined; disk: number | undefined; from: string | undefined; packs: string | undefined; onFailure: 'keep' | 'remove' | undefined; cold: boolean; wait: boolean }

export async function create(cli: Cli, args: { name: string }, options: CreateOptions): Promise<number> {
  if (options.onFailure !== undefined && options.packs === undefined) throw new SomnusError('invalid_request', '--on-failure needs --packs', { hint: 'It says what happens when a pack cannot be installed.' });
  if (options.from !== undefined) return await createFrom(cli, args.name, options.from, options);
  const body = {
    name: args.name,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(options.restart === undefined ? {} : { restartPolicy: options.restart }),
    ...(options.cpus === undefined ? {} : { vcpus: options.cpus }),
    ...(options.memory === undefined ? {} : { memoryMiB: options.memory }),
    ...(options.disk === undefined ? {} : { diskGiB: options.disk }),
    ...(options.packs === undefined ? {} : { packs: options.packs.split(',').filter((name) => name !== '') }),
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
    ...(options.cold ? { cold: true } : {}),
    ...(options.label.length === 0 ? {} : { labels: parsePairs(options.label, 'a label') }),
  };
  return await changeEnvironments(cli, [args.name], { send: async (api, _name, headers) => await api.call('post', '/v1/environments', { body, headers }) }, options);
}

/** A fork: it has the hardware, network and labels of its source. */
async function createFrom(cli: Cli, newName: string, from: string, { wait, label, cold, ...options }: CreateOptions): Promise<number> {
  const given = (['profile', 'network', 'restart', 'cpus', 'memory', 'disk', 'packs'] as const).filter((option) => options[option] !== undefined);
  if (cold) throw new SomnusError('invalid_request', '--from cannot be combined with --cold', { hint: 'Use `somnus fork NAME --disk-only` to boot from the disk of a snapshot.' });
  if (given.length + label.length > 0) throw new SomnusError('invalid_request', `--from cannot be combined with --${given[0] ?? 'label'}`, { hint: 'The new environment has the hardware and settings of its source. Change them afterwards with `somnus set` and `somnus profile apply`.' });
  const [, source = from, snapshot] = /^([^/]+)\/(.+)$/.exec(from) ?? [];
  const { fork } = await import('./snapshots.ts');
  await fork(cli, { name: source, newName }, { from: snapshot, count: undefined, diskOnly: false, wait });
  return exitCodes.ok;
}
