// The memory core's tables in SQLite: a separate file with one writer. This file does not know the content of the sealed columns.
import { join } from 'node:path';
import type { Statement } from 'better-sqlite3';
import type { Logger } from '../../../common/log.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import type { Migration } from '../../store/migrations.ts';
import type { Layer } from '../memory.ts';
import type { Amendment, ChangedRecord, LayerCount, MemoryStore, NewRecord, PackRow, PackVersion, RecordState, Replacement, SealedPack, SealedPart, SpaceRow, TailRecord } from './memory-store.ts';

export const memoryMigrations: readonly Migration[] = [{
  version: 1,
  name: 'memory',
  up: `
    CREATE TABLE spaces (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, name TEXT NOT NULL, private INTEGER NOT NULL, created_at TEXT NOT NULL, UNIQUE (user_id, name)) STRICT;
    CREATE TABLE packs (id INTEGER PRIMARY KEY AUTOINCREMENT, space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, sealed BLOB NOT NULL, segment BLOB) STRICT;
    CREATE INDEX packs_of_space ON packs (space_id);
    CREATE TABLE records (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
      pack_id INTEGER REFERENCES packs (id) ON DELETE CASCADE, sealed BLOB,
      layer TEXT NOT NULL, type TEXT NOT NULL, fingerprint BLOB NOT NULL, source_key BLOB,
      importance TEXT NOT NULL, expires_at INTEGER, uses INTEGER NOT NULL DEFAULT 0, used_at INTEGER, superseded_by TEXT, changed INTEGER NOT NULL DEFAULT 0,
      CHECK ((pack_id IS NULL) <> (sealed IS NULL))
    ) STRICT;
    CREATE INDEX records_tail ON records (space_id) WHERE pack_id IS NULL;
    CREATE INDEX records_of_pack ON records (pack_id);
    CREATE INDEX records_changed ON records (space_id) WHERE changed = 1;
    CREATE INDEX records_fingerprint ON records (space_id, fingerprint);
    CREATE INDEX records_source ON records (space_id, source_key) WHERE source_key IS NOT NULL;
    CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE lineage (source TEXT NOT NULL, derived TEXT NOT NULL, PRIMARY KEY (source, derived)) STRICT, WITHOUT ROWID;
    CREATE INDEX lineage_derived ON lineage (derived);
    CREATE TABLE notes (space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, name TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (space_id, name)) STRICT, WITHOUT ROWID;
  `,
}, {
  version: 2,
  name: 'forgotten',
  up: 'CREATE TABLE forgotten (space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, id TEXT NOT NULL, PRIMARY KEY (space_id, id)) STRICT, WITHOUT ROWID;',
}, {
  // An id names a memory within one space, and lineage stays in it: an imported memory keeps its id, and no change in one space reaches another.
  version: 3,
  name: 'ids_by_space',
  up: `
    CREATE TABLE records_by_space (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
      pack_id INTEGER REFERENCES packs (id) ON DELETE CASCADE, sealed BLOB,
      layer TEXT NOT NULL, type TEXT NOT NULL, fingerprint BLOB NOT NULL, source_key BLOB,
      importance TEXT NOT NULL, expires_at INTEGER, uses INTEGER NOT NULL DEFAULT 0, used_at INTEGER, superseded_by TEXT, changed INTEGER NOT NULL DEFAULT 0,
      amended BLOB, CHECK ((pack_id IS NULL) <> (sealed IS NULL)), UNIQUE (space_id, id)
    ) STRICT;
    INSERT INTO records_by_space SELECT seq, id, space_id, pack_id, sealed, layer, type, fingerprint, source_key, importance, expires_at, uses, used_at, superseded_by, changed, NULL FROM records;
    CREATE TABLE lineage_by_space (
      space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, source TEXT NOT NULL, derived TEXT NOT NULL, PRIMARY KEY (space_id, source, derived)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO lineage_by_space SELECT records.space_id, source, derived FROM lineage JOIN records ON records.id = derived;
    DROP TABLE lineage;
    DROP TABLE records;
    ALTER TABLE records_by_space RENAME TO records;
    ALTER TABLE lineage_by_space RENAME TO lineage;
    CREATE INDEX records_tail ON records (space_id) WHERE pack_id IS NULL;
    CREATE INDEX records_of_pack ON records (pack_id);
    CREATE INDEX records_changed ON records (space_id) WHERE changed = 1;
    CREATE INDEX records_fingerprint ON records (space_id, fingerprint);
    CREATE INDEX records_source ON records (space_id, source_key) WHERE source_key IS NOT NULL;
    CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE INDEX records_superseded ON records (space_id, superseded_by) WHERE superseded_by IS NOT NULL;
    CREATE INDEX records_amended ON records (space_id) WHERE amended IS NOT NULL;
    CREATE INDEX lineage_derived ON lineage (space_id, derived);
  `,
}, {
  version: 4,
  name: 'pack_epochs',
  up: 'ALTER TABLE packs ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;',
}, {
  version: 5,
  name: 'file_parts',
  up: `
    CREATE TABLE file_parts (
      space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, memory_id TEXT NOT NULL, number INTEGER NOT NULL, bytes INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE (space_id, memory_id, number)
    ) STRICT;
    CREATE INDEX file_parts_bytes ON file_parts (space_id, bytes);
  `,
}];

interface StateColumns { importance: RecordState['importance']; expires_at: number | null; uses: number; used_at: number | null; superseded_by: string | null }
const STATE = 'importance, expires_at, uses, used_at, superseded_by';

export class SqliteMemoryStore implements MemoryStore {
  readonly #store: SqliteStore;
  readonly #statements = new Map<string, Statement>();

  private constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Opens `memory.db` in the folder. @throws SomnusError `in_use` when another process has it open, `corrupt`, `newer_format` */
  static open(dataDir: string, log: Logger): SqliteMemoryStore {
    const store = SqliteStore.open({ path: join(dataDir, 'memory.db'), migrations: memoryMigrations, log });
    store.db.pragma('secure_delete = ON'); // overwrites deleted content
    store.db.pragma('temp_store = MEMORY');
    // Files whose memory was never stored, because the process ended.
    store.transaction(() => store.db.prepare('DELETE FROM file_parts WHERE NOT EXISTS (SELECT 1 FROM records WHERE records.space_id = file_parts.space_id AND records.id = memory_id)').run());
    return new SqliteMemoryStore(store);
  }

  createSpace(space: SpaceRow): void {
    this.#write(() => this.#sql('INSERT INTO spaces (id, user_id, name, private, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(space.id, space.userId, space.name, space.private ? 1 : 0, space.createdAt));
  }

  spacesOf(userId: string): SpaceRow[] {
    return this.#rows<{ id: string; user_id: string; name: string; private: number; created_at: string }>('SELECT * FROM spaces WHERE user_id = ? ORDER BY created_at, id', userId)
      .map((row) => ({ id: row.id, userId: row.user_id, name: row.name, private: row.private === 1, createdAt: row.created_at }));
  }

  removeSpace(spaceId: string): void {
    this.#write(() => this.#sql('DELETE FROM spaces WHERE id = ?').run(spaceId));
    this.#store.db.pragma('wal_checkpoint(TRUNCATE)');
  }

  insert(spaceId: string, records: readonly NewRecord[], replacements: readonly Replacement[], amendments: readonly Amendment[] = []): number[] {
    return this.#write(() => {
      const seqs = this.#insertRecords(spaceId, records);
      for (const { id, by } of replacements) this.setState(spaceId, id, { supersededBy: by });
      for (const { id, sealed, importance, expiresAtMs } of amendments) {
        this.#sql('UPDATE records SET amended = ?, importance = ?, expires_at = ?, changed = 1 WHERE space_id = ? AND id = ?').run(sealed, importance, expiresAtMs ?? null, spaceId, id);
      }
      return seqs;
    });
  }

  findByFingerprint(spaceId: string, fingerprint: Buffer, layer: Layer): string[] {
    return this.#rows<{ id: string }>('SELECT id FROM records WHERE space_id = ? AND fingerprint = ? AND layer = ? AND superseded_by IS NULL ORDER BY seq', spaceId, fingerprint, layer).map(({ id }) => id);
  }

  findBySourceKey(spaceId: string, sourceKey: Buffer): string[] {
    return this.#rows<{ id: string }>('SELECT id FROM records WHERE space_id = ? AND source_key = ? ORDER BY seq', spaceId, sourceKey).map(({ id }) => id);
  }

  find(spaceId: string, id: string): { seq: number; packId: number | undefined; state: RecordState } | undefined {
    const row = this.#rows<StateColumns & { seq: number; pack_id: number | null }>(`SELECT seq, pack_id, ${STATE} FROM records WHERE space_id = ? AND id = ?`, spaceId, id)[0];
    return row === undefined ? undefined : { seq: row.seq, packId: row.pack_id ?? undefined, state: stateOf(row) };
  }

  setState(spaceId: string, id: string, change: Partial<RecordState>): void {
    const columns: Record<keyof RecordState, string> = { importance: 'importance', expiresAtMs: 'expires_at', uses: 'uses', usedAtMs: 'used_at', supersededBy: 'superseded_by' };
    const keys = (Object.keys(change) as (keyof RecordState)[]);
    this.#write(() => this.#sql(`UPDATE records SET ${keys.map((key) => `${columns[key]} = ?`).join(', ')}, changed = 1 WHERE space_id = ? AND id = ?`)
      .run(...keys.map((key) => change[key] ?? null), spaceId, id));
  }

  touch(spaceId: string, ids: readonly string[], nowMs: number, expiry?: (id: string) => number | undefined): void {
    const update = this.#sql('UPDATE records SET uses = uses + 1, used_at = ?, expires_at = coalesce(?, expires_at), changed = 1 WHERE space_id = ? AND id = ?');
    this.#writeSoon(() => ids.forEach((id) => update.run(nowMs, expiry?.(id) ?? null, spaceId, id)));
  }

  tail(spaceId: string): TailRecord[] {
    return this.#rows<StateColumns & { seq: number; id: string; sealed: Buffer }>(`SELECT seq, id, sealed, ${STATE} FROM records WHERE space_id = ? AND pack_id IS NULL ORDER BY seq`, spaceId)
      .map((row) => ({ seq: row.seq, id: row.id, sealed: row.sealed, state: stateOf(row) }));
  }

  *packs(spaceId: string): Iterable<PackRow> {
    for (const { id } of this.#rows<{ id: number }>('SELECT id FROM packs WHERE space_id = ? ORDER BY id', spaceId)) {
      const pack = this.pack(id);
      if (pack !== undefined) yield pack;
    }
  }

  pack(packId: number): PackRow | undefined {
    const row = this.#rows<PackVersion & { sealed: Buffer; segment: Buffer | null }>('SELECT id, epoch, sealed, segment FROM packs WHERE id = ?', packId)[0];
    return row === undefined ? undefined : { ...row, segment: row.segment ?? undefined };
  }

  countOfPack(packId: number): number {
    return this.#rows<{ count: number }>('SELECT count(*) AS count FROM records WHERE pack_id = ?', packId)[0]?.count ?? 0;
  }

  changed(spaceId: string): ChangedRecord[] {
    return this.#rows<StateColumns & { seq: number }>(`SELECT seq, ${STATE} FROM records WHERE space_id = ? AND changed = 1 AND pack_id IS NOT NULL`, spaceId)
      .map((row) => ({ seq: row.seq, state: stateOf(row) }));
  }

  amendments(spaceId: string): { seq: number; id: string; sealed: Buffer }[] {
    return this.#rows('SELECT seq, id, amended AS sealed FROM records WHERE space_id = ? AND amended IS NOT NULL', spaceId);
  }

  supersededBy(spaceId: string, ids: readonly string[]): string[] {
    return ids.flatMap((by) => this.#rows<{ id: string }>('SELECT id FROM records WHERE space_id = ? AND superseded_by = ?', spaceId, by).map(({ id }) => id));
  }

  setTwins(spaceId: string, pairs: readonly (readonly [string, string])[], are: boolean): void {
    const change = this.#sql(are ? 'INSERT OR IGNORE INTO lineage (space_id, source, derived) VALUES (?, ?, ?)' : 'DELETE FROM lineage WHERE space_id = ? AND source = ? AND derived = ?');
    this.#write(() => {
      for (const [a, b] of pairs) {
        change.run(spaceId, a, b);
        change.run(spaceId, b, a);
      }
    });
  }

  addPack(spaceId: string, seqs: readonly number[], seal: (version: PackVersion) => SealedPack): number {
    const move = this.#sql('UPDATE records SET pack_id = ?, sealed = NULL WHERE seq = ?');
    return this.#write(() => {
      const id = Number(this.#sql('INSERT INTO packs (space_id, sealed, epoch) VALUES (?, zeroblob(0), 1)').run(spaceId).lastInsertRowid);
      const { sealed, segment } = seal({ id, epoch: 1 });
      this.#sql('UPDATE packs SET sealed = ?, segment = ? WHERE id = ?').run(sealed, segment, id);
      for (const seq of seqs) move.run(id, seq);
      return id;
    });
  }

  rewrite(spaceId: string, changes: readonly { packId: number; content: SealedPack | undefined }[], removedIds: readonly string[], replacements: readonly Replacement[], added: readonly NewRecord[]): number[] {
    const seqs = this.#write(() => {
      const stored = new Set(added.map(({ id }) => id)); // changed memories are stored again
      for (const id of removedIds) {
        this.#sql('DELETE FROM records WHERE space_id = ? AND id = ?').run(spaceId, id);
        if (!stored.has(id)) this.#sql('DELETE FROM file_parts WHERE space_id = ? AND memory_id = ?').run(spaceId, id);
        this.#sql('DELETE FROM lineage WHERE space_id = ? AND source = ?').run(spaceId, id);
        this.#sql('DELETE FROM lineage WHERE space_id = ? AND derived = ?').run(spaceId, id);
      }
      for (const { id, by } of replacements) this.setState(spaceId, id, { supersededBy: by });
      for (const { packId, content } of changes) {
        if (content === undefined) this.#sql('DELETE FROM packs WHERE id = ?').run(packId);
        else this.#sql('UPDATE packs SET sealed = ?, segment = ?, epoch = epoch + 1 WHERE id = ?').run(content.sealed, content.segment, packId);
      }
      return this.#insertRecords(spaceId, added);
    });
    this.#store.db.pragma('wal_checkpoint(TRUNCATE)'); // the log still held the old content
    return seqs;
  }

  setSegment(packId: number, segment: Buffer): void {
    this.#write(() => this.#sql('UPDATE packs SET segment = ? WHERE id = ?').run(segment, packId));
  }

  derivedFrom(spaceId: string, ids: readonly string[]): string[] {
    const asked = new Set(ids);
    const found = new Set<string>();
    const queue = [...ids];
    for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
      for (const { derived } of this.#rows<{ derived: string }>('SELECT lineage.derived FROM lineage JOIN records ON records.space_id = lineage.space_id AND records.id = lineage.derived WHERE lineage.space_id = ? AND source = ?', spaceId, source)) {
        if (found.has(derived) || asked.has(derived)) continue;
        found.add(derived);
        queue.push(derived);
      }
    }
    return [...found];
  }

  expired(nowMs: number): { spaceId: string; id: string }[] {
    return this.#rows<{ space_id: string; id: string }>('SELECT space_id, id FROM records WHERE expires_at IS NOT NULL AND expires_at <= ?', nowMs)
      .map((row) => ({ spaceId: row.space_id, id: row.id }));
  }

  counts(spaceId: string): LayerCount[] {
    return this.#rows<LayerCount>('SELECT layer, type, count(*) AS count FROM records WHERE space_id = ? GROUP BY layer, type ORDER BY layer, type', spaceId);
  }

  totals(): LayerCount[] {
    return this.#rows<LayerCount>('SELECT layer, type, count(*) AS count FROM records GROUP BY layer, type ORDER BY layer, type');
  }

  addPart(spaceId: string, memoryId: string, part: SealedPart): void {
    this.#write(() => this.#insertParts(spaceId, memoryId, [part]));
  }

  readPart(spaceId: string, memoryId: string, number: number): Buffer | undefined {
    return this.#rows<{ sealed: Buffer }>('SELECT sealed FROM file_parts WHERE space_id = ? AND memory_id = ? AND number = ?', spaceId, memoryId, number)[0]?.sealed;
  }

  removeParts(spaceId: string, memoryId: string): void {
    this.#write(() => this.#sql('DELETE FROM file_parts WHERE space_id = ? AND memory_id = ?').run(spaceId, memoryId));
    this.#store.db.pragma('wal_checkpoint(TRUNCATE)'); // the log still contained them
  }

  partBytes(spaceId: string): number {
    return this.#rows<{ bytes: number | null }>('SELECT sum(bytes) AS bytes FROM file_parts WHERE space_id = ?', spaceId)[0]?.bytes ?? 0;
  }

  noteForgotten(spaceId: string, ids: readonly string[]): void {
    const note = this.#sql('INSERT OR IGNORE INTO forgotten (space_id, id) VALUES (?, ?)');
    this.#write(() => { for (const id of ids) note.run(spaceId, id); });
  }

  wasForgotten(spaceId: string, id: string): boolean {
    return this.#rows('SELECT 1 FROM forgotten WHERE space_id = ? AND id = ?', spaceId, id).length > 0;
  }

  readNote(spaceId: string, name: string): Buffer | undefined {
    return this.#rows<{ sealed: Buffer }>('SELECT sealed FROM notes WHERE space_id = ? AND name = ?', spaceId, name)[0]?.sealed;
  }

  writeNote(spaceId: string, name: string, sealed: Buffer | undefined): void {
    this.#write(() => sealed === undefined
      ? this.#sql('DELETE FROM notes WHERE space_id = ? AND name = ?').run(spaceId, name)
      : this.#sql('INSERT INTO notes (space_id, name, sealed) VALUES (?, ?, ?) ON CONFLICT (space_id, name) DO UPDATE SET sealed = excluded.sealed').run(spaceId, name, sealed));
  }

  /** Copies the database to a new file while it is in use. */
  async copyTo(path: string): Promise<void> {
    await this.#store.copyTo(path);
  }

  close(): void {
    this.#store.close();
  }

  #insertRecords(spaceId: string, records: readonly NewRecord[]): number[] {
    const insert = this.#sql(`INSERT INTO records (id, space_id, sealed, layer, type, fingerprint, source_key, importance, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    const link = this.#sql('INSERT OR IGNORE INTO lineage (space_id, source, derived) VALUES (?, ?, ?)');
    return records.map((record) => {
      const { lastInsertRowid } = insert.run(record.id, spaceId, record.sealed, record.layer, record.type, record.fingerprint, record.sourceKey ?? null, record.importance, record.expiresAtMs ?? null);
      for (const source of record.sources) link.run(spaceId, source, record.id);
      this.#insertParts(spaceId, record.id, record.parts);
      return Number(lastInsertRowid);
    });
  }

  #insertParts(spaceId: string, memoryId: string, parts: readonly SealedPart[]): void {
    const insert = this.#sql('INSERT INTO file_parts (space_id, memory_id, number, bytes, sealed) VALUES (?, ?, ?, ?, ?)');
    for (const { number, bytes, sealed } of parts) insert.run(spaceId, memoryId, number, bytes, sealed);
  }

  #sql(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) this.#statements.set(text, statement = this.#store.db.prepare(text));
    return statement;
  }

  #rows<T>(text: string, ...values: unknown[]): T[] {
    return this.#store.read(() => this.#sql(text).all(...values) as T[]);
  }

  /** Runs a transaction that reaches the disk later, with the next one: for data that a power cut may lose, so that callers do not wait for the disk. */
  #writeSoon(work: () => void): void {
    const { db } = this.#store;
    db.pragma('synchronous = NORMAL');
    try {
      this.#write(work);
    } finally {
      db.pragma('synchronous = FULL');
    }
  }

  #write<T>(work: () => T): T {
    return this.#store.transaction(work);
  }
}

function stateOf(row: StateColumns): RecordState {
  return { importance: row.importance, expiresAtMs: row.expires_at ?? undefined, uses: row.uses, usedAtMs: row.used_at ?? undefined, supersededBy: row.superseded_by ?? undefined };
}
