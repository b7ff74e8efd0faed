// Collaborations for the API: start, list, messages, results, cancel. collaboration-runner.ts does the work.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { CollaborationBoard } from './collaboration-board.ts';
import { mayDo } from './collaboration-runner.ts';
import type { Collaboration, CollaborationQuery, CollaborationResult, CollaborationService, Member, Message, SendMessage, SharedFile, StartCollaboration, SubTask, SubTaskDetail, SubTaskRequest } from './collaboration.ts';
import type { SharedFiles } from './shared-files.ts';
import type { SqliteSharedFiles } from './sqlite-shared-files.ts';
import { shownLease, shownTask, type CollaborationRow, type SqliteCollaborations, type TaskRow } from './sqlite-collaborations.ts';

export interface CollaborationManagerDeps {
  environments: Pick<EnvironmentService, 'get'>;
  rows: SqliteCollaborations;
  board: CollaborationBoard;
  records: { get(id: string): Pick<EnvironmentRecord, 'ip'> | undefined };
  files: Pick<SharedFiles, 'content'>;
  fileRows: Pick<SqliteSharedFiles, 'list'>;
  /** Whether a model is configured. */
  hasModel: boolean;
  now: () => Date;
}

export class CollaborationManager implements CollaborationService {
  readonly #deps: CollaborationManagerDeps;

  constructor(deps: CollaborationManagerDeps) {
    this.#deps = deps;
  }

  async start(caller: Caller, request: StartCollaboration): Promise<Collaboration> {
    const { now, hasModel, rows, board } = this.#deps;
    if (request.synthesis.how === 'model' && !hasModel) throw new SomnusError('unsupported', 'No model is configured to combine the answers', { hint: 'Set collaboration.model in the configuration, or use merge, vote or reduce.' });
    const members = await this.#members(caller, request.members);
    const createdAt = now();
    const id = newId('col');
    const asked: readonly SubTaskRequest[] = request.tasks ?? members.map(({ name }) => ({ name: name.slice(0, 63), ask: request.task, member: name }));
    const tasks = asked.map((task, at) => taskRow(id, task, new Date(createdAt.getTime() + at)));
    assertPlan(tasks, members);
    const { task, synthesis, leaseSeconds, attempts, perMember, allowFailures, network, deadlineSeconds } = request;
    board.create({
      id, name: request.name ?? `collab-${randomBytes(4).toString('hex')}`, owner: members[0]?.owner ?? caller.user, actor: caller.keyId, task, status: 'running', reason: null, synthesis, leaseSeconds, attempts, perMember, allowFailures, network, modelFailures: 0, votes: null,
      members: members.map(({ environmentId, name, role }) => ({ environmentId, name, role })),
      createdAt: createdAt.toISOString(), deadlineAt: deadlineSeconds === undefined ? null : new Date(createdAt.getTime() + deadlineSeconds * 1000).toISOString(), endedAt: null,
    }, tasks);
    return this.show(rows.get(id) ?? notFound(id));
  }

  async list(caller: Caller, query: CollaborationQuery): Promise<Page<Collaboration>> {
    const page = this.#deps.rows.list(query, ownerFor(caller), null);
    return { ...page, items: page.items.map((row) => this.show(row)) };
  }

  async get(caller: Caller, ref: string, waitMs = 0, signal?: AbortSignal): Promise<Collaboration> {
    const { id } = this.#find(caller, ref);
    const stop = new AbortController();
    const end = (): void => stop.abort();
    const timer = setTimeout(end, waitMs);
    signal?.addEventListener('abort', end, { once: true });
    try {
      for (;;) {
        const row = this.#deps.rows.get(id) ?? notFound(ref);
        if (row.status !== 'running' || waitMs === 0 || stop.signal.aborted) return this.show(row);
        await this.#deps.board.changed(stop.signal);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }

  async tasks(caller: Caller, ref: string, query: PageQuery): Promise<Page<SubTask>> {
    return this.#deps.rows.taskPage(this.#find(caller, ref).id, query);
  }

  async task(caller: Caller, ref: string, task: string): Promise<SubTaskDetail> {
    const { rows } = this.#deps;
    const collaboration = this.#find(caller, ref);
    const row = rows.findTask(collaboration.id, task);
    if (row === undefined) throw new SomnusError('not_found', `${collaboration.name} has no sub-task ${task}`, { hint: `See \`somnus collab tasks ${collaboration.name}\`.` });
    const answer = rows.answer(row.id);
    return { ...shownTask(row, answer === null ? null : Buffer.byteLength(answer)), answer, leases: rows.leases(row.id).map(shownLease) };
  }

  async messages(caller: Caller, ref: string, query: PageQuery): Promise<Page<Message>> {
    return this.#deps.rows.messages(this.#find(caller, ref).id, query);
  }

  async send(caller: Caller, ref: string, request: SendMessage): Promise<Message> {
    return this.deliver(this.#find(caller, ref), null, request);
  }

  /** Stores a message of a member, or of the owner. @throws invalid_request when the receiver is not a member; invalid_state when the collaboration has ended */
  deliver(collaboration: CollaborationRow, from: string | null, { to, text }: SendMessage): Message {
    const { rows, board, now } = this.#deps;
    if (collaboration.status !== 'running') throw new SomnusError('invalid_state', `${collaboration.name} has ended`);
    const receiver = to === undefined ? null : collaboration.members.find(({ name, environmentId }) => name === to || environmentId === to)?.name;
    if (receiver === undefined) throw new SomnusError('invalid_request', `${to} is not a member of ${collaboration.name}`, { hint: `Its members: ${collaboration.members.map(({ name }) => name).join(', ')}.` });
    const message = rows.insertMessage(collaboration.id, { collaboration: collaboration.name, from, to: receiver, text, at: now().toISOString() });
    board.touch();
    return message;
  }

  async files(caller: Caller, ref: string, query: PageQuery): Promise<Page<SharedFile>> {
    return this.#deps.fileRows.list(this.#find(caller, ref).id, query);
  }

  async file(caller: Caller, ref: string, path: string): Promise<Readable> {
    return this.#deps.files.content(this.#find(caller, ref), path);
  }

  async result(caller: Caller, ref: string): Promise<CollaborationResult> {
    const { id, name, status, reason, votes } = this.#find(caller, ref);
    const result = this.#deps.rows.result(id);
    if (result === null) {
      throw new SomnusError('invalid_state', `${name} has no result: ${status === 'running' ? 'it is still running' : status}${reason === null ? '' : `. ${reason}`}`, {
        hint: status === 'running' ? `Wait for it: \`somnus collab result ${name} --wait\`.` : `The answers that there are: \`somnus collab tasks ${name} --answers\`.`,
      });
    }
    return { status, result, votes };
  }

  async cancel(caller: Caller, ref: string): Promise<Collaboration> {
    const { id, name, status } = this.#find(caller, ref);
    if (status !== 'running' && status !== 'cancelled') throw new SomnusError('invalid_state', `${name} has already ended: ${status}`);
    this.#deps.board.end(id, 'cancelled');
    return this.show(this.#deps.rows.get(id) ?? notFound(ref));
  }

  async remove(caller: Caller, ref: string): Promise<void> {
    const { rows } = this.#deps;
    const { id, name, status } = this.#find(caller, ref);
    if (status === 'running') throw new SomnusError('invalid_state', `${name} is still running`, { hint: `Cancel it first: \`somnus collab cancel ${name}\`.` });
    if (rows.leasesWithJobs().some(({ collaborationId }) => collaborationId === id)) throw new SomnusError('invalid_state', `Jobs of ${name} are still being ended`, { hint: 'Try again in a moment.' });
    rows.delete(id);
  }

  /** As users see it. */
  show(row: CollaborationRow): Collaboration {
    const { id, name, owner, task, status, reason, members, synthesis: { how }, createdAt, deadlineAt, endedAt } = row;
    const { rows, records } = this.#deps;
    return { id, name, owner, task, status, reason, members: members.map((member) => ({ ...member, ip: records.get(member.environmentId)?.ip ?? null })), synthesis: how, progress: rows.progress(id), resultBytes: rows.resultBytes(id), createdAt, deadlineAt, endedAt };
  }

  #find(caller: Caller, ref: string): CollaborationRow {
    return this.#deps.rows.find(ref, ownerFor(caller)) ?? notFound(ref);
  }

  async #members(caller: Caller, requested: StartCollaboration['members']): Promise<(Member & { owner: string })[]> {
    const members = await Promise.all(requested.map(async ({ environment, role = null }) => {
      const { id, name, owner, state } = await this.#deps.environments.get(caller, environment);
      if (state === 'removed') throw new SomnusError('invalid_state', `${name} was removed`, { hint: `\`somnus undelete ${name}\` restores it.` });
      return { environmentId: id, name, role, owner };
    }));
    const twice = members.find(({ environmentId }, at) => members.findIndex((other) => other.environmentId === environmentId) !== at);
    if (twice !== undefined) throw new SomnusError('invalid_request', `${twice.name} is listed twice`);
    const foreign = members.find(({ owner }) => owner !== members[0]?.owner);
    if (foreign !== undefined) throw new SomnusError('invalid_request', 'The members belong to different users', { hint: 'All members of a collaboration belong to one user.' });
    return members;
  }
}

function ownerFor(caller: Caller): string | null {
  return isAdmin(caller) ? null : caller.user;
}

function notFound(ref: string): never {
  throw new SomnusError('not_found', `There is no collaboration ${ref}`, { hint: 'See `somnus collab ls`.' });
}

function taskRow(collaborationId: string, { name, command, ask, cwd, publish, role, member, timeoutSeconds }: SubTaskRequest, createdAt: Date): TaskRow {
  return {
    id: newId('sub', createdAt.getTime()), collaborationId, name, command: command ?? null, ask: ask ?? null, cwd: cwd ?? null, publish: publish ?? [], role: role ?? null, member: member ?? null, timeoutSeconds: timeoutSeconds ?? null,
    status: 'waiting', attempts: 0, doneBy: null, leaseId: null, reduces: false, reason: null, createdAt: createdAt.toISOString(), endedAt: null,
  };
}

/** @throws invalid_request when a name is used twice, or no member may do a sub-task */
function assertPlan(tasks: readonly TaskRow[], members: readonly Member[]): void {
  const names = new Set<string>();
  for (const task of tasks) {
    if (names.has(task.name)) throw new SomnusError('invalid_request', `Two sub-tasks are named ${task.name}`);
    names.add(task.name);
    if (members.some((member) => mayDo(task, member))) continue;
    const wanted = [...(task.member === null ? [] : [`the name ${task.member}`]), ...(task.role === null ? [] : [`the role ${task.role}`])].join(' and ');
    throw new SomnusError('invalid_request', `No member may do the sub-task ${task.name}: none has ${wanted}`, { hint: `The members: ${members.map(({ name, role }) => (role === null ? name : `${name} (${role})`)).join(', ')}.` });
  }
}
