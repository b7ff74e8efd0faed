// Follows the agents of all running VMs: notices within ten seconds that one does not answer, and keeps what each last reported, with the time. Writes events when an agent
// stops and resumes answering, and when incidents open and close.
import type { BasicStats } from '../../agent/contract.ts';
import type { Incident } from '../../agent/contract/incident.ts';
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { redact } from '../../common/redact.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { messageOf } from './agent-schemas.ts';
import type { SqliteIncidentHistory } from './sqlite-incident-history.ts';

/** Time for one page of incidents on a busy host, under emulation. */
const PAGE_MS = 10_000;
/** Limit of pages per agent: more than an agent keeps. */
const MAX_PAGES = 20;
/** Incidents per reading that get an event each; the others are counted in one event. */
const MAX_EVENTS = 10;
/** Maximum number of events about one agent per hour: a guest decides what it reports and when it is silent, and must not fill the event log. Health and incidents are always complete. */
const EVENTS_IN_HOUR = 120;
const HOUR_MS = 3_600_000;
/** An incident that is opened again within this time has no further event. */
const REPORT_AGAIN_MS = 10 * 60_000;

export interface AgentWatchDeps {
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'isChanging'>;
  events: SqliteEventLog;
  history: Pick<SqliteIncidentHistory, 'note' | 'flush' | 'flushAll'>;
  host: VmHost;
  monitor: Pick<Monitor, 'onGuestStats'>;
  now?: () => number;
  log: Logger;
}

/** What is known about one agent. */
export interface AgentKnowledge {
  /** When it last answered; undefined if it has not since Somnus started. */
  answeredAtMs: number | undefined;
  unreachableSinceMs: number | undefined;
  incidents: readonly Incident[];
  incidentsAtMs: number | undefined;
}

interface Followed extends AgentKnowledge { revision: string | null; reading: boolean; reported: boolean; reportedAtMs: Map<string, number>; events: { sinceMs: number; count: number } }

export class AgentWatch {
  readonly #deps: AgentWatchDeps;
  readonly #now: () => number;
  readonly #followed = new Map<string, Followed>();
  readonly #work = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #unsubscribe: (() => void) | undefined;

  constructor(deps: AgentWatchDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
  }

  start(): void {
    this.#unsubscribe = this.#deps.monitor.onGuestStats((id, stats) => this.#onStats(id, stats));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#ending.abort();
    await Promise.all(this.#work);
    this.#deps.history.flushAll();
  }

  knowledge(id: string): AgentKnowledge | undefined {
    return this.#followed.get(id);
  }

  /** All agents of running VMs that have been asked since Somnus started. */
  all(): AgentKnowledge[] {
    return [...this.#followed.values()];
  }

  /** Records that the agent has just answered a request. */
  answered(id: string): void {
    const followed = this.#of(id);
    followed.answeredAtMs = this.#now();
    if (followed.unreachableSinceMs === undefined) return;
    const sinceMs = followed.unreachableSinceMs;
    followed.unreachableSinceMs = undefined;
    if (!followed.reported) return;
    followed.reported = false;
    this.#report(id, 'agent.reachable', { unreachableSince: new Date(sinceMs).toISOString() });
  }

  /** Records that the agent has not answered a request in time. It counts as unreachable since its last answer. */
  silent(id: string): void {
    const followed = this.#of(id);
    followed.unreachableSinceMs ??= followed.answeredAtMs ?? this.#now();
  }

  /** Reads all incidents from the agent now. @throws as AgentPort.call */
  async incidents(id: string, timeoutMs = PAGE_MS): Promise<readonly Incident[]> {
    const port = this.#deps.host.guests.port(new Vm(this.#deps.host, id));
    const found: Incident[] = [];
    for (let offset: number | null = 0, pages = 0; offset !== null && pages < MAX_PAGES; pages += 1) {
      const page: { items: Incident[]; nextOffset: number | null } = await port.call('incidents', { offset }, { timeoutMs, signal: this.#ending.signal });
      found.push(...page.items);
      offset = page.nextOffset;
    }
    // While pages were read, an incident may have moved to the next one.
    const incidents = [...new Map(found.map((each) => [each.id, each])).values()];
    this.#remember(id, incidents);
    return incidents;
  }

  #onStats(id: string, stats: BasicStats | undefined): void {
    const record = this.#deps.records.get(id);
    // A VM that is starting, stopping or being restored is not expected to answer.
    if (record?.state !== 'running' || record.operationId !== null || this.#deps.environments.isChanging(id)) {
      this.#deps.history.flush(id);
      if (record === undefined || record.state === 'stopped') this.#followed.delete(id);
      return;
    }
    const followed = this.#of(id);
    if (stats === undefined) {
      this.silent(id);
      if (followed.reported) return;
      followed.reported = true;
      this.#report(id, 'agent.unreachable', { since: new Date(followed.unreachableSinceMs ?? this.#now()).toISOString() });
      return;
    }
    this.answered(id);
    const revision = stats.incidents ?? null;
    if (revision === null || revision === followed.revision || followed.reading) return;
    followed.reading = true;
    const work = this.incidents(id).then(() => { followed.revision = revision; })
      .catch((error: unknown) => { if (!this.#ending.signal.aborted) this.#deps.log.debug({ event: 'agent-watch.not-read', environmentId: id, err: toSomnusError(error) }); })
      .finally(() => {
        followed.reading = false;
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  /** Writes events for incidents that were opened and closed since the last list. The first list after a start of Somnus has no events. */
  #remember(id: string, incidents: readonly Incident[]): void {
    const followed = this.#of(id);
    const before = new Map(followed.incidents.map((each) => [each.id, each]));
    const isNews = followed.incidentsAtMs !== undefined;
    followed.incidents = incidents;
    followed.incidentsAtMs = this.#now();
    this.#deps.history.note(id, incidents);
    if (!isNews) return;
    // One that is closed and opened again and again, as in a crash loop, is reported rarely.
    const begun = incidents.filter((each) => each.closedAtMs === null && before.get(each.id)?.closedAtMs !== null && !this.#isRecent(followed, each.id));
    const closed = incidents.filter((each) => each.closedAtMs !== null && before.get(each.id)?.closedAtMs === null);
    for (const each of begun.slice(0, MAX_EVENTS)) {
      followed.reportedAtMs.set(each.id, this.#now());
      this.#report(id, 'incident.opened', { incidentId: each.id, category: each.category, place: each.place, message: redact(messageOf(each)).text, rootId: each.rootId, fix: each.fixes[0]?.what ?? null });
    }
    for (const each of incidents) {
      const known = before.get(each.id)?.attempts ?? [];
      const byHost = each.fixes.filter(({ host }) => host !== undefined).map(({ id: fixId }) => fixId); // the host writes the events of its own fixes
      for (const { fixId, what, automatic, outcome } of each.attempts.filter((attempt) => !byHost.includes(attempt.fixId) && !known.some(({ atMs }) => atMs === attempt.atMs))) this.#report(id, 'incident.fix', { incidentId: each.id, fixId, what, automatic, outcome });
    }
    if (begun.length > MAX_EVENTS) this.#report(id, 'incident.many', { count: begun.length - MAX_EVENTS });
    for (const each of closed.slice(0, MAX_EVENTS)) this.#report(id, 'incident.closed', { incidentId: each.id, category: each.category, place: each.place, count: each.count });
  }

  #isRecent({ reportedAtMs }: Followed, incidentId: string): boolean {
    for (const [each, atMs] of reportedAtMs) if (this.#now() - atMs > REPORT_AGAIN_MS) reportedAtMs.delete(each);
    return reportedAtMs.has(incidentId);
  }

  #report(id: string, type: string, data: Record<string, unknown>): void {
    const record = this.#deps.records.get(id);
    if (!record || !this.#mayReport(this.#of(id))) return;
    this.#deps.events.append({ type, owner: record.owner, subject: subjectOf(record), actor: null, data });
  }

  #mayReport({ events }: Followed): boolean {
    if (this.#now() - events.sinceMs >= HOUR_MS) Object.assign(events, { sinceMs: this.#now(), count: 0 });
    events.count += 1;
    return events.count <= EVENTS_IN_HOUR;
  }

  #of(id: string): Followed {
    let followed = this.#followed.get(id);
    if (!followed) {
      followed = { answeredAtMs: undefined, unreachableSinceMs: undefined, incidents: [], incidentsAtMs: undefined, revision: null, reading: false, reported: false, reportedAtMs: new Map(), events: { sinceMs: this.#now(), count: 0 } };
      this.#followed.set(id, followed);
    }
    return followed;
  }
}
