// Notices of restores and forks for memory. Written in the transaction that ends the operation, so that no crash loses one, and kept until the
// owner's memory, which may be locked, has applied them. snapshot-policy.ts applies them.
import { newId } from '../../common/ids.ts';
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { SnapshotEvent } from './snapshot-policy.ts';

export const snapshotNoticeMigrations: readonly Migration[] = [{
  version: 120,
  name: 'snapshot-notices',
  up: `
    CREATE TABLE snapshot_notices (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX snapshot_notices_owner ON snapshot_notices (owner, id);
    CREATE INDEX snapshot_notices_environment ON snapshot_notices (environment_id);`,
}];

/** A restore or fork of one of this owner's environments. */
export type SnapshotNotice = { owner: string; snapshot: string | null; takenAt: string } & ({ kind: 'rollback'; environmentId: string } | { kind: 'fork'; environmentId: string; forkId: string });

export class SqliteSnapshotNotices {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Joins the current transaction, if there is one. */
  add({ owner, ...notice }: SnapshotNotice): void {
    const now = new Date();
    const event: SnapshotEvent = { ...notice, id: newId('evt', now.getTime()), at: now.toISOString() };
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO snapshot_notices (id, owner, environment_id, event) VALUES (?, ?, ?, ?)')
      .run(event.id, owner, event.kind === 'fork' ? event.forkId : event.environmentId, JSON.stringify(event)));
  }

  /** Oldest first. */
  of(owner: string): SnapshotEvent[] {
    return this.#store.read(() => this.#store.db.prepare<[string], { event: string }>('SELECT event FROM snapshot_notices WHERE owner = ? ORDER BY id').all(owner))
      .map(({ event }) => SnapshotEvent.parse(JSON.parse(event)));
  }

  remove(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM snapshot_notices WHERE id = ?').run(id));
  }

  /** Drops notices from before the owner's present memory was set up. */
  clear(owner: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM snapshot_notices WHERE owner = ?').run(owner));
  }
}
