import { statSync, writeFileSync, openSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Migration } from '../../orchestrator/store/migrations.ts';
import { isUniqueViolation, SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { log, scratchFolder } from '../support/operations.ts';

const things: Migration = { version: 1, name: 'things', up: 'CREATE TABLE things (name TEXT PRIMARY KEY) STRICT' };
const open = (path: string, migrations: readonly Migration[] = [things]): SqliteStore => SqliteStore.open({ path, migrations, log });
const names = (store: SqliteStore): unknown[] => store.db.prepare('SELECT name FROM things ORDER BY name').pluck().all();
const add = (store: SqliteStore, name: string): void => { store.db.prepare('INSERT INTO things (name) VALUES (?)').run(name); };

test('only its owner can read the database and the folder created for it', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'new', 'a.db'));
  add(store, 'a');
  expect(statSync(join(folder.path, 'new')).mode & 0o777).toBe(0o700);
  for (const file of ['a.db', 'a.db-wal', 'a.db-shm', 'a.db.lock']) expect(statSync(join(folder.path, 'new', file)).mode & 0o777, file).toBe(0o600);
});

test('a commit is on disk when it returns', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  expect(store.db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(store.db.pragma('synchronous', { simple: true })).toBe(2);
  expect(store.db.pragma('foreign_keys', { simple: true })).toBe(1);
});

test('an open database is refused to other processes, and free once it is closed', () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'a.db');
  const first = open(path);
  expect(() => open(path)).toThrow(expect.objectContaining({ code: 'in_use', message: expect.stringContaining('in use by another process') }));
  first.close();
  open(path).close();
});

test('each migration is applied once, in the order of versions, and new ones later', () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'a.db');
  const more: Migration = { version: 2, name: 'color', up: "ALTER TABLE things ADD COLUMN color TEXT NOT NULL DEFAULT 'gray'; CREATE INDEX by_color ON things (color)" };
  const first = open(path);
  add(first, 'a');
  first.close();
  open(path, [more, things]).close();
  using again = open(path, [more, things]);
  expect(again.db.prepare('SELECT name, color FROM things').all()).toEqual([{ name: 'a', color: 'gray' }]);
});

test('a failed migration leaves everything as it was', () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'a.db');
  open(path).close();
  const broken: Migration = { version: 3, name: 'broken', up: 'CREATE TABLE other (a TEXT); INSERT INTO nowhere VALUES (1)' };
  expect(() => open(path, [things, broken])).toThrow(expect.objectContaining({ code: 'internal' }));
  using store = open(path);
  expect(store.db.prepare("SELECT name FROM sqlite_master WHERE name = 'other'").all()).toEqual([]);
});

test('a database that a newer version has changed is refused, and the error names its versions', () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'a.db');
  open(path, [things, { version: 7, name: 'future', up: 'CREATE TABLE future (a TEXT)' }]).close();
  expect(() => open(path)).toThrow(expect.objectContaining({ code: 'newer_format', details: { path, has: 7, knows: 1 } }));
});

test('a file that is not a database, and one with a damaged page, are refused as corrupt', () => {
  using folder = scratchFolder();
  const text = join(folder.path, 'text.db');
  writeFileSync(text, 'not a database at all '.repeat(100));
  expect(() => open(text)).toThrow(expect.objectContaining({ code: 'corrupt' }));

  const path = join(folder.path, 'a.db');
  const store = open(path);
  store.transaction(() => { for (let i = 0; i < 2_000; i += 1) add(store, `thing number ${i}`); });
  store.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 4096 * 5);
  closeSync(file);
  expect(() => open(path)).toThrow(expect.objectContaining({ code: 'corrupt', message: expect.stringContaining(path) }));
});

test('a transaction keeps all of its changes or none, and a failed inner one undoes only its own', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  expect(() => store.transaction(() => { add(store, 'lost'); throw new Error('no'); })).toThrow('no');
  store.transaction(() => {
    add(store, 'kept');
    expect(() => store.transaction(() => { add(store, 'inner'); throw new Error('inner'); })).toThrow('inner');
  });
  expect(names(store)).toEqual(['kept']);
});

test('an action after the commit runs once it is on disk, and never after a rollback', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  const happened: string[] = [];
  const after = (what: string): void => store.afterCommit(() => happened.push(`${what}, with ${names(store).join(' ')}`));
  expect(() => store.transaction(() => { after('rolled back'); throw new Error('no'); })).toThrow('no');
  store.transaction(() => {
    after('outer');
    expect(() => store.transaction(() => { after('inner rolled back'); throw new Error('no'); })).toThrow('no');
    store.transaction(() => after('inner'));
    add(store, 'a');
    expect(happened).toEqual([]);
  });
  after('at once');
  expect(happened).toEqual(['outer, with a', 'inner, with a', 'at once, with a']);
});

test('an action after the commit that throws affects neither the commit nor the other actions', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  let reached = false;
  store.transaction(() => {
    add(store, 'a');
    store.afterCommit(() => { throw new Error('listener'); });
    store.afterCommit(() => { reached = true; });
  });
  expect([reached, names(store)]).toEqual([true, ['a']]);
});

test('a duplicate name is distinguished from other failures', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  add(store, 'a');
  let caught: unknown;
  try { add(store, 'a'); } catch (error) { caught = error; }
  expect(isUniqueViolation(caught)).toBe(true);
  expect(isUniqueViolation(new Error('UNIQUE'))).toBe(false);
});

test('a full disk is distinguished from a store that cannot be written, and neither leaves partial changes', () => {
  using folder = scratchFolder();
  using store = open(join(folder.path, 'a.db'));
  const fill = (): void => store.transaction(() => { for (let i = 0; i < 5_000; i += 1) add(store, `a rather long name for thing number ${i}`); });
  const pages = store.db.pragma('page_count', { simple: true }) as number;
  store.db.pragma(`max_page_count = ${pages + 5}`);
  expect(fill).toThrow(expect.objectContaining({ code: 'insufficient_space', hint: expect.stringContaining(folder.path) }));
  store.db.pragma('max_page_count = 1000000');
  store.db.pragma('query_only = ON');
  expect(() => store.transaction(() => add(store, 'a'))).toThrow(expect.objectContaining({ code: 'unavailable' }));
  store.db.pragma('query_only = OFF');
  expect(names(store)).toEqual([]);
});
