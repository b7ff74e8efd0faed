// Environments that were forked from inside a VM, in SQLite. All forks of forks count for the first VM, so that a program that forks itself again and again reaches its limit.
import { SomnusError } from '../../common/errors.ts';
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export const vmForkMigrations: readonly Migration[] = [{
  version: 220,
  name: 'forks from inside VMs',
  up: `
    CREATE TABLE vm_forks (
      environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
      first_id TEXT NOT NULL
    ) STRICT;
    CREATE INDEX vm_forks_by_first ON vm_forks (first_id);`,
}];

/** Maximum number of existing environments that one VM, with its forks, has forked from inside. */
export const MOST_VM_FORKS = 3;

export class SqliteVmForks {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Number of existing forks that count for this environment; removed ones count until they are purged, because they can be restored. */
  count(environmentId: string): number {
    return this.#store.read(() => this.#store.db.prepare<[string], number>('SELECT count(*) FROM vm_forks WHERE first_id = ?').pluck().get(this.#firstOf(environmentId)) ?? 0);
  }

  /** Records new forks; call it in the transaction that creates them. @throws quota_exceeded */
  add(source: { id: string; name: string }, forkIds: readonly string[]): void {
    const used = this.count(source.id);
    if (used + forkIds.length > MOST_VM_FORKS) {
      throw new SomnusError('quota_exceeded', `${source.name} may have ${MOST_VM_FORKS} forks that were made from inside, and has ${used}; ${forkIds.length} more were requested`, {
        hint: 'Its owner can purge forks that are no longer needed with `somnus rm NAME --purge`, or fork it from outside.', details: { allowed: MOST_VM_FORKS, used, requested: forkIds.length },
      });
    }
    const first = this.#firstOf(source.id);
    for (const id of forkIds) this.#store.db.prepare('INSERT INTO vm_forks (environment_id, first_id) VALUES (?, ?)').run(id, first);
  }

  #firstOf(environmentId: string): string {
    return this.#store.db.prepare<[string], string>('SELECT first_id FROM vm_forks WHERE environment_id = ?').pluck().get(environmentId) ?? environmentId;
  }
}
