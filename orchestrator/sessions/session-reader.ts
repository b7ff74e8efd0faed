// Shows the DevSession of an environment from what is recorded about it: its events, its memories, its collaborations. A session needs no start and no restart of its own: whatever happens to the VM is its next entry.
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { redact } from '../../common/redact.ts';
import type { Action, ActionRequest } from '../actions/action.ts';
import type { InboxService } from '../collaboration/collaboration.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { Event } from '../events/event.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { MemoryLoader } from '../memory/memory-loader.ts';
import type { Page } from '../store/page.ts';
import type { DevSession, FileChange, SessionEntry, SessionKind, SessionQuery, SessionService, SessionSettings } from './dev-session.ts';
import type { SqliteSessions } from './sqlite-sessions.ts';

export interface SessionReaderDeps {
  environments: Pick<EnvironmentService, 'get'>;
  events: Pick<SqliteEventLog, 'list' | 'append' | 'typesOf'>;
  inboxes: Pick<InboxService, 'collaborations'>;
  memory: Pick<MemoryLoader, 'current'>;
  sessions: SqliteSessions;
  log: Logger;
}

const FILES = 20;
const MEMORIES = 50;
const COMMAND_CHARACTERS = 2000;

const continues: readonly string[] = ['environment.started', 'environment.restarted', 'environment.woken', 'environment.resumed', 'environment.guest-rebooted', 'environment.guest-ready', 'snapshot.restored'];

export class SessionReader implements SessionService {
  readonly #deps: SessionReaderDeps;

  constructor(deps: SessionReaderDeps) {
    this.#deps = deps;
  }

  async show(caller: Caller, ref: string): Promise<DevSession> {
    const { environments, events, inboxes, sessions } = this.#deps;
    const { id, name, state, createdAt, snapshotId } = await environments.get(caller, ref);
    const types = events.typesOf(id);
    const counts: Partial<Record<SessionKind, number>> = {};
    for (const { type, count } of types) if (isEntry(type)) counts[kindOf(type)] = (counts[kindOf(type)] ?? 0) + count;
    const times = types.filter(({ type }) => isEntry(type)).map(({ lastAt }) => lastAt);
    const { items: collaborations } = await inboxes.collaborations(caller, ref, { limit: 20 });
    const [created] = (await events.list(caller, { subject: id, type: 'environment.created', limit: 1 })).items;
    const forkedFrom = created?.data['forkedFrom'];
    return {
      environmentId: id, name, state, openedAt: createdAt, continuedAt: latest(types.filter(({ type }) => continues.includes(type)).map(({ lastAt }) => lastAt)) ?? createdAt, lastAt: latest(times) ?? null,
      counts, files: await this.#files(caller, id), links: { forkedFrom: typeof forkedFrom === 'string' ? forkedFrom : null, snapshotId, collaborations: collaborations.map((each) => each.name) },
      memories: await this.#memories(caller, id), rememberActions: sessions.remembersActions(id),
    };
  }

  async log(caller: Caller, ref: string, { limit, cursor = '0', last }: SessionQuery): Promise<Page<SessionEntry>> {
    const { id } = await this.#deps.environments.get(caller, ref);
    const found = await this.#deps.events.list(caller, { subject: id, changes: true, limit, ...(last ? {} : { since: cursor }) });
    return { items: found.items.map(entryOf), nextCursor: found.nextCursor };
  }

  async set(caller: Caller, ref: string, { rememberActions }: SessionSettings): Promise<DevSession> {
    const { id } = await this.#deps.environments.get(caller, ref);
    this.#deps.sessions.setRemembersActions(id, rememberActions);
    return await this.show(caller, ref);
  }

  async noteFile(caller: Caller, ref: string, { what, ...paths }: FileChange): Promise<void> {
    const { id, name, owner } = await this.#deps.environments.get(caller, ref);
    const data = Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, redact(path).text]));
    this.#deps.events.append({ type: `file.${what}`, owner, subject: { type: 'environment', id, name }, actor: caller.keyId, data });
  }

  /** Remembers an action that has ended as a tool result, if the environment wants that and memory is unlocked. Memory redacts secrets. Never throws. */
  async rememberAction(caller: Caller, { id, environmentId, context, status, exitCode, durationMs }: Action, request: Pick<ActionRequest, 'command' | 'cwd'>): Promise<void> {
    const { sessions, memory, log } = this.#deps;
    try {
      const service = sessions.remembersActions(environmentId) ? memory.current?.service : undefined;
      if (service === undefined) return;
      const outcome = status === 'lost' ? 'its result is unknown' : `it ended with exit code ${exitCode} after ${Math.round((durationMs ?? 0) / 1000)} s`;
      const text = `Ran ${request.command.join(' ').slice(0, COMMAND_CHARACTERS)}${request.cwd === undefined ? '' : ` in ${request.cwd}`} (${context}): ${outcome}.`;
      await service.remember(caller, { type: 'tool_result', text, environmentId }, id);
    } catch (err) {
      log.info({ event: 'sessions.action-not-remembered', actionId: id, err }); // memory is locked for this key
    }
  }

  /** The paths that were changed last, newest first, each once. */
  async #files(caller: Caller, id: string): Promise<string[]> {
    const { items } = await this.#deps.events.list(caller, { subject: id, type: 'file.', limit: 200 });
    const paths = items.toReversed().flatMap(({ type, data }) => (type !== 'file.removed' && typeof data['path'] === 'string' ? [data['path']] : []));
    return [...new Set(paths)].slice(0, FILES);
  }

  async #memories(caller: Caller, environmentId: string): Promise<string[] | null> {
    try {
      const page = await this.#deps.memory.current?.service.list(caller, { environmentId, limit: MEMORIES });
      return page?.items.map(({ id }) => id) ?? null;
    } catch (error) {
      if (error instanceof SomnusError && ['locked', 'not_found'].includes(error.code)) return null;
      throw error;
    }
  }
}

function entryOf({ owner: _owner, subject: _subject, ...event }: Event): SessionEntry {
  return { ...event, kind: kindOf(event.type) };
}

/** The steps of operations are not entries; what they changed has events of its own. */
function isEntry(type: string): boolean {
  return !type.startsWith('operation.');
}

function kindOf(type: string): SessionKind {
  if (type === 'environment.created' || type === 'environment.forked') return type === 'environment.created' ? 'session' : 'link';
  if (continues.includes(type)) return 'session';
  const area = type.slice(0, type.indexOf('.'));
  switch (area) {
    case 'action': case 'job': case 'file': case 'incident': case 'snapshot': return area;
    case 'collaboration': return 'link';
    default: return 'change';
  }
}

function latest(times: readonly string[]): string | undefined {
  return times.toSorted().at(-1);
}
