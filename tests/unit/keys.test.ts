import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SomnusError } from '../../common/errors.ts';
import { ApiKey, CreateApiKey, CreatedApiKey, type KeyScope } from '../../orchestrator/keys/api-key.ts';
import { bootstrapKey } from '../../orchestrator/keys/bootstrap-key.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { SqliteApiKeys } from '../../orchestrator/keys/sqlite-api-keys.ts';
import { openWorkshop, scratchFolder, type Workshop } from '../support/operations.ts';

const ENVIRONMENT = `env_${'0'.repeat(26)}`;
const all: KeyScope[] = ['read', 'write', 'admin'];

function openKeys(shop: Workshop, now?: () => Date): SqliteApiKeys {
  return new SqliteApiKeys({
    store: shop.store,
    events: shop.events,
    resolveEnvironment: async (_, ref) => { if (ref === 'a') return ENVIRONMENT; throw new SomnusError('not_found', `There is no environment ${ref}`); },
    ...(now ? { now } : {}),
  });
}

const issue = (keys: SqliteApiKeys, user: string, scopes: KeyScope[] = ['read', 'write'], expiresAt: Date | null = null): CreatedApiKey => keys.issue({ name: 'k', user, scopes, environmentId: null, expiresAt, actor: null });
const callerOf = async (keys: SqliteApiKeys, key: CreatedApiKey): Promise<Caller> => await keys.verify(key.secret);
const code = (value: string): unknown => expect.objectContaining({ code: value });
const ask = (request: object = {}): CreateApiKey => CreateApiKey.parse({ name: 'new', ...request });

test('a key tells whose it is and what it may do; its secret is stored nowhere', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const key = issue(keys, 'alice', ['read']);
  expect(CreatedApiKey.parse(key)).toMatchObject({ user: 'alice', scopes: ['read'], environmentId: null, expiresAt: null, lastUsedAt: null, revokedAt: null });
  expect(key.secret).toMatch(/^somnus_[0-9a-z]{26}_[0-9a-f]{64}$/);
  expect(await keys.verify(key.secret)).toEqual({ keyId: key.id, user: expect.stringMatching(/^usr_/), scopes: ['read'], environmentId: null, mayPurge: true });
  shop.store.db.pragma('wal_checkpoint(TRUNCATE)');
  const random = key.secret.split('_')[2] ?? '';
  const file = readFileSync(join(folder.path, 'somnus.db'));
  expect([file.includes(random), file.includes(Buffer.from(random, 'hex')), file.includes(key.id)]).toEqual([false, false, true]);
});

test('an invalid, unknown, altered or revoked key is refused in the same way', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const key = issue(keys, 'alice');
  const revoked = issue(keys, 'alice');
  await keys.revoke(await callerOf(keys, key), revoked.id);
  const last = key.secret.at(-1) === '0' ? '1' : '0';
  const wrong = ['', 'x', 'Bearer', key.secret.slice(0, -1), `${key.secret.slice(0, -1)}${last}`, key.secret.toUpperCase(), ` ${key.secret}`, `${key.secret}0`, `somnus_${'0'.repeat(26)}_${'0'.repeat(64)}`, revoked.secret];
  const answers = await Promise.all(wrong.map(async (secret) => await keys.verify(secret).then(() => 'accepted', (error: SomnusError) => `${error.code} ${error.message}`)));
  expect(new Set(answers)).toEqual(new Set(['unauthenticated The API key is unknown or was revoked']));
  await keys.verify(key.secret);
});

test('an expired key is distinguished from an unknown one, but only for a caller with its secret', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let today = new Date('2026-01-01T00:00:00Z');
  const keys = openKeys(shop, () => today);
  const key = issue(keys, 'alice', ['read'], new Date('2026-02-01T00:00:00Z'));
  await keys.verify(key.secret);
  today = new Date('2026-02-01T00:00:00Z');
  await expect(keys.verify(key.secret)).rejects.toThrow(code('key_expired'));
  await expect(keys.verify(key.secret.replace(/.{8}$/, '00000000'))).rejects.toThrow(code('unauthenticated'));
});

test('the last use is recorded to the minute, so that not every read causes a write', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const keys = openKeys(shop, () => new Date(nowMs));
  const key = issue(keys, 'alice');
  const lastUsed = async (): Promise<string | null | undefined> => (await keys.list(await callerOf(keys, key), { limit: 1 })).items[0]?.lastUsedAt;
  expect(await lastUsed()).toBe('2026-01-01T00:00:00.000Z');
  nowMs += 59_000;
  expect(await lastUsed()).toBe('2026-01-01T00:00:00.000Z');
  nowMs += 1_000;
  expect(await lastUsed()).toBe('2026-01-01T00:01:00.000Z');
});

test('users cannot create keys that can do more, or live longer, than their own', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop, () => new Date('2026-01-01T00:00:00Z'));
  const reader = await callerOf(keys, issue(keys, 'alice', ['read']));
  const brief = await callerOf(keys, issue(keys, 'alice', ['read', 'write'], new Date('2026-01-11T00:00:00Z')));
  const limited: Caller = { ...brief, environmentId: ENVIRONMENT };
  issue(keys, 'bob');
  await expect(keys.create(reader, ask())).rejects.toThrow(code('forbidden'));
  await expect(keys.create(brief, ask({ scopes: ['admin'] }))).rejects.toThrow(code('forbidden'));
  await expect(keys.create(brief, ask({ user: 'bob' }))).rejects.toThrow(code('forbidden'));
  await expect(keys.create(brief, ask({ user: 'absent' }))).rejects.toThrow(code('forbidden'));
  await expect(keys.create(limited, ask({ scopes: ['read'] }))).rejects.toThrow(code('forbidden'));
  expect(await keys.create(brief, ask({ user: 'alice' }))).toMatchObject({ user: 'alice', expiresAt: '2026-01-11T00:00:00.000Z' });
  expect(await keys.create(brief, ask({ expiresInDays: 5 }))).toMatchObject({ expiresAt: '2026-01-06T00:00:00.000Z' });
  expect(await keys.create(brief, ask({ expiresInDays: 50 }))).toMatchObject({ expiresAt: '2026-01-11T00:00:00.000Z' });
  expect(await keys.create(reader, ask({ scopes: ['read'] }))).toMatchObject({ scopes: ['read'], expiresAt: null });
});

test('an admin creates keys for any user, who is created if missing', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const admin = await callerOf(keys, issue(keys, 'root', all));
  const [first, second] = [await keys.create(admin, ask({ user: 'carol', scopes: all })), await keys.create(admin, ask({ user: 'carol' }))];
  expect((await callerOf(keys, first)).user).toBe((await callerOf(keys, second)).user);
  expect((await callerOf(keys, first)).user).not.toBe(admin.user);
  expect(ApiKey.parse((await keys.list(admin, { limit: 1 })).items[0])).toMatchObject({ user: 'carol' });
});

test('a key can be limited to one environment that its creator sees, and is then never an admin key', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const admin = await callerOf(keys, issue(keys, 'root', all));
  const key = await keys.create(admin, ask({ environment: 'a' }));
  expect(await callerOf(keys, key)).toMatchObject({ environmentId: ENVIRONMENT });
  await expect(keys.create(admin, ask({ environment: 'b' }))).rejects.toThrow(code('not_found'));
  await expect(keys.create(admin, ask({ environment: 'a', scopes: ['admin'] }))).rejects.toThrow(code('invalid_request'));
});

test('the keys of an environment end with it, and no others do', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const maker = issue(keys, 'alice');
  const limited = await keys.create(await callerOf(keys, maker), ask({ environment: 'a' }));
  keys.revokeAllOf(ENVIRONMENT);
  await expect(keys.verify(limited.secret)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect((await keys.verify(maker.secret)).keyId).toBe(maker.id);
});

test('users see and revoke their own keys, admins all; another user’s key is not found', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const keys = openKeys(shop, () => new Date(nowMs += 1_000));
  const [a, b, root] = [issue(keys, 'alice'), issue(keys, 'bob'), issue(keys, 'root', all)];
  const [alice, bob, admin] = [await callerOf(keys, a), await callerOf(keys, b), await callerOf(keys, root)];
  const ids = async (caller: Caller): Promise<string[]> => (await keys.list(caller, { limit: 10 })).items.map(({ id }) => id);
  expect([await ids(alice), await ids(bob), await ids(admin)]).toEqual([[a.id], [b.id], [root.id, b.id, a.id]]);
  const page = await keys.list(admin, { limit: 2 });
  expect((await keys.list(admin, { limit: 2, cursor: page.nextCursor ?? '' })).items.map(({ id }) => id)).toEqual([a.id]);
  await expect(keys.revoke(bob, a.id)).rejects.toThrow(code('not_found'));
  const revoked = await keys.revoke(admin, a.id);
  expect(revoked.revokedAt).not.toBeNull();
  expect(await keys.revoke(admin, a.id)).toEqual(revoked);
  const { items } = await shop.events.list(alice, { type: 'key.', limit: 10 });
  expect(items.map(({ type, actor }) => [type, actor])).toEqual([['key.created', null], ['key.revoked', root.id]]);
  expect(JSON.stringify(items)).not.toContain(a.secret.split('_')[2]);
});

test('set-up keeps a good key file, and replaces one that is lost, damaged, expired, revoked or without admin scope', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const keyFile = join(folder.path, 'home', 'somnus', 'key');
  const bootstrap = async (): Promise<boolean> => (await bootstrapKey(keys, { keyFile, user: 'root' })).created;
  const held = async (): Promise<Caller> => await keys.verify(readFileSync(keyFile, 'utf8').trim());
  expect(await bootstrap()).toBe(true);
  expect(await held()).toMatchObject({ scopes: all });
  expect([statSync(keyFile).mode & 0o777, statSync(join(folder.path, 'home')).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await bootstrap()).toBe(false);

  const spoil = [
    async (): Promise<void> => rmSync(keyFile),
    async (): Promise<void> => writeFileSync(keyFile, 'garbage'),
    async (): Promise<void> => writeFileSync(keyFile, issue(keys, 'root', ['read', 'write']).secret),
    async (): Promise<void> => writeFileSync(keyFile, issue(keys, 'root', all, new Date(0)).secret),
    async (): Promise<void> => { const caller = await held(); await keys.revoke(caller, caller.keyId); },
  ];
  for (const damage of spoil) {
    await damage();
    expect(await bootstrap(), damage.toString()).toBe(true);
    expect(await held()).toMatchObject({ scopes: all });
  }
});

test.skipIf(process.getuid?.() !== 0)('the key file and the folders created for it belong to the user that set-up names', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  chmodSync(folder.path, 0o755);
  const keyFile = join(folder.path, '.config', 'somnus', 'key');
  await bootstrapKey(openKeys(shop), { keyFile, user: 'someone', fileOwner: { uid: 4711, gid: 4712 } });
  const owners = [keyFile, join(folder.path, '.config', 'somnus'), join(folder.path, '.config')].map((path) => [statSync(path).uid, statSync(path).gid]);
  expect(owners).toEqual([[4711, 4712], [4711, 4712], [4711, 4712]]);
  expect(statSync(folder.path).uid).toBe(0);
});

test('a key is revoked by its name when only one valid key of the caller has it', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const keys = openKeys(shop);
  const caller = await callerOf(keys, issue(keys, 'alice'));
  const named = (user: string): CreatedApiKey => keys.issue({ name: 'agent', user, scopes: ['read'], environmentId: null, expiresAt: null, actor: null });
  const [own, others] = [named('alice'), named('bob')];
  expect(await keys.revoke(caller, 'agent')).toMatchObject({ id: own.id, revokedAt: expect.any(String) as string });
  await expect(keys.revoke(caller, 'agent')).rejects.toMatchObject({ code: 'not_found', message: 'There is no key agent' });
  await keys.verify(others.secret);
  const [first, second] = [named('alice'), named('alice')];
  await expect(keys.revoke(caller, 'agent')).rejects.toMatchObject({ code: 'invalid_request', message: '2 keys have the name agent', hint: expect.stringContaining(first.id) as string });
  await keys.revoke(caller, first.id);
  expect(await keys.revoke(caller, 'agent')).toMatchObject({ id: second.id });
});
