import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Event, NewEvent } from '../../orchestrator/events/event.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { admin, alice, bob, log, openWorkshop, scratchFolder } from '../support/operations.ts';

const about = (id: string, change: Partial<NewEvent> = {}): NewEvent => ({ type: 'environment.started', owner: alice.user, subject: { type: 'environment', id, name: id }, actor: alice.keyId, data: {}, ...change });
const ids = (events: readonly Event[]): (string | undefined)[] => events.map((event) => event.subject?.id);

async function take(events: AsyncIterable<Event>, count: number): Promise<Event[]> {
  const taken: Event[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

test('an event exists together with the change it reports, or not at all', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const heard: Event[] = [];
  shop.events.onEvent((event) => heard.push(event));
  expect(() => shop.store.transaction(() => { shop.events.append(about('lost')); throw new Error('no'); })).toThrow('no');
  shop.store.transaction(() => { shop.events.append(about('a')); expect(heard).toEqual([]); });
  expect(ids(heard)).toEqual(['a']);
  expect((await shop.events.list(alice, { since: '0', limit: 10 })).items).toEqual(heard);
});

test('a listener that throws affects neither the event nor other listeners', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let heard = 0;
  shop.events.onEvent(() => { throw new Error('listener'); });
  shop.events.onEvent(() => { heard += 1; });
  shop.events.append(about('a'));
  expect(heard).toBe(1);
});

test('pages follow each other without gap or repetition; without a cursor the last events are returned', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  for (let i = 0; i < 25; i += 1) shop.events.append(about(`e${i}`));
  const seen: Event[] = [];
  let since: string | null = '0';
  while (since !== null) {
    const page: { items: Event[]; nextCursor: string | null } = await shop.events.list(alice, { since, limit: 10 });
    seen.push(...page.items);
    since = page.nextCursor;
  }
  expect(ids(seen)).toEqual(Array.from({ length: 25 }, (_, i) => `e${i}`));
  const last = await shop.events.list(alice, { limit: 3 });
  expect([ids(last.items), last.nextCursor]).toEqual([['e22', 'e23', 'e24'], null]);
});

test('callers see their own events, admins all, and a key of one environment only what concerns that environment', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.events.append(about('a'));
  shop.events.append(about('b', { owner: bob.user }));
  shop.events.append(about('host', { owner: null }));
  shop.events.append(about('c'));
  const limited: Caller = { ...alice, environmentId: 'c' };
  const seenBy = async (caller: Caller): Promise<unknown> => ids((await shop.events.list(caller, { since: '0', limit: 10 })).items);
  expect([await seenBy(alice), await seenBy(bob), await seenBy(admin), await seenBy(limited)]).toEqual([['a', 'c'], ['b'], ['a', 'b', 'host', 'c'], ['c']]);
});

test('filters select one type, all types of a family, and what concerns an object or an operation', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.events.append(about('a'));
  shop.events.append(about('b', { type: 'environment.stopped', data: { operationId: 'op_1' } }));
  shop.events.append(about('c', { type: 'environmental' }));
  const found = async (filter: { type?: string; subject?: string }): Promise<unknown> => ids((await shop.events.list(alice, { ...filter, limit: 10 })).items);
  expect(await found({ type: 'environment.stopped' })).toEqual(['b']);
  expect(await found({ type: 'environment.' })).toEqual(['a', 'b']);
  expect(await found({ subject: 'a' })).toEqual(['a']);
  expect(await found({ subject: 'op_1' })).toEqual(['b']);
});

test('an unknown cursor is refused immediately', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.events.append(about('a'));
  for (const since of ['2', '-1', 'x', '1.5', '', '99999999999999999999']) {
    await expect(shop.events.list(alice, { since, limit: 1 }), since).rejects.toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => shop.events.subscribe(alice, { since }, new AbortController().signal), since).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  }
});

test('a subscriber without a cursor gets the events since its subscription, also those before its first read', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.events.append(about('before'));
  const stop = new AbortController();
  const events = shop.events.subscribe(alice, {}, stop.signal);
  shop.events.append(about('after'));
  expect(ids(await take(events, 1))).toEqual(['after']);
});

test('in any order of appends, reads and reconnections, a subscriber gets each event once and in order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ append: fc.nat(450), read: fc.nat(500), reconnect: fc.boolean(), turn: fc.boolean() }), { maxLength: 12 }), async (plan) => {
    using folder = scratchFolder();
    using shop = openWorkshop(folder.path);
    shop.store.db.pragma('synchronous = OFF'); // this test is not about power cuts
    let appended = 0;
    let position = '0';
    const seen: string[] = [];
    let stop = new AbortController();
    let reader = shop.events.subscribe(alice, { since: position }, stop.signal)[Symbol.asyncIterator]();
    const read = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) {
        const { value } = await reader.next() as { value: Event };
        seen.push(value.cursor);
        position = value.cursor;
      }
    };
    for (const step of plan) {
      shop.store.transaction(() => { for (let i = 0; i < step.append; i += 1) shop.events.append(about('a', i % 3 === 0 ? { owner: bob.user } : {})); });
      appended += step.append - Math.ceil(step.append / 3);
      if (step.turn) await setImmediate();
      await read(Math.min(step.read, appended - seen.length));
      if (step.reconnect) {
        stop.abort();
        stop = new AbortController();
        reader = shop.events.subscribe(alice, { since: position }, stop.signal)[Symbol.asyncIterator]();
      }
    }
    await read(appended - seen.length);
    stop.abort();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(seen.length).toBe(appended);
    expect(seen.map(Number)).toEqual(seen.map(Number).toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(appended);
  }), { numRuns: 20 });
});

test('a waiting subscription ends when its signal fires, and leaves nothing behind', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const stop = new AbortController();
  const reader = shop.events.subscribe(alice, {}, stop.signal)[Symbol.asyncIterator]();
  const next = reader.next();
  await setImmediate();
  stop.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a subscriber to purged events is told so once, and continues with the kept ones', async () => {
  using folder = scratchFolder();
  let today = new Date('2026-01-01T00:00:00Z');
  using shop = openWorkshop(folder.path, { now: () => today });
  for (const id of ['old1', 'old2', 'old3']) shop.events.append(about(id));
  today = new Date('2026-06-01T00:00:00Z');
  shop.events.append(about('new'));
  const live = shop.events.subscribe(alice, { since: '1' }, new AbortController().signal);
  expect(await shop.events.purge(new Date('2026-03-01T00:00:00Z'))).toBe(3);
  expect(await shop.events.purge(new Date('2026-03-01T00:00:00Z'))).toBe(0);

  const told = await shop.events.list(alice, { since: '1', limit: 10 });
  expect(told.items.map(({ type, cursor }) => [type, cursor])).toEqual([['events.truncated', '3'], ['environment.started', '4']]);
  expect((await take(live, 2)).map(({ type }) => type)).toEqual(['events.truncated', 'environment.started']);
  expect(ids((await shop.events.list(alice, { since: '3', limit: 10 })).items)).toEqual(['new']);
  expect(ids((await shop.events.list(alice, { since: '0', limit: 10 })).items)).toEqual(['new']);
  const short = await shop.events.list(alice, { since: '1', limit: 1 });
  expect([short.items.map(({ type }) => type), short.nextCursor]).toEqual([['events.truncated'], '3']);
});

test('cursors keep growing after everything was purged and the log was opened again', async () => {
  using folder = scratchFolder();
  {
    using shop = openWorkshop(folder.path);
    for (let i = 0; i < 3; i += 1) shop.events.append(about('a'));
    await shop.events.purge(new Date(Date.now() + 1_000));
  }
  using store = SqliteStore.open({ path: join(folder.path, 'somnus.db'), migrations: schema, log });
  const events = new SqliteEventLog({ store, log });
  expect((await events.list(alice, { since: '3', limit: 10 })).items).toEqual([]);
  expect(events.append(about('b')).cursor).toBe('4');
});

test('a subject is found by its name, also under an earlier name, and changes leave out the steps of operations', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const { events, store } = shop;
  const about = (type: string, id: string, name: string, kind = 'environment'): void => { events.append({ type, owner: alice.user, subject: { type: kind, id, name }, actor: null, data: { operationId: 'op_1' } }); };
  store.db.prepare("INSERT INTO environments (id, owner, name, state, profile, network_index, record) VALUES ('env_1', ?, 'new', 'running', 'coding', 1, '{}')").run(alice.user);
  about('environment.started', 'env_1', 'old');
  about('operation.step', 'env_1', 'new');
  about('operation.succeeded', 'env_1', 'new');
  about('environment.stopped', 'env_1', 'new');
  about('environment.stopped', 'env_2', 'other');
  about('operation.failed', 'op_2', 'x', 'operation');
  const types = async (filter: object): Promise<string[]> => (await events.list(alice, { limit: 50, ...filter })).items.map(({ type }) => type);
  expect(await types({ subject: 'new', changes: true })).toEqual(['environment.started', 'environment.stopped']);
  expect(await types({ subject: 'old' })).toEqual(['environment.started']);
  expect(await types({ subject: 'env_1', changes: true })).toEqual(['environment.started', 'environment.stopped']);
  expect(await types({ changes: true })).toEqual(['environment.started', 'environment.stopped', 'environment.stopped', 'operation.failed']);
});
