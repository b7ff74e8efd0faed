// Stores the wraps of the spaces' data keys in a separate file that is not part of data backups, so that destroying a wrap makes the data unreadable.
import { join } from 'node:path';
import { SomnusError } from '../../../common/errors.ts';
import type { Logger } from '../../../common/log.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import type { Migration } from '../../store/migrations.ts';
import { WrapKind, WrapMethod, type Wrap } from '../crypto/key-wrap.ts';

const keyStoreMigrations: readonly Migration[] = [{
  version: 1,
  name: 'wraps',
  up: `CREATE TABLE wraps (space_id TEXT NOT NULL, kind TEXT NOT NULL, method TEXT NOT NULL, wrapped BLOB NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (space_id, kind)) STRICT, WITHOUT ROWID;`,
}, {
  // A backup of the keys does not restore what was destroyed after the backup.
  version: 2,
  name: 'destroyed',
  up: 'CREATE TABLE destroyed (space_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;',
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

  /** Stores the wraps of a new space; all or none. */
  create(spaceId: string, wraps: readonly Wrap[]): void {
    this.#store.transaction(() => { for (const wrap of wraps) this.#write(spaceId, wrap); });
    this.#forgetLog();
  }

  /**
   * Replaces the wrap of the same kind, if the wrap that authorized the change is still valid: it may have been destroyed or replaced while the new one was being computed.
   * @throws SomnusError `locked`
   */
  replace(spaceId: string, wrap: Wrap, authorizedBy: Wrap): void {
    this.#store.transaction(() => {
      if (this.get(spaceId, authorizedBy.kind)?.wrapped.equals(authorizedBy.wrapped) !== true) throw new SomnusError('locked', 'The keys of this memory space were changed or destroyed in the meantime', { hint: 'Try again with the credential that is valid now.' });
      this.#write(spaceId, wrap);
    });
    this.#forgetLog();
  }

  get(spaceId: string, kind: WrapKind): Wrap | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string, string], { method: string; wrapped: Buffer }>('SELECT method, wrapped FROM wraps WHERE space_id = ? AND kind = ?').get(spaceId, kind));
    return row === undefined ? undefined : { kind, method: WrapMethod.parse(JSON.parse(row.method)), wrapped: row.wrapped };
  }

  /** Destroys every wrap of a space: its content can never be read again, not even from a backup of the data. */
  destroy(spaceId: string): void {
    this.#store.transaction(() => {
      this.#store.db.prepare('DELETE FROM wraps WHERE space_id = ?').run(spaceId);
      this.#store.db.prepare('INSERT OR IGNORE INTO destroyed (space_id, at) VALUES (?, ?)').run(spaceId, new Date().toISOString());
    });
    this.#forgetLog();
  }

  /** The spaces whose keys were destroyed here. */
  destroyed(): Set<string> {
    return new Set(this.#store.read(() => this.#store.db.prepare<[], { space_id: string }>('SELECT space_id FROM destroyed').all()).map((row) => row.space_id));
  }

  /** Adds the wraps of spaces that have none here and were not destroyed here, and returns the number of these spaces. Replaced or destroyed wraps are not restored. */
  addFrom(backup: SqliteKeyStore): number {
    const added = this.#store.transaction(() => {
      const own = new Set(this.#spaces());
      const gone = this.destroyed();
      const missing = backup.#spaces().filter((spaceId) => !own.has(spaceId) && !gone.has(spaceId));
      for (const spaceId of missing) for (const kind of WrapKind.options) {
        const wrap = backup.get(spaceId, kind);
        if (wrap !== undefined) this.#write(spaceId, wrap);
      }
      return missing.length;
    });
    this.#forgetLog();
    return added;
  }

  /** Copies the store to a new file while it is in use. */
  async copyTo(path: string): Promise<void> {
    await this.#store.copyTo(path);
  }

  close(): void {
    this.#store.close();
  }

  #spaces(): string[] {
    return this.#store.read(() => this.#store.db.prepare<[], { space_id: string }>('SELECT DISTINCT space_id FROM wraps').all()).map((row) => row.space_id);
  }

  #write(spaceId: string, wrap: Wrap): void {
    this.#store.db.prepare('INSERT OR REPLACE INTO wraps (space_id, kind, method, wrapped, created_at) VALUES (?, ?, ?, ?, ?)').run(spaceId, wrap.kind, JSON.stringify(wrap.method), wrap.wrapped, new Date().toISOString());
  }

  /** Truncates the write-ahead log, which would keep replaced wraps until it is overwritten. */
  #forgetLog(): void {
    this.#store.db.pragma('wal_checkpoint(TRUNCATE)');
  }
}
