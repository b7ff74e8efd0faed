// Artifacts, their versions and files in SQLite. artifact-manager.ts decides what may be done with them; sqlite-artifact-runs.ts has their runs.
import { SomnusError } from '../../common/errors.ts';
import type { Caller } from '../keys/caller.ts';
import { isAdmin } from '../keys/caller.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { isUniqueViolation, type SqliteStore } from '../store/sqlite-store.ts';
import { words } from '../memory/text/terms.ts';
import type { Artifact, ArtifactHit, ArtifactQuery, ArtifactVersion, StoredFile } from './artifact.ts';

export const artifactMigrations: readonly Migration[] = [{
  version: 250,
  name: 'artifacts',
  up: `
    CREATE TABLE artifacts (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      environment_id TEXT REFERENCES environments (id) ON DELETE SET NULL,
      title TEXT NOT NULL,
      type TEXT NOT NULL,
      version INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      removed_at TEXT,
      purge_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX artifacts_title ON artifacts (owner, title) WHERE removed_at IS NULL;
    CREATE INDEX artifacts_environment ON artifacts (environment_id);
    CREATE TABLE artifact_versions (
      artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      main TEXT,
      note TEXT NOT NULL,
      restored_from INTEGER,
      created_by TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (artifact_id, number)
    ) STRICT;
    CREATE TABLE artifact_files (
      artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
      holder TEXT NOT NULL,
      path TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      executable INTEGER NOT NULL,
      PRIMARY KEY (artifact_id, holder, path)
    ) STRICT;
    CREATE INDEX artifact_files_content ON artifact_files (sha256);
    CREATE TABLE artifact_shares (
      artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      PRIMARY KEY (artifact_id, environment_id)
    ) STRICT;
    CREATE INDEX artifact_shares_environment ON artifact_shares (environment_id);
    CREATE TABLE artifact_texts (
      id INTEGER PRIMARY KEY,
      artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
      holder TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX artifact_texts_holder ON artifact_texts (artifact_id, holder);
    CREATE VIRTUAL TABLE artifact_words USING fts5 (text, content='artifact_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
    CREATE TRIGGER artifact_texts_added AFTER INSERT ON artifact_texts BEGIN INSERT INTO artifact_words (rowid, text) VALUES (new.id, new.text); END;
    CREATE TRIGGER artifact_texts_removed AFTER DELETE ON artifact_texts BEGIN INSERT INTO artifact_words (artifact_words, rowid, text) VALUES ('delete', old.id, old.text); END;`,
}];

/** What holds files and texts of an artifact: a version, or a run by its id. */
export const versionHolder = (number: number): string => `v${number}`;

interface Row {
  id: string; owner: string; environmentId: string | null; title: string; type: Artifact['type']; version: number; createdAt: string; updatedAt: string; removedAt: string | null; purgeAt: string | null;
  sha256: string; fileCount: number; sizeBytes: number; sharedWith: string;
}
type VersionRow = Omit<ArtifactVersion, 'files'>;
interface FileRow { path: string; sha256: string; sizeBytes: number; executable: number }

const COLUMNS = `a.id, a.owner, a.environment_id AS environmentId, a.title, a.type, a.version, a.created_at AS createdAt, a.updated_at AS updatedAt, a.removed_at AS removedAt, a.purge_at AS purgeAt,
  (SELECT sha256 FROM artifact_versions v WHERE v.artifact_id = a.id AND v.number = a.version) AS sha256,
  (SELECT count(*) FROM artifact_files f WHERE f.artifact_id = a.id AND f.holder = 'v' || a.version) AS fileCount,
  (SELECT coalesce(sum(size_bytes), 0) FROM artifact_files f WHERE f.artifact_id = a.id AND f.holder = 'v' || a.version) AS sizeBytes,
  (SELECT coalesce(group_concat(environment_id), '') FROM artifact_shares s WHERE s.artifact_id = a.id) AS sharedWith`;
/** What a caller sees: their own artifacts and those shared with their environments; with a key limited to one environment, those of that environment. */
const VISIBLE = `(CASE WHEN @limit IS NOT NULL THEN a.environment_id = @limit OR EXISTS (SELECT 1 FROM artifact_shares s WHERE s.artifact_id = a.id AND s.environment_id = @limit)
  ELSE @admin OR a.owner = @user OR EXISTS (SELECT 1 FROM artifact_shares s JOIN environments e ON e.id = s.environment_id WHERE s.artifact_id = a.id AND e.owner = @user) END)`;
const MOST_WORDS = 20;

export class SqliteArtifacts {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Joins the current transaction. */
  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }

  /** @throws name_taken */
  insert(artifact: Pick<Artifact, 'id' | 'owner' | 'environmentId' | 'title' | 'type' | 'createdAt'>): void {
    this.#unique(artifact.title, () => this.#store.db.prepare('INSERT INTO artifacts (id, owner, environment_id, title, type, version, created_at, updated_at) VALUES (@id, @owner, @environmentId, @title, @type, 0, @createdAt, @createdAt)').run(artifact));
  }

  /** Adds a version, which becomes the newest, with its files and the text to search. */
  addVersion(artifactId: string, version: ArtifactVersion, text: string): void {
    this.#store.transaction(() => {
      const { db } = this.#store;
      const { files, ...row } = version;
      db.prepare('INSERT INTO artifact_versions (artifact_id, number, sha256, main, note, restored_from, created_by, created_at) VALUES (@artifactId, @number, @sha256, @main, @note, @restoredFrom, @createdBy, @createdAt)').run({ ...row, artifactId });
      this.addFiles(artifactId, versionHolder(version.number), files);
      this.addText(artifactId, versionHolder(version.number), text);
      db.prepare('UPDATE artifacts SET version = ?, updated_at = ? WHERE id = ?').run(version.number, version.createdAt, artifactId);
    });
  }

  addFiles(artifactId: string, holder: string, files: readonly StoredFile[]): void {
    this.#store.transaction(() => {
      const insert = this.#store.db.prepare('INSERT INTO artifact_files (artifact_id, holder, path, sha256, size_bytes, executable) VALUES (?, ?, ?, ?, ?, ?)');
      for (const { path, sha256, sizeBytes, executable } of files) insert.run(artifactId, holder, path, sha256, sizeBytes, executable ? 1 : 0);
    });
  }

  addText(artifactId: string, holder: string, text: string): void {
    if (text.trim() === '') return;
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO artifact_texts (artifact_id, holder, text) VALUES (?, ?, ?)').run(artifactId, holder, text));
  }

  files(artifactId: string, holder: string): StoredFile[] {
    return this.#store.read(() => this.#store.db.prepare<[string, string], FileRow>('SELECT path, sha256, size_bytes AS sizeBytes, executable FROM artifact_files WHERE artifact_id = ? AND holder = ? ORDER BY path').all(artifactId, holder))
      .map((row) => ({ ...row, executable: row.executable === 1 }));
  }

  /** Those with this id or title that the caller sees; those with the id first, then those of the caller's environment, then their own. */
  find(caller: Caller, ref: string, removed: boolean): Artifact[] {
    return this.#store.read(() => this.#store.db.prepare<object, Row>(`
      SELECT ${COLUMNS} FROM artifacts a WHERE (a.id = @ref OR a.title = @ref) AND (a.removed_at IS NOT NULL) = @removed AND ${VISIBLE}
      ORDER BY a.id = @ref DESC, coalesce(a.environment_id = @limit, 0) DESC, a.owner = @user DESC, a.id DESC LIMIT 10`).all({ ...scopeOf(caller), ref, removed: removed ? 1 : 0 })).map(shown);
  }

  /** Newest first. */
  list(caller: Caller, { limit, cursor, type, removed }: ArtifactQuery, environmentId: string | undefined): Page<Artifact> {
    const found = this.#store.read(() => this.#store.db.prepare<object, Row>(`
      SELECT ${COLUMNS} FROM artifacts a WHERE a.id < @cursor AND (a.removed_at IS NOT NULL) = @removed AND ${VISIBLE} AND (@type IS NULL OR a.type = @type)
        AND (@environment IS NULL OR a.environment_id = @environment OR EXISTS (SELECT 1 FROM artifact_shares s WHERE s.artifact_id = a.id AND s.environment_id = @environment))
      ORDER BY a.id DESC LIMIT @count`).all({ ...scopeOf(caller), cursor: cursor ?? '~', removed: removed === 'only' ? 1 : 0, type: type ?? null, environment: environmentId ?? null, count: limit + 1 })).map(shown);
    return pageOfRows(found, limit, ({ id }) => id);
  }

  version(artifactId: string, number: number): ArtifactVersion | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string, number], VersionRow>(`${VERSION} WHERE artifact_id = ? AND number = ?`).get(artifactId, number));
    return row === undefined ? undefined : { ...row, files: this.files(artifactId, versionHolder(number)) };
  }

  /** Newest first. */
  versions(artifactId: string, { limit, cursor }: PageQuery): Page<ArtifactVersion> {
    const rows = this.#store.read(() => this.#store.db.prepare<[string, number, number], VersionRow>(`${VERSION} WHERE artifact_id = ? AND number < ? ORDER BY number DESC LIMIT ?`).all(artifactId, cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor), limit + 1));
    const { items, nextCursor } = pageOfRows(rows, limit, ({ number }) => String(number));
    return { items: items.map((row) => ({ ...row, files: this.files(artifactId, versionHolder(row.number)) })), nextCursor };
  }

  /** Repeatable. */
  share(artifactId: string, environmentId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT OR IGNORE INTO artifact_shares (artifact_id, environment_id) VALUES (?, ?)').run(artifactId, environmentId));
  }

  unshare(artifactId: string, environmentId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM artifact_shares WHERE artifact_id = ? AND environment_id = ?').run(artifactId, environmentId));
  }

  /** With nulls: undeletes it. @throws name_taken */
  setRemoved({ id, title }: Pick<Artifact, 'id' | 'title'>, removedAt: string | null, purgeAt: string | null): void {
    this.#unique(title, () => this.#store.db.prepare('UPDATE artifacts SET removed_at = ?, purge_at = ? WHERE id = ?').run(removedAt, purgeAt, id));
  }

  delete(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM artifacts WHERE id = ?').run(id));
  }

  /** Deletes removed artifacts whose time to undelete is over. */
  purge(now: Date): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM artifacts WHERE purge_at <= ?').run(now.toISOString()));
  }

  deleteOwnedBy(owner: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM artifacts WHERE owner = ?').run(owner));
  }

  isNeeded(sha256: string): boolean {
    return this.#store.read(() => this.#store.db.prepare('SELECT 1 FROM artifact_files WHERE sha256 = ? LIMIT 1').get(sha256) !== undefined);
  }

  /** Bytes of all contents of a user's artifacts; each content counts once. */
  usedBytes(owner: string): number {
    return this.#store.read(() => this.#store.db.prepare<[string], { used: number }>(`
      SELECT coalesce(sum(size), 0) AS used FROM (SELECT max(f.size_bytes) AS size FROM artifact_files f JOIN artifacts a ON a.id = f.artifact_id WHERE a.owner = ? GROUP BY f.sha256)`).get(owner)?.used ?? 0);
  }

  /** Texts that contain all words; best first. */
  search(caller: Caller, text: string, limit: number): ArtifactHit[] {
    const match = [...new Set(words(text))].slice(0, MOST_WORDS).map((word) => `"${word}"`).join(' AND '); // words contain no quotation marks
    if (match === '') return [];
    interface Found { artifactId: string; title: string; holder: string; excerpt: string }
    return this.#store.read(() => this.#store.db.prepare<object, Found>(`
      SELECT t.artifact_id AS artifactId, a.title, t.holder, snippet(artifact_words, 0, '[[', ']]', ' … ', 24) AS excerpt
      FROM artifact_words JOIN artifact_texts t ON t.id = artifact_words.rowid JOIN artifacts a ON a.id = t.artifact_id
      WHERE artifact_words MATCH @match AND a.removed_at IS NULL AND ${VISIBLE} ORDER BY bm25(artifact_words), t.id DESC LIMIT @count`).all({ ...scopeOf(caller), match, count: limit }))
      .map(({ holder, ...hit }) => (holder.startsWith('v') ? { ...hit, version: Number(holder.slice(1)), runId: null } : { ...hit, version: null, runId: holder }));
  }

  #unique(title: string, work: () => unknown): void {
    try {
      this.#store.transaction(work);
    } catch (cause) {
      if (!isUniqueViolation(cause) && !isUniqueViolation((cause as Error).cause)) throw cause;
      throw new SomnusError('name_taken', `There is already an artifact with the title ${JSON.stringify(title)}`, { hint: 'Choose another title, or write a new version: `somnus artifact update`.', cause });
    }
  }
}

const VERSION = 'SELECT number, sha256, main, note, restored_from AS restoredFrom, created_by AS createdBy, created_at AS createdAt FROM artifact_versions';

export function pageOfRows<T>(found: readonly T[], limit: number, cursorOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null };
}

function scopeOf(caller: Caller): { limit: string | null; user: string; admin: number } {
  return { limit: caller.environmentId, user: caller.user, admin: isAdmin(caller) ? 1 : 0 };
}

function shown({ sharedWith, ...row }: Row): Artifact {
  return { ...row, sharedWith: sharedWith === '' ? [] : sharedWith.split(',') };
}
