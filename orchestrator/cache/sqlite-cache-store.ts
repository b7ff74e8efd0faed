// Stores the cache on disk in its own SQLite file. Losing it costs time, never data.
import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import type { Migration } from '../store/migrations.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { CacheNamespace, CachePriority } from './cache-policy.ts';
import type { CacheStore, StoredEntry } from './cache-store.ts';

const cacheMigrations: readonly Migration[] = [{
  version: 1,
  name: 'cache',
  up: `
    CREATE TABLE entries (
      id TEXT PRIMARY KEY, namespace TEXT NOT NULL, priority TEXT NOT NULL, owner TEXT, expires_at INTEGER, hits INTEGER NOT NULL, used_at INTEGER NOT NULL, payload BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_of_owner ON entries (owner);
  `,
}];

interface Row { id: string; namespace: string; priority: string; owner: string | null; expires_at: number | null; hits: number; used_at: number; payload: Buffer }

export class SqliteCacheStore implements CacheStore {
  readonly #store: SqliteStore;

  private constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Opens `cache.db` in the folder. @throws SomnusError `in_use`, `corrupt`, `newer_format` */
  static open(dataDir: string, log: Logger): SqliteCacheStore {
    const store = SqliteStore.open({ path: join(dataDir, 'cache.db'), migrations: cacheMigrations, log });
    store.db.pragma('secure_delete = ON');
    store.db.pragma('temp_store = MEMORY');
    return new SqliteCacheStore(store);
  }

  apply(changed: readonly StoredEntry[], removedIds: readonly string[]): void {
    this.#store.transaction(() => {
      const remove = this.#store.db.prepare('DELETE FROM entries WHERE id = ?');
      const put = this.#store.db.prepare('INSERT OR REPLACE INTO entries (id, namespace, priority, owner, expires_at, hits, used_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      for (const id of removedIds) remove.run(id);
      for (const entry of changed) put.run(entry.id, entry.namespace, entry.priority, entry.owner ?? null, entry.expiresAtMs ?? null, entry.hits, entry.usedAtMs, entry.payload);
    });
  }

  load(owner: string | undefined): StoredEntry[] {
    const rows = this.#store.read(() => this.#store.db.prepare<[string | null], Row>('SELECT * FROM entries WHERE owner IS ?').all(owner ?? null));
    return rows.map((row) => ({
      id: row.id, namespace: CacheNamespace.parse(row.namespace), priority: CachePriority.parse(row.priority), owner: row.owner ?? undefined,
      expiresAtMs: row.expires_at ?? undefined, hits: row.hits, usedAtMs: row.used_at, payload: row.payload,
    }));
  }

  close(): void {
    this.#store.close();
  }
}
