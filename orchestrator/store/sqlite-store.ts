// One SQLite file and the rules for using it: opening and checking, who may open it, migrations, transactions.
// What is in it belongs to the modules, each with its own migrations; schema.ts lists them.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Migration } from './migrations.ts';
import { migrate } from './sqlite-migrate.ts';

export interface StoreOptions {
  path: string;
  migrations: readonly Migration[];
  log: Logger;
  /** Taken before, by `takeLock`; whoever took it lets it go. */
  lock?: Database;
  /** Called when a write found the disk full. Answers whether it has made room: the whole transaction is then run again. */
  makeRoom?: () => boolean;
}

const BUSY_TIMEOUT_MS = 5_000;
/** For a predecessor that is just ending. */
const LOCK_TIMEOUT_MS = 1_000;

/**
 * A database that one process owns. Every commit is on the disk before `transaction` returns: WAL with synchronous=FULL
 * (better-sqlite3 alone would use NORMAL, which loses the last commits at a power cut).
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
   * Opens the file, makes it when it is missing (file 0600, folder 0700), checks it and brings its schema up to date.
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

  /** Makes sure that no other process opens this database, before it is opened here. @throws SomnusError `in_use`, `unavailable` */
  static takeLock(path: string): Database {
    try {
      return lockBeside(path);
    } catch (thrown) {
      throw translated(thrown, path);
    }
  }

  /**
   * Runs `work` in one transaction: all of its changes are kept, or none. May be nested: the outermost decides. On a full disk it may run more than once.
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

  /** Reads, with SQLite's errors translated. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw translated(thrown, this.#path);
    }
  }

  /** Runs `action` when the transaction at hand is on the disk, never when it is rolled back; at once outside of one. It must not fail: what it throws is only logged. */
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
        this.#log.error({ event: 'store.after_commit_failed', err: error });
      }
    }
  }
}

/** Whether a UNIQUE or PRIMARY KEY rule refused an insert or update. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY');
}

/** Whether a database could not be written because its disk is full; a pool that is full is another matter. */
export function isStoreFull(error: unknown): boolean {
  return error instanceof SomnusError && error.code === 'insufficient_space' && error.details['sqlite'] !== undefined;
}

/** A lock beside the file, held until the process ends however it ends: the kernel drops it. Two control planes would each take the other's work for a dead one's. */
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
      hint: 'A control plane already runs on this data folder: `somnus status` shows it, `somnus down` ends it.', details: { path }, cause: thrown,
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
