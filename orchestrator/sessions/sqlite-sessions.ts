// Settings of DevSessions in SQLite. Their entries are events; only what the user has chosen is stored here.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export const sessionMigrations: readonly Migration[] = [{
  version: 261,
  name: 'sessions',
  up: `
    CREATE TABLE sessions (
      environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
      remember_actions INTEGER NOT NULL
    ) STRICT;`,
}];

export class SqliteSessions {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Off by default. */
  remembersActions(environmentId: string): boolean {
    return this.#store.read(() => this.#store.db.prepare<[string], number>('SELECT remember_actions FROM sessions WHERE environment_id = ?').pluck().get(environmentId)) === 1;
  }

  setRemembersActions(environmentId: string, on: boolean): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO sessions (environment_id, remember_actions) VALUES (?, ?) ON CONFLICT (environment_id) DO UPDATE SET remember_actions = excluded.remember_actions').run(environmentId, on ? 1 : 0));
  }
}
