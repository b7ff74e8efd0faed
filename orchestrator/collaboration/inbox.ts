// The inbox of a member: what its agent sees, claims and answers. Callers reach it through their environment, so a key limited to that environment can use it, and nothing of other environments.
import { SomnusError } from '../../common/errors.ts';
import type { Environment } from '../environments/environment-schemas.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { noLease, type CollaborationBoard } from './collaboration-board.ts';
import type { CollaborationManager } from './collaboration-manager.ts';
import { mayDo } from './collaboration-runner.ts';
import type { AnswerRequest, Collaboration, Inbox, InboxService, Lease, Member, Message, PublishFile, SendMessage, SharedFile } from './collaboration.ts';
import type { SharedFiles } from './shared-files.ts';
import { shownLease, type CollaborationRow, type SqliteCollaborations, type TaskRow } from './sqlite-collaborations.ts';

export interface MemberInboxDeps {
  environments: Pick<EnvironmentService, 'get'>;
  rows: SqliteCollaborations;
  board: CollaborationBoard;
  files: Pick<SharedFiles, 'publish'>;
  manager: Pick<CollaborationManager, 'show' | 'deliver'>;
}

/** Sub-tasks shown at a time. */
const SHOWN = 50;
const MESSAGES = 200;

interface Offer { collaboration: CollaborationRow; task: TaskRow; member: Member }

export class MemberInbox implements InboxService {
  readonly #deps: MemberInboxDeps;

  constructor(deps: MemberInboxDeps) {
    this.#deps = deps;
  }

  async inbox(caller: Caller, ref: string, { since, waitMs }: { since?: string | undefined; waitMs: number }, signal: AbortSignal): Promise<Inbox> {
    const environment = await this.#deps.environments.get(caller, ref);
    const after = Number(since ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw new SomnusError('invalid_request', `"${since}" is not a cursor of an inbox`);
    const stop = new AbortController();
    const end = (): void => stop.abort();
    const timer = setTimeout(end, waitMs);
    signal.addEventListener('abort', end, { once: true });
    try {
      for (;;) {
        const found = this.#look(environment, after);
        if (found.tasks.length + found.messages.length > 0 || stop.signal.aborted || waitMs === 0) return found;
        await this.#deps.board.changed(stop.signal);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  async claim(caller: Caller, ref: string, taskId: string): Promise<Lease> {
    const environment = await this.#deps.environments.get(caller, ref);
    const { rows, board } = this.#deps;
    const task = rows.task(taskId);
    const collaboration = task === undefined ? undefined : rows.get(task.collaborationId);
    const member = collaboration?.members.find((each) => each.environmentId === environment.id);
    if (task?.ask == null || collaboration === undefined || member === undefined || !mayDo(task, member)) {
      throw new SomnusError('not_found', `There is no sub-task ${taskId} for ${environment.name}`, { hint: 'Read the inbox again.' });
    }
    if (this.#workOf(collaboration, member) >= collaboration.perMember) {
      throw new SomnusError('invalid_state', `${member.name} already works on ${collaboration.perMember} sub-task(s) of ${collaboration.name}`, { hint: 'Answer that one first.' });
    }
    return shownLease(board.grant(collaboration, task.id, member, false));
  }

  async renew(caller: Caller, ref: string, lease: string): Promise<Lease> {
    await this.#own(caller, ref, lease);
    this.#deps.board.expire(); // a lease that has expired is never renewed, even if the runner has not seen it yet
    return shownLease(this.#deps.board.renew(lease));
  }

  async answer(caller: Caller, ref: string, lease: string, { answer, failure }: AnswerRequest): Promise<Lease> {
    await this.#own(caller, ref, lease);
    const { rows, board } = this.#deps;
    if (answer !== undefined) return shownLease(board.accept(lease, answer));
    board.expire();
    board.lose(lease, 'failed', failure ?? '');
    const current = rows.lease(lease);
    if (current === undefined) throw noLease(lease);
    if (current.status !== 'failed') throw new SomnusError('invalid_state', 'The lease has ended', { details: { status: current.status } });
    return shownLease(current);
  }

  async collaborations(caller: Caller, ref: string, query: PageQuery): Promise<Page<Collaboration>> {
    const { id, owner } = await this.#deps.environments.get(caller, ref);
    const page = this.#deps.rows.list(query, owner, id);
    return { ...page, items: page.items.map((row) => this.#deps.manager.show(row)) };
  }

  async send(caller: Caller, ref: string, name: string, request: SendMessage): Promise<Message> {
    const { collaboration, member } = await this.#membership(caller, ref, name);
    return this.#deps.manager.deliver(collaboration, member.name, request);
  }

  async publish(caller: Caller, ref: string, name: string, { path }: PublishFile, signal: AbortSignal): Promise<SharedFile> {
    const { collaboration, member } = await this.#membership(caller, ref, name);
    if (collaboration.status !== 'running') throw new SomnusError('invalid_state', `${collaboration.name} has ended`);
    return await this.#deps.files.publish(collaboration, member, path, signal);
  }

  async #membership(caller: Caller, ref: string, name: string): Promise<{ collaboration: CollaborationRow; member: Member }> {
    const environment = await this.#deps.environments.get(caller, ref);
    const collaboration = this.#deps.rows.find(name, environment.owner);
    const member = collaboration?.members.find(({ environmentId }) => environmentId === environment.id);
    if (collaboration === undefined || member === undefined) throw new SomnusError('not_found', `${environment.name} is not a member of a collaboration ${name}`);
    return { collaboration, member };
  }

  #look({ id }: Environment, after: number): Inbox {
    const { rows } = this.#deps;
    const offers = rows.runningWith(id).flatMap((collaboration): Offer[] => {
      const member = collaboration.members.find(({ environmentId }) => environmentId === id);
      if (member === undefined || this.#workOf(collaboration, member) >= collaboration.perMember) return [];
      return rows.tasks(collaboration.id).filter((task) => task.status === 'waiting' && task.ask !== null && mayDo(task, member)).map((task) => ({ collaboration, task, member }));
    });
    const { items, last } = rows.messagesFor(id, after, MESSAGES);
    const tasks = offers.slice(0, SHOWN).map(({ collaboration, task, member }) => ({ id: task.id, name: task.name, ask: task.ask ?? '', collaboration: collaboration.name, task: collaboration.task, role: member.role }));
    return { tasks, messages: items, cursor: String(last) };
  }

  #workOf({ id }: CollaborationRow, { name }: Member): number {
    return this.#deps.rows.tasks(id).filter(({ status, doneBy }) => status === 'running' && doneBy === name).length;
  }

  /** @throws not_found when the lease is not one of this environment's agent */
  async #own(caller: Caller, ref: string, lease: string): Promise<void> {
    const { id } = await this.#deps.environments.get(caller, ref);
    const row = this.#deps.rows.lease(lease);
    if (row?.environmentId !== id || row.jobId !== null) throw noLease(lease);
  }
}
