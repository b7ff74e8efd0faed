// The event log in SQLite: appended in the transaction that makes the change, read in order from a cursor.
//
// A cursor is the event's number, which only grows and is never reused. Reading from a cursor misses
// nothing and repeats nothing, with two exceptions that readers can detect: `operation.progress` events are deleted when their
// operation ends, and a cursor from before the retention gets one `events.truncated` marker, followed by the events that are kept.
import { setImmediate } from 'node:timers/promises';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Event, EventFilter, NewEvent } from './event.ts';

export const eventMigrations: readonly Migration[] = [{
  version: 1,
  name: 'events',
  up: `
    CREATE TABLE events (
      cursor INTEGER PRIMARY KEY AUTOINCREMENT,
      type TEXT NOT NULL,
      at TEXT NOT NULL,
      owner TEXT,
      subject_type TEXT,
      subject_id TEXT,
      subject_name TEXT,
      operation_id TEXT,
      actor TEXT,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_subject ON events (subject_id, cursor) WHERE subject_id IS NOT NULL;
    CREATE INDEX events_by_operation ON events (operation_id, cursor) WHERE operation_id IS NOT NULL;
    CREATE INDEX events_by_owner ON events (owner, cursor);
    CREATE TABLE events_purged (through INTEGER NOT NULL) STRICT;
    INSERT INTO events_purged (through) VALUES (0);
  `,
}];

interface EventRow {
  cursor: number;
  type: string;
  at: string;
  owner: string | null;
  subject_type: string | null;
  subject_id: string | null;
  subject_name: string | null;
  actor: string | null;
  data: string;
}

const READ_AHEAD = 200;
const PURGE_AT_ONCE = 2_000;

export class SqliteEventLog {
  readonly #store: SqliteStore;
  readonly #log: Logger;
  readonly #now: () => Date;
  readonly #listeners = new Set<(event: Event) => void>();
  /** Cursor of the last event on disk. */
  #head: number;

  constructor(options: { store: SqliteStore; log: Logger; now?: () => Date }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#now = options.now ?? (() => new Date());
    this.#head = this.#store.read(() => this.#store.db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck().get()) ?? 0;
  }

  /** Records an event in the current transaction, or in its own. Readers get it after the commit. */
  append(event: NewEvent): Event {
    const { operationId } = event.data;
    const at = this.#now().toISOString();
    const cursor = this.#store.transaction(() => {
      const { lastInsertRowid } = this.#store.db.prepare(`
        INSERT INTO events (type, at, owner, subject_type, subject_id, subject_name, operation_id, actor, data)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      `).run(event.type, at, event.owner, event.subject?.type ?? null, event.subject?.id ?? null, event.subject?.name ?? null,
        typeof operationId === 'string' ? operationId : null, event.actor, JSON.stringify(event.data));
      return Number(lastInsertRowid);
    });
    const appended: Event = { ...event, cursor: String(cursor), at };
    this.#store.afterCommit(() => this.#announce(cursor, appended));
    return appended;
  }

  /** The types of a subject's events, with their number and the time of the last one. */
  typesOf(subjectId: string): { type: string; count: number; lastAt: string }[] {
    return this.#store.read(() => this.#store.db.prepare<[string], { type: string; count: number; lastAt: string }>('SELECT type, count(*) AS count, max(at) AS lastAt FROM events WHERE subject_id = ? GROUP BY type').all(subjectId));
  }

  /** Oldest first. Without `since`: the last `limit` events and no next page; since '0': from the oldest kept. @throws invalid_request for an invalid cursor */
  async list(caller: Caller, query: EventFilter & { limit: number }): Promise<Page<Event>> {
    if (query.since === undefined) return { items: this.#select(caller, query, { last: query.limit }), nextCursor: null };
    const from = this.#start(query.since);
    const remaining = query.limit - from.marker.length;
    const found = this.#select(caller, query, { after: from.after, first: remaining + 1 });
    const items = [...from.marker, ...found.slice(0, remaining)];
    return { items, nextCursor: found.length > remaining ? items.at(-1)?.cursor ?? null : null };
  }

  /**
   * Yields the events after `since`, then new ones, each once and in order; without `since`, only new ones. Ends when the signal fires.
   * Reads only as fast as its reader: a slow reader holds one page and delays nothing else.
   * @throws invalid_request at once, for an invalid cursor
   */
  subscribe(caller: Caller, filter: EventFilter, signal: AbortSignal): AsyncIterable<Event> {
    const after = filter.since === undefined ? this.#head : this.#parse(filter.since);
    return this.#follow(caller, filter, after, signal);
  }

  /** Calls `listener` with every event once it is on disk. @returns a function that stops this */
  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Deletes progress events, which only matter while the operation runs. For use in the transaction that ends it. */
  dropProgress(operationId: string): void {
    this.#store.db.prepare("DELETE FROM events WHERE operation_id = ? AND type = 'operation.progress'").run(operationId);
  }

  /** Deletes events older than `before`, in batches so that others are not blocked. Repeatable. @returns the number of deleted events */
  async purge(before: Date): Promise<number> {
    const { db } = this.#store;
    const firstKept = this.#store.read(() => db.prepare<[string], number>('SELECT cursor FROM events WHERE at >= ? ORDER BY cursor LIMIT 1').pluck().get(before.toISOString()));
    const through = firstKept === undefined ? this.#head : firstKept - 1;
    let total = 0;
    for (;;) {
      const purged = this.#store.transaction(() => {
        const last = db.prepare<[number, number], number>('SELECT max(cursor) FROM (SELECT cursor FROM events WHERE cursor <= ? ORDER BY cursor LIMIT ?)').pluck().get(through, PURGE_AT_ONCE);
        if (typeof last !== 'number') return 0;
        db.prepare('UPDATE events_purged SET through = ?').run(last);
        return db.prepare('DELETE FROM events WHERE cursor <= ?').run(last).changes;
      });
      if (purged === 0) return total;
      total += purged;
      await setImmediate();
    }
  }

  async *#follow(caller: Caller, filter: EventFilter, since: number, signal: AbortSignal): AsyncGenerator<Event> {
    let position = since;
    while (!signal.aborted) {
      const head = this.#head;
      const { after, marker } = this.#start(String(position));
      const found = this.#select(caller, filter, { after, first: READ_AHEAD });
      for (const event of [...marker, ...found]) {
        yield event;
        if (signal.aborted) return;
      }
      position = found.length === READ_AHEAD ? Number(found.at(-1)?.cursor) : Math.max(head, after);
      if (position >= this.#head) await this.#nextEvent(signal);
    }
  }

  /** Settles when an event is appended or the signal fires. */
  async #nextEvent(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.onEvent(() => resolve());
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await promise;
    stop();
    signal.removeEventListener('abort', onAbort);
  }

  #announce(cursor: number, event: Event): void {
    this.#head = cursor;
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ event: 'events.listener-failed', err: error });
      }
    }
  }

  #parse(since: string): number {
    const cursor = /^\d{1,15}$/.test(since) ? Number(since) : Number.NaN;
    if (cursor <= this.#head) return cursor;
    throw new SomnusError('invalid_request', `${JSON.stringify(since)} is not a cursor of this event log`, { hint: 'Use the cursor of an event, or 0 to read from the oldest kept event.', details: { field: 'since' } });
  }

  /** The cursor where reading after `since` starts, and the marker for purged events. */
  #start(since: string): { after: number; marker: Event[] } {
    const asked = this.#parse(since);
    const purged = this.#store.read(() => this.#store.db.prepare<[], number>('SELECT through FROM events_purged').pluck().get()) ?? 0;
    if (asked >= purged) return { after: asked, marker: [] };
    if (asked === 0) return { after: purged, marker: [] };
    const marker: Event = {
      cursor: String(purged), type: 'events.truncated', at: this.#now().toISOString(), owner: null, subject: null, actor: null,
      data: { since, message: 'Events after this cursor were purged. The kept events follow.' },
    };
    return { after: purged, marker: [marker] };
  }

  #select(caller: Caller, filter: EventFilter, range: { after: number; first: number } | { last: number }): Event[] {
    const where: string[] = [];
    const values: (string | number)[] = [];
    const also = (condition: string, ...bound: (string | number)[]): void => { where.push(condition); values.push(...bound); };
    if ('after' in range) also('cursor > ?', range.after);
    if (!isAdmin(caller)) also('owner = ?', caller.user);
    if (caller.environmentId !== null) also('subject_id = ?', caller.environmentId);
    if (filter.subject !== undefined) also('(subject_id = ? OR operation_id = ? OR subject_name = ? OR subject_id IN (SELECT id FROM environments WHERE name = ?))', ...Array.from({ length: 4 }, () => filter.subject ?? ''));
    if (filter.changes === true) also("(substr(type, 1, 10) <> 'operation.' OR (type = 'operation.failed' AND subject_type = 'operation'))");
    if (filter.type?.endsWith('.')) also('substr(type, 1, ?) = ?', filter.type.length, filter.type);
    else if (filter.type !== undefined) also('type = ?', filter.type);
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const [order, limit] = 'after' in range ? ['ASC', range.first] : ['DESC', range.last];
    const rows = this.#store.read(() => this.#store.db.prepare<(string | number)[], EventRow>(`SELECT * FROM events ${condition} ORDER BY cursor ${order} LIMIT ?`).all(...values, limit));
    return (order === 'ASC' ? rows : rows.toReversed()).map(toEvent);
  }
}

function toEvent(row: EventRow): Event {
  const subject = row.subject_type === null || row.subject_id === null ? null
    : { type: row.subject_type, id: row.subject_id, ...(row.subject_name === null ? {} : { name: row.subject_name }) };
  return { cursor: String(row.cursor), type: row.type, at: row.at, owner: row.owner, subject, actor: row.actor, data: JSON.parse(row.data) as Event['data'] };
}
