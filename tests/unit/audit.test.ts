import { expect, test } from 'vitest';
import { FIRST_HASH, type AuditedRequest } from '../../orchestrator/audit/audit-entry.ts';
import { SqliteAuditLog } from '../../orchestrator/audit/sqlite-audit-log.ts';
import type { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { admin, alice, bob, log, openWorkshop, scratchFolder } from '../support/operations.ts';

const by = ({ keyId, user }: typeof alice, more: Partial<AuditedRequest> = {}): AuditedRequest => ({ keyId, user, action: 'exec', target: '/v1/environments/a/exec', requestId: 'req_1', ...more });

/** Changes the log without the triggers, as a process with access to the file could. */
function tamper({ db }: SqliteStore, sql: string): void {
  db.exec('DROP TRIGGER audit_keeps_entries; DROP TRIGGER audit_keeps_rows');
  db.exec(sql);
}

function filled(store: SqliteStore, count: number): SqliteAuditLog {
  const audit = new SqliteAuditLog({ store, log });
  for (let i = 0; i < count; i += 1) audit.begin(by(i % 2 === 0 ? alice : bob, { requestId: `req_${i}` }))('ok');
  return audit;
}

test('An unchanged log is valid, and so are an empty one and one that continues after a restart', async () => {
  using folder = scratchFolder();
  {
    using shop = openWorkshop(folder.path);
    expect(await new SqliteAuditLog({ store: shop.store, log }).verify()).toEqual({ ok: true, entries: 0, headHash: FIRST_HASH, firstBad: null, problem: null });
    filled(shop.store, 3);
  }
  using shop = openWorkshop(folder.path);
  const audit = filled(shop.store, 1200);
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 1203, firstBad: null });
});

test.each([
  ['a changed field', "UPDATE audit SET outcome = 'ok' WHERE seq = 7", 7],
  ['a changed field with a recomputed hash', "UPDATE audit SET user = 'usr_x', hash = '1' || substr(hash, 2) WHERE seq = 7", 7],
  ['a removed entry', 'DELETE FROM audit WHERE seq = 7', 8],
  ['a removed first entry', 'DELETE FROM audit WHERE seq = 1', 2],
  ['an inserted entry', "UPDATE audit SET seq = seq + 100 WHERE seq > 7; UPDATE audit SET seq = seq - 99 WHERE seq > 100; INSERT INTO audit SELECT 8, at, key_id, user, action, target, outcome, request_id, previous_hash, hash FROM audit WHERE seq = 3", 8],
])('%s is found', async (_, sql, firstBad) => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const audit = new SqliteAuditLog({ store: shop.store, log });
  for (let i = 0; i < 12; i += 1) audit.begin(by(alice, { requestId: `req_${i}` }))('forbidden');
  tamper(shop.store, sql);
  expect(await audit.verify()).toMatchObject({ ok: false, firstBad });
});

test('A hash that was kept elsewhere reveals entries that were cut off at the end', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const audit = filled(shop.store, 5);
  const { headHash } = await audit.verify();
  audit.begin(by(alice))('ok');
  expect(await audit.verify(headHash)).toMatchObject({ ok: true, entries: 6 });
  tamper(shop.store, 'DELETE FROM audit WHERE seq >= 5');
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 4 });
  expect(await audit.verify(headHash)).toMatchObject({ ok: false, problem: expect.stringContaining(headHash) });
});

test('A request that was interrupted by the end of Somnus gets one entry at the next start; one that had ended gets no second one', async () => {
  using folder = scratchFolder();
  {
    using shop = openWorkshop(folder.path);
    const audit = new SqliteAuditLog({ store: shop.store, log });
    audit.begin(by(alice, { action: 'removeEnvironment', requestId: 'req_cut' }));
    const record = audit.begin(by(bob, { requestId: 'req_whole' }));
    record('ok');
    record('internal');
  }
  using shop = openWorkshop(folder.path);
  const audit = new SqliteAuditLog({ store: shop.store, log });
  audit.addInterrupted();
  audit.addInterrupted();
  expect((await audit.list(admin, { limit: 10 })).items.map(({ requestId, outcome }) => [requestId, outcome])).toEqual([['req_whole', 'ok'], ['req_cut', 'interrupted']]);
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 });
  expect(shop.store.db.pragma('synchronous', { simple: true })).toBe(2); // FULL again
});

test('Somnus itself can neither change nor delete an entry', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  filled(shop.store, 2);
  expect(() => shop.store.transaction(() => shop.store.db.exec("UPDATE audit SET outcome = 'x'"))).toThrow(/append-only/);
  expect(() => shop.store.transaction(() => shop.store.db.exec('DELETE FROM audit'))).toThrow(/append-only/);
});

test('Admins see all entries, and other users their own; pages and filters work', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const audit = filled(shop.store, 10);
  audit.begin(by(alice, { action: 'createKey', target: '/v1/keys' }))('ok');
  expect((await audit.list(admin, { limit: 100 })).items).toHaveLength(11);
  expect((await audit.list(bob, { limit: 100 })).items.every(({ user }) => user === bob.user)).toBe(true);
  const first = await audit.list(alice, { limit: 4 });
  const rest = await audit.list(alice, { limit: 4, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...rest.items].map(({ seq }) => seq)).toEqual([1, 3, 5, 7, 9, 11]);
  expect((await audit.list(admin, { limit: 9, action: 'createKey' })).items.map(({ seq }) => seq)).toEqual([11]);
  expect((await audit.list(admin, { limit: 100, target: 'environments/a' })).items).toHaveLength(10);
});
