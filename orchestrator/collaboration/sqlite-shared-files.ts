// The shared files of collaborations in SQLite: the current version of each file, and which version each member has. The content is in shared-files.ts's folder, by its SHA-256.
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { SharedFile } from './collaboration.ts';

export const sharedFileMigrations: readonly Migration[] = [{
  version: 262,
  name: 'shared files',
  up: `
    CREATE TABLE shared_files (
      collaboration_id TEXT NOT NULL REFERENCES collaborations (id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      version INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      member TEXT NOT NULL,
      at TEXT NOT NULL,
      PRIMARY KEY (collaboration_id, path)
    ) STRICT;
    CREATE TABLE shared_file_copies (
      collaboration_id TEXT NOT NULL,
      path TEXT NOT NULL,
      environment_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      PRIMARY KEY (collaboration_id, path, environment_id),
      FOREIGN KEY (collaboration_id, path) REFERENCES shared_files (collaboration_id, path) ON DELETE CASCADE
    ) STRICT;`,
}];

export interface Copy { version: number; sha256: string }

const COLUMNS = 'path, version, sha256, bytes, member, at';

export class SqliteSharedFiles {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }

  get(collaborationId: string, path: string): SharedFile | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string, string], SharedFile>(`SELECT ${COLUMNS} FROM shared_files WHERE collaboration_id = ? AND path = ?`).get(collaborationId, path));
  }

  /** By path. */
  list(collaborationId: string, { limit, cursor }: PageQuery): Page<SharedFile> {
    const found = this.#store.read(() => this.#store.db.prepare<[string, string, number], SharedFile>(`SELECT ${COLUMNS} FROM shared_files WHERE collaboration_id = ? AND path > ? ORDER BY path LIMIT ?`).all(collaborationId, cursor ?? '', limit + 1));
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? items.at(-1)?.path ?? null : null };
  }

  totalBytes(collaborationId: string): number {
    return this.#store.read(() => this.#store.db.prepare<[string], number>('SELECT coalesce(sum(bytes), 0) FROM shared_files WHERE collaboration_id = ?').pluck().get(collaborationId)) ?? 0;
  }

  uses(collaborationId: string, sha256: string): boolean {
    return this.#store.read(() => this.#store.db.prepare<[string, string], number>('SELECT 1 FROM shared_files WHERE collaboration_id = ? AND sha256 = ? LIMIT 1').pluck().get(collaborationId, sha256)) === 1;
  }

  put(collaborationId: string, file: SharedFile): void {
    this.#store.transaction(() => this.#store.db.prepare(`
      INSERT INTO shared_files (collaboration_id, path, version, sha256, bytes, member, at) VALUES (@collaborationId, @path, @version, @sha256, @bytes, @member, @at)
      ON CONFLICT (collaboration_id, path) DO UPDATE SET version = excluded.version, sha256 = excluded.sha256, bytes = excluded.bytes, member = excluded.member, at = excluded.at`).run({ ...file, collaborationId }));
  }

  copy(collaborationId: string, path: string, environmentId: string): Copy | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string, string, string], Copy>('SELECT version, sha256 FROM shared_file_copies WHERE collaboration_id = ? AND path = ? AND environment_id = ?').get(collaborationId, path, environmentId));
  }

  setCopy(collaborationId: string, path: string, environmentId: string, { version, sha256 }: Copy): void {
    this.#store.transaction(() => this.#store.db.prepare(`
      INSERT INTO shared_file_copies (collaboration_id, path, environment_id, version, sha256) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (collaboration_id, path, environment_id) DO UPDATE SET version = excluded.version, sha256 = excluded.sha256`).run(collaborationId, path, environmentId, version, sha256));
  }

  /** The files of which a member does not have the current version. */
  stale(collaborationId: string, environmentId: string): SharedFile[] {
    return this.#store.read(() => this.#store.db.prepare<[string, string], SharedFile>(`
      SELECT ${COLUMNS.split(', ').map((column) => `files.${column}`).join(', ')} FROM shared_files AS files LEFT JOIN shared_file_copies AS copies ON copies.collaboration_id = files.collaboration_id AND copies.path = files.path AND copies.environment_id = ?
      WHERE files.collaboration_id = ? AND coalesce(copies.version, 0) <> files.version ORDER BY files.path`).all(environmentId, collaborationId));
  }
}
