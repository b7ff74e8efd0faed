// Automatic fixes by the host, in environments whose fix mode is `act`: when an incident that only the host can fix stays open, takes a snapshot, applies the next larger profile,
// and rolls back to the snapshot if that does not help. When no automatic fix is left, an event says what a person has to do, once per incident.
import type { BasicStats } from '../../agent/contract.ts';
import { MAX_ATTEMPT_TEXT, type FixAttempt as AgentFixAttempt } from '../../agent/contract/fixing.ts';
import type { AgentHealth } from '../../agent/contract/health.ts';
import type { Incident } from '../../agent/contract/incident.ts';
import { sleep } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import { redact } from '../../common/redact.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import type { Profile, ProfileService } from '../../supervisor/profiles/profile.ts';
import type { AuditService } from '../audit/audit-entry.ts';
import type { SqliteAutoscaling } from '../autoscaling/sqlite-autoscaling.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import type { EnvironmentRecord, SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import { between, bySize, largerProfile } from '../profiles/larger-profile.ts';
import type { ProfileChangeService } from '../profiles/profile-change.ts';
import { messageOf, type FixAttempt } from './agent-schemas.ts';
import type { AgentWatch } from './agent-watch.ts';
import { awaitSuccess, guardedFix, type GuardedFixDeps } from './guarded-fix.ts';
import { hasOomKill, isShort, linesOf, resourceOf, type Resource } from './host-fix-evidence.ts';
import { attemptOf, type AppliedFix, type HostFixRecord, type SqliteHostFixes } from './sqlite-host-fixes.ts';

/** How long an incident must stay open, so that the agent's own fixes come first. */
const STAYS_OPEN_MS = 90_000;
/** An incident without a new line for this long is not acted on. */
const RECENT_MS = 15 * 60_000;
/** An incident is confirmed if the VM was short of the resource within this time. */
const SHORT_WITHIN_MS = 5 * 60_000;
/** A fix counts as successful after this long without a new line. A rollback moves at most the work of this time to the safety snapshot. */
const HELPED_AFTER_MS = 3 * 60_000;
/** After this long, an interrupted fix is neither applied nor rolled back, so that the work since then is not lost. */
const ROLLS_BACK_WITHIN_MS = 20 * 60_000;
const RECHECK_MS = 15_000;
const CHECK_EVERY_MS = 5_000;
const COOL_DOWN_MS = 30 * 60_000;
const MOST_IN_DAY = 2;
const DAY_MS = 24 * 3_600_000;
/** Maximum number of escalations per environment and hour: a guest decides how many incidents it has. */
const MOST_ESCALATIONS = 10;
const HOUR_MS = 3_600_000;
const ASKS_WITHIN_MS = 4_000;

/** The key id of what Somnus does by itself, in the audit log and in operations. */
export const SOMNUS = 'somnus';

export interface AutomaticHostFixesDeps {
  fixes: SqliteHostFixes;
  limits: Pick<SqliteAutoscaling, 'get'>;
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'isChanging'>;
  watch: Pick<AgentWatch, 'knowledge' | 'incidents'>;
  /** Asks the agent now. */
  health(environmentId: string, timeoutMs: number): Promise<Pick<AgentHealth, 'unixMs' | 'intelligence'>>;
  /** Tells the agent what was tried. @throws guest_unreachable, timeout; not_found when the agent does not have the incident, or is too old */
  tell(environmentId: string, incidentId: string, attempt: AgentFixAttempt, timeoutMs: number): Promise<unknown>;
  profiles: Pick<ProfileService, 'list'>;
  profileChanges: ProfileChangeService;
  guard: GuardedFixDeps;
  events: SqliteEventLog;
  audit: Pick<AuditService, 'begin'>;
  monitor: Pick<Monitor, 'onGuestStats'>;
  now?: () => Date;
  monotonicMs?: () => number;
  /** Tests shorten these. */
  times?: Partial<typeof usualTimes>;
  log: Logger;
}

const usualTimes = { staysOpenMs: STAYS_OPEN_MS, helpedAfterMs: HELPED_AFTER_MS, recheckMs: RECHECK_MS, checkEveryMs: CHECK_EVERY_MS, rollsBackWithinMs: ROLLS_BACK_WITHIN_MS };

interface Followed {
  working: boolean;
  /** When this process first saw each incident open, and how many lines it had then. */
  opened: Map<string, { sinceMs: number; lines: number }>;
  /** When the VM was last seen with too little of a resource. */
  shortAtMs: Record<Resource, number>;
  nextCheckMs: number;
  escalations: { sinceMs: number; count: number };
}

export class AutomaticHostFixes {
  readonly #deps: AutomaticHostFixesDeps;
  readonly #times: typeof usualTimes;
  readonly #now: () => number;
  readonly #monotonicMs: () => number;
  readonly #followed = new Map<string, Followed>();
  readonly #work = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #unsubscribe: (() => void) | undefined;

  constructor(deps: AutomaticHostFixesDeps) {
    this.#deps = deps;
    this.#times = { ...usualTimes, ...deps.times };
    this.#now = () => (deps.now?.() ?? new Date()).getTime();
    this.#monotonicMs = deps.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    this.#unsubscribe = this.#deps.monitor.onGuestStats((id, stats) => this.#onStats(id, stats));
  }

  /** A fix in progress is continued after the next start. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#ending.abort(new SomnusError('cancelled', 'The control plane is stopping'));
    await Promise.all(this.#work);
  }

  #onStats(id: string, stats: BasicStats | undefined): void {
    const record = this.#deps.records.get(id);
    if (record?.state !== 'running' || record.operationId !== null || this.#deps.environments.isChanging(id)) {
      if (record === undefined || record.state === 'stopped') this.#followed.delete(id);
      return;
    }
    if (stats === undefined) return;
    const followed = this.#of(id);
    for (const resource of ['memory', 'disk'] as const) if (isShort(resource, stats)) followed.shortAtMs[resource] = this.#monotonicMs();
    if (followed.working || this.#ending.signal.aborted) return;
    followed.working = true;
    const work = this.#check(record, followed)
      .catch((error: unknown) => { if (!this.#ending.signal.aborted) this.#deps.log.warn({ event: 'host-fixes.failed', environmentId: id, err: toSomnusError(error) }); })
      .finally(() => {
        followed.working = false;
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  async #check(record: EnvironmentRecord, followed: Followed): Promise<void> {
    const { fixes } = this.#deps;
    if (this.#monotonicMs() < followed.nextCheckMs) return;
    const unfinished = fixes.unfinished(record.id);
    if (unfinished !== undefined) return await this.#run(record, unfinished, followed);
    if (fixes.mode(record.id)?.mode !== 'act') return;
    const lasting = this.#lastingIncidents(record.id, followed).filter(({ id }) => !fixes.isEscalated(record.id, id));
    if (lasting.length === 0) return;
    followed.nextCheckMs = this.#monotonicMs() + this.#times.recheckMs;
    const { unixMs, intelligence } = await this.#deps.health(record.id, ASKS_WITHIN_MS);
    if (intelligence.fixes !== 'act') return; // the mode was changed in the guest
    for (const incident of lasting) {
      if (Math.abs(unixMs - incident.lastAtMs) > RECENT_MS) continue;
      const begun = await this.#decide(record, incident, followed);
      if (begun !== undefined) return await this.#run(record, begun, followed);
    }
  }

  /** The incidents that have been open for a while and were not caused by others. */
  #lastingIncidents(id: string, followed: Followed): Incident[] {
    const open = (this.#deps.watch.knowledge(id)?.incidents ?? []).filter(({ closedAtMs }) => closedAtMs === null);
    const ids = new Set(open.map((each) => each.id));
    for (const known of followed.opened.keys()) if (!ids.has(known)) followed.opened.delete(known);
    for (const each of open) if (!followed.opened.has(each.id)) followed.opened.set(each.id, { sinceMs: this.#monotonicMs(), lines: each.count });
    return open.filter((each) => (each.rootId === null || !ids.has(each.rootId)) && this.#monotonicMs() - (followed.opened.get(each.id)?.sinceMs ?? Infinity) >= this.#times.staysOpenMs);
  }

  /** Chooses and records the fix to apply for an incident. Returns undefined if there is none now: the incident has to wait, or was escalated. */
  async #decide(record: EnvironmentRecord, incident: Incident, followed: Followed): Promise<HostFixRecord | undefined> {
    const { fixes, watch } = this.#deps;
    const fix = incident.fixes.find(({ host }) => host !== undefined);
    if (fix?.host === undefined) {
      const isRepeated = incident.count > (followed.opened.get(incident.id)?.lines ?? incident.count);
      if (isRepeated && isLeftToPerson(incident)) this.#escalate(record, incident, followed, 'No fix that can be applied automatically is left');
      return undefined;
    }
    const resource = resourceOf(fix.host);
    const known = watch.knowledge(record.id)?.incidents ?? [];
    const isConfirmed = this.#monotonicMs() - followed.shortAtMs[resource] <= SHORT_WITHIN_MS || (resource === 'memory' && hasOomKill(known, incident.id));
    if (!isConfirmed) return undefined;
    const earlier = fixes.all(record.id);
    const lastEndedMs = Math.max(0, ...earlier.map(({ endedAtMs }) => endedAtMs ?? 0));
    const setAtMs = fixes.mode(record.id)?.setAtMs ?? 0;
    const useless = earlier.find(({ fixId, outcome, beganAtMs }) => fixId === fix.id && (outcome === 'failed' || outcome === 'not-fixed') && beganAtMs >= setAtMs);
    const refuse = (reason: string, todo?: string): undefined => this.#escalate(record, incident, followed, reason, todo);
    if (useless !== undefined) return refuse(`The profile ${useless.toProfile} was applied for ${useless.incidentId} and did not help; Somnus does not apply it again until the fix mode is set again`);
    if (this.#now() - lastEndedMs < COOL_DOWN_MS) return undefined;
    if (earlier.filter(({ beganAtMs }) => this.#now() - beganAtMs < DAY_MS).length >= MOST_IN_DAY) return refuse(`Somnus has already applied ${MOST_IN_DAY} larger profiles in the last 24 hours`);
    const allowed = await this.#allowed(record.id);
    const next = largerProfile(allowed, record, resource);
    if (next?.name === record.profile) return refuse(`The VM has the ${resource} of its profile ${record.profile} only after its next start`, restartFor(record));
    if (next === undefined) return refuse(`No allowed profile has more ${resource} than ${record.profile}`);
    const { plan } = await this.#deps.profileChanges.apply(callerFor(record), record.id, { profile: next.name, dryRun: true });
    const refusal = plan.fields.find(({ when }) => when === 'unsupported');
    if (refusal !== undefined) return refuse(`The profile ${next.name} cannot be applied: ${refusal.field}: ${refusal.reason}`);
    const begun: HostFixRecord = {
      id: newId('fix'), environmentId: record.id, incidentId: incident.id, fixId: fix.id, what: redact(fix.what).text.slice(0, MAX_ATTEMPT_TEXT), resource, fromProfile: record.profile, toProfile: next.name,
      beganAtMs: this.#now(), applied: null, outcome: null, detail: '', endedAtMs: null,
    };
    fixes.begin(begun);
    return begun;
  }

  /** The profiles that the environment may get, smallest first: those within its limits for autoscaling, if it has any. */
  async #allowed(id: string): Promise<Profile[]> {
    const sorted = bySize(await this.#deps.profiles.list());
    const limits = this.#deps.limits.get(id);
    return limits === undefined ? sorted : between(sorted, limits);
  }

  /** Applies a recorded fix, from the beginning or from where an earlier process stopped: all requests have idempotency keys made from the fix's id. */
  async #run(record: EnvironmentRecord, begun: HostFixRecord, followed: Followed): Promise<void> {
    const { signal } = this.#ending;
    const caller = callerFor(record);
    const ended = this.#deps.audit.begin({ keyId: SOMNUS, user: record.owner, action: 'applyFix', target: `/v1/environments/${record.id}/agent/incidents/${begun.incidentId}/fix`.slice(0, 300), requestId: begun.id });
    try {
      const isLate = this.#now() - begun.beganAtMs > this.#times.rollsBackWithinMs;
      const attempt = isLate
        ? { ...attemptOf(begun), outcome: begun.outcome ?? (begun.applied === null ? 'not-possible' as const : 'applied' as const), detail: `${begun.detail === '' ? '' : `${begun.detail}. `}It was interrupted for too long to continue` }
        : await guardedFix(this.#deps.guard, caller, record.id, begun.incidentId, signal, async () => await this.#apply(caller, begun.id), begun.id);
      await this.#end(record, begun, isLate ? attempt : await this.#withProfileBack(caller, begun, attempt));
      ended('ok');
    } catch (error) {
      if (signal.aborted) return; // the next process continues the fix, and adds the audit entry of this attempt
      const { code, message } = toSomnusError(error);
      const { outcome, detail } = this.#current(begun);
      // Another operation began in the meantime: the fix continues when that has ended. A rollback does not continue, because it would undo that operation.
      if (outcome === null && (code === 'operation_in_progress' || code === 'unavailable')) followed.nextCheckMs = this.#monotonicMs() + this.#times.recheckMs;
      else await this.#end(record, begun, { ...attemptOf(begun), outcome: outcome ?? 'not-possible', detail: (outcome === null ? message : `${detail}. It was not rolled back: ${message}`).slice(0, MAX_ATTEMPT_TEXT) });
      ended(code);
    }
  }

  /** Repeatable. @throws operation_in_progress, and as ProfileChangeService.apply */
  async #apply(caller: Caller, fixId: string): Promise<FixAttempt> {
    const { records, fixes, profileChanges, guard } = this.#deps;
    const { signal } = this.#ending;
    let fix = this.#current({ id: fixId, environmentId: caller.environmentId ?? '' });
    const attempt = (outcome: FixAttempt['outcome'], detail: string): FixAttempt => {
      fix = fixes.update({ ...fix, outcome, detail: detail.slice(0, MAX_ATTEMPT_TEXT) });
      return attemptOf(fix);
    };
    if (fix.outcome !== null) return attemptOf(fix); // an earlier process recorded the outcome, and its rollback was interrupted
    let { applied } = fix;
    if (applied === null) {
      if (records.get(fix.environmentId)?.profile !== fix.toProfile) {
        if (!this.#isStillNeeded(fix)) return attempt('not-needed', 'The incident is closed, or fixes are no longer applied automatically');
        const { operation } = await profileChanges.apply(caller, fix.environmentId, { profile: fix.toProfile, dryRun: false }, `${fix.id}-profile`);
        try {
          await awaitSuccess(guard, caller, `Applying the profile ${fix.toProfile} failed`, operation, signal);
        } catch (error) {
          signal.throwIfAborted();
          return attempt('failed', toSomnusError(error).message);
        }
      }
      applied = await this.#applied(fix);
      fix = fixes.update({ ...fix, applied });
    }
    if (applied.later) return attempt('applied', `Profile ${fix.toProfile}; the VM has its ${fix.resource} after its next start`);
    const { outcome, detail } = await this.#verify(fix, applied);
    return attempt(outcome, detail);
  }

  #isStillNeeded({ environmentId, incidentId }: HostFixRecord): boolean {
    const incident = this.#deps.watch.knowledge(environmentId)?.incidents.find(({ id }) => id === incidentId);
    return this.#deps.fixes.mode(environmentId)?.mode === 'act' && incident?.closedAtMs === null;
  }

  async #applied({ environmentId, incidentId, toProfile, resource }: HostFixRecord): Promise<AppliedFix> {
    const record = this.#deps.records.get(environmentId);
    const profile = (await this.#deps.profiles.list()).find(({ name }) => name === toProfile);
    const field = resource === 'disk' ? 'diskGiB' : 'memoryMiB';
    const later = record !== undefined && profile !== undefined && record[field] < profile.shape[field];
    const incidents = await this.#deps.watch.incidents(environmentId).catch(() => this.#deps.watch.knowledge(environmentId)?.incidents ?? []);
    return { atMs: this.#now(), lines: linesOf(incidents, incidentId), version: record?.version ?? 0, later };
  }

  /** Waits until the incident has closed, has new lines, or has had none for some minutes. */
  async #verify({ environmentId, incidentId, toProfile }: HostFixRecord, { atMs, lines, version }: AppliedFix): Promise<Pick<FixAttempt, 'outcome' | 'detail'>> {
    const { records, watch } = this.#deps;
    for (;;) {
      const record = records.get(environmentId);
      if (record === undefined || record.state !== 'running' || record.version !== version) return { outcome: 'applied', detail: `Profile ${toProfile}; the environment was changed before Somnus could tell whether that helped` };
      const isOver = this.#now() - atMs >= this.#times.helpedAfterMs;
      let known = watch.knowledge(environmentId)?.incidents ?? [];
      if (isOver) {
        try {
          known = await watch.incidents(environmentId);
        } catch {
          return { outcome: 'applied', detail: `Profile ${toProfile}; the agent does not answer, so it is not known whether that helped` };
        }
      }
      const incident = known.find(({ id }) => id === incidentId);
      if (incident === undefined || incident.closedAtMs !== null) return { outcome: 'fixed', detail: `Profile ${toProfile}; the incident is closed` };
      if (linesOf(known, incidentId) > lines) return { outcome: 'not-fixed', detail: `Profile ${toProfile}; the error occurred again` };
      if (isOver) return { outcome: 'fixed', detail: `Profile ${toProfile}; the error has not occurred again` };
      await sleep(this.#times.checkEveryMs, this.#ending.signal);
    }
  }

  /** After a rollback, the environment still has the new profile, so the previous one is applied again. A guest that uses the memory keeps it. */
  async #withProfileBack(caller: Caller, { id, environmentId, fromProfile, toProfile }: HostFixRecord, attempt: FixAttempt): Promise<FixAttempt> {
    const isUseless = attempt.outcome === 'failed' || attempt.outcome === 'not-fixed';
    if (!isUseless || this.#deps.records.get(environmentId)?.profile !== toProfile) return attempt;
    try {
      const { operation } = await this.#deps.profileChanges.apply(caller, environmentId, { profile: fromProfile, dryRun: false }, `${id}-previous`);
      await awaitSuccess(this.#deps.guard, caller, `Applying the profile ${fromProfile} again failed`, operation, this.#ending.signal);
      return attempt;
    } catch (error) {
      this.#ending.signal.throwIfAborted();
      return { ...attempt, detail: `${attempt.detail}. The profile stays ${toProfile}: ${toSomnusError(error).message}`.slice(0, MAX_ATTEMPT_TEXT) };
    }
  }

  /** Tells the agent the outcome, and records it with its event. Escalates the incident if the fix did not help. Repeatable until it is recorded. */
  async #end(record: EnvironmentRecord, begun: HostFixRecord, { outcome, detail }: FixAttempt): Promise<void> {
    const { fixes, events, watch, log } = this.#deps;
    const data = { incidentId: begun.incidentId, fixId: begun.fixId, what: begun.what, automatic: true, outcome, detail: redact(detail).text.slice(0, MAX_ATTEMPT_TEXT), from: begun.fromProfile, to: begun.toProfile };
    await this.#tell({ ...this.#current(begun), outcome, detail: data.detail });
    fixes.transaction(() => {
      fixes.update({ ...this.#current(begun), outcome, detail: data.detail, endedAtMs: this.#now() });
      events.append({ type: 'incident.fix', owner: record.owner, subject: subjectOf(record), actor: null, data });
    });
    log.info({ event: 'host-fix.ended', environmentId: record.id, ...data });
    const incident = watch.knowledge(record.id)?.incidents.find(({ id }) => id === begun.incidentId);
    if (incident === undefined || outcome === 'fixed' || outcome === 'not-needed') return;
    const later = this.#current(begun).applied?.later === true;
    this.#escalate(record, incident, this.#of(record.id), `${begun.what}: ${outcome}. ${data.detail}`, later ? restartFor(record) : undefined);
  }

  /** Programs in the VM see only what the agent knows. If the agent cannot be told now, it is not told later; callers of the API see the attempt in any case. */
  async #tell(fix: HostFixRecord): Promise<void> {
    const { at, ...attempt } = attemptOf(fix);
    try {
      await this.#deps.tell(fix.environmentId, fix.incidentId, { ...attempt, atMs: Date.parse(at) }, ASKS_WITHIN_MS);
    } catch (error) {
      this.#deps.log.debug({ event: 'host-fix.not-told', environmentId: fix.environmentId, err: toSomnusError(error) });
    }
  }

  /** Writes an event that says what a person has to do, once per incident. */
  #escalate(record: EnvironmentRecord, incident: Incident, followed: Followed, reason: string, todo = todoFor(record, incident)): undefined {
    const { fixes, events } = this.#deps;
    if (this.#monotonicMs() - followed.escalations.sinceMs >= HOUR_MS) followed.escalations = { sinceMs: this.#monotonicMs(), count: 0 };
    if (followed.escalations.count >= MOST_ESCALATIONS) return undefined;
    fixes.escalate(record.id, incident.id, () => {
      followed.escalations.count += 1;
      const text = (from: string): string => redact(from).text.slice(0, 400);
      events.append({
        type: 'incident.escalated', owner: record.owner, subject: subjectOf(record), actor: null,
        data: { incidentId: incident.id, category: incident.category, place: text(incident.place), message: text(messageOf(incident)), reason: text(reason), todo: text(todo) },
      });
    });
    return undefined;
  }

  #current({ id, environmentId }: Pick<HostFixRecord, 'id' | 'environmentId'>): HostFixRecord {
    const found = this.#deps.fixes.all(environmentId).find((each) => each.id === id);
    if (found === undefined) throw new SomnusError('not_found', 'The environment no longer exists');
    return found;
  }

  #of(id: string): Followed {
    let followed = this.#followed.get(id);
    if (!followed) {
      followed = { working: false, opened: new Map(), shortAtMs: { memory: -Infinity, disk: -Infinity }, nextCheckMs: 0, escalations: { sinceMs: this.#monotonicMs(), count: 0 } };
      this.#followed.set(id, followed);
    }
    return followed;
  }
}

/** A caller that has the owner's rights in this environment, and no others. */
function callerFor(record: EnvironmentRecord): Caller {
  return { keyId: SOMNUS, user: record.owner, scopes: ['read', 'write'], environmentId: record.id, mayPurge: false };
}

/** Whether the agent has nothing more to try: no fix of its own is automatic, or those that it tried did not help. */
function isLeftToPerson({ fixes, attempts }: Incident): boolean {
  const automatic = fixes.filter((fix) => fix.automatic && fix.command !== undefined);
  const tried = attempts.filter((attempt) => attempt.automatic);
  return automatic.length === 0 || (tried.length > 0 && tried.every(({ outcome }) => outcome !== 'fixed' && outcome !== 'applied'));
}

function restartFor({ name }: EnvironmentRecord): string {
  return `Restart the environment when its programs can be interrupted: \`somnus restart ${name}\`.`;
}

function todoFor({ name }: EnvironmentRecord, { id, category, fixes }: Incident): string {
  if (fixes.some(({ host }) => host !== undefined)) {
    const instead = category === 'DISK_FULL' ? 'Delete files that the environment does not need' : 'Reduce the memory use of its programs';
    return `${instead}, or apply a larger profile: \`somnus profile ls\`, \`somnus profile apply ${name} PROFILE\`.`;
  }
  const fix = fixes.find(({ automatic }) => !automatic);
  return fix === undefined ? `See \`somnus incidents ${name}\`.` : `${fix.what}${fix.command === undefined ? '' : `: \`somnus fix apply ${name} ${id} --fix ${fix.id}\``}.`;
}
