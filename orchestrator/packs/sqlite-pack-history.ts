// The capability history of environments, in SQLite: a tree of entries, one for each step of a pack that was completed, each with its snapshot. An environment and
// each snapshot have the number of the entry that they are at, so a restore or fork shows the packs of that moment.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { Pack } from './pack.ts';
import type { PackEntry } from './pack-schemas.ts';

/** `digest` identifies the content of the step. An entry that completes a pack has its content, for verify and uninstall. */
export type StoredEntry = PackEntry & { digest: string | null; definition?: Pack };

export const packHistoryMigrations: readonly Migration[] = [{
  version: 210,
  name: 'pack history',
  up: `
    CREATE TABLE pack_history (
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      snapshot_id TEXT NOT NULL,
      entry TEXT NOT NULL,
      PRIMARY KEY (environment_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX pack_history_snapshot ON pack_history (environment_id, snapshot_id);`,
}];

export class SqlitePackHistory {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Adds an entry with the next number, unless its snapshot has one. @returns its number */
  add(environmentId: string, entry: Omit<StoredEntry, 'number'>): number {
    return this.#store.transaction(() => {
      const known = this.#store.db.prepare<[string, string], number>('SELECT number FROM pack_history WHERE environment_id = ? AND snapshot_id = ?').pluck().get(environmentId, entry.snapshotId);
      if (known !== undefined) return known;
      const number = (this.#store.db.prepare<[string], number | null>('SELECT max(number) FROM pack_history WHERE environment_id = ?').pluck().get(environmentId) ?? 0) + 1;
      this.#insert(environmentId, { ...entry, number });
      return number;
    });
  }

  /** Removes the entry of a snapshot whose step is undone. @returns it, if there was one */
  drop(environmentId: string, snapshotId: string): StoredEntry | undefined {
    return this.#store.transaction(() => {
      const [entry] = this.#select('environment_id = ? AND snapshot_id = ?', environmentId, snapshotId);
      this.#store.db.prepare('DELETE FROM pack_history WHERE environment_id = ? AND snapshot_id = ?').run(environmentId, snapshotId);
      return entry;
    });
  }

  get(environmentId: string, number: number): StoredEntry | undefined {
    return this.#select('environment_id = ? AND number = ?', environmentId, number)[0];
  }

  /** Oldest first. */
  list(environmentId: string, { limit, cursor }: PageQuery): Page<StoredEntry> {
    const found = this.#select('environment_id = ? AND number > ? ORDER BY number LIMIT ?', environmentId, Number(cursor ?? 0) || 0, limit + 1);
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? String(items.at(-1)?.number) : null };
  }

  /** The entries that led to this one, oldest first. */
  path(environmentId: string, head: number | null): StoredEntry[] {
    const all = new Map(this.#select('environment_id = ?', environmentId).map((entry) => [entry.number, entry]));
    const path: StoredEntry[] = [];
    for (let at = head === null ? undefined : all.get(head); at !== undefined; at = at.parent === null ? undefined : all.get(at.parent)) path.unshift(at);
    return path;
  }

  /** Gives a fork the entries that led to this one, under the same numbers. */
  copyPath(environmentId: string, head: number | null, forkId: string): void {
    this.#store.transaction(() => { for (const entry of this.path(environmentId, head)) this.#insert(forkId, entry); });
  }

  #insert(environmentId: string, entry: StoredEntry): void {
    this.#store.db.prepare('INSERT INTO pack_history (environment_id, number, snapshot_id, entry) VALUES (?, ?, ?, ?)').run(environmentId, entry.number, entry.snapshotId, JSON.stringify(entry));
  }

  #select(where: string, ...parameters: readonly (string | number)[]): StoredEntry[] {
    return this.#store.read(() => this.#store.db.prepare<unknown[], string>(`SELECT entry FROM pack_history WHERE ${where}`).pluck().all(...parameters)).map((json) => JSON.parse(json) as StoredEntry);
  }
}
