// somnus start, stop, restart, suspend, resume, hibernate, wake, undelete, rm: changes of state, for one or more environments.
import { segment } from '../api/api-client.ts';
import { changeEnvironments } from '../change-environments.ts';
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface Waiting { wait: boolean }

/** Actions that take only names. */
export function lifecycleCommand(action: 'start' | 'suspend' | 'resume' | 'hibernate' | 'wake' | 'undelete') {
  return async (cli: Cli, args: { names: string[] }, options: Waiting): Promise<number> =>
    await changeEnvironments(cli, args.names, { method: 'POST', path: (name) => `/v1/environments/${segment(name)}/${action}` }, options);
}

/** Actions that can skip asking the guest. */
export function lifecycleCommandWithForce(action: 'stop' | 'restart') {
  return async (cli: Cli, args: { names: string[] }, options: Waiting & { force: boolean }): Promise<number> =>
    await changeEnvironments(cli, args.names, { method: 'POST', path: (name) => `/v1/environments/${segment(name)}/${action}`, body: { force: options.force } }, options);
}

export async function remove(cli: Cli, args: { names: string[] }, options: Waiting & { purge: boolean; yes: boolean }): Promise<number> {
  if (options.purge) await confirm(`Purge ${args.names.map(sanitize).join(', ')} with its disk and memory?`, options.yes);
  const change = { method: 'DELETE', path: (name: string) => `/v1/environments/${segment(name)}`, query: options.purge ? { purge: true } : {}, gone: 'purged' } as const;
  return await changeEnvironments(cli, args.names, change, options);
}
