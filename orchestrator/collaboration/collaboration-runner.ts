// Moves collaborations forward: gives commands to members, follows their jobs, returns sub-tasks of members that are gone, and synthesizes the answers. Everything it knows is in SQLite, so it
// continues after a restart where it was; each step can be repeated.
import type { ProgramRecord } from '../../agent/contract/programs.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import type { HostNetwork } from '../../supervisor/network/network.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { FaultPoints } from '../operations/fault-points.ts';
import type { ChatModel } from './chat-model.ts';
import { REDUCE_NAME, type Member } from './collaboration.ts';
import type { CollaborationBoard } from './collaboration-board.ts';
import type { MemberJobs } from './member-jobs.ts';
import { folderOf, type SharedFiles } from './shared-files.ts';
import type { CollaborationRow, LeaseRow, SqliteCollaborations, TaskRow } from './sqlite-collaborations.ts';
import { mergeJson, mergeTexts, vote, type NamedAnswer } from './synthesis.ts';

export interface CollaborationRunnerDeps {
  rows: SqliteCollaborations;
  board: CollaborationBoard;
  jobs: Pick<MemberJobs, 'start' | 'list' | 'output' | 'stop'>;
  records: { get(id: string): EnvironmentRecord | undefined };
  files: Pick<SharedFiles, 'publish' | 'deliver' | 'isStale'>;
  network: Pick<HostNetwork, 'setPeers'>;
  model: ChatModel | undefined;
  now: () => Date;
  faults?: FaultPoints | undefined;
  log: Logger;
  intervalMs?: number;
}

const INTERVAL_MS = 2000;
/** Programs end when a VM gets to one of these states. */
const endsPrograms: readonly EnvironmentRecord['state'][] = ['stopped', 'removed'];

export class CollaborationRunner {
  readonly #deps: CollaborationRunnerDeps;
  readonly #stopping = new AbortController();
  /** Visits to members, and calls of the model, in progress. */
  readonly #busy = new Map<string, Promise<void>>();
  /** The pairs of members that can reach each other, as text. */
  #peers: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Immediate | undefined;

  constructor(deps: CollaborationRunnerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#deps.board.extendAll();
    this.#timer = setInterval(() => this.check(), this.#deps.intervalMs ?? INTERVAL_MS);
    this.#deps.board.onChange(() => {
      if (!this.#stopping.signal.aborted) this.#again ??= setImmediate(() => this.check());
    });
    this.check();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    clearImmediate(this.#again);
    await this.settled();
  }

  /** Resolves when the visits that are in progress have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  /** Does what can be done now, and begins visits to members. Never throws. */
  check(): void {
    this.#again = undefined;
    try {
      const { rows, board } = this.#deps;
      board.expire();
      for (const { id } of rows.running()) this.#advance(id);
      this.#openNetwork();
      this.#shareFiles();
      for (const environmentId of new Set(rows.leasesWithJobs().map((lease) => lease.environmentId))) this.#inBackground(environmentId, async () => await this.#visit(environmentId));
    } catch (err) {
      this.#deps.log.warn({ event: 'collaborations.not-checked', err });
    }
  }

  #inBackground(what: string, work: () => Promise<void>): void {
    if (this.#busy.has(what) || this.#stopping.signal.aborted) return;
    this.#busy.set(what, work().catch((err: unknown) => this.#deps.log.debug({ event: 'collaborations.waiting', what, err })).finally(() => this.#busy.delete(what)));
  }

  /** Opens the network between the members of running collaborations, and closes it when they end. */
  #openNetwork(): void {
    const { rows, records, network } = this.#deps;
    const pairs = rows.running().filter((each) => each.network).flatMap(({ members }) => {
      const indexes = members.map(({ environmentId }) => records.get(environmentId)).filter((record) => record !== undefined && record.state !== 'removed').map((record) => record?.networkIndex ?? 0);
      return indexes.flatMap((a, at) => indexes.slice(at + 1).map((b) => [a, b] as const));
    });
    const peers = JSON.stringify(pairs);
    if (peers === this.#peers) return;
    this.#inBackground('network', async () => {
      await network.setPeers(pairs);
      this.#peers = peers;
    });
  }

  /** Writes published files to the members that run and lack them. */
  #shareFiles(): void {
    const { rows, records, files } = this.#deps;
    for (const collaboration of rows.running()) {
      for (const { environmentId } of collaboration.members) {
        if (records.get(environmentId)?.state !== 'running' || !files.isStale(collaboration, environmentId)) continue;
        this.#inBackground(`files ${collaboration.id} ${environmentId}`, async () => await files.deliver(collaboration, environmentId));
      }
    }
  }

  #advance(id: string): void {
    const { rows, board, now } = this.#deps;
    const collaboration = rows.get(id);
    if (collaboration?.status !== 'running') return;
    if (collaboration.deadlineAt !== null && new Date(collaboration.deadlineAt) <= now()) {
      board.end(id, 'failed', { reason: 'The deadline passed' });
      return;
    }
    const tasks = rows.tasks(id);
    this.#assign(collaboration, tasks);
    this.#finish(collaboration, tasks);
  }

  /** Gives commands that wait to members that run and have fewer sub-tasks than they may have. */
  #assign(collaboration: CollaborationRow, tasks: readonly TaskRow[]): void {
    const { rows, board, records } = this.#deps;
    const waiting = tasks.filter(({ status, command }) => status === 'waiting' && command !== null);
    if (waiting.length === 0) return;
    const load = new Map(collaboration.members.map((member) => [member.name, tasks.filter(({ status, doneBy }) => status === 'running' && doneBy === member.name).length]));
    const loadOf = ({ name }: Member): number => load.get(name) ?? 0;
    for (const task of waiting) {
      const tries = task.attempts === 0 ? [] : rows.leases(task.id);
      const triesOf = ({ environmentId }: Member): number => tries.filter((lease) => lease.environmentId === environmentId).length;
      const [member] = collaboration.members
        .filter((each) => mayDo(task, each) && loadOf(each) < collaboration.perMember && records.get(each.environmentId)?.state === 'running')
        .toSorted((a, b) => triesOf(a) - triesOf(b) || loadOf(a) - loadOf(b));
      if (member === undefined) continue;
      board.grant(collaboration, task.id, member, true);
      load.set(member.name, loadOf(member) + 1);
    }
  }

  /** Synthesizes when all sub-tasks have ended. */
  #finish(collaboration: CollaborationRow, tasks: readonly TaskRow[]): void {
    const { rows, board } = this.#deps;
    const { id, synthesis: { how, format, command }, allowFailures } = collaboration;
    const parts = tasks.filter(({ reduces }) => !reduces);
    const failed = tasks.find(({ status, reduces }) => status === 'failed' && (!allowFailures || reduces));
    if (failed !== undefined) {
      board.end(id, 'failed', { reason: `The sub-task ${failed.name} failed: ${failed.reason ?? 'unknown'}` });
      return;
    }
    if (parts.some(({ status }) => status === 'waiting' || status === 'running')) return;
    const answers = parts.filter(({ status }) => status === 'done').map((task): NamedAnswer => ({ name: task.name, answer: rows.answer(task.id) ?? '' }));
    if (answers.length === 0) {
      board.end(id, 'failed', { reason: 'All sub-tasks failed' });
    } else if (how === 'reduce') {
      const reduce = tasks.find(({ reduces }) => reduces);
      if (reduce === undefined) board.addTask(reduceTask(collaboration, command ?? [], this.#deps.now()));
      else if (reduce.status === 'done') board.end(id, 'succeeded', { result: rows.answer(reduce.id) ?? '' });
    } else if (how === 'model') {
      this.#inBackground(id, async () => await this.#askModel(collaboration, answers));
    } else {
      this.#join(id, how, format, answers);
    }
  }

  #join(id: string, how: 'merge' | 'vote', format: 'text' | 'json', answers: readonly NamedAnswer[]): void {
    const { board } = this.#deps;
    try {
      if (how === 'merge') {
        board.end(id, 'succeeded', { result: format === 'json' ? mergeJson(answers) : mergeTexts(answers) });
      } else {
        const { winner, votes } = vote(answers, format);
        board.end(id, 'succeeded', { result: winner, votes });
      }
    } catch (error) {
      if (!(error instanceof SomnusError) || error.code !== 'invalid_state') throw error;
      board.end(id, 'failed', { reason: error.message });
    }
  }

  async #askModel(collaboration: CollaborationRow, answers: readonly NamedAnswer[]): Promise<void> {
    const { rows, board, model } = this.#deps;
    const { id, task, synthesis: { prompt }, attempts } = collaboration;
    if (model === undefined) {
      board.end(id, 'failed', { reason: 'No model is configured (collaboration.model in the configuration)' });
      return;
    }
    try {
      board.end(id, 'succeeded', { result: await model({ task, prompt, answers }, this.#stopping.signal) });
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return;
      const current = rows.get(id);
      if (current?.status !== 'running') return;
      const modelFailures = current.modelFailures + 1;
      rows.update({ ...current, modelFailures });
      if (modelFailures >= attempts) board.end(id, 'failed', { reason: toSomnusError(thrown).message });
    }
  }

  /** Starts, follows and stops the jobs of one member. */
  async #visit(environmentId: string): Promise<void> {
    const { rows, board, jobs, records } = this.#deps;
    const leases = rows.leasesWithJobs().filter((lease) => lease.environmentId === environmentId);
    const record = records.get(environmentId);
    if (record === undefined || endsPrograms.includes(record.state)) {
      for (const { id } of leases) {
        board.lose(id, 'failed', `its environment is ${record?.state ?? 'gone'}`);
        board.jobGone(id);
      }
    }
    if (record?.state !== 'running') return;
    const programs = await jobs.list(record.owner, environmentId);
    for (const lease of leases) {
      const program = programs.get(lease.jobId ?? '');
      const current = rows.lease(lease.id);
      if (current?.status === 'active') await this.#follow(record.owner, current, program);
      else if (current !== undefined) await this.#cleanUp(record.owner, current, program);
    }
  }

  async #follow(owner: string, lease: LeaseRow, program: ProgramRecord | undefined): Promise<void> {
    const { board } = this.#deps;
    if (program === undefined && lease.jobStarted) {
      board.lose(lease.id, 'failed', 'the job no longer exists in its VM');
      board.jobGone(lease.id);
    } else if (program === undefined) {
      await this.#startJob(owner, lease);
    } else if (program.status === 'running') {
      if (!lease.jobStarted) board.jobStarted(lease.id);
      board.renew(lease.id);
    } else {
      await this.#takeResult(owner, lease, program);
      board.jobGone(lease.id);
    }
  }

  async #startJob(owner: string, lease: LeaseRow): Promise<void> {
    const { rows, board, jobs } = this.#deps;
    const [task, collaboration] = [rows.task(lease.taskId), rows.get(lease.collaborationId)];
    if (task?.command == null || collaboration === undefined || lease.jobId === null) return;
    const { command } = task;
    await this.#fault('start', 'before');
    try {
      if (task.publish.length > 0 || this.#deps.files.isStale(collaboration, lease.environmentId)) await this.#deps.files.deliver(collaboration, lease.environmentId);
      await jobs.start(owner, lease.environmentId, {
        id: lease.jobId, name: `${collaboration.name}.${task.name}.${task.attempts}`.slice(0, 200), command, cwd: task.cwd,
        env: { SOMNUS_COLLABORATION: collaboration.name, SOMNUS_TASK: task.name, SOMNUS_MEMBER: lease.member, SOMNUS_MEMBERS: this.#addresses(collaboration), SOMNUS_SHARED: folderOf(collaboration) }, input: task.reduces ? this.#answersAsInput(collaboration) : null,
      });
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (error.code !== 'invalid_state' && error.code !== 'invalid_request' && error.code !== 'insufficient_space') throw error; // unreachable: again until the lease expires
      board.lose(lease.id, 'failed', error.message);
      return;
    }
    await this.#fault('start', 'after');
    board.jobStarted(lease.id);
  }

  /** `a=10.83.1.1 b=10.83.1.2` */
  #addresses({ members }: CollaborationRow): string {
    return members.flatMap(({ name, environmentId }) => {
      const ip = this.#deps.records.get(environmentId)?.ip;
      return ip === undefined ? [] : [`${name}=${ip}`];
    }).join(' ');
  }

  #answersAsInput({ id, task }: CollaborationRow): string {
    const { rows } = this.#deps;
    const answers = rows.tasks(id).filter(({ reduces, status }) => !reduces && status === 'done').map((each) => ({ name: each.name, member: each.doneBy, answer: rows.answer(each.id) }));
    return JSON.stringify({ task, answers });
  }

  async #takeResult(owner: string, lease: LeaseRow, program: ProgramRecord): Promise<void> {
    const { board, jobs } = this.#deps;
    if (program.status === 'lost' || program.exitCode !== 0) {
      board.lose(lease.id, 'failed', program.status === 'lost' ? 'the job ended with its VM' : `the command ended with exit code ${program.exitCode}`);
      return;
    }
    try {
      const answer = await jobs.output(owner, lease.environmentId, program);
      await this.#publish(lease);
      await this.#fault('result', 'before');
      board.accept(lease.id, answer);
      await this.#fault('result', 'after');
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (['too_large', 'quota_exceeded', 'not_found', 'invalid_request'].includes(error.code)) board.lose(lease.id, 'failed', error.message);
      else if (error.code !== 'invalid_state') throw error; // the lease expired meanwhile: recorded as late
    }
  }

  /** Publishes the files that the command was to write. */
  async #publish({ taskId, collaborationId, environmentId, member }: LeaseRow): Promise<void> {
    const { rows, files } = this.#deps;
    const [task, collaboration] = [rows.task(taskId), rows.get(collaborationId)];
    if (collaboration?.status !== 'running') return;
    for (const path of task?.publish ?? []) await files.publish(collaboration, { environmentId, name: member, role: null }, path, this.#stopping.signal);
  }

  /** Stops a job whose lease has ended, and records a result that came too late. */
  async #cleanUp(owner: string, lease: LeaseRow, program: ProgramRecord | undefined): Promise<void> {
    const { board, jobs } = this.#deps;
    if (program?.status === 'running') {
      await jobs.stop(owner, lease.environmentId, program.id);
      return;
    }
    if (program?.status === 'ended' && program.exitCode === 0 && lease.status === 'expired') board.late(lease.id);
    board.jobGone(lease.id);
  }

  async #fault(step: string, when: 'before' | 'after'): Promise<void> {
    await this.#deps.faults?.reached({ kind: 'collaboration', step, direction: 'run', when }, this.#stopping.signal);
  }
}

/** Whether the role or name that a sub-task requires is the member's. */
export function mayDo(task: Pick<TaskRow, 'role' | 'member'>, member: Member): boolean {
  return (task.role === null || task.role === member.role) && (task.member === null || task.member === member.name);
}

function reduceTask(collaboration: CollaborationRow, command: string[], now: Date): TaskRow {
  return {
    id: newId('sub', now.getTime()), collaborationId: collaboration.id, name: REDUCE_NAME, command, ask: null, cwd: null, publish: [], role: null, member: null, timeoutSeconds: null, status: 'waiting', attempts: 0,
    doneBy: null, leaseId: null, reduces: true, reason: null, createdAt: now.toISOString(), endedAt: null,
  };
}
