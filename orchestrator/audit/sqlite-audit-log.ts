// The audit log in SQLite. Triggers prevent Somnus itself from changing or deleting entries; the chain of hashes reveals changes by other programs.
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { FIRST_HASH, hashOf, type AuditEntry, type AuditQuery, type AuditService, type AuditedRequest, type AuditVerdict } from './audit-entry.ts';

export const auditMigrations: readonly Migration[] = [{
  version: 175,
  name: 'audit',
  up: `
    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      key_id TEXT,
      user TEXT,
      action TEXT NOT NULL,
      target TEXT NOT NULL,
      outcome TEXT NOT NULL,
      request_id TEXT NOT NULL,
      previous_hash TEXT NOT NULL,
      hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_user ON audit (user, seq);
    CREATE TRIGGER audit_keeps_entries BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;`,
}, {
  version: 176,
  name: 'audit-open',
  up: `
    CREATE TABLE audit_open (
      id INTEGER PRIMARY KEY,
      key_id TEXT,
      user TEXT,
      action TEXT NOT NULL,
      target TEXT NOT NULL,
      request_id TEXT NOT NULL
    ) STRICT;`,
}];

const COLUMNS = 'seq, at, key_id AS keyId, user, action, target, outcome, request_id AS requestId, previous_hash AS previousHash, hash';
/** Entries to verify before yielding to the event loop. */
const AT_ONCE = 500;

export class SqliteAuditLog implements AuditService {
  readonly #store: SqliteStore;
  readonly #now: () => Date;

  readonly #log: Logger;

  constructor({ store, log, now }: { store: SqliteStore; log: Logger; now?: () => Date }) {
    this.#store = store;
    this.#log = log;
    this.#now = now ?? (() => new Date());
  }

  begin(request: AuditedRequest): (outcome: string) => void {
    // Not synced: the change that the request makes is, and this write reaches the disk before that one.
    const open = this.#attempt(request, () => this.#store.transactionUnsynced(() => this.#store.db.prepare('INSERT INTO audit_open (key_id, user, action, target, request_id) VALUES (@keyId, @user, @action, @target, @requestId)').run(request).lastInsertRowid));
    let ended = false;
    return (outcome) => {
      if (ended) return;
      ended = true;
      this.#attempt({ ...request, outcome }, () => this.#store.transaction(() => this.#close(open ?? null, request, outcome)));
    };
  }

  /** Adds entries for the requests that were being handled when the last process ended. Call it once, before the first `begin`. Repeatable. */
  addInterrupted(): void {
    this.#attempt({ action: 'interrupted' }, () => this.#store.transaction(() => {
      const open = this.#store.db.prepare<[], AuditedRequest & { id: number }>('SELECT id, key_id AS keyId, user, action, target, request_id AS requestId FROM audit_open ORDER BY id').all();
      for (const { id, ...request } of open) this.#close(id, request, 'interrupted');
    }));
  }

  #attempt<T>(what: object, work: () => T): T | undefined {
    try {
      return work();
    } catch (err) {
      this.#log.error({ event: 'audit.not-recorded', ...what, err }, 'An audit entry cannot be recorded');
      return undefined;
    }
  }

  #close(open: number | bigint | null, request: AuditedRequest, outcome: string): void {
    const last = this.#store.db.prepare<[], { seq: number; hash: string }>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get() ?? { seq: 0, hash: FIRST_HASH };
    const unsealed = { ...request, outcome, seq: last.seq + 1, at: this.#now().toISOString(), previousHash: last.hash };
    this.#store.db.prepare(`INSERT INTO audit (seq, at, key_id, user, action, target, outcome, request_id, previous_hash, hash)
      VALUES (@seq, @at, @keyId, @user, @action, @target, @outcome, @requestId, @previousHash, @hash)`).run({ ...unsealed, hash: hashOf(unsealed) });
    this.#store.db.prepare('DELETE FROM audit_open WHERE id = ?').run(open);
  }

  async list(caller: Caller, { limit, cursor, action, target }: AuditQuery): Promise<Page<AuditEntry>> {
    const where = ['seq > ?'];
    const parameters: unknown[] = [Number(cursor ?? 0) || 0];
    const and = (condition: string, value: unknown): void => { where.push(condition); parameters.push(value); };
    if (!isAdmin(caller)) and('user = ?', caller.user);
    if (action !== undefined) and('action = ?', action);
    if (target !== undefined) and('instr(target, ?) > 0', target);
    const found = this.#store.read(() => this.#store.db.prepare<unknown[], AuditEntry>(`SELECT ${COLUMNS} FROM audit WHERE ${where.join(' AND ')} ORDER BY seq LIMIT ?`).all(...parameters, limit + 1));
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? String(items.at(-1)?.seq) : null };
  }

  async verify(head?: string): Promise<AuditVerdict> {
    let last = { seq: 0, hash: FIRST_HASH };
    let headSeen = head === undefined || head === FIRST_HASH;
    for (;;) {
      const batch = this.#store.read(() => this.#store.db.prepare<[number, number], AuditEntry>(`SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`).all(last.seq, AT_ONCE));
      for (const entry of batch) {
        const problem = problemOf(entry, last);
        if (problem !== null) return { ok: false, entries: last.seq, headHash: last.hash, firstBad: entry.seq, problem };
        last = entry;
        headSeen ||= entry.hash === head;
      }
      if (batch.length < AT_ONCE) break;
      await setImmediate(); // verifying a long log must not block the control plane
    }
    return { ok: headSeen, entries: last.seq, headHash: last.hash, firstBad: null, problem: headSeen ? null : `No entry has the hash ${head}: entries at the end are missing, or the hash is from another log` };
  }
}

function problemOf(entry: AuditEntry, last: { seq: number; hash: string }): string | null {
  if (entry.seq !== last.seq + 1) return `Entry ${last.seq + 1} is missing`;
  if (entry.previousHash !== last.hash) return `Entry ${entry.seq} does not follow entry ${last.seq}`;
  return entry.hash === hashOf(entry) ? null : `Entry ${entry.seq} was changed`;
}
