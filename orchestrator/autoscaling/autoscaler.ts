// Changes profiles automatically: a larger one after a minute without enough memory or vCPUs, a smaller one after half an hour of idleness. Each change, and
// each change that was not possible, is an event with the reason.
import type { BasicStats } from '../../agent/contract.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { Pressure, type PressureSample, type Verdict } from '../../supervisor/profiles/pressure.ts';
import type { Profile, ProfileService } from '../../supervisor/profiles/profile.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import { requestedProfile } from '../environments/requested-profile.ts';
import type { EnvironmentRecord, SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import { between, bySize, largerProfile } from '../profiles/larger-profile.ts';
import type { ProfileChangeService } from '../profiles/profile-change.ts';
import type { Autoscaling, AutoscalingService, SetAutoscaling } from './autoscaling.ts';
import type { AutoscalingLimits, SqliteAutoscaling } from './sqlite-autoscaling.ts';

/** Pause after a change: a larger profile helps at once, and lowering must not undo it. */
const COOL_DOWN_MS = { raise: 3 * 60_000, lower: 10 * 60_000 } as const;
/** A change that was not possible is tried and reported again after this time. */
const BLOCKED_MS = 60 * 60_000;
/** A smaller profile must leave this share of its memory free. */
const FREE_AFTER_LOWERING = 0.3;
const MIB = 2 ** 20;

export interface AutoscalerDeps {
  limits: SqliteAutoscaling;
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'find' | 'isChanging'>;
  profiles: ProfileService;
  profileChanges: ProfileChangeService;
  events: SqliteEventLog;
  monitor: Pick<Monitor, 'onGuestStats'>;
  monotonicMs?: () => number;
  log: Logger;
}

interface Followed { pressure: Pressure; before: BasicStats | undefined; nextAtMs: { raise: number; lower: number }; deciding: boolean }

export class Autoscaler implements AutoscalingService {
  readonly #deps: AutoscalerDeps;
  readonly #now: () => number;
  readonly #followed = new Map<string, Followed>();
  readonly #work = new Set<Promise<void>>();
  #unsubscribe: (() => void) | undefined;

  constructor(deps: AutoscalerDeps) {
    this.#deps = deps;
    this.#now = deps.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    this.#unsubscribe = this.#deps.monitor.onGuestStats((id, stats) => this.#onStats(id, stats));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await Promise.all(this.#work);
  }

  async get(caller: Caller, ref: string): Promise<Autoscaling> {
    const { id } = this.#deps.environments.find(caller, ref);
    return await this.#show(id);
  }

  async set(caller: Caller, ref: string, request: SetAutoscaling): Promise<Autoscaling> {
    const { environments, limits, profiles, events } = this.#deps;
    const record = environments.find(caller, ref);
    for (const name of [request.smallest, request.largest]) await requestedProfile(profiles, name);
    const between = await this.#between(request);
    if (between.length === 0) throw new SomnusError('invalid_request', `The profile ${request.smallest} is larger than ${request.largest}, or one of them needs a GPU`, { details: { errors: [{ path: 'smallest', message: 'must not be larger than `largest`; neither may need a GPU' }] } });
    limits.set(record.id, request);
    this.#followed.delete(record.id);
    events.append({ type: 'environment.autoscaling', owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: { ...request } });
    return await this.#show(record.id);
  }

  async remove(caller: Caller, ref: string): Promise<Autoscaling> {
    const { environments, limits, events } = this.#deps;
    const record = environments.find(caller, ref);
    if (limits.get(record.id) !== undefined) events.append({ type: 'environment.autoscaling', owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: { smallest: null, largest: null } });
    limits.delete(record.id);
    this.#followed.delete(record.id);
    return await this.#show(record.id);
  }

  async #show(environmentId: string): Promise<Autoscaling> {
    const limits = this.#deps.limits.get(environmentId);
    return { environmentId, enabled: limits !== undefined, smallest: limits?.smallest ?? null, largest: limits?.largest ?? null, profiles: limits === undefined ? [] : (await this.#between(limits)).map(({ name }) => name) };
  }

  /** The profiles from the smallest to the largest; empty if there are none. Profiles with a GPU are never applied automatically. */
  async #between(limits: AutoscalingLimits): Promise<Profile[]> {
    return between(bySize(await this.#deps.profiles.list()), limits);
  }

  #onStats(id: string, stats: BasicStats | undefined): void {
    const limits = this.#deps.limits.get(id);
    const record = this.#deps.records.get(id);
    if (limits === undefined || record?.state !== 'running' || record.operationId !== null || this.#deps.environments.isChanging(id)) {
      this.#followed.get(id)?.pressure.reset();
      return;
    }
    let followed = this.#followed.get(id);
    if (!followed) {
      followed = { pressure: new Pressure(), before: undefined, nextAtMs: { raise: 0, lower: 0 }, deciding: false };
      this.#followed.set(id, followed);
    }
    const sample = stats && sampleOf(followed.before, stats, this.#now());
    followed.before = stats;
    const verdict = sample && followed.pressure.add(sample);
    if (verdict === undefined || followed.deciding || this.#now() < followed.nextAtMs[verdict.kind]) return;
    followed.deciding = true;
    const work = this.#decide(record, limits, verdict, followed)
      .catch((error: unknown) => this.#deps.log.warn({ event: 'autoscaler.failed', environmentId: id, err: toSomnusError(error) }))
      .finally(() => {
        followed.deciding = false;
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  async #decide(record: EnvironmentRecord, limits: AutoscalingLimits, verdict: Verdict, followed: Followed): Promise<void> {
    const between = await this.#between(limits);
    const next = verdict.kind === 'raise' ? largerProfile(between, record, verdict.resource) : smaller(between, record, verdict.memoryUsedMiB);
    followed.nextAtMs[verdict.kind] = this.#now() + BLOCKED_MS;
    if (next === undefined) {
      // An idle environment normally has the smallest profile, so that is not reported.
      if (verdict.kind === 'raise') this.#report(record, 'environment.autoscale-blocked', { profile: record.profile, why: verdict.why, reason: `${limits.largest} is its largest allowed profile` });
      return;
    }
    const owner: Caller = { keyId: 'autoscaling', user: record.owner, scopes: ['read', 'write'], environmentId: record.id, mayPurge: false };
    const { plan } = await this.#deps.profileChanges.apply(owner, record.id, { profile: next.name, dryRun: true });
    const field = verdict.kind === 'raise' && verdict.resource === 'cpu' ? 'vcpus' : 'memoryMiB';
    const planned = plan.fields.find((each) => each.field === field);
    const refusal = plan.fields.find(({ when }) => when === 'unsupported') ?? (planned?.when === 'next start' ? planned : undefined);
    if (refusal !== undefined) return this.#report(record, 'environment.autoscale-blocked', { profile: next.name, why: verdict.why, reason: `${refusal.field}: ${refusal.reason}` });
    const { operation } = await this.#deps.profileChanges.apply(owner, record.id, { profile: next.name, dryRun: false });
    const now = this.#now();
    followed.nextAtMs = { raise: now + COOL_DOWN_MS.raise, lower: now + COOL_DOWN_MS.lower };
    followed.pressure.reset();
    this.#report(record, 'environment.autoscaled', { from: record.profile, to: next.name, why: verdict.why, operationId: operation?.id ?? null });
  }

  #report(record: EnvironmentRecord, type: string, data: Record<string, unknown>): void {
    this.#deps.events.append({ type, owner: record.owner, subject: subjectOf(record), actor: null, data });
    this.#deps.log.info({ event: type, environmentId: record.id, ...data });
  }
}

/** The next smaller profile, if what was used fits into it with a margin. */
function smaller(between: readonly Profile[], { memoryMiB, vcpus }: EnvironmentRecord, usedMiB: number): Profile | undefined {
  return between.findLast(({ shape }) => (shape.memoryMiB < memoryMiB || shape.vcpus < vcpus) && shape.memoryMiB <= memoryMiB && shape.vcpus <= vcpus && usedMiB <= shape.memoryMiB * (1 - FREE_AFTER_LOWERING));
}

/** Undefined for the first sample, and after a reboot of the guest. */
function sampleOf(before: BasicStats | undefined, { cpu, memory, pressure, uptimeMs }: BasicStats, atMs: number): PressureSample | undefined {
  if (before === undefined || uptimeMs <= before.uptimeMs) return undefined;
  const busyMs = (of: BasicStats['cpu']): number => of.userMs + of.systemMs;
  const spanMs = (uptimeMs - before.uptimeMs) * Math.max(1, cpu.vcpusOnline);
  return {
    atMs, memoryUsedShare: memory.totalBytes === 0 ? 0 : memory.usedBytes / memory.totalBytes, memoryUsedMiB: memory.usedBytes / MIB, cpuUsedShare: Math.max(0, Math.min(1, (busyMs(cpu) - busyMs(before.cpu)) / spanMs)),
    memoryPressure: pressure?.memory.some60 ?? null, cpuPressure: pressure?.cpu.some60 ?? null,
  };
}
