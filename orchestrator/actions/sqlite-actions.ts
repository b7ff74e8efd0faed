// Actions in SQLite: what ran where, and how it ended. Stores only a hash of each command, to find earlier runs of the same one.
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Action } from './action.ts';
import type { PastRuns } from './routing/route-action.ts';

export const actionMigrations: readonly Migration[] = [{
  version: 160,
  name: 'actions',
  up: `
    CREATE TABLE actions (
      id TEXT PRIMARY KEY,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      command_hash TEXT NOT NULL,
      status TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX actions_past ON actions (environment_id, command_hash, id);
    CREATE INDEX actions_running ON actions (status) WHERE status = 'running';`,
}];

/** Number of past runs to consider; older ones say little about the next one. */
const RUNS_THAT_COUNT = 10;

interface Row { record: string }

export class SqliteActions {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  insert(action: Action, commandHash: string): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO actions (id, environment_id, command_hash, status, record) VALUES (?, ?, ?, ?, ?)')
      .run(action.id, action.environmentId, commandHash, action.status, JSON.stringify(action)));
  }

  update(action: Action): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE actions SET status = ?, record = ? WHERE id = ?').run(action.status, JSON.stringify(action), action.id));
  }

  /** Newest first. */
  list(environmentId: string, { limit, cursor }: PageQuery): Page<Action> {
    const found = this.#store.read(() => this.#store.db.prepare<[string, string, number], Row>('SELECT record FROM actions WHERE environment_id = ? AND id < ? ORDER BY id DESC LIMIT ?').all(environmentId, cursor ?? '~', limit + 1)).map(parsed);
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? items.at(-1)?.id ?? null : null };
  }

  /** The last runs of a command in the environment's VM; undefined when there are none. */
  pastRuns(environmentId: string, commandHash: string): PastRuns | undefined {
    const runs = this.#store.read(() => this.#store.db.prepare<[string, string, number], Row>("SELECT record FROM actions WHERE environment_id = ? AND command_hash = ? AND status = 'ended' ORDER BY id DESC LIMIT ?").all(environmentId, commandHash, RUNS_THAT_COUNT))
      .map(parsed).filter(({ context }) => context === 'vm');
    if (runs.length === 0) return undefined;
    const durations = runs.map(({ durationMs }) => durationMs ?? 0).toSorted((a, b) => a - b);
    const succeeded = runs.findIndex(({ exitCode }) => exitCode === 0);
    return {
      runs: runs.length,
      failuresInARow: succeeded < 0 ? runs.length : succeeded,
      medianDurationMs: durations[Math.floor(durations.length / 2)] ?? 0,
      killed: runs.some(({ signal, timedOut, exitCode }) => !timedOut && (signal === 'KILL' || exitCode === 137)),
    };
  }

  /** Marks actions as lost that were running when Somnus stopped, because their result is unknown. */
  loseRunning(): void {
    this.#store.transaction(() => {
      for (const row of this.#store.db.prepare<[], Row>("SELECT record FROM actions WHERE status = 'running'").all()) this.update({ ...parsed(row), status: 'lost' });
    });
  }

  /** Deletes ended actions that were started before this time. */
  purge(before: Date): void {
    this.#store.transaction(() => this.#store.db.prepare("DELETE FROM actions WHERE status <> 'running' AND record ->> '$.startedAt' < ?").run(before.toISOString()));
  }
}

function parsed({ record }: Row): Action {
  const { phases = [], ...action } = JSON.parse(record) as Omit<Action, 'phases'> & Partial<Action>; // older records have none
  return { ...action, phases };
}
