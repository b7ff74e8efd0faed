// Snapshots in SQLite: rows, names, parents. The supervisor owns the files; a row is `ready` only when they are complete.
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/page.ts';
import { isUniqueViolation, type SqliteStore } from '../store/sqlite-store.ts';
import type { Snapshot, SnapshotQuery } from './snapshot-schemas.ts';

/** A snapshot without what is looked up: the operation that holds it, and the pool space its files use. */
export type SnapshotRecord = Omit<Snapshot, 'operationId' | 'sizeBytes' | 'ownBytes'>;

export const snapshotMigrations: readonly Migration[] = [{
  version: 110,
  name: 'snapshots',
  up: `
    CREATE TABLE snapshots (
      id TEXT PRIMARY KEY,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      state TEXT NOT NULL,
      purge_at TEXT,
      record TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX snapshots_name ON snapshots (environment_id, name) WHERE state <> 'removed';
    CREATE INDEX snapshots_purge ON snapshots (purge_at) WHERE purge_at IS NOT NULL;`,
}];

const absentInOldRows = { damage: null, checksumAt: null, checkedAt: null, packStep: false, packEntry: null };

interface Row { record: string; operation_id: string | null }

export type HeldRecord = SnapshotRecord & { operationId: string | null };

export class SqliteSnapshots {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** @throws name_taken */
  insert(record: SnapshotRecord): void {
    this.#write('INSERT INTO snapshots (id, environment_id, name, state, purge_at, record) VALUES (@id, @environmentId, @name, @state, @purgeAt, @json)', record);
  }

  /** @throws name_taken */
  update(record: SnapshotRecord): void {
    this.#write('UPDATE snapshots SET name = @name, state = @state, purge_at = @purgeAt, record = @json WHERE id = @id', record);
  }

  /** Its children become its parent's. */
  delete(id: string): void {
    this.#store.transaction(() => {
      const gone = this.get(id);
      if (!gone) return;
      for (const child of this.all(gone.environmentId).filter(({ parent }) => parent === id)) this.update({ ...withoutHold(child), parent: gone.parent });
      this.#store.db.prepare('DELETE FROM snapshots WHERE id = ?').run(id);
    });
  }

  get(id: string): HeldRecord | undefined {
    return this.#select('WHERE id = ?', [id])[0];
  }

  /** By id or name; of several removed ones with a name, the last removed. */
  find(environmentId: string, ref: string): HeldRecord | undefined {
    return this.#select("WHERE environment_id = ? AND (id = ? OR name = ?) ORDER BY state = 'removed', purge_at DESC, id DESC LIMIT 1", [environmentId, ref, ref])[0];
  }

  /** Oldest first, including removed ones. */
  all(environmentId: string): HeldRecord[] {
    return this.#select('WHERE environment_id = ? ORDER BY id', [environmentId]);
  }

  list(environmentId: string, query: SnapshotQuery): Page<HeldRecord> {
    const which = { exclude: "state <> 'removed'", only: "state = 'removed'", include: '1' }[query.removed];
    const found = this.#select(`WHERE environment_id = ? AND ${which} AND id > ? ORDER BY id LIMIT ?`, [environmentId, query.cursor ?? '', query.limit + 1]);
    const items = found.slice(0, query.limit);
    return { items, nextCursor: found.length > query.limit ? items.at(-1)?.id ?? null : null };
  }

  /** The ready snapshot that was never checked or was checked longest ago and that no operation holds, without those in `except`. */
  dueForCheck({ createdBefore, checkedBefore, except }: { createdBefore: Date; checkedBefore: Date; except: readonly string[] }): HeldRecord | undefined {
    return this.#select(`
      WHERE state IN ('ready', 'damaged') AND record ->> 'createdAt' < ? AND (record ->> 'checkedAt' IS NULL OR record ->> 'checkedAt' < ?)
        AND id NOT IN (SELECT held_id FROM operation_holds) AND id NOT IN (SELECT value FROM json_each(?))
      ORDER BY record ->> 'checkedAt' IS NOT NULL, record ->> 'checkedAt', id LIMIT 1`, [createdBefore.toISOString(), checkedBefore.toISOString(), JSON.stringify(except)])[0];
  }

  damaged(): HeldRecord[] {
    return this.#select("WHERE state = 'damaged' ORDER BY id", []);
  }

  countOf(state: Snapshot['state']): number {
    return this.#store.read(() => this.#store.db.prepare<[string], number>('SELECT count(*) FROM snapshots WHERE state = ?').pluck().get(state)) ?? 0;
  }

  dueForPurge(now: Date): HeldRecord[] {
    return this.#select('WHERE purge_at <= ?', [now.toISOString()]);
  }

  #select(clause: string, parameters: readonly unknown[]): HeldRecord[] {
    return this.#store.read(() => this.#store.db.prepare<unknown[], Row>(`
      SELECT record, (SELECT operation_id FROM operation_holds WHERE held_id = snapshots.id) AS operation_id FROM snapshots ${clause}`).all(...parameters))
      .map((row) => ({ ...absentInOldRows, ...JSON.parse(row.record) as SnapshotRecord, operationId: row.operation_id }));
  }

  #write(sql: string, record: SnapshotRecord): void {
    const { id, environmentId, name, state, purgeAt } = record;
    try {
      this.#store.transaction(() => this.#store.db.prepare(sql).run({ id, environmentId, name, state, purgeAt, json: JSON.stringify(record) }));
    } catch (thrown) {
      const cause = thrown instanceof SomnusError ? thrown.cause : thrown;
      if (!isUniqueViolation(cause)) throw thrown;
      throw new SomnusError('name_taken', `A snapshot named ${name} already exists`, { cause: thrown, hint: 'Choose another name, or remove the existing one.', details: { name } });
    }
  }
}

export function withoutHold(held: HeldRecord): SnapshotRecord {
  const { operationId: _, ...record } = held;
  return record;
}

/** A new record in an environment's tree, as a child of its last snapshot. */
export function newSnapshot(environment: EnvironmentRecord, more: Pick<SnapshotRecord, 'name' | 'description' | 'memory' | 'safety'> & Partial<Pick<SnapshotRecord, 'id' | 'state' | 'packStep'>>): SnapshotRecord {
  return {
    id: newId('snap'), environmentId: environment.id, state: 'creating', parent: environment.snapshotId, packStep: false, packEntry: environment.packEntry, vcpus: environment.vcpus, memoryMiB: environment.memoryMiB,
    damage: null, checksumAt: null, checkedAt: null, createdAt: new Date().toISOString(), removedAt: null, purgeAt: null, ...more,
  };
}

/** `snap1`, or the number after the highest. */
export function freeName(word: string, known: readonly Pick<SnapshotRecord, 'name'>[]): string {
  const numbers = known.map(({ name }) => Number(new RegExp(`^${word}(\\d{1,9})$`).exec(name)?.[1] ?? 0));
  return `${word}${Math.max(0, ...numbers) + 1}`;
}
