// somnus user ls, rm
import type { Cli } from '../command.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

export async function listUsers(cli: Cli): Promise<void> {
  const users = await (await cli.api()).call('get', '/v1/users');
  cli.out.list(users, {
    columns: ['NAME', 'ID', 'KEYS', 'ENVIRONMENTS', 'CREATED'].map((title) => ({ title })),
    row: (user) => [sanitize(user.name), user.id, String(user.keys), String(user.environments), formatWhen(user.createdAt)],
    name: ({ name }) => sanitize(name),
    none: 'No users.',
  });
}

export async function removeUser(cli: Cli, args: { name: string }, options: { removeEnvironments: boolean; shredMemory: boolean; yes: boolean }): Promise<void> {
  const api = await cli.api();
  const name = sanitize(args.name);
  if (options.shredMemory) await confirm(`Remove ${name} and destroy all memory of this user?`, options.yes);
  const { removeEnvironments, shredMemory } = options;
  const removed = await api.call('delete', '/v1/users/{user}', { path: { user: args.name }, query: { removeEnvironments, shredMemory } });
  const { user, removedEnvironments, shreddedSpaces } = removed;
  cli.out.result(removed, () => (cli.out.quiet ? sanitize(user.name) : [
    `Removed ${sanitize(user.name)}; ${user.keys === 1 ? '1 key was' : `${user.keys} keys were`} revoked`,
    ...(removedEnvironments.length === 0 ? [] : [`removed environments, which \`somnus undelete\` restores: ${removedEnvironments.map(sanitize).join(', ')}`]),
    shredMemory ? `${shreddedSpaces} memory ${shreddedSpaces === 1 ? 'space was' : 'spaces were'} destroyed` : 'their memory is kept, encrypted; `somnus key create NAME --user` restores the user',
  ].join('\n')));
}
