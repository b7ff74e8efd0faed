// The task board of all collaborations: who has which sub-task until when, and which answer counts. Every change is one transaction, so that a crash leaves either all or none of it.
//
// A sub-task has at most one active lease, and only that lease's answer is accepted. A lease that has expired never becomes active again: a member that was slow, or unreachable for a while, learns
// that its work came too late instead of replacing the answer of the member that took over.
import { EventEmitter, once } from 'node:events';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { ANSWER_BYTES, type Member } from './collaboration.ts';
import type { CollaborationRow, LeaseRow, SqliteCollaborations, TaskRow } from './sqlite-collaborations.ts';

export interface BoardDeps {
  store: SqliteStore;
  rows: SqliteCollaborations;
  events: Pick<SqliteEventLog, 'append'>;
  now: () => Date;
}

type Lost = 'failed' | 'expired';

export class CollaborationBoard {
  readonly #deps: BoardDeps;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(deps: BoardDeps) {
    this.#deps = deps;
  }

  /** Resolves at the next change of any collaboration, or when the signal fires. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#changes, 'change', { signal }).catch(() => {});
  }

  /** Calls `listener` after each change. */
  onChange(listener: () => void): void {
    this.#changes.on('change', listener);
  }

  /** Tells those who wait that something has changed. */
  touch(): void {
    this.#deps.store.afterCommit(() => this.#changes.emit('change'));
  }

  create(row: CollaborationRow, tasks: readonly TaskRow[]): void {
    this.#change(() => {
      this.#deps.rows.insert(row);
      for (const task of tasks) this.#deps.rows.insertTask(task);
      this.#tellMembers(row, 'joined');
      this.#event(row, 'started', { members: row.members.map(({ name }) => name), tasks: tasks.length });
    });
  }

  addTask(task: TaskRow): void {
    this.#change(() => this.#deps.rows.insertTask(task));
  }

  /** Gives a sub-task that is waiting to a member; with `job`, the id of the job that will run its command. @throws invalid_state when it is not waiting */
  grant(collaboration: CollaborationRow, taskId: string, member: Member, job: boolean): LeaseRow {
    const { rows } = this.#deps;
    return this.#change(() => {
      const task = rows.task(taskId);
      if (task?.status !== 'waiting') throw new SomnusError('invalid_state', `The sub-task ${task?.name ?? taskId} is ${task?.status === 'running' ? `being done by ${task.doneBy ?? 'another member'}` : task?.status ?? 'gone'}`);
      const startedAt = this.#deps.now();
      const lease: LeaseRow = {
        id: newId('lease'), taskId, collaborationId: collaboration.id, environmentId: member.environmentId, member: member.name, status: 'active', until: this.#until(collaboration, task, startedAt),
        jobId: job ? newId('job') : null, jobMayRun: job, jobStarted: false, reason: null, startedAt: startedAt.toISOString(), endedAt: null,
      };
      rows.insertLease(lease);
      rows.updateTask({ ...task, status: 'running', attempts: task.attempts + 1, doneBy: member.name, leaseId: lease.id, reason: null });
      this.#event(collaboration, 'task-taken', { task: task.name, member: member.name, attempt: task.attempts + 1 });
      return lease;
    });
  }

  /** The member was seen at work. @throws invalid_state when the lease has ended */
  renew(leaseId: string): LeaseRow {
    return this.#deps.store.transaction(() => { // no change to tell others about
      const { lease, task, collaboration } = this.#active(leaseId);
      const renewed = { ...lease, until: this.#until(collaboration, task, new Date(lease.startedAt)) };
      this.#deps.rows.updateLease(renewed);
      return renewed;
    });
  }

  jobStarted(leaseId: string): void {
    this.#change(() => {
      const lease = this.#deps.rows.lease(leaseId);
      if (lease !== undefined) this.#deps.rows.updateLease({ ...lease, jobStarted: true });
    });
  }

  /** The job of the lease has ended or no longer exists. */
  jobGone(leaseId: string): void {
    this.#change(() => {
      const lease = this.#deps.rows.lease(leaseId);
      if (lease !== undefined) this.#deps.rows.updateLease({ ...lease, jobMayRun: false });
    });
  }

  /** Repeatable with the same answer. @throws invalid_state when the lease has ended: the answer is then recorded as late and not used; too_large */
  accept(leaseId: string, answer: string): LeaseRow {
    if (Buffer.byteLength(answer) > ANSWER_BYTES) throw new SomnusError('too_large', 'The answer has more than 1 MiB', { hint: 'Share large results as files, and answer with their names.' });
    const { rows, now } = this.#deps;
    const outcome = this.#change((): LeaseRow | SomnusError => {
      const lease = this.#lease(leaseId);
      const task = rows.task(lease.taskId);
      const collaboration = rows.get(lease.collaborationId);
      if (task === undefined || collaboration === undefined) throw noLease(leaseId);
      if (lease.status === 'accepted' && rows.answer(task.id) === answer) return lease;
      if (lease.status === 'accepted') return new SomnusError('invalid_state', `${task.name} was already answered under this lease; the first answer counts`);
      if (lease.status !== 'active' || new Date(lease.until) <= now()) {
        if (lease.status === 'active') this.#lose(collaboration, task, lease, 'expired', 'the lease expired');
        this.#late(collaboration, task, lease);
        return new SomnusError('invalid_state', `The lease on ${task.name} has ended, so the answer is not used`, { hint: 'Claim another sub-task, and renew its lease while you work on it.', details: { lease: leaseId } });
      }
      const at = now().toISOString();
      const accepted: LeaseRow = { ...lease, status: 'accepted', endedAt: at };
      rows.updateLease(accepted);
      rows.updateTask({ ...task, status: 'done', endedAt: at }, answer);
      this.#event(collaboration, 'task-done', { task: task.name, member: lease.member, ...rows.progress(collaboration.id) });
      return accepted;
    });
    if (outcome instanceof SomnusError) throw outcome;
    return outcome;
  }

  /** Ends an active lease without an answer: the sub-task waits for another member, or fails after its last attempt. Does nothing if the lease has ended. */
  lose(leaseId: string, how: Lost, reason: string): void {
    const { rows } = this.#deps;
    this.#change(() => {
      const lease = this.#lease(leaseId);
      const [task, collaboration] = [rows.task(lease.taskId), rows.get(lease.collaborationId)];
      if (lease.status === 'active' && task !== undefined && collaboration !== undefined) this.#lose(collaboration, task, lease, how, reason);
    });
  }

  /** A result arrived after the lease had ended. */
  late(leaseId: string): void {
    const { rows } = this.#deps;
    this.#change(() => {
      const lease = this.#lease(leaseId);
      const [task, collaboration] = [rows.task(lease.taskId), rows.get(lease.collaborationId)];
      if (task !== undefined && collaboration !== undefined) this.#late(collaboration, task, lease);
    });
  }

  /** Ends leases that were not renewed in time. */
  expire(): void {
    const now = this.#deps.now();
    for (const lease of this.#deps.rows.activeLeases()) {
      if (new Date(lease.until) > now) continue;
      const timeoutSeconds = this.#deps.rows.task(lease.taskId)?.timeoutSeconds ?? null;
      const timedOut = timeoutSeconds !== null && now.getTime() - new Date(lease.startedAt).getTime() >= timeoutSeconds * 1000;
      this.lose(lease.id, 'expired', timedOut ? `it took longer than ${timeoutSeconds} s` : 'the lease expired');
    }
  }

  /** Extends all active leases, because none could be renewed while Somnus was not running. */
  extendAll(): void {
    for (const lease of this.#deps.rows.activeLeases()) this.renew(lease.id);
  }

  /** Ends a running collaboration, and its leases. Does nothing if it has ended. */
  end(id: string, status: 'succeeded' | 'failed' | 'cancelled', outcome: { reason?: string; result?: string; votes?: Record<string, number> } = {}): void {
    const { rows, now } = this.#deps;
    this.#change(() => {
      const collaboration = rows.get(id);
      if (collaboration?.status !== 'running') return;
      const at = now().toISOString();
      for (const task of rows.tasks(id).filter((each) => each.status === 'waiting' || each.status === 'running')) {
        const lease = task.leaseId === null ? undefined : rows.lease(task.leaseId);
        if (lease?.status === 'active') rows.updateLease({ ...lease, status: 'cancelled', endedAt: at });
        rows.updateTask({ ...task, status: 'cancelled', endedAt: at });
      }
      rows.update({ ...collaboration, status, reason: outcome.reason ?? null, votes: outcome.votes ?? null, endedAt: at }, outcome.result);
      this.#tellMembers(collaboration, 'left');
      this.#event(collaboration, status, outcome.reason === undefined ? {} : { reason: outcome.reason });
    });
  }

  #lose(collaboration: CollaborationRow, task: TaskRow, lease: LeaseRow, how: Lost, reason: string): void {
    const { rows, now } = this.#deps;
    const at = now().toISOString();
    rows.updateLease({ ...lease, status: how, reason, endedAt: at });
    const last = task.attempts >= collaboration.attempts;
    rows.updateTask({ ...task, status: last ? 'failed' : 'waiting', reason: `${lease.member}: ${reason}`, doneBy: null, leaseId: null, endedAt: last ? at : null });
    this.#event(collaboration, last ? 'task-failed' : 'task-returned', { task: task.name, member: lease.member, reason });
  }

  #late(collaboration: CollaborationRow, task: TaskRow, lease: LeaseRow): void {
    const { rows } = this.#deps;
    const current = rows.lease(lease.id);
    if (current?.status !== 'expired') return;
    rows.updateLease({ ...current, status: 'late' });
    this.#event(collaboration, 'answer-late', { task: task.name, member: lease.member });
  }

  #active(leaseId: string): { lease: LeaseRow; task: TaskRow; collaboration: CollaborationRow } {
    const { rows } = this.#deps;
    const lease = this.#lease(leaseId);
    const [task, collaboration] = [rows.task(lease.taskId), rows.get(lease.collaborationId)];
    if (task === undefined || collaboration === undefined) throw noLease(leaseId);
    if (lease.status !== 'active') throw new SomnusError('invalid_state', `The lease on ${task.name} has ended`, { hint: 'Claim another sub-task.', details: { status: lease.status } });
    return { lease, task, collaboration };
  }

  #lease(id: string): LeaseRow {
    const lease = this.#deps.rows.lease(id);
    if (lease === undefined) throw noLease(id);
    return lease;
  }

  /** A lease never lasts beyond the time for an attempt. */
  #until(collaboration: CollaborationRow, { timeoutSeconds }: TaskRow, startedAt: Date): string {
    const renewed = this.#deps.now().getTime() + collaboration.leaseSeconds * 1000;
    return new Date(timeoutSeconds === null ? renewed : Math.min(renewed, startedAt.getTime() + timeoutSeconds * 1000)).toISOString();
  }

  #change<T>(work: () => T): T {
    return this.#deps.store.transaction(() => {
      const result = work();
      this.touch();
      return result;
    });
  }

  /** Writes an event about each member, which becomes an entry of its session. */
  #tellMembers({ id, name, owner, members }: CollaborationRow, what: 'joined' | 'left'): void {
    for (const member of members) this.#deps.events.append({ type: `collaboration.${what}`, owner, subject: { type: 'environment', id: member.environmentId, name: member.name }, actor: null, data: { collaboration: name, collaborationId: id } });
  }

  #event({ id, name, owner, actor }: CollaborationRow, what: string, data: Record<string, unknown>): void {
    this.#deps.events.append({ type: `collaboration.${what}`, owner, subject: { type: 'collaboration', id, name }, actor: what === 'started' ? actor : null, data });
  }
}

export function noLease(id: string): SomnusError {
  return new SomnusError('not_found', `There is no lease ${id} of this environment`);
}
