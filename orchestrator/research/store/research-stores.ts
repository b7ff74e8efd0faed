// One research database for each user, opened when it is first used, so that no search, score or deletion of one user touches another's data.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../common/log.ts';
import { SomnusError } from '../../../common/errors.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import { ledgerMigrations, SqliteLedger } from './sqlite-ledger.ts';
import { captureMigrations, SqliteCaptures } from './sqlite-captures.ts';
import { passageMigrations, SqlitePassages } from './sqlite-passages.ts';
import { SqliteWorkflows, workflowMigrations } from './sqlite-workflows.ts';

export interface ResearchStore {
  captures: SqliteCaptures;
  passages: SqlitePassages;
  ledger: SqliteLedger;
  workflows: SqliteWorkflows;
}

export class ResearchStores implements Disposable {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #makeRoom: () => boolean;
  readonly #open = new Map<string, { store: SqliteStore; parts: ResearchStore }>();

  /** Keeps its databases in `folder`. `makeRoom` is called when the disk is full, see SqliteStore. */
  constructor(options: { folder: string; log: Logger; makeRoom?: () => boolean }) {
    this.#folder = options.folder;
    this.#log = options.log;
    this.#makeRoom = options.makeRoom ?? (() => false);
  }

  /** @throws SomnusError `corrupt`, `newer_format`, `insufficient_space` */
  of(user: string): ResearchStore {
    const known = this.#open.get(user);
    if (known !== undefined) return known.parts;
    const store = SqliteStore.open({ path: this.#path(user), migrations: [...captureMigrations, ...passageMigrations, ...ledgerMigrations, ...workflowMigrations], log: this.#log, makeRoom: this.#makeRoom });
    const captures = new SqliteCaptures(store);
    const parts = { captures, passages: new SqlitePassages(store), ledger: new SqliteLedger(store, captures), workflows: new SqliteWorkflows(store) };
    this.#open.set(user, { store, parts });
    return parts;
  }

  /** Deletes everything that a user has collected. Repeatable. */
  async remove(user: string): Promise<void> {
    this.#open.get(user)?.store.close();
    this.#open.delete(user);
    const path = this.#path(user);
    for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]) if (existsSync(file)) await rm(file);
  }

  [Symbol.dispose](): void {
    for (const { store } of this.#open.values()) store.close();
    this.#open.clear();
  }

  #path(user: string): string {
    if (!/^\w+$/.test(user)) throw new SomnusError('internal', 'Not the id of a user');
    return join(this.#folder, `${user}.db`);
  }
}
