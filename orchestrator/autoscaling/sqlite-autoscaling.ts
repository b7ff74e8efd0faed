// Autoscaling limits of environments, in SQLite.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export interface AutoscalingLimits { smallest: string; largest: string }

export const autoscalingMigrations: readonly Migration[] = [{
  version: 170,
  name: 'autoscaling',
  up: `
    CREATE TABLE autoscaling (
      environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
      smallest TEXT NOT NULL,
      largest TEXT NOT NULL
    ) STRICT;`,
}];

export class SqliteAutoscaling {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  get(environmentId: string): AutoscalingLimits | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string], AutoscalingLimits>('SELECT smallest, largest FROM autoscaling WHERE environment_id = ?').get(environmentId));
  }

  set(environmentId: string, { smallest, largest }: AutoscalingLimits): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT OR REPLACE INTO autoscaling (environment_id, smallest, largest) VALUES (?, ?, ?)').run(environmentId, smallest, largest));
  }

  delete(environmentId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM autoscaling WHERE environment_id = ?').run(environmentId));
  }
}
