// somnus create
import type { NetworkPolicy } from '../../../supervisor/domain/network-policy.ts';
import type { RestartPolicy } from '../../environments/restart-policy.ts';
import { changeEnvironments } from '../change-environments.ts';
import type { Cli } from '../command.ts';
import { parsePairs } from '../parse-values.ts';

interface CreateOptions { profile: string | undefined; network: string | undefined; restart: string | undefined; label: string[]; wait: boolean }

export async function create(cli: Cli, args: { name: string }, options: CreateOptions): Promise<number> {
  const body = {
    name: args.name,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.network === undefined ? {} : { network: options.network as NetworkPolicy }),
    ...(options.restart === undefined ? {} : { restartPolicy: options.restart as RestartPolicy }),
    ...(options.label.length === 0 ? {} : { labels: parsePairs(options.label, 'a label') }),
  };
  return await changeEnvironments(cli, [args.name], { method: 'POST', path: () => '/v1/environments', body }, options);
}
