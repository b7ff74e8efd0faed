// Items in quarantine, in SQLite: when and why they were put there. The folder itself says what it is.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export interface QuarantineRow {
  id: string;
  /** Name of the folder: `<id>-<time>`. */
  folder: string;
  reason: string;
  foundAt: string;
}

export const quarantineMigrations: readonly Migration[] = [{
  version: 130,
  name: 'quarantine',
  up: `
    CREATE TABLE quarantine (
      id TEXT PRIMARY KEY,
      folder TEXT NOT NULL UNIQUE,
      reason TEXT NOT NULL,
      found_at TEXT NOT NULL
    ) STRICT;`,
}];

export class SqliteQuarantine {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  insert(row: QuarantineRow): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO quarantine (id, folder, reason, found_at) VALUES (@id, @folder, @reason, @foundAt)').run(row));
  }

  delete(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM quarantine WHERE id = ?').run(id));
  }

  /** Oldest first. */
  all(): QuarantineRow[] {
    return this.#store.read(() => this.#store.db.prepare<[], QuarantineRow>('SELECT id, folder, reason, found_at AS foundAt FROM quarantine ORDER BY id').all());
  }
}
