// The reserve of disk space for the database: what it does at each amount of free space, and how the store uses it.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LOW_BYTES, SpaceReserve } from '../../orchestrator/store/space-reserve.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { log, scratchFolder } from '../support/operations.ts';

const MIB = 2 ** 20;
const SIZE = 8 * MIB;

interface FakeDisk extends Disposable { reserve: SpaceReserve; heldMiB(): number; freeMiB: number; levels: string[] }

/** The reserve is a real file; the test sets how much space is free. */
function fakeDisk(freeMiB: number): FakeDisk {
  const folder = scratchFolder();
  const path = join(folder.path, 'reserve');
  const disk: FakeDisk = {
    freeMiB, levels: [], heldMiB: () => (existsSync(path) ? statSync(path).size / MIB : 0), [Symbol.dispose]: () => folder[Symbol.dispose](),
    reserve: new SpaceReserve({ path, log, sizeBytes: SIZE, freeBytes: () => disk.freeMiB * MIB }),
  };
  disk.reserve.onLevel((level) => disk.levels.push(level));
  return disk;
}

test('The reserve is created where there is space, released in parts when a write finds the disk full, and restored when there is space', async () => {
  using disk = fakeDisk(1_000);
  await disk.reserve.look();
  expect([disk.heldMiB(), disk.reserve.level, disk.reserve.problem]).toEqual([8, 'ok', undefined]);
  expect(disk.reserve.release()).toBe(false); // the disk has space: something else limits that write
  expect(disk.heldMiB()).toBe(8);

  disk.freeMiB = 0;
  expect([disk.reserve.release(), disk.heldMiB()]).toEqual([true, 4]);
  await disk.reserve.look();
  expect(disk.reserve.problem).toMatchObject({ code: 'insufficient_space', message: expect.stringContaining('is full (0 MiB free): Somnus is using the space reserved for its database') as string });
  expect([disk.reserve.release(), disk.heldMiB()]).toEqual([true, 0]);
  expect(disk.reserve.release()).toBe(false);
  await disk.reserve.look();
  expect(disk.heldMiB()).toBe(0);

  disk.freeMiB = 40;
  await disk.reserve.look();
  expect(disk.heldMiB()).toBe(0); // not enough to restore it and leave some
  disk.freeMiB = LOW_BYTES / MIB + 8;
  await disk.reserve.look();
  expect([disk.heldMiB(), disk.reserve.level]).toEqual([8, 'ok']);
  expect(disk.levels).toEqual(['full', 'exhausted', 'low', 'ok']);
});

test('A nearly full disk is reported, and the reserve is not used', async () => {
  using disk = fakeDisk(1_000);
  await disk.reserve.look();
  disk.freeMiB = 30;
  await disk.reserve.look();
  expect([disk.heldMiB(), disk.reserve.level]).toEqual([8, 'low']);
  expect(disk.reserve.problem).toMatchObject({ message: expect.stringContaining('is nearly full (30 MiB free)') as string, hint: expect.stringContaining('Free at least 96 MiB') as string });
});

test('A start on a full disk releases a part of the reserve before anything else', async () => {
  using disk = fakeDisk(1_000);
  await disk.reserve.look();
  disk.freeMiB = 0;
  await disk.reserve.start();
  await disk.reserve.stop();
  expect([disk.heldMiB(), disk.reserve.level]).toEqual([4, 'full']);
});

test('A transaction that finds the disk full is run again as a whole after space was freed, and otherwise fails with nothing written', () => {
  using folder = scratchFolder();
  let room = 2;
  const limit = (store: SqliteStore, more: number): void => { store.db.pragma(`max_page_count = ${(store.db.pragma('page_count', { simple: true }) as number) + more}`); };
  const things = { version: 1, name: 'things', up: 'CREATE TABLE things (name TEXT PRIMARY KEY, content BLOB) STRICT' };
  using store: SqliteStore = SqliteStore.open({ path: join(folder.path, 'a.db'), migrations: [things], log, makeRoom: () => { if (room === 0) return false; room -= 1; limit(store, room === 0 ? 20 : 12); return true; } });
  const add = (name: string): void => { store.db.prepare('INSERT INTO things VALUES (?, zeroblob(30000))').run(name); };
  const told: string[] = [];
  const attempt = (...names: string[]): void => store.transaction(() => { for (const name of names) { add(name); store.transaction(() => store.afterCommit(() => told.push(name))); } });
  limit(store, 10);
  attempt('a', 'b'); // 16 pages: there is space for 10, then for 12, then for 20
  limit(store, 0);
  room = 0;
  expect(() => attempt('c', 'd')).toThrow(expect.objectContaining({ code: 'insufficient_space', details: expect.objectContaining({ sqlite: 'SQLITE_FULL' }) as unknown }));
  expect([store.db.prepare('SELECT name FROM things').pluck().all(), told, room]).toEqual([['a', 'b'], ['a', 'b'], 0]);
});
