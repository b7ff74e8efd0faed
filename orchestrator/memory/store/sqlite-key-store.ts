// Stores the wraps of the spaces' data keys in a separate file that is not part of data backups, so that destroying a wrap makes the data unreadable.
import { join } from 'node:path';
import type { Logger } from '../../../common/log.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import type { Migration } from '../../store/migrations.ts';
import { WrapMethod, type Wrap, type WrapKind } from '../crypto/key-wrap.ts';

const keyStoreMigrations: readonly Migration[] = [{
  version: 1,
  name: 'wraps',
  up: `CREATE TABLE wraps (space_id TEXT NOT NULL, kind TEXT NOT NULL, method TEXT NOT NULL, wrapped BLOB NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (space_id, kind)) STRICT, WITHOUT ROWID;`,
}];

export class SqliteKeyStore {
  readonly #store: SqliteStore;

  private constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Opens `keystore.db` in the folder. @throws SomnusError `in_use`, `corrupt`, `newer_format` */
  static open(dataDir: string, log: Logger): SqliteKeyStore {
    const store = SqliteStore.open({ path: join(dataDir, 'keystore.db'), migrations: keyStoreMigrations, log });
    store.db.pragma('secure_delete = ON');
    store.db.pragma('temp_store = MEMORY');
    return new SqliteKeyStore(store);
  }

  /** Replaces the wraps of the same kinds; all or none. */
  put(spaceId: string, wraps: readonly Wrap[]): void {
    this.#store.transaction(() => {
      const insert = this.#store.db.prepare('INSERT OR REPLACE INTO wraps (space_id, kind, method, wrapped, created_at) VALUES (?, ?, ?, ?, ?)');
      for (const wrap of wraps) insert.run(spaceId, wrap.kind, JSON.stringify(wrap.method), wrap.wrapped, new Date().toISOString());
    });
    this.#forgetLog();
  }

  get(spaceId: string, kind: WrapKind): Wrap | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string, string], { method: string; wrapped: Buffer }>('SELECT method, wrapped FROM wraps WHERE space_id = ? AND kind = ?').get(spaceId, kind));
    return row === undefined ? undefined : { kind, method: WrapMethod.parse(JSON.parse(row.method)), wrapped: row.wrapped };
  }

  /** Destroys every wrap of a space: its content can never be read again, not even from a backup of the data. */
  destroy(spaceId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM wraps WHERE space_id = ?').run(spaceId));
    this.#forgetLog();
  }

  close(): void {
    this.#store.close();
  }

  /** Truncates the write-ahead log, which would keep replaced wraps until it is overwritten. */
  #forgetLog(): void {
    this.#store.db.pragma('wal_checkpoint(TRUNCATE)');
  }
}
