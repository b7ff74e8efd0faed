// `somnus user ls` and `rm`.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RemovedUser, User } from '../../../orchestrator/users/user.ts';
import { problem, ScriptedApi } from './scripted-api.ts';
import { Terminal } from './terminal.ts';

const user = (change: Partial<User> = {}): User => ({ id: 'usr_00000000000000000000000000', name: 'bob', keys: 2, environments: 1, createdAt: '2026-01-02T03:04:05.000Z', ...change });
const removed = (change: Partial<RemovedUser> = {}): RemovedUser => ({ user: user(), removedEnvironments: [], shreddedSpaces: 0, ...change });

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

test('ls lists users with their keys and environments', async () => {
  api.on('GET /v1/users', { json: { items: [user(), user({ id: 'usr_1', name: 'carol', keys: 0, environments: 0 })], nextCursor: null } });
  const { code, stdout } = await api.somnus.run(['user', 'ls']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^NAME +ID +KEYS +ENVIRONMENTS +CREATED\nbob +usr_0+ +2 +1 +\S.*\ncarol +usr_1 +0 +0 +\S.*\n$/);
  expect((await api.somnus.run(['user', 'ls', '-q'])).stdout).toBe('bob\ncarol\n');
});

test('rm reports what happened to keys, environments and memory', async () => {
  api.on('DELETE /v1/users/bob', { json: removed({ removedEnvironments: ['box'] }) });
  expect(await api.somnus.run(['user', 'rm', 'bob', '--remove-environments'])).toMatchObject({
    code: 0, stdout: 'Removed bob; 2 keys were revoked\nremoved environments, which `somnus undelete` restores: box\ntheir memory is kept, encrypted; `somnus key create NAME --user` restores the user\n',
  });
  expect(Object.fromEntries(api.asked('DELETE /v1/users/bob')[0]?.query ?? [])).toMatchObject({ removeEnvironments: 'true' });
});

test('rm of a user who owns environments is refused, with what to do', async () => {
  api.on('DELETE /v1/users/bob', problem('invalid_state', 'bob owns 1 environment: box', { hint: 'Remove them first, or with `somnus user rm bob --remove-environments`.' }));
  expect(await api.somnus.run(['user', 'rm', 'bob'])).toMatchObject({ stdout: '', stderr: 'error: bob owns 1 environment: box\nhint: Remove them first, or with `somnus user rm bob --remove-environments`.\n' });
});

test('rm that destroys memory needs a yes: on a terminal, or --yes', async () => {
  api.on('DELETE /v1/users/bob', { json: removed({ shreddedSpaces: 1 }) });
  expect(await api.somnus.run(['user', 'rm', 'bob', '--shred-memory'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Add --yes') as string });
  await using terminal = new Terminal(api.somnus.commandLine('user', 'rm', 'bob', '--shred-memory'), api.somnus.environment());
  await terminal.shows(/destroy all memory of this user\?.*Type yes: /);
  terminal.type('no\r');
  await terminal.shows(/Nothing was changed/);
  expect(api.requests).toEqual([]);
  expect(await api.somnus.run(['user', 'rm', 'bob', '--shred-memory', '--yes'])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 memory space was destroyed') as string });
  expect(api.asked('DELETE /v1/users/bob')[0]?.query.get('shredMemory')).toBe('true');
});
