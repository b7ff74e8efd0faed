// The history of incidents on the host, in SQLite: what agents have reported, also when an agent has forgotten it, or its VM was rolled back or is off. The text comes from guests, so it is
// redacted again, and its length and the number of incidents per environment are limited: a guest cannot fill the disk.
import type { Incident } from '../../agent/contract/incident.ts';
import type { Logger } from '../../common/log.ts';
import { redact } from '../../common/redact.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { mergedAttempts, publicIncident, type FixAttempt, type PastIncident } from './agent-schemas.ts';

export const incidentHistoryMigrations: readonly Migration[] = [{
  version: 195,
  name: 'incident-history',
  up: `
    CREATE TABLE incident_history (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      incident_id TEXT NOT NULL,
      outcome TEXT NOT NULL,
      last_seen_ms INTEGER NOT NULL,
      record TEXT NOT NULL,
      UNIQUE (environment_id, incident_id)
    ) STRICT;
    CREATE INDEX incident_history_environment ON incident_history (environment_id, number);
    CREATE INDEX incident_history_age ON incident_history (last_seen_ms);`,
}];

/** Limits per environment. With texts of limited length, that is at most about 4 MB. */
const MAX_INCIDENTS = 500;
const MAX_ATTEMPTS = 12;
const longest = { place: 200, message: 300, closedBy: 300, what: 200, detail: 200 } as const;
/** If only the counts of lines have changed, they are written at most this often. */
const COUNTS_EVERY_MS = 60_000;

interface Row { number: number; record: string }
interface Noted { writtenAtMs: number; counts: Map<string, number>; states: string; waiting: readonly Incident[] | undefined }

export class SqliteIncidentHistory {
  readonly #store: SqliteStore;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #noted = new Map<string, Noted>();

  constructor({ store, log, now }: { store: SqliteStore; log: Logger; now?: () => Date }) {
    this.#store = store;
    this.#log = log;
    this.#now = () => (now?.() ?? new Date()).getTime();
  }

  /**
   * Stores a complete list that an agent has just reported. If incidents were opened, closed or forgotten, or fixes were tried, writes it at once; if there are only new lines, at most once a minute, and with `flush`.
   * Never throws: if the disk is full, the next list is written instead.
   */
  note(environmentId: string, incidents: readonly Incident[]): void {
    const noted = this.#noted.get(environmentId);
    const states = incidents.map(({ id, closedAtMs, attempts }) => `${id} ${closedAtMs} ${attempts.at(-1)?.atMs}`).join('\n');
    const hasLines = incidents.some(({ id, count }) => noted?.counts.get(id) !== count);
    if (noted?.states === states && !hasLines) return;
    if (noted?.states === states && this.#now() - noted.writtenAtMs < COUNTS_EVERY_MS) {
      noted.waiting = incidents;
      return;
    }
    this.#write(environmentId, incidents, states);
  }

  /** Writes a list that waits to be written. */
  flush(environmentId: string): void {
    const noted = this.#noted.get(environmentId);
    if (noted?.waiting !== undefined) this.#write(environmentId, noted.waiting, noted.states);
  }

  flushAll(): void {
    for (const id of this.#noted.keys()) this.flush(id);
  }

  /** Newest first. `attempts` returns those that the agent does not know. */
  list(environmentId: string, { limit, cursor }: PageQuery, attempts: (incidentId: string) => FixAttempt[]): Page<PastIncident> {
    this.flush(environmentId);
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor) || 0;
    const rows = this.#store.read(() => this.#store.db.prepare<[string, number, number], Row>('SELECT number, record FROM incident_history WHERE environment_id = ? AND number < ? ORDER BY number DESC LIMIT ?').all(environmentId, before, limit + 1));
    const items = rows.slice(0, limit).map(({ record }) => {
      const past = JSON.parse(record) as PastIncident;
      return settled({ ...past, attempts: mergedAttempts(past.attempts, attempts(past.id)).slice(-MAX_ATTEMPTS) });
    });
    return { items, nextCursor: rows.length > limit ? String(rows[limit - 1]?.number) : null };
  }

  /** Deletes incidents that were last seen before this time. Repeatable. @returns how many */
  purge(before: Date): number {
    return this.#store.transaction(() => this.#store.db.prepare('DELETE FROM incident_history WHERE last_seen_ms < ?').run(before.getTime()).changes);
  }

  #write(environmentId: string, incidents: readonly Incident[], states: string): void {
    try {
      const exists = this.#store.transactionUnsynced(() => this.#merge(environmentId, incidents));
      if (!exists) this.#noted.delete(environmentId);
      else this.#noted.set(environmentId, { writtenAtMs: this.#now(), counts: new Map(incidents.map(({ id, count }) => [id, count])), states, waiting: undefined });
    } catch (error) {
      this.#log.warn({ event: 'incident-history.not-written', environmentId, err: error });
    }
  }

  /** Returns whether the environment exists. */
  #merge(environmentId: string, incidents: readonly Incident[]): boolean {
    const { db } = this.#store;
    if (db.prepare('SELECT 1 FROM environments WHERE id = ?').get(environmentId) === undefined) return false;
    const known = new Map(db.prepare<[string], Row & { id: string }>('SELECT number, incident_id AS id, record FROM incident_history WHERE environment_id = ?').all(environmentId).map(({ id, record }) => [id, JSON.parse(record) as PastIncident]));
    const put = db.prepare(`INSERT INTO incident_history (environment_id, incident_id, outcome, last_seen_ms, record) VALUES (@environmentId, @id, @outcome, @lastSeenMs, @record)
      ON CONFLICT (environment_id, incident_id) DO UPDATE SET outcome = @outcome, last_seen_ms = @lastSeenMs, record = @record`);
    const save = (past: PastIncident): void => void put.run({ environmentId, id: past.id, outcome: past.outcome, lastSeenMs: Date.parse(past.lastSeenAt), record: JSON.stringify(past) });
    const at = new Date(this.#now()).toISOString();
    for (const incident of incidents) {
      const before = known.get(incident.id);
      const after = joined(before, incident, at);
      if (before === undefined || JSON.stringify({ ...before, lastSeenAt: at }) !== JSON.stringify(after)) save(after);
    }
    const reported = new Set(incidents.map(({ id }) => id));
    for (const past of known.values()) if (past.outcome === 'open' && !reported.has(past.id)) save({ ...past, outcome: 'gone' });
    this.#dropOldest(environmentId, reported);
    return true;
  }

  /** Keeps what the agent still reports, because it would only be added again. */
  #dropOldest(environmentId: string, reported: ReadonlySet<string>): void {
    const { db } = this.#store;
    const all = db.prepare<[string], { number: number; id: string }>('SELECT number, incident_id AS id FROM incident_history WHERE environment_id = ? ORDER BY last_seen_ms, number').all(environmentId);
    const surplus = all.filter(({ id }) => !reported.has(id)).slice(0, Math.max(0, all.length - MAX_INCIDENTS));
    for (const { number } of surplus) db.prepare('DELETE FROM incident_history WHERE number = ?').run(number);
  }
}

/** Joins what is known of an incident with what the agent reports now. A VM that was rolled back reports an earlier state, so counts and attempts are kept. */
function joined(before: PastIncident | undefined, incident: Incident, at: string): PastIncident {
  const text = (from: string, characters: number): string => redact(from).text.slice(0, characters);
  const { id, place, category, message, count, firstAt, lastAt, rootId, closedAt, closedBy, attempts } = publicIncident(incident);
  const own = attempts.map((attempt) => ({ ...attempt, what: text(attempt.what, longest.what), detail: text(attempt.detail, longest.detail) }));
  return settled({
    id, place: text(place, longest.place), category, message: text(message, longest.message), count: Math.max(count, before?.count ?? 0), rootId,
    firstAt: before === undefined || firstAt < before.firstAt ? firstAt : before.firstAt, lastAt: before === undefined || lastAt > before.lastAt ? lastAt : before.lastAt,
    firstSeenAt: before?.firstSeenAt ?? at, lastSeenAt: at, outcome: 'open', closedAt, closedBy: closedBy === null ? null : text(closedBy, longest.closedBy), attempts: mergedAttempts(before?.attempts ?? [], own).slice(-MAX_ATTEMPTS),
  });
}

function settled(past: PastIncident): PastIncident {
  const isFixed = past.attempts.at(-1)?.outcome === 'fixed';
  const isOpen = past.outcome === 'open' && past.closedAt === null;
  if (past.closedAt !== null) return { ...past, outcome: isFixed ? 'fixed' : 'closed' };
  return { ...past, outcome: isFixed && (past.attempts.at(-1)?.at ?? '') >= past.lastAt ? 'fixed' : isOpen ? 'open' : 'gone' };
}
