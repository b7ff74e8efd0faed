// Idempotency keys: the same key with the same request returns the first answer again instead of repeating the work.
// Used by operations and any other POST.
import { createHash, randomUUID } from 'node:crypto';
import { SomnusError } from '../../common/errors.ts';
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';

export const idempotencyMigrations: readonly Migration[] = [{
  version: 3,
  name: 'idempotency',
  up: `
    CREATE TABLE idempotency (
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      request_hash TEXT NOT NULL,
      response TEXT,
      worker TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_by_age ON idempotency (created_at);
  `,
}];

const KEPT_MS = 24 * 3_600_000;

export interface IdempotentRequest {
  owner: string;
  /** Without a key the work is always done. */
  key: string | undefined;
  /** The request as the user sent it, before ids or defaults that differ between attempts. JSON. */
  request: unknown;
}

interface Kept { request_hash: string; response: string | null; worker: string; created_at: string }

export class SqliteIdempotency {
  readonly #store: SqliteStore;
  readonly #now: () => number;
  /** Distinguishes a request running in this process from one whose process died. */
  readonly #worker = randomUUID();

  constructor(options: { store: SqliteStore; now?: () => number }) {
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Does `work` and stores its answer, which must be JSON, in one transaction; an error is not stored.
   * Everything the request does or refuses belongs inside, so that a repeated request does not fail because of its own outcome.
   * @throws SomnusError `idempotency_mismatch` when the key was used for another request
   */
  once<T>(request: IdempotentRequest, work: () => T): T {
    return this.#store.transaction(() => {
      if (request.key === undefined) return work();
      const kept = this.#recall<T>(request);
      if (kept) return kept.answer;
      const answer = work();
      this.#save(request, JSON.stringify(answer ?? null));
      return answer;
    });
  }

  /**
   * The same for work that cannot be one transaction. After a crash the request may be repeated, so the work must be repeatable.
   * @throws SomnusError `idempotency_mismatch`; `operation_in_progress` while the first request is still running
   */
  async onceAsync<T>(request: IdempotentRequest, work: () => Promise<T>): Promise<T> {
    if (request.key === undefined) return await work();
    const kept = this.#store.transaction(() => {
      const found = this.#recall<T>(request);
      if (!found) this.#save(request, null);
      return found;
    });
    if (kept) return kept.answer;
    try {
      const answer = await work();
      this.#store.transaction(() => this.#save(request, JSON.stringify(answer ?? null)));
      return answer;
    } catch (error) {
      this.#store.transaction(() => this.#deleteKey(request));
      throw error;
    }
  }

  /** Deletes keys older than a day. Repeatable. @returns the number of deleted keys */
  purge(): number {
    return this.#store.transaction(() => this.#store.db.prepare('DELETE FROM idempotency WHERE created_at < ?').run(this.#oldest()).changes);
  }

  #recall<T>(request: IdempotentRequest): { answer: T } | undefined {
    const kept = this.#store.db.prepare<unknown[], Kept>('SELECT * FROM idempotency WHERE owner = ? AND key = ?').get(request.owner, request.key);
    if (!kept || kept.created_at < this.#oldest()) return undefined;
    if (kept.request_hash !== requestHash(request.request)) {
      throw new SomnusError('idempotency_mismatch', `The idempotency key ${JSON.stringify(request.key)} was already used for another request`);
    }
    if (kept.response !== null) return { answer: JSON.parse(kept.response) as T };
    if (kept.worker !== this.#worker) return undefined;
    throw new SomnusError('operation_in_progress', 'The first request with this idempotency key is still being answered', { hint: 'Try again in a moment.' });
  }

  /** A null response means that the request is running. */
  #save(request: IdempotentRequest, response: string | null): void {
    this.#store.db.prepare('INSERT OR REPLACE INTO idempotency (owner, key, request_hash, response, worker, created_at) VALUES (?, ?, ?, ?, ?, ?)')
      .run(request.owner, request.key, requestHash(request.request), response, this.#worker, new Date(this.#now()).toISOString());
  }

  #deleteKey(request: IdempotentRequest): void {
    this.#store.db.prepare('DELETE FROM idempotency WHERE owner = ? AND key = ?').run(request.owner, request.key);
  }

  #oldest(): string {
    return new Date(this.#now() - KEPT_MS).toISOString();
  }
}

/** The same for requests that differ only in the order of their members. */
function requestHash(request: unknown): string {
  const sorted = JSON.stringify(request, (_, value: unknown) => (
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value
  ));
  return createHash('sha256').update(sorted ?? '').digest('hex');
}
