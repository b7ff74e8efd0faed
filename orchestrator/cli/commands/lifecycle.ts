// somnus start, stop, restart, suspend, resume, hibernate, wake, undelete, rm: changes of state, for one or more environments.
import { changeEnvironments } from '../change-environments.ts';
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface Waiting { wait: boolean }

/** Actions that take only names. */
export function lifecycleCommand(action: 'start' | 'suspend' | 'resume' | 'hibernate' | 'wake' | 'undelete') {
  return async (cli: Cli, args: { names: string[] }, options: Waiting): Promise<number> =>
    await changeEnvironments(cli, args.names, { send: async (api, ref, headers) => await api.call('post', `/v1/environments/{ref}/${action}`, { path: { ref }, headers }) }, options);
}

/** Actions that can skip asking the guest. */
export function lifecycleCommandWithForce(action: 'stop' | 'restart') {
  return async (cli: Cli, args: { names: string[] }, options: Waiting & { force: boolean }): Promise<number> =>
    await changeEnvironments(cli, args.names, { send: async (api, ref, headers) => await api.call('post', `/v1/environments/{ref}/${action}`, { path: { ref }, body: { force: options.force }, headers }) }, options);
}

export async function remove(cli: Cli, args: { names: string[] }, options: Waiting & { purge: boolean; yes: boolean }): Promise<number> {
  if (options.purge) await confirm(`Purge ${args.names.map(sanitize).join(', ')} with its disk and memory?`, options.yes);
  const query = options.purge ? { purge: true } : {};
  return await changeEnvironments(cli, args.names, { send: async (api, ref, headers) => await api.call('delete', '/v1/environments/{ref}', { path: { ref }, query, headers }), gone: 'purged' }, options);
}
