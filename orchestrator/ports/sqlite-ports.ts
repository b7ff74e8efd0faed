// Published ports in SQLite. They are deleted with their environment.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export interface PortRow { environmentId: string; port: number; hostPort: number; createdAt: string }

export const portMigrations: readonly Migration[] = [{
  version: 180,
  name: 'ports',
  up: `
    CREATE TABLE ports (
      host_port INTEGER PRIMARY KEY,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      port INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      UNIQUE (environment_id, port)
    ) STRICT;`,
}];

const COLUMNS = 'environment_id AS environmentId, port, host_port AS hostPort, created_at AS createdAt';

export class SqlitePorts {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** By port on the host. */
  all(): PortRow[] {
    return this.#store.read(() => this.#store.db.prepare<[], PortRow>(`SELECT ${COLUMNS} FROM ports ORDER BY host_port`).all());
  }

  insert(row: PortRow): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO ports (host_port, environment_id, port, created_at) VALUES (@hostPort, @environmentId, @port, @createdAt)').run(row));
  }

  delete(hostPort: number): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM ports WHERE host_port = ?').run(hostPort));
  }
}
