// Secrets in SQLite: sealed keys, settings, usage, and which environments may use them. secret-manager.ts seals and decides.
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Secret } from './secret.ts';

export type SecretSettings = Omit<Secret, 'usage' | 'environments'>;
export interface SecretRow { id: string; settings: SecretSettings; sealed: Buffer; usage: Secret['usage'] }

export const secretMigrations: readonly Migration[] = [{
  version: 221,
  name: 'secrets',
  up: `
    CREATE TABLE secrets (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      settings TEXT NOT NULL,
      sealed BLOB NOT NULL,
      requests INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0,
      UNIQUE (owner, name)
    ) STRICT;
    CREATE TABLE secret_grants (
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
      PRIMARY KEY (environment_id, secret_id)
    ) STRICT;
    CREATE INDEX secret_grants_by_secret ON secret_grants (secret_id);`,
}];

interface Row { id: string; settings: string; sealed: Buffer; requests: number; bytes: number }
const COLUMNS = 'secrets.id, settings, sealed, requests, bytes';

export class SqliteSecrets {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  find(owner: string, name: string): SecretRow | undefined {
    return this.#store.read(() => toRow(this.#store.db.prepare<[string, string], Row>(`SELECT ${COLUMNS} FROM secrets WHERE owner = ? AND name = ?`).get(owner, name)));
  }

  /** The secret of this name that an environment may use. */
  granted(environmentId: string, name: string): SecretRow | undefined {
    return this.#store.read(() => toRow(this.#store.db.prepare<[string, string], Row>(`SELECT ${COLUMNS} FROM secrets JOIN secret_grants ON secret_id = secrets.id WHERE environment_id = ? AND name = ?`).get(environmentId, name)));
  }

  /** Names of the secrets that an environment may use. */
  grantedNames(environmentId: string): string[] {
    return this.#store.read(() => this.#store.db.prepare<[string], string>('SELECT name FROM secrets JOIN secret_grants ON secret_id = secrets.id WHERE environment_id = ? ORDER BY name').pluck().all(environmentId));
  }

  list(owner: string): SecretRow[] {
    return this.#store.read(() => this.#store.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM secrets WHERE owner = ? ORDER BY name`).all(owner)).flatMap((row) => toRow(row) ?? []);
  }

  /** Usage starts at zero. */
  put({ id, settings, sealed }: Omit<SecretRow, 'usage'>): void {
    this.#store.transaction(() => this.#store.db.prepare(`
      INSERT INTO secrets (id, owner, name, settings, sealed) VALUES (@id, @owner, @name, @settings, @sealed)
      ON CONFLICT (owner, name) DO UPDATE SET settings = excluded.settings, sealed = excluded.sealed, requests = 0, bytes = 0`).run({ id, owner: settings.owner, name: settings.name, settings: JSON.stringify(settings), sealed }));
  }

  delete(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM secrets WHERE id = ?').run(id));
  }

  environments(id: string): { id: string; name: string }[] {
    return this.#store.read(() => this.#store.db.prepare<[string], { id: string; name: string }>('SELECT environments.id, environments.name FROM environments JOIN secret_grants ON environment_id = environments.id WHERE secret_id = ? ORDER BY environments.name').all(id));
  }

  grant(id: string, environmentId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT OR IGNORE INTO secret_grants (environment_id, secret_id) VALUES (?, ?)').run(environmentId, id));
  }

  revoke(id: string, environmentId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM secret_grants WHERE environment_id = ? AND secret_id = ?').run(environmentId, id));
  }

  /** Adds to its usage. */
  use(id: string, { requests, bytes }: Secret['usage']): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE secrets SET requests = requests + ?, bytes = bytes + ? WHERE id = ?').run(requests, bytes, id));
  }
}

function toRow(row: Row | undefined): SecretRow | undefined {
  return row && { id: row.id, settings: JSON.parse(row.settings) as SecretSettings, sealed: row.sealed, usage: { requests: row.requests, bytes: row.bytes } };
}
