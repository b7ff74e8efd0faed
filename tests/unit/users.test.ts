// Who may destroy permanently, and what happens to the objects of a user who is removed.
import { expect, test } from 'vitest';
import { assertMayPurge, type Caller } from '../../orchestrator/keys/caller.ts';
import { CreateApiKey } from '../../orchestrator/keys/api-key.ts';
import { SqliteApiKeys } from '../../orchestrator/keys/sqlite-api-keys.ts';
import { Users } from '../../orchestrator/users/users.ts';
import { openWorkshop, scratchFolder, type Workshop } from '../support/operations.ts';

const ENVIRONMENT = `env_${'0'.repeat(26)}`;
const keysOf = (shop: Workshop): SqliteApiKeys => new SqliteApiKeys({ store: shop.store, events: shop.events, resolveEnvironment: async () => ENVIRONMENT });

async function caller(keys: SqliteApiKeys, user: string, scopes: ('read' | 'write' | 'admin')[] = ['read', 'write']): Promise<Caller> {
  return await keys.verify(keys.issue({ name: 'k', user, scopes, environmentId: null, expiresAt: null, actor: null }).secret);
}

function usersOf(keys: SqliteApiKeys, records: object[], done: unknown[]): Users {
  return new Users({
    keys, records: { all: () => records as never }, environments: { perform: async (_by, action, ref) => { done.push([action, ref]); return {} as never; } },
    memory: { shred: async ({ user }) => { done.push(['shred', user]); return { spaces: 2 }; } },
    content: { remove: async (user) => { done.push(['remove research', user]); } },
  });
}

test('a key of one environment can purge only if it was created with that right; any other key can', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = keysOf(shop);
  const alice = await caller(keys, 'alice');
  const made = async (request: object): Promise<Caller> => await keys.verify((await keys.create(alice, CreateApiKey.parse({ name: 'agent', ...request }))).secret);
  expect(() => assertMayPurge(alice)).not.toThrow();
  const limited = await made({ environment: 'demo' });
  expect(() => assertMayPurge(limited)).toThrow(expect.objectContaining({ code: 'forbidden' }));
  expect(await made({ environment: 'demo', mayPurge: true })).toMatchObject({ environmentId: ENVIRONMENT, mayPurge: true });
});

test('a user who owns environments is not removed unless they are removed too; keys end, and memory stays unless it is to be shredded', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = keysOf(shop);
  const [admin, bob] = [await caller(keys, 'root', ['read', 'write', 'admin']), await caller(keys, 'bob')];
  const secret = keys.issue({ name: 'second', user: 'bob', scopes: ['read'], environmentId: null, expiresAt: null, actor: null }).secret;
  const done: unknown[] = [];
  const records = [{ id: ENVIRONMENT, name: 'box', owner: bob.user, state: 'running', operationId: null }, { id: 'env_old', name: 'old', owner: bob.user, state: 'removed', operationId: null }];
  const users = usersOf(keys, records, done);
  expect(await users.list()).toMatchObject([{ name: 'bob', keys: 2, environments: 1 }, { name: 'root', keys: 1, environments: 0 }]);

  await expect(users.remove(admin, 'bob', { removeEnvironments: false, shredMemory: false })).rejects.toMatchObject({ code: 'invalid_state', message: 'bob owns 1 environment: box' });
  await expect(users.remove(admin, 'root', { removeEnvironments: false, shredMemory: false })).rejects.toMatchObject({ code: 'invalid_state' });
  await expect(users.remove(admin, 'absent', { removeEnvironments: false, shredMemory: false })).rejects.toMatchObject({ code: 'not_found' });
  await keys.verify(secret);
  expect(done).toEqual([]);

  expect(await users.remove(admin, 'bob', { removeEnvironments: true, shredMemory: false })).toMatchObject({ removedEnvironments: ['box'], shreddedSpaces: 0 });
  expect(done).toEqual([['remove', ENVIRONMENT]]);
  await expect(keys.verify(secret)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect((await users.list()).map(({ name }) => name)).toEqual(['root']);
});

test('a key for the name of a removed user restores the user; memory is destroyed on request', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = keysOf(shop);
  const [admin, bob] = [await caller(keys, 'root', ['read', 'write', 'admin']), await caller(keys, 'bob')];
  const done: unknown[] = [];
  expect(await usersOf(keys, [], done).remove(admin, bob.user, { removeEnvironments: false, shredMemory: true })).toMatchObject({ shreddedSpaces: 2 });
  expect(done).toEqual([['shred', bob.user], ['remove research', bob.user]]);
  expect((await caller(keys, 'bob')).user).toBe(bob.user);
});
