// One SQLite file and its use: opening, checking, locking, migrations, transactions.
// Each module owns its tables and migrations; schema.ts lists them.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { syncFolder } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Migration } from './migrations.ts';
import { migrate } from './sqlite-migrate.ts';

export interface StoreOptions {
  path: string;
  migrations: readonly Migration[];
  log: Logger;
  /** Already taken by `takeLock`; the caller releases it. */
  lock?: Database;
  /** Called when a write found the disk full. Returns whether it has freed space; then the whole transaction runs again. */
  makeRoom?: () => boolean;
}

const BUSY_TIMEOUT_MS = 5_000;
/** For a predecessor that is just stopping. */
const LOCK_TIMEOUT_MS = 1_000;

/**
 * A database owned by one process. Every commit is on disk before `transaction` returns: WAL with synchronous=FULL
 * (better-sqlite3 defaults to NORMAL, which loses the last commits in a power failure).
 */
export class SqliteStore implements Disposable {
  /** For preparing statements; run them inside `transaction` or `read`. */
  readonly db: Database;
  readonly #lock: Database | undefined;
  readonly #path: string;
  readonly #log: Logger;
  readonly #makeRoom: () => boolean;
  #afterCommit: (() => void)[] = [];

  private constructor(db: Database, lock: Database | undefined, options: StoreOptions) {
    this.db = db;
    this.#lock = lock;
    this.#path = options.path;
    this.#log = options.log;
    this.#makeRoom = options.makeRoom ?? (() => false);
  }

  /**
   * Opens the file, or creates it (file 0600, folder 0700), checks it and updates its schema.
   * @throws SomnusError `in_use` when another process has it open; `corrupt`; `newer_format`
   */
  static open(options: StoreOptions): SqliteStore {
    for (;;) {
      try {
        return SqliteStore.#open(options);
      } catch (error) {
        if (!isStoreFull(error) || options.makeRoom?.() !== true) throw error;
      }
    }
  }

  static #open(options: StoreOptions): SqliteStore {
    const { path } = options;
    let lock: Database | undefined;
    let db: Database | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (!options.lock) lock = lockBeside(path);
      closeSync(openSync(path, 'a', 0o600));
      chmodSync(path, 0o600); // SQLite gives its -wal and -shm files the mode of the database
      db = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
      check(db, path);
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('foreign_keys = ON');
      migrate(db, path, options.migrations, options.log);
      return new SqliteStore(db, lock, options);
    } catch (thrown) {
      db?.close();
      lock?.close();
      throw translated(thrown, path);
    }
  }

  /** Locks this database against other processes before it is opened. @throws SomnusError `in_use`, `unavailable` */
  static takeLock(path: string): Database {
    try {
      return lockBeside(path);
    } catch (thrown) {
      throw translated(thrown, path);
    }
  }

  /**
   * Runs `work` in one transaction: all of its changes are kept, or none. Can be nested: the outermost decides. On a full disk it may run more than once.
   * @throws what `work` throws; SomnusError `insufficient_space`, `corrupt` or `unavailable` when SQLite cannot write
   */
  transaction<T>(work: () => T): T {
    const nested = this.db.inTransaction;
    const mark = this.#afterCommit.length;
    for (;;) {
      let result: T;
      try {
        result = this.db.transaction(work).immediate();
      } catch (thrown) {
        this.#afterCommit.length = mark;
        if (nested) throw thrown;
        const error = translated(thrown, this.#path);
        if (isStoreFull(error) && this.#makeRoom()) continue;
        throw error;
      }
      if (!nested) this.#runAfterCommit();
      return result;
    }
  }

  /**
   * Like `transaction`, but does not wait for the disk. If this process ends, nothing is lost; a power failure can lose the changes until a later `transaction` has returned. Cannot be nested.
   * @throws what `transaction` throws
   */
  transactionUnsynced<T>(work: () => T): T {
    this.db.pragma('synchronous = NORMAL');
    try {
      return this.transaction(work);
    } finally {
      this.db.pragma('synchronous = FULL');
    }
  }

  /** Reads, translating SQLite's errors. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw translated(thrown, this.#path);
    }
  }

  /** Copies the database in a consistent state, while it is in use, to a new file that only its owner can read. The file appears when it is complete and on disk. */
  async copyTo(path: string): Promise<void> {
    const staging = `${path}.partial`;
    await rm(staging, { force: true });
    try {
      closeSync(openSync(staging, 'wx', 0o600));
      await this.db.backup(staging);
      await using file = await open(staging, 'r');
      await file.sync();
      await rename(staging, path);
    } catch (thrown) {
      await rm(staging, { force: true });
      throw translated(thrown, staging);
    }
    await syncFolder(dirname(path));
  }

  /** Runs `action` when the current transaction is on disk, never after a rollback; at once outside of a transaction. It must not fail: errors are only logged. */
  afterCommit(action: () => void): void {
    this.#afterCommit.push(action);
    if (!this.db.inTransaction) this.#runAfterCommit();
  }

  /** Repeatable. */
  close(): void {
    this.db.close();
    this.#lock?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #runAfterCommit(): void {
    const actions = this.#afterCommit;
    this.#afterCommit = [];
    for (const action of actions) {
      try {
        action();
      } catch (error) {
        this.#log.error({ event: 'store.after-commit-failed', err: error });
      }
    }
  }
}

/** Whether a UNIQUE or PRIMARY KEY constraint refused an insert or update. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY');
}

/** Whether a database could not be written because its disk is full, as opposed to a full pool. */
export function isStoreFull(error: unknown): boolean {
  return error instanceof SomnusError && error.code === 'insufficient_space' && error.details['sqlite'] !== undefined;
}

/** A lock beside the file, held until the process ends, when the kernel releases it. Without it, two control planes would each treat the other's work as that of a dead one. */
function lockBeside(path: string): Database {
  const lock = new Sqlite(`${path}.lock`, { timeout: LOCK_TIMEOUT_MS });
  try {
    chmodSync(`${path}.lock`, 0o600);
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (thrown) {
    lock.close();
    if (!(thrown instanceof Sqlite.SqliteError) || !thrown.code.startsWith('SQLITE_BUSY')) throw thrown;
    throw new SomnusError('in_use', `${path} is in use by another process`, {
      hint: 'A control plane already uses this data folder; see `somnus status`, or stop it with `somnus down`.', details: { path }, cause: thrown,
    });
  }
}

function check(db: Database, path: string): void {
  const finding: unknown = db.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw new SomnusError('corrupt', `${path} is damaged: ${String(finding)}`, { details: { path } });
}

function translated(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Sqlite.SqliteError)) return thrown;
  const { code, message } = thrown;
  const options = { details: { path, sqlite: code }, cause: thrown };
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return new SomnusError('corrupt', `${path} is damaged: ${message}`, options);
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') return new SomnusError('insufficient_space', `${path} cannot grow: ${message}`, { ...options, hint: `Free space on the disk that holds ${dirname(path)}.` });
  if (/^SQLITE_(BUSY|LOCKED|IOERR|READONLY|CANTOPEN|PERM)/.test(code)) return new SomnusError('unavailable', `${path} cannot be used: ${message}`, options);
  return new SomnusError('internal', `${path}: ${message}`, options);
}
