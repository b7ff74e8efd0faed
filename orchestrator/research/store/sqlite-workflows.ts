// A user's own workflows, in all versions.
import { SomnusError } from '../../../common/errors.ts';
import type { Migration } from '../../store/migrations.ts';
import type { Page, PageQuery } from '../../store/page.ts';
import type { SqliteStore } from '../../store/sqlite-store.ts';
import { parseWorkflow, type Workflow } from '../workflows/workflow.ts';

export const workflowMigrations: readonly Migration[] = [{
  version: 6,
  name: 'workflows',
  up: 'CREATE TABLE workflows (name TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;',
}];

interface Row { name: string; version: number; source: string; created_at: string }

export class SqliteWorkflows {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Stores a workflow as a new version; one that equals the newest version is not stored again. @throws SomnusError `invalid_request` */
  add(source: string, at: string): Workflow {
    const { name } = parseWorkflow(source);
    return this.#store.transaction(() => {
      const [newest] = this.#rows(name);
      if (newest?.source !== source) this.#store.db.prepare('INSERT INTO workflows (name, version, source, created_at) VALUES (?, ?, ?, ?)').run(name, (newest?.version ?? 0) + 1, source, at);
      return this.get(name);
    });
  }

  /** The newest version, or the given one. @throws SomnusError `not_found` */
  get(name: string, version?: number): Workflow {
    const rows = this.#rows(name);
    const row = version === undefined ? rows[0] : rows.find((one) => one.version === version);
    if (row !== undefined) return workflowOf(row, rows);
    const hint = rows.length === 0 ? 'Built in: fact-check, deep-dive, collect. Your own: `somnus workflow ls`.' : `It has the versions ${rows.map((one) => one.version).join(', ')}.`;
    throw new SomnusError('not_found', `There is no workflow ${JSON.stringify(name)}${version === undefined || rows.length === 0 ? '' : ` with version ${version}`}`, { hint });
  }

  /** The newest versions, by name. */
  list({ limit, cursor }: PageQuery): Page<Workflow> {
    const names = this.#store.read(() => this.#store.db.prepare<(string | number)[], string>('SELECT DISTINCT name FROM workflows WHERE name > ? ORDER BY name LIMIT ?').pluck().all(cursor ?? '', limit + 1));
    const items = names.slice(0, limit).map((name) => this.get(name));
    return { items, nextCursor: names.length > limit ? items.at(-1)?.name ?? null : null };
  }

  /** Deletes all versions. @throws SomnusError `not_found` */
  remove(name: string): void {
    this.#store.transaction(() => {
      this.get(name);
      this.#store.db.prepare('DELETE FROM workflows WHERE name = ?').run(name);
    });
  }

  /** Newest first. */
  #rows(name: string): Row[] {
    return this.#store.read(() => this.#store.db.prepare<[string], Row>('SELECT * FROM workflows WHERE name = ? ORDER BY version DESC').all(name));
  }
}

function workflowOf({ name, version, source, created_at: createdAt }: Row, all: readonly Row[]): Workflow {
  const { description, parameters } = parseWorkflow(source);
  return { name, version, versions: all.map((row) => row.version), description, parameters, createdAt, source };
}
