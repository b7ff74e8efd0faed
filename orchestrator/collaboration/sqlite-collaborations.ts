// Collaborations in SQLite: sub-tasks, leases, answers, messages. Rows only; collaboration-board.ts decides what may change.
import { SomnusError } from '../../common/errors.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { isUniqueViolation, type SqliteStore } from '../store/sqlite-store.ts';
import type { Collaboration, Lease, Member, Message, StartCollaboration, SubTask, Synthesis } from './collaboration.ts';

export const collaborationMigrations: readonly Migration[] = [{
  version: 260,
  name: 'collaborations',
  up: `
    CREATE TABLE collaborations (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      status TEXT NOT NULL,
      record TEXT NOT NULL,
      result TEXT,
      UNIQUE (owner, name)
    ) STRICT;
    CREATE INDEX collaborations_running ON collaborations (status) WHERE status = 'running';
    CREATE TABLE collaboration_members (
      collaboration_id TEXT NOT NULL REFERENCES collaborations (id) ON DELETE CASCADE,
      environment_id TEXT NOT NULL,
      PRIMARY KEY (collaboration_id, environment_id)
    ) STRICT;
    CREATE INDEX collaboration_members_by_environment ON collaboration_members (environment_id);
    CREATE TABLE collaboration_tasks (
      id TEXT PRIMARY KEY,
      collaboration_id TEXT NOT NULL REFERENCES collaborations (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      status TEXT NOT NULL,
      record TEXT NOT NULL,
      answer TEXT,
      UNIQUE (collaboration_id, name)
    ) STRICT;
    CREATE TABLE collaboration_leases (
      id TEXT PRIMARY KEY,
      task_id TEXT NOT NULL REFERENCES collaboration_tasks (id) ON DELETE CASCADE,
      environment_id TEXT NOT NULL,
      status TEXT NOT NULL,
      job_may_run INTEGER NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX collaboration_leases_by_task ON collaboration_leases (task_id);
    CREATE INDEX collaboration_leases_by_environment ON collaboration_leases (environment_id);
    CREATE INDEX collaboration_leases_active ON collaboration_leases (status) WHERE status = 'active';
    CREATE INDEX collaboration_leases_jobs ON collaboration_leases (job_may_run) WHERE job_may_run = 1;
    CREATE TABLE collaboration_messages (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      collaboration_id TEXT NOT NULL REFERENCES collaborations (id) ON DELETE CASCADE,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX collaboration_messages_by_collaboration ON collaboration_messages (collaboration_id, seq);`,
}];

/** As stored: with what the runner needs to know. */
export interface CollaborationRow extends Omit<Collaboration, 'members' | 'synthesis' | 'progress' | 'resultBytes'>, Pick<StartCollaboration, 'leaseSeconds' | 'attempts' | 'perMember' | 'allowFailures' | 'network'> {
  members: Member[];
  synthesis: Synthesis;
  /** Failed calls of the model. */
  modelFailures: number;
  votes: Record<string, number> | null;
  actor: string;
}

export interface TaskRow extends Omit<SubTask, 'answerBytes' | 'doneBy'> {
  cwd: string | null;
  publish: readonly string[];
  timeoutSeconds: number | null;
  /** The lease of `doneBy`: the active or the accepted one. */
  leaseId: string | null;
  doneBy: string | null;
  /** Whether it is the command that reduces the answers. */
  reduces: boolean;
}

export interface LeaseRow extends Lease {
  collaborationId: string;
  environmentId: string;
  /** Whether the job was started, or may have been. */
  jobMayRun: boolean;
  /** Whether the start of the job was confirmed. */
  jobStarted: boolean;
}

interface Row { record: string }
interface TaskRowWithBytes extends Row { bytes: number | null }

export class SqliteCollaborations {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** @throws name_taken */
  insert(row: CollaborationRow): void {
    try {
      this.#store.transaction(() => {
        this.#store.db.prepare('INSERT INTO collaborations (id, owner, name, status, record) VALUES (@id, @owner, @name, @status, @json)').run(bound(row));
        const member = this.#store.db.prepare('INSERT INTO collaboration_members (collaboration_id, environment_id) VALUES (?, ?)');
        for (const { environmentId } of row.members) member.run(row.id, environmentId);
      });
    } catch (thrown) {
      if (!isUniqueViolation(thrown) && !isUniqueViolation((thrown as Error).cause)) throw thrown;
      throw new SomnusError('name_taken', `A collaboration named ${row.name} already exists`, { hint: `Choose another name, or delete that one: \`somnus collab rm ${row.name}\`.`, cause: thrown });
    }
  }

  update(row: CollaborationRow, result?: string): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE collaborations SET status = @status, record = @json, result = coalesce(@result, result) WHERE id = @id').run({ ...bound(row), result: result ?? null }));
  }

  delete(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM collaborations WHERE id = ?').run(id));
  }

  /** Deletes all collaborations of a user. */
  deleteOf(owner: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM collaborations WHERE owner = ?').run(owner));
  }

  get(id: string): CollaborationRow | undefined {
    return this.#rows<CollaborationRow>('SELECT record FROM collaborations WHERE id = ?', id)[0];
  }

  /** By id, or by name among an owner's; `owner` null: any owner's. */
  find(ref: string, owner: string | null): CollaborationRow | undefined {
    return this.#rows<CollaborationRow>('SELECT record FROM collaborations WHERE (id = ? OR name = ?) AND (? IS NULL OR owner = ?) ORDER BY id DESC LIMIT 1', ref, ref, owner, owner)[0];
  }

  /** Newest first; only an owner's, and only those with the member, unless these are null. */
  list({ limit, cursor, status }: PageQuery & { status?: string | undefined }, owner: string | null, environmentId: string | null): Page<CollaborationRow> {
    return pageOf(limit, this.#rows<CollaborationRow>(`
      SELECT record FROM collaborations WHERE id < ? AND (? IS NULL OR owner = ?) AND (? IS NULL OR status = ?)
        AND (? IS NULL OR id IN (SELECT collaboration_id FROM collaboration_members WHERE environment_id = ?)) ORDER BY id DESC LIMIT ?`,
    cursor ?? '~', owner, owner, status ?? null, status ?? null, environmentId, environmentId, limit + 1));
  }

  running(): CollaborationRow[] {
    return this.#rows<CollaborationRow>("SELECT record FROM collaborations WHERE status = 'running' ORDER BY id");
  }

  /** The running ones with this member. */
  runningWith(environmentId: string): CollaborationRow[] {
    return this.#rows<CollaborationRow>("SELECT record FROM collaborations WHERE status = 'running' AND id IN (SELECT collaboration_id FROM collaboration_members WHERE environment_id = ?) ORDER BY id", environmentId);
  }

  result(id: string): string | null {
    return this.#store.read(() => this.#store.db.prepare<[string], { result: string | null }>('SELECT result FROM collaborations WHERE id = ?').get(id))?.result ?? null;
  }

  resultBytes(id: string): number | null {
    return this.#store.read(() => this.#store.db.prepare<[string], { bytes: number | null }>('SELECT length(CAST(result AS BLOB)) AS bytes FROM collaborations WHERE id = ?').get(id))?.bytes ?? null;
  }

  insertTask(row: TaskRow): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO collaboration_tasks (id, collaboration_id, name, status, record) VALUES (@id, @collaborationId, @name, @status, @json)').run(bound(row)));
  }

  updateTask(row: TaskRow, answer?: string): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE collaboration_tasks SET status = @status, record = @json, answer = coalesce(@answer, answer) WHERE id = @id').run({ ...bound(row), answer: answer ?? null }));
  }

  task(id: string): TaskRow | undefined {
    return this.#rows<TaskRow>('SELECT record FROM collaboration_tasks WHERE id = ?', id)[0];
  }

  findTask(collaborationId: string, ref: string): TaskRow | undefined {
    return this.#rows<TaskRow>('SELECT record FROM collaboration_tasks WHERE collaboration_id = ? AND (id = ? OR name = ?)', collaborationId, ref, ref)[0];
  }

  /** In the order of the plan. */
  tasks(collaborationId: string): TaskRow[] {
    return this.#rows<TaskRow>('SELECT record FROM collaboration_tasks WHERE collaboration_id = ? ORDER BY id', collaborationId);
  }

  /** As users see them. */
  taskPage(collaborationId: string, { limit, cursor }: PageQuery): Page<SubTask> {
    const rows = this.#store.read(() => this.#store.db.prepare<unknown[], TaskRowWithBytes>('SELECT record, length(CAST(answer AS BLOB)) AS bytes FROM collaboration_tasks WHERE collaboration_id = ? AND id > ? ORDER BY id LIMIT ?').all(collaborationId, cursor ?? '', limit + 1));
    return pageOf(limit, rows.map(({ record, bytes }) => shownTask(JSON.parse(record) as TaskRow, bytes)));
  }

  answer(taskId: string): string | null {
    return this.#store.read(() => this.#store.db.prepare<[string], { answer: string | null }>('SELECT answer FROM collaboration_tasks WHERE id = ?').get(taskId))?.answer ?? null;
  }

  progress(collaborationId: string): Collaboration['progress'] {
    const counts = new Map(this.#store.read(() => this.#store.db.prepare<[string], { status: string; count: number }>('SELECT status, count(*) AS count FROM collaboration_tasks WHERE collaboration_id = ? GROUP BY status').all(collaborationId)).map(({ status, count }) => [status, count]));
    const [done, running, failed] = [counts.get('done') ?? 0, counts.get('running') ?? 0, counts.get('failed') ?? 0];
    return { total: counts.values().reduce((sum, count) => sum + count, 0), done, running, failed };
  }

  insertLease(row: LeaseRow): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO collaboration_leases (id, task_id, environment_id, status, job_may_run, record) VALUES (@id, @taskId, @environmentId, @status, @mayRun, @json)').run({ ...bound(row), mayRun: row.jobMayRun ? 1 : 0 }));
  }

  updateLease(row: LeaseRow): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE collaboration_leases SET status = @status, job_may_run = @mayRun, record = @json WHERE id = @id').run({ ...bound(row), mayRun: row.jobMayRun ? 1 : 0 }));
  }

  lease(id: string): LeaseRow | undefined {
    return this.#rows<LeaseRow>('SELECT record FROM collaboration_leases WHERE id = ?', id)[0];
  }

  /** Of a sub-task, oldest first. */
  leases(taskId: string): LeaseRow[] {
    return this.#rows<LeaseRow>('SELECT record FROM collaboration_leases WHERE task_id = ? ORDER BY id', taskId);
  }

  activeLeases(): LeaseRow[] {
    return this.#rows<LeaseRow>("SELECT record FROM collaboration_leases WHERE status = 'active' ORDER BY id");
  }

  /** Those whose job may be running in a VM. */
  leasesWithJobs(): LeaseRow[] {
    return this.#rows<LeaseRow>('SELECT record FROM collaboration_leases WHERE job_may_run = 1 ORDER BY id');
  }

  insertMessage(collaborationId: string, message: Omit<Message, 'cursor'>): Message {
    const { lastInsertRowid } = this.#store.transaction(() => this.#store.db.prepare('INSERT INTO collaboration_messages (collaboration_id, record) VALUES (?, ?)').run(collaborationId, JSON.stringify(message)));
    return { cursor: String(lastInsertRowid), ...message };
  }

  messages(collaborationId: string, { limit, cursor }: PageQuery): Page<Message> {
    const rows = this.#store.read(() => this.#store.db.prepare<unknown[], { seq: number; record: string }>('SELECT seq, record FROM collaboration_messages WHERE collaboration_id = ? AND seq > ? ORDER BY seq LIMIT ?').all(collaborationId, Number(cursor ?? 0), limit + 1));
    const found = rows.map(({ seq, record }): Message => ({ cursor: String(seq), ...JSON.parse(record) as Omit<Message, 'cursor'> }));
    return { items: found.slice(0, limit), nextCursor: found.length > limit ? found[limit - 1]?.cursor ?? null : null };
  }

  /** For a member, oldest first: what others sent to it or to all, after the cursor. `last` is the newest message of all. */
  messagesFor(environmentId: string, after: number, limit: number): { items: Message[]; last: number } {
    const rows = this.#store.read(() => this.#store.db.prepare<unknown[], { seq: number; record: string; collaboration: string }>(`
      SELECT seq, messages.record, collaborations.record AS collaboration FROM collaboration_messages AS messages JOIN collaborations ON collaborations.id = collaboration_id
      WHERE seq > ? AND collaboration_id IN (SELECT collaboration_id FROM collaboration_members WHERE environment_id = ?) ORDER BY seq LIMIT ?`).all(after, environmentId, limit));
    const items = rows.flatMap(({ seq, record, collaboration }): Message[] => {
      const { name } = (JSON.parse(collaboration) as { members: Member[] }).members.find((member) => member.environmentId === environmentId) ?? { name: null };
      const message: Message = { cursor: String(seq), ...JSON.parse(record) as Omit<Message, 'cursor'> };
      return message.from !== name && (message.to === null || message.to === name) ? [message] : [];
    });
    return { items, last: rows.at(-1)?.seq ?? after };
  }

  /** Deletes collaborations that ended before this time. */
  purge(before: Date): void {
    this.#store.transaction(() => this.#store.db.prepare("DELETE FROM collaborations WHERE status <> 'running' AND record ->> '$.endedAt' < ?").run(before.toISOString()));
  }

  #rows<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.#store.read(() => this.#store.db.prepare<unknown[], Row>(sql).all(...parameters)).map(({ record }) => JSON.parse(record) as T);
  }
}

export function shownTask({ cwd: _cwd, publish: _publish, timeoutSeconds: _timeout, leaseId: _lease, reduces: _reduces, ...task }: TaskRow, answerBytes: number | null): SubTask {
  return { ...task, answerBytes };
}

export function shownLease({ collaborationId: _collaboration, environmentId: _environment, jobMayRun: _mayRun, jobStarted: _started, ...lease }: LeaseRow): Lease {
  return lease;
}

function bound<T extends { id: string; status: string }>(row: T): Record<string, unknown> {
  const flat = Object.entries(row).filter(([, value]) => typeof value === 'string');
  return { ...Object.fromEntries(flat), json: JSON.stringify(row) };
}

function pageOf<T extends { id: string }>(limit: number, found: T[]): Page<T> {
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? items.at(-1)?.id ?? null : null };
}
