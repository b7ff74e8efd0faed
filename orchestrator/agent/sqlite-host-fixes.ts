// Stores what Somnus may apply automatically in each environment, what it has applied, and which incidents it has escalated. In SQLite, so that a restart repeats nothing.
import type { FixMode } from '../../agent/contract/fixing.ts';
import type { Migration } from '../store/migrations.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { FixAttempt } from './agent-schemas.ts';

export const hostFixMigrations: readonly Migration[] = [{
  version: 190,
  name: 'host-fixes',
  up: `
    CREATE TABLE fix_modes (
      environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
      mode TEXT NOT NULL,
      set_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE host_fixes (
      id TEXT PRIMARY KEY,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      incident_id TEXT NOT NULL,
      fix_id TEXT NOT NULL,
      what TEXT NOT NULL,
      resource TEXT NOT NULL,
      from_profile TEXT NOT NULL,
      to_profile TEXT NOT NULL,
      began_at_ms INTEGER NOT NULL,
      applied TEXT,
      outcome TEXT,
      detail TEXT NOT NULL DEFAULT '',
      ended_at_ms INTEGER
    ) STRICT;
    CREATE INDEX host_fixes_environment ON host_fixes (environment_id, began_at_ms);
    CREATE TABLE incident_escalations (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
      incident_id TEXT NOT NULL,
      UNIQUE (environment_id, incident_id)
    ) STRICT;`,
}];

/** The state just after the larger profile was applied; later states are compared with it. */
export interface AppliedFix {
  atMs: number;
  /** The number of lines of the incident and of what it caused. */
  lines: number;
  /** The version of the environment's record, which every other change of the environment increases. */
  version: number;
  /** Whether the VM has the resource only after its next start. */
  later: boolean;
}

/** A fix that Somnus applies; recorded before its first request. Its id is part of the idempotency keys of its requests, so that each takes effect once. */
export interface HostFixRecord {
  id: string;
  environmentId: string;
  incidentId: string;
  fixId: string;
  what: string;
  resource: 'memory' | 'disk';
  fromProfile: string;
  toProfile: string;
  beganAtMs: number;
  applied: AppliedFix | null;
  /** Set before a rollback begins. */
  outcome: FixAttempt['outcome'] | null;
  detail: string;
  endedAtMs: number | null;
}

type Row = Omit<HostFixRecord, 'applied'> & { applied: string | null };

/** Limits per environment: a guest decides how many incidents it has. */
const KEPT_FIXES = 50;
const KEPT_ESCALATIONS = 500;
const COLUMNS = `id, environment_id AS environmentId, incident_id AS incidentId, fix_id AS fixId, what, resource, from_profile AS fromProfile, to_profile AS toProfile,
  began_at_ms AS beganAtMs, applied, outcome, detail, ended_at_ms AS endedAtMs`;

export class SqliteHostFixes {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** The mode that a user has set through Somnus, and when; undefined if none has. */
  mode(environmentId: string): { mode: FixMode; setAtMs: number } | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string], { mode: FixMode; setAtMs: number }>('SELECT mode, set_at_ms AS setAtMs FROM fix_modes WHERE environment_id = ?').get(environmentId));
  }

  setMode(environmentId: string, mode: FixMode, atMs: number): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT OR REPLACE INTO fix_modes (environment_id, mode, set_at_ms) VALUES (?, ?, ?)').run(environmentId, mode, atMs));
  }

  begin(fix: HostFixRecord): void {
    this.#store.transaction(() => {
      this.#store.db.prepare(`INSERT INTO host_fixes (id, environment_id, incident_id, fix_id, what, resource, from_profile, to_profile, began_at_ms, applied, outcome, detail, ended_at_ms)
        VALUES (@id, @environmentId, @incidentId, @fixId, @what, @resource, @fromProfile, @toProfile, @beganAtMs, @applied, @outcome, @detail, @endedAtMs)`).run(rowOf(fix));
      this.#store.db.prepare('DELETE FROM host_fixes WHERE environment_id = @id AND ended_at_ms IS NOT NULL AND id NOT IN (SELECT id FROM host_fixes WHERE environment_id = @id ORDER BY began_at_ms DESC LIMIT @kept)').run({ id: fix.environmentId, kept: KEPT_FIXES });
    });
  }

  update(fix: HostFixRecord): HostFixRecord {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE host_fixes SET applied = @applied, outcome = @outcome, detail = @detail, ended_at_ms = @endedAtMs WHERE id = @id').run(rowOf(fix)));
    return fix;
  }

  /** The fix that has begun but not ended, if any. */
  unfinished(environmentId: string): HostFixRecord | undefined {
    return this.all(environmentId).find(({ endedAtMs }) => endedAtMs === null);
  }

  /** Oldest first. */
  all(environmentId: string): HostFixRecord[] {
    return this.#store.read(() => this.#store.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM host_fixes WHERE environment_id = ? ORDER BY began_at_ms, id`).all(environmentId))
      .map((row) => ({ ...row, applied: row.applied === null ? null : JSON.parse(row.applied) as AppliedFix }));
  }

  /** The fixes that have ended, as attempts on an incident, oldest first. */
  attempts(environmentId: string, incidentId: string): FixAttempt[] {
    return this.all(environmentId).filter((fix) => fix.incidentId === incidentId && fix.endedAtMs !== null).map(attemptOf);
  }

  isEscalated(environmentId: string, incidentId: string): boolean {
    return this.#store.read(() => this.#store.db.prepare('SELECT 1 FROM incident_escalations WHERE environment_id = ? AND incident_id = ?').get(environmentId, incidentId)) !== undefined;
  }

  /** Calls `report` in the same transaction the first time that an incident is escalated. */
  escalate(environmentId: string, incidentId: string, report: () => void): void {
    this.#store.transaction(() => {
      const { changes } = this.#store.db.prepare('INSERT OR IGNORE INTO incident_escalations (environment_id, incident_id) VALUES (?, ?)').run(environmentId, incidentId);
      if (changes === 0) return;
      this.#store.db.prepare('DELETE FROM incident_escalations WHERE environment_id = @id AND number NOT IN (SELECT number FROM incident_escalations WHERE environment_id = @id ORDER BY number DESC LIMIT @kept)').run({ id: environmentId, kept: KEPT_ESCALATIONS });
      report();
    });
  }

  /** Runs `work` in one transaction. */
  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }
}

/** Its time is that of the larger profile, and does not change any more once the outcome is known: the agent and the history recognize the attempt by it. */
export function attemptOf({ fixId, what, applied, beganAtMs, outcome, detail }: HostFixRecord): FixAttempt {
  return { fixId, what, at: new Date(applied?.atMs ?? beganAtMs).toISOString(), automatic: true, outcome: outcome ?? 'failed', detail };
}

function rowOf(fix: HostFixRecord): Row {
  return { ...fix, applied: fix.applied === null ? null : JSON.stringify(fix.applied) };
}
