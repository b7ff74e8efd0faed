import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SqliteIdempotency } from '../../orchestrator/operations/sqlite-idempotency.ts';
import { alice, bob, journalKind, openWorkshop, scratchFolder, submit } from '../support/operations.ts';

const asked = (key: string | undefined, request: unknown = { name: 'a', labels: { x: '1', y: '2' } }, owner = alice.user) => ({ owner, key, request });

test('the same key with the same request returns the same operation, and creates only one', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  const create = (request: unknown): { operationId: string } => shop.idempotency.once(asked('k', request), () => ({ operationId: submit(shop.engine, { target: 'env_a' }).id }));
  const first = create({ name: 'a', labels: { x: '1', y: '2' } });
  expect(create({ labels: { y: '2', x: '1' }, name: 'a' })).toEqual(first);
  expect((await shop.engine.list(alice, { limit: 10 })).items).toHaveLength(1);
});

test('the same key with another request is refused; another user, another key and no key all count as new', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let done = 0;
  const work = (): number => { done += 1; return done; };
  expect(shop.idempotency.once(asked('k'), work)).toBe(1);
  expect(() => shop.idempotency.once(asked('k', { name: 'b' }), work)).toThrow(expect.objectContaining({ code: 'idempotency_mismatch' }));
  expect(shop.idempotency.once(asked('k', { name: 'b' }, bob.user), work)).toBe(2);
  expect(shop.idempotency.once(asked('l'), work)).toBe(3);
  expect([shop.idempotency.once(asked(undefined), work), shop.idempotency.once(asked(undefined), work)]).toEqual([4, 5]);
  expect(shop.idempotency.once(asked('k'), work)).toBe(1);
});

test('a request that failed is not remembered, and leaves nothing behind', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  expect(() => shop.idempotency.once(asked('k'), () => { submit(shop.engine); throw new Error('no'); })).toThrow('no');
  expect(shop.engine.waiting()).toEqual([]);
  expect(shop.idempotency.once(asked('k'), () => 'done')).toBe('done');
});

test('a key is forgotten after a day', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const idempotency = new SqliteIdempotency({ store: shop.store, now: () => nowMs });
  idempotency.once(asked('k'), () => 'first');
  nowMs += 23 * 3_600_000;
  expect([idempotency.purge(), idempotency.once(asked('k'), () => 'second')]).toEqual([0, 'first']);
  nowMs += 2 * 3_600_000;
  expect(idempotency.once(asked('k', { name: 'b' }), () => 'third')).toBe('third');
  nowMs += 25 * 3_600_000;
  expect([idempotency.purge(), idempotency.purge()]).toEqual([1, 0]);
});

test('work that takes time is done once; until it ends a repetition is told to wait, and afterwards gets the answer', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const finish = Promise.withResolvers<string>();
  const first = shop.idempotency.onceAsync(asked('k'), async () => await finish.promise);
  await expect(shop.idempotency.onceAsync(asked('k'), async () => 'twice')).rejects.toThrow(expect.objectContaining({ code: 'operation_in_progress' }));
  finish.resolve('once');
  expect(await first).toBe('once');
  expect(await shop.idempotency.onceAsync(asked('k'), async () => 'twice')).toBe('once');
  await expect(shop.idempotency.onceAsync(asked('l'), async () => { throw new Error('no'); })).rejects.toThrow('no');
  expect(await shop.idempotency.onceAsync(asked('l'), async () => undefined)).toBe(undefined);
  expect(await shop.idempotency.onceAsync(asked('l'), async () => 'twice')).toBe(null);
});

test('work that ended with its process is done again', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const never = shop.idempotency.onceAsync(asked('k'), async () => await new Promise<string>(() => {}));
  const afterRestart = new SqliteIdempotency({ store: shop.store });
  expect(await afterRestart.onceAsync(asked('k'), async () => 'again')).toBe('again');
  expect(never).toBeInstanceOf(Promise);
});
