// The last 24 hours of every VM's statistics, at decreasing resolution, in a separate database: losing it loses no work.
import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { mergePoints, type StatsPoint } from './point.ts';

/** Each level is merged from the previous one. */
export const levels = [
  { name: 'fine', spanMs: 0, keepMs: 15 * 60_000 },
  { name: 'minute', spanMs: 60_000, keepMs: 3 * 3_600_000 },
  { name: 'ten-minutes', spanMs: 600_000, keepMs: 24 * 3_600_000 },
] as const;

interface Row { at_ms: number; point: string }

export class SqliteStatsHistory {
  readonly #db: Database.Database;

  constructor(path: string) {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600); // SQLite gives its other files the same mode
    this.#db = new Database(path);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = OFF');
    this.#db.exec(`CREATE TABLE IF NOT EXISTS points (
      environment_id TEXT NOT NULL, level INTEGER NOT NULL, at_ms INTEGER NOT NULL, point TEXT NOT NULL,
      PRIMARY KEY (environment_id, level, at_ms)
    ) WITHOUT ROWID`);
  }

  /** Adds one point per environment, merges completed windows and deletes old points. */
  add(points: ReadonlyMap<string, StatsPoint>): void {
    this.#db.transaction(() => {
      for (const [environmentId, point] of points) {
        this.#insert(environmentId, 0, point);
        for (let level = 1; level < levels.length; level += 1) this.#merge(environmentId, level, point.atMs);
      }
    })();
  }

  /** Returns the points, oldest first; coarse points are used only before the fine ones begin. */
  read(environmentId: string, sinceMs: number): StatsPoint[] {
    const history: StatsPoint[] = [];
    let untilMs = Number.MAX_SAFE_INTEGER;
    for (let level = 0; level < levels.length; level += 1) {
      const points = this.#select(environmentId, level, sinceMs - 1, untilMs - 1);
      history.unshift(...points);
      untilMs = points[0]?.atMs ?? untilMs;
    }
    return history;
  }

  forget(environmentId: string): void {
    this.#db.prepare('DELETE FROM points WHERE environment_id = ?').run(environmentId);
  }

  close(): void {
    this.#db.close();
  }

  /** Closes the level's window once a point of the next window has arrived. */
  #merge(environmentId: string, level: number, nowMs: number): void {
    const { spanMs } = levels[level] ?? levels[0];
    const last = this.#db.prepare<[string, number], { at: number | null }>('SELECT max(at_ms) AS at FROM points WHERE environment_id = ? AND level = ?').get(environmentId, level)?.at ?? 0;
    const windowEnd = Math.floor(nowMs / spanMs) * spanMs;
    if (last >= windowEnd) return;
    const merged = mergePoints(this.#select(environmentId, level - 1, Math.max(last, windowEnd - spanMs), windowEnd));
    if (merged) this.#insert(environmentId, level, { ...merged, atMs: windowEnd });
    for (const [index, { keepMs }] of levels.entries()) {
      this.#db.prepare('DELETE FROM points WHERE environment_id = ? AND level = ? AND at_ms < ?').run(environmentId, index, nowMs - keepMs);
    }
  }

  #insert(environmentId: string, level: number, point: StatsPoint): void {
    this.#db.prepare('INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?)').run(environmentId, level, point.atMs, JSON.stringify(point));
  }

  /** Returns the points whose span ends after `afterMs` and no later than `untilMs`. */
  #select(environmentId: string, level: number, afterMs: number, untilMs: number): StatsPoint[] {
    return this.#db.prepare<[string, number, number, number], Row>(
      'SELECT at_ms, point FROM points WHERE environment_id = ? AND level = ? AND at_ms > ? AND at_ms <= ? ORDER BY at_ms',
    ).all(environmentId, level, afterMs, untilMs).map((row) => JSON.parse(row.point) as StatsPoint);
  }
}
