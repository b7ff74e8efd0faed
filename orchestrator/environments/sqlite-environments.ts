// Environments in SQLite: rows, names, network indexes. environment-manager.ts decides what may be done with them.
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/page.ts';
import { isUniqueViolation, type SqliteStore } from '../store/sqlite-store.ts';
import { SomnusError } from '../../common/errors.ts';
import { transitionalStates } from '../../supervisor/domain/states.ts';
import type { Environment } from './environment-schemas.ts';
import type { EnvironmentQuery } from './environment-service.ts';

/** An environment with its network index. `operationId` is looked up among the operations, never stored here. */
export type EnvironmentRecord = Omit<Environment, 'diskUsedBytes'> & { networkIndex: number };

export const environmentMigrations: readonly Migration[] = [{
  version: 100,
  name: 'environments',
  up: `
    CREATE TABLE environments (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      state TEXT NOT NULL,
      profile TEXT NOT NULL,
      network_index INTEGER NOT NULL UNIQUE,
      purge_at TEXT,
      record TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX environments_name ON environments (owner, name) WHERE state <> 'removed';
    CREATE INDEX environments_purge ON environments (purge_at) WHERE purge_at IS NOT NULL;`,
}];

const absentInOldRows = { pausedBy: null, presentSnapshotId: null, restartPolicy: 'on-failure', lastWords: null, packEntry: null } as const;

interface Row { record: string; operation_id: string | null }

/** The safety snapshot is the present state until the environment leaves the failed state. */
function mayBeAway({ state }: EnvironmentRecord): boolean {
  return state === 'failed' || state === 'removed' || transitionalStates.includes(state);
}

/** An environment with an operation in progress may return to the paused state. */
function mayBePaused({ state }: EnvironmentRecord): boolean {
  return state === 'suspended' || transitionalStates.includes(state);
}

export class SqliteEnvironments {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** @throws name_taken */
  insert(record: EnvironmentRecord): void {
    this.#write('INSERT INTO environments (id, owner, name, state, profile, network_index, purge_at, record) VALUES (@id, @owner, @name, @state, @profile, @networkIndex, @purgeAt, @json)', record);
  }

  /** Increments the version. Clears `pausedBy` in any lasting state other than suspended. @throws name_taken */
  update(record: EnvironmentRecord): EnvironmentRecord {
    const changed = { ...record, pausedBy: mayBePaused(record) ? record.pausedBy : null, presentSnapshotId: mayBeAway(record) ? record.presentSnapshotId : null, version: record.version + 1, updatedAt: new Date().toISOString() };
    this.#write('UPDATE environments SET owner = @owner, name = @name, state = @state, profile = @profile, purge_at = @purgeAt, record = @json WHERE id = @id', changed);
    return changed;
  }

  delete(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM environments WHERE id = ?').run(id));
  }

  get(id: string): EnvironmentRecord | undefined {
    return this.#select('WHERE id = ?', [id])[0];
  }

  /** By id, or by name among an owner's; of several removed ones with a name, the last removed. `owner` null: any owner's. */
  find(ref: string, owner: string | null): EnvironmentRecord | undefined {
    const whose = owner === null ? '' : 'AND owner = ?';
    const parameters = owner === null ? [ref, ref] : [ref, ref, owner];
    return this.#select(`WHERE (id = ? OR name = ?) ${whose} ORDER BY state = 'removed', purge_at DESC, id DESC LIMIT 1`, parameters)[0];
  }

  all(): EnvironmentRecord[] {
    return this.#select('ORDER BY id', []);
  }

  list(query: EnvironmentQuery, scope: { owner: string | null; id: string | null }): Page<EnvironmentRecord> {
    const where = ['1'];
    const parameters: unknown[] = [];
    const and = (condition: string, ...values: unknown[]): void => { where.push(condition); parameters.push(...values); };
    if (scope.owner !== null) and('owner = ?', scope.owner);
    if (scope.id !== null) and('id = ?', scope.id);
    if (query.state) and('state = ?', query.state);
    else if (query.removed !== 'include') and(query.removed === 'only' ? "state = 'removed'" : "state <> 'removed'");
    if (query.profile !== undefined) and('profile = ?', query.profile);
    if (query.name !== undefined) and('instr(name, ?) > 0', query.name);
    if (query.label !== undefined) {
      const [key = '', ...value] = query.label.split('=');
      and("EXISTS (SELECT 1 FROM json_each(record, '$.labels') WHERE json_each.key = ? AND (? IS NULL OR json_each.value = ?))", key, value.length > 0 ? 1 : null, value.join('='));
    }
    if (query.cursor !== undefined) and('id > ?', query.cursor);
    const found = this.#select(`WHERE ${where.join(' AND ')} ORDER BY id LIMIT ?`, [...parameters, query.limit + 1]);
    const items = found.slice(0, query.limit);
    return { items, nextCursor: found.length > query.limit ? items.at(-1)?.id ?? null : null };
  }

  /** The lowest network index that no environment has, including removed ones that can be restored. */
  freeNetworkIndex(): number {
    return this.#store.read(() => this.#store.db.prepare<[], { free: number }>(
      `SELECT min(candidate) AS free FROM (SELECT 1 AS candidate UNION SELECT network_index + 1 FROM environments)
       WHERE candidate NOT IN (SELECT network_index FROM environments)`).get()?.free ?? 1);
  }

  dueForPurge(now: Date): EnvironmentRecord[] {
    return this.#select('WHERE purge_at <= ?', [now.toISOString()]);
  }

  #select(clause: string, parameters: readonly unknown[]): EnvironmentRecord[] {
    return this.#store.read(() => this.#store.db.prepare<unknown[], Row>(`
      SELECT record, (SELECT operation_id FROM operation_holds WHERE held_id = environments.id) AS operation_id
      FROM environments ${clause}`).all(...parameters)).map((row) => ({ ...absentInOldRows, ...JSON.parse(row.record) as EnvironmentRecord, operationId: row.operation_id }));
  }

  #write(sql: string, record: EnvironmentRecord): void {
    try {
      this.#store.transaction(() => this.#store.db.prepare(sql).run({ ...record, labels: undefined, json: JSON.stringify(record) }));
    } catch (thrown) {
      const cause = thrown instanceof SomnusError ? thrown.cause : thrown;
      if (!isUniqueViolation(cause)) throw thrown;
      throw new SomnusError('name_taken', `An environment named ${record.name} already exists`, { cause: thrown, details: { name: record.name } });
    }
  }
}
