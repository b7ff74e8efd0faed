// Rows of operations in SQLite: the truth about durable work. operation-engine.ts and operation-run.ts decide how they change.
import { fromSerializedError, SomnusError, type SerializedError } from '../../common/errors.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Operation, OperationQuery, OperationStatus, OperationStep, Problem } from './operation.ts';

export const operationMigrations: readonly Migration[] = [{
  version: 2,
  name: 'operations',
  up: `
    CREATE TABLE operations (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      status TEXT NOT NULL,
      owner TEXT NOT NULL,
      actor TEXT,
      target_type TEXT,
      target_id TEXT,
      target_name TEXT,
      input TEXT NOT NULL,
      steps TEXT NOT NULL,
      progress TEXT,
      result TEXT,
      error TEXT,
      attempt INTEGER NOT NULL,
      crashes INTEGER NOT NULL,
      cancel_asked INTEGER NOT NULL,
      cancellable INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      started_at TEXT,
      ended_at TEXT
    ) STRICT;
    CREATE TABLE operation_holds (
      held_id TEXT PRIMARY KEY,
      operation_id TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX operation_holds_by_operation ON operation_holds (operation_id);
    CREATE INDEX operations_unfinished ON operations (id) WHERE ended_at IS NULL;
    CREATE INDEX operations_by_target ON operations (target_id, id);
    CREATE INDEX operations_by_owner ON operations (owner, id);
    CREATE INDEX operations_by_end ON operations (ended_at) WHERE ended_at IS NOT NULL;
  `,
}];

/** An operation with what only the engine needs. */
export interface OperationRow {
  id: string;
  kind: string;
  status: OperationStatus;
  owner: string;
  /** Id of the API key that requested it. */
  actor: string | null;
  target: Operation['target'];
  input: unknown;
  steps: OperationStep[];
  progress: Operation['progress'];
  result: unknown;
  error: SerializedError | null;
  attempt: number;
  /** Attempts whose process crashed: incremented when an attempt starts and decremented when it ends cleanly. */
  crashes: number;
  cancelAsked: boolean;
  cancellable: boolean;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
}

interface StoredRow {
  id: string; kind: string; status: OperationStatus; owner: string; actor: string | null;
  target_type: string | null; target_id: string | null; target_name: string | null;
  input: string; steps: string; progress: string | null; result: string | null; error: string | null;
  attempt: number; crashes: number; cancel_asked: number; cancellable: number;
  created_at: string; started_at: string | null; ended_at: string | null;
}

export class SqliteOperationStore {
  readonly #store: SqliteStore;
  readonly #toProblem: (error: SomnusError) => Problem;

  /** `toProblem` converts stored errors to their public form. */
  constructor(options: { store: SqliteStore; toProblem: (error: SomnusError) => Problem }) {
    this.#store = options.store;
    this.#toProblem = options.toProblem;
  }

  /**
   * Inserts a row together with what it holds until it has ended: its target, and `alsoHolds`.
   * @throws SomnusError `operation_in_progress` naming the unfinished operation that holds one of them
   */
  insert(row: OperationRow, alsoHolds: readonly string[]): void {
    this.#store.transaction(() => {
      this.#store.db.prepare(`
        INSERT INTO operations (id, kind, status, owner, actor, target_type, target_id, target_name, input, steps, progress, result, error,
          attempt, crashes, cancel_asked, cancellable, created_at, started_at, ended_at)
        VALUES (@id, @kind, @status, @owner, @actor, @target_type, @target_id, @target_name, @input, @steps, @progress, @result, @error,
          @attempt, @crashes, @cancel_asked, @cancellable, @created_at, @started_at, @ended_at)
      `).run(toStored(row));
      for (const held of new Set(row.target ? [row.target.id, ...alsoHolds] : alsoHolds)) {
        this.assertFree(held);
        this.#store.db.prepare('INSERT INTO operation_holds (held_id, operation_id) VALUES (?, ?)').run(held, row.id);
      }
    });
  }

  /** Writes what changes while an operation runs. */
  save(row: OperationRow): void {
    this.#store.transaction(() => {
      this.#store.db.prepare(`
        UPDATE operations SET status = @status, steps = @steps, progress = @progress, result = @result, error = @error, attempt = @attempt,
          crashes = @crashes, cancel_asked = @cancel_asked, cancellable = @cancellable, started_at = @started_at, ended_at = @ended_at
        WHERE id = @id
      `).run(toStored(row));
      if (row.endedAt !== null) this.#store.db.prepare('DELETE FROM operation_holds WHERE operation_id = ?').run(row.id);
    });
  }

  find(id: string): OperationRow | undefined {
    const stored = this.#store.read(() => this.#store.db.prepare<[string], StoredRow>('SELECT * FROM operations WHERE id = ?').get(id));
    return stored && fromStored(stored);
  }

  /** @throws SomnusError `not_found`, also for another user's */
  get(caller: Caller, id: string): OperationRow {
    const row = this.find(id);
    const visible = row !== undefined
      && (isAdmin(caller) || row.owner === caller.user)
      && (caller.environmentId === null || row.target?.id === caller.environmentId);
    if (!visible) throw new SomnusError('not_found', `There is no operation ${id}`, { hint: 'See `somnus op ls`.' });
    return row;
  }

  /** Newest first. */
  list(caller: Caller, query: OperationQuery): Page<Operation> {
    const where: string[] = ['1'];
    const values: string[] = [];
    const also = (condition: string, ...bound: string[]): void => { where.push(condition); values.push(...bound); };
    if (query.cursor !== undefined) also('id < ?', query.cursor);
    if (!isAdmin(caller)) also('owner = ?', caller.user);
    if (caller.environmentId !== null) also('target_id = ?', caller.environmentId);
    if (query.status !== undefined) also('status = ?', query.status);
    if (query.kind !== undefined) also('kind = ?', query.kind);
    if (query.target !== undefined) also('(target_id = ? OR target_name = ?)', query.target, query.target);
    const rows = this.#store.read(() => this.#store.db
      .prepare<(string | number)[], StoredRow>(`SELECT * FROM operations WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`)
      .all(...values, query.limit + 1));
    const items = rows.slice(0, query.limit).map((stored) => this.view(fromStored(stored)));
    return { items, nextCursor: rows.length > query.limit ? items.at(-1)?.id ?? null : null };
  }

  /** Ids of unfinished operations, oldest first. */
  unfinished(): string[] {
    return this.#store.read(() => this.#store.db.prepare<[], string>('SELECT id FROM operations WHERE ended_at IS NULL ORDER BY id').pluck().all());
  }

  /** Unfinished operations with their owners, oldest first. */
  unfinishedOwners(): Pick<OperationRow, 'id' | 'kind' | 'owner' | 'actor'>[] {
    return this.#store.read(() => this.#store.db.prepare<[], Pick<OperationRow, 'id' | 'kind' | 'owner' | 'actor'>>('SELECT id, kind, owner, actor FROM operations WHERE ended_at IS NULL ORDER BY id').all());
  }

  /** Ids of all objects that an unfinished operation holds. */
  held(): Set<string> {
    return new Set(this.#store.read(() => this.#store.db.prepare<[], string>('SELECT held_id FROM operation_holds').pluck().all()));
  }

  /** @throws SomnusError `operation_in_progress` naming the unfinished operation that holds it */
  assertFree(heldId: string): void {
    const stored = this.#store.read(() => this.#store.db.prepare<[string], StoredRow>('SELECT operations.* FROM operations JOIN operation_holds ON operation_id = id WHERE held_id = ?').get(heldId));
    if (!stored) return;
    throw new SomnusError('operation_in_progress', `${stored.kind} is in progress on ${stored.target_name ?? heldId}`, {
      hint: `Follow it with \`somnus op show ${stored.id}\`${stored.cancellable ? `, or cancel it with \`somnus op cancel ${stored.id}\`` : ''}.`,
      details: { operationId: stored.id, kind: stored.kind },
    });
  }

  /** Deletes operations that ended before `before`. Repeatable. @returns the number of deleted operations */
  purge(before: Date): number {
    return this.#store.transaction(() => this.#store.db.prepare('DELETE FROM operations WHERE ended_at < ?').run(before.toISOString()).changes);
  }

  /** The operation as users see it. */
  view(row: OperationRow): Operation {
    const { id, kind, status, owner, target, steps, progress, result, attempt, cancellable, createdAt, startedAt, endedAt } = row;
    const error = row.error && this.#toProblem(fromSerializedError(row.error));
    return structuredClone({ id, kind, status, owner, target, steps, progress, result, error, attempt, cancellable, createdAt, startedAt, endedAt });
  }
}

function toStored(row: OperationRow): StoredRow {
  const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));
  return {
    id: row.id, kind: row.kind, status: row.status, owner: row.owner, actor: row.actor,
    target_type: row.target?.type ?? null, target_id: row.target?.id ?? null, target_name: row.target?.name ?? null,
    input: JSON.stringify(row.input), steps: JSON.stringify(row.steps), progress: json(row.progress), result: json(row.result), error: json(row.error),
    attempt: row.attempt, crashes: row.crashes, cancel_asked: Number(row.cancelAsked), cancellable: Number(row.cancellable),
    created_at: row.createdAt, started_at: row.startedAt, ended_at: row.endedAt,
  };
}

function fromStored(stored: StoredRow): OperationRow {
  const json = <T>(text: string | null): T | null => (text === null ? null : JSON.parse(text) as T);
  return {
    id: stored.id, kind: stored.kind, status: stored.status, owner: stored.owner, actor: stored.actor,
    target: stored.target_id === null ? null : { type: stored.target_type ?? '', id: stored.target_id, name: stored.target_name ?? '' },
    input: json(stored.input), steps: JSON.parse(stored.steps) as OperationStep[], progress: json(stored.progress), result: json(stored.result), error: json(stored.error),
    attempt: stored.attempt, crashes: stored.crashes, cancelAsked: stored.cancel_asked !== 0, cancellable: stored.cancellable !== 0,
    createdAt: stored.created_at, startedAt: stored.started_at, endedAt: stored.ended_at,
  };
}
