// Environments for the API: who can see them, what is possible in which state, and what is done at once or as an operation.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import { judge, transitions, availableActions, type LifecycleAction, type PlainAction } from '../../supervisor/domain/states.ts';
import type { ExecRequest, GuestChannel, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import { renameMachine, setNetworkPolicy } from '../../supervisor/vms/change.ts';
import { readConsoleLog, type ConsoleLogOptions } from '../../supervisor/vms/console-log.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { resume } from '../../supervisor/operations/resume.ts';
import { suspend } from '../../supervisor/operations/suspend.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import type { StatsPoint } from '../../supervisor/monitor/point.ts';
import type { ProfileService } from '../../supervisor/profiles/profile.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import { changedFields } from '../events/changed-fields.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import { assertMayPurge, beyondLimit, isAdmin, type Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Page } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { assertFits, assertCapacityToRun, committedMiB, capacityWithout, runningBytes, type HostCapacity } from './admission.ts';
import type { CreateEnvironment, Environment, EnvironmentStats, StatsPoint as PublicStatsPoint, UpdateEnvironment } from './environment-schemas.ts';
import type { Accepted, ChangeOptions, EnvironmentQuery, EnvironmentService } from './environment-service.ts';
import { explainLoss } from './exec-loss.ts';
import { observedState, sizeOf } from './record-outcome.ts';
import { intention } from './lifecycle-kinds.ts';
import type { PlanNewPacks } from './new-packs.ts';
import { requestedProfile } from './requested-profile.ts';
import { sizedShape } from './sized-shape.ts';
import type { RestartPolicy } from './restart-policy.ts';
import { availableCommands } from './available-actions.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

export interface EnvironmentManagerDeps {
  store: SqliteStore;
  environments: SqliteEnvironments;
  events: SqliteEventLog;
  operations: OperationEngine;
  idempotency: SqliteIdempotency;
  host: VmHost;
  images: ImageStore;
  profiles: ProfileService;
  monitor: Monitor;
  /** Plans the packs of a new environment. */
  planPacks: PlanNewPacks;
  defaultProfile: string;
  defaultRestartPolicy: RestartPolicy;
  memory: { totalMiB: number; reserveMiB: number };
  troubles: Troubles;
  /** Whether new VMs may be created on this host. @throws invalid_state when not */
  assertMayMake(): void;
  log: Logger;
}

type ActOptions = ChangeOptions & { force?: boolean; purge?: boolean };

export class EnvironmentManager implements EnvironmentService {
  readonly #deps: EnvironmentManagerDeps;
  /** Environments with a quick action in progress, which has no operation. */
  readonly #inQuickAction = new Set<string>();
  /** When each environment was last used, Unix ms. */
  readonly #usedAtMs = new Map<string, number>();

  constructor(deps: EnvironmentManagerDeps) {
    this.#deps = deps;
  }

  async create(caller: Caller, request: CreateEnvironment, options: ChangeOptions = {}): Promise<Accepted> {
    const { profiles, images, environments, host, idempotency, defaultProfile } = this.#deps;
    if (caller.environmentId !== null) throw beyondLimit(caller, 'cannot create others');
    this.#deps.assertMayMake();
    const name = request.profile ?? defaultProfile;
    const profile = await requestedProfile(profiles, name);
    if (profile.gpu && host.abilities.gpu === null) {
      throw new SomnusError('unsupported', `The profile ${profile.name} needs a GPU, but none is configured for this host`, { hint: 'Choose another profile; `somnus profile ls` shows which need a GPU.' });
    }
    const image = await images.current();
    const shape = sizedShape(profile.shape, request);
    if (request.diskGiB !== undefined && request.diskGiB < image.diskGiB) throw new SomnusError('invalid_request', `Invalid diskGiB ${request.diskGiB}: the image has ${image.diskGiB} GiB, and a disk never shrinks`, { details: { errors: [{ path: 'diskGiB', message: `must be at least ${image.diskGiB}` }] } });
    const pool = await host.pool.usage();
    const packs = request.packs?.length ? await this.#deps.planPacks(request.packs, { name: request.name, network: request.network, memoryMiB: shape.memoryMiB, diskGiB: shape.diskGiB }) : undefined;
    const { environmentId, operationId } = idempotency.once({ owner: caller.user, key: options.idempotencyKey, request: { create: request } }, () => {
      assertFits(shape, this.capacity(), pool);
      const now = new Date().toISOString();
      const networkIndex = environments.freeNetworkIndex();
      const { ip, mac } = host.network.address(networkIndex);
      const { vcpus, memoryMiB, diskGiB } = shape;
      const record: EnvironmentRecord = {
        id: newId('env'), name: request.name, owner: caller.user, state: 'creating', stateReason: null, desiredState: 'running', operationId: null,
        profile: profile.name, network: request.network, restartPolicy: request.restartPolicy ?? this.#deps.defaultRestartPolicy, image: image.version, ip, mac, vcpus, memoryMiB, diskGiB, snapshotId: null, packEntry: null, bootId: null, lastWords: null, labels: request.labels, pausedBy: null, presentSnapshotId: null,
        createdAt: now, updatedAt: now, startedAt: null, removedAt: null, purgeAt: null, version: 1, networkIndex,
      };
      environments.insert(record);
      if (packs === undefined) return { environmentId: record.id, operationId: this.#submit(caller, 'environment.create', record, { cold: request.cold }).id };
      const { input, holds } = packs.provision({ environmentId: record.id, actor: caller.keyId, onFailure: request.onFailure ?? 'keep', cold: request.cold ?? false });
      return { environmentId: record.id, operationId: this.#deps.operations.submit({ kind: 'environment.provision', input, owner: record.owner, actor: caller.keyId, target: subjectOf(record), alsoHolds: holds }).id };
    });
    return await this.#accepted(caller, environmentId, operationId);
  }

  async list(caller: Caller, query: EnvironmentQuery): Promise<Page<Environment>> {
    const scope = { owner: isAdmin(caller) ? null : caller.user, id: caller.environmentId };
    const page = this.#deps.environments.list(query, scope);
    return { ...page, items: page.items.map((record) => this.show(record)) };
  }

  async get(caller: Caller, ref: string): Promise<Environment> {
    return this.show(this.find(caller, ref));
  }

  /** The record as users see it. */
  show(record: EnvironmentRecord): Environment {
    const { networkIndex: _, ...environment } = record;
    const hasGuest = record.state === 'running' || record.state === 'suspended';
    return { ...environment, diskUsedBytes: hasGuest ? this.#deps.monitor.latest(record.id)?.diskUsedBytes ?? null : null };
  }

  async update(caller: Caller, ref: string, request: UpdateEnvironment, ifVersion?: number): Promise<Environment> {
    const { environments, events, store, host } = this.#deps;
    const record = this.find(caller, ref);
    if (ifVersion !== undefined && ifVersion !== record.version) {
      throw new SomnusError('precondition_failed', `${record.name} has changed: its version is ${record.version}, not ${ifVersion}`, { details: { version: record.version } });
    }
    if (record.state === 'removed') throw refused('change', record);
    return await this.#alone(record, async () => {
      const vm = new Vm(host, record.id);
      const changed = store.transaction(() => {
        const updated = environments.update({ ...record, ...definedOf(request) });
        const fields = changedFields({ ...record }, request);
        if (Object.keys(fields).length > 0) events.append({ type: 'environment.changed', owner: record.owner, subject: subjectOf(updated), actor: caller.keyId, data: { changed: fields } });
        return updated;
      });
      if (request.network !== undefined && request.network !== record.network) await setNetworkPolicy(vm, request.network);
      if (request.name !== undefined && request.name !== record.name) await renameMachine(vm, request.name);
      return this.show(changed);
    });
  }

  async perform(caller: Caller, action: PlainAction, ref: string, options: ActOptions = {}): Promise<Accepted> {
    const { idempotency, environments } = this.#deps;
    const record = this.find(caller, ref);
    if (action === 'remove' && options.purge === true) assertMayPurge(caller);
    if (action === 'suspend' || action === 'resume') return await this.#suspendOrResume(caller, action, record);
    if (record.state === 'failed' && action !== 'remove') await this.#assertThere(record, action);
    const boots = action === 'start' || action === 'restart' || action === 'wake';
    const promise = boots ? { memoryMiB: await this.#assertFits(record, action) } : {};
    const { operationId } = idempotency.once({ owner: caller.user, key: options.idempotencyKey, request: { action, ref, force: options.force, purge: options.purge } }, () => {
      this.#assertNoQuickAction(record);
      const current = environments.get(record.id) ?? record;
      if (action === 'remove' && options.purge === true) return { operationId: this.#begin(caller, 'environment.purge', action, current, true) };
      const verdict = judge(action, current.state);
      if (current.operationId !== null) this.#deps.operations.assertFree(current.id);
      if (verdict === 'already') return { operationId: null };
      if (verdict === 'refused') throw refused(action, current);
      if (action === 'undelete') return { operationId: this.#undelete(caller, current) };
      return { operationId: this.#begin(caller, `environment.${action}`, action, { ...current, ...promise }, options.force ?? false) };
    });
    if (action === 'undelete') await this.#settle(record.id);
    return await this.#accepted(caller, record.id, operationId);
  }

  async exec(caller: Caller, ref: string, request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess> {
    const channel = await this.channel(caller, ref);
    const { id } = this.find(caller, ref);
    return explainLoss(await channel.exec(request, signal), () => this.#deps.environments.get(id));
  }

  async channel(caller: Caller, ref: string): Promise<GuestChannel> {
    const record = this.find(caller, ref);
    if (judge('exec', record.state) !== 'allowed') throw refused('exec', record);
    this.#usedAtMs.set(record.id, Date.now());
    return await this.#deps.host.guests.channel(new Vm(this.#deps.host, record.id));
  }

  async stats(caller: Caller, ref: string, sinceMs = 0): Promise<EnvironmentStats> {
    const { id } = this.find(caller, ref);
    const latest = this.#deps.monitor.latest(id);
    return { environmentId: id, latest: latest ? publicPoint(latest) : null, history: this.#deps.monitor.read(id, sinceMs).map(publicPoint) };
  }

  async consoleLog(caller: Caller, ref: string, options: ConsoleLogOptions, signal?: AbortSignal): Promise<Readable> {
    const { consoleLog } = new Vm(this.#deps.host, this.find(caller, ref).id);
    return await readConsoleLog(consoleLog, options, signal);
  }

  /** The host's committed memory. */
  capacity(): HostCapacity {
    return { ...this.#deps.memory, committedMiB: committedMiB(this.#deps.environments.all()) };
  }

  /** Submits purges of environments whose time to undelete is over. */
  async purgeExpired(now: Date): Promise<void> {
    for (const record of this.#deps.environments.dueForPurge(now)) {
      if (record.operationId !== null) continue;
      await this.#deps.troubles.attempt('housekeeping', `purge of ${record.id}`, () => { this.#submit({ user: record.owner, keyId: null }, 'environment.purge', record); });
    }
  }

  /**
   * Starts an operation without a user, as reconciliation does. Does nothing when another is in progress. A restart does not ask the guest to shut down. `settle` is for a guest
   * that rebooted by itself.
   */
  runAutomatically(record: EnvironmentRecord, action: 'start' | 'restart' | 'settle', reason: string): void {
    const { store, environments } = this.#deps;
    store.transaction(() => {
      const current = environments.get(record.id);
      if (!current || current.operationId !== null || this.#inQuickAction.has(current.id)) return;
      if (action === 'settle' ? current.state !== 'running' : judge(action, current.state) !== 'allowed') return;
      environments.update({ ...current, ...(action === 'settle' ? {} : intention(action)), stateReason: reason });
      this.#submit({ user: current.owner, keyId: null }, `environment.${action}`, current, { force: true });
    });
  }

  /** Whether a suspend, resume or other quick action is in progress. */
  isChanging(id: string): boolean {
    return this.#inQuickAction.has(id);
  }

  /** When it was last used, Unix ms; 0: not since Somnus started. */
  usedAtMs(id: string): number {
    return this.#usedAtMs.get(id) ?? 0;
  }

  /** Suspends it for lack of space until `resumePaused`; the mark is on disk first. Does nothing unless it is running without an operation. */
  async pause(id: string, reason: string, details: Record<string, unknown>): Promise<void> {
    await this.#automatically(id, 'suspend', async (record) => {
      const paused = { state: 'suspended', stateReason: reason, pausedBy: 'pool' } as const;
      this.#change(record, paused, 'environment.suspended', { reason, ...details });
      const suspended = await suspend(new Vm(this.#deps.host, id)).then(() => true, (error: unknown) => { this.#deps.log.warn({ event: 'environment.not-paused', environmentId: id, err: error }); });
      const now = this.#deps.environments.get(id); // reconciliation may have found it still running
      if (now) this.#deps.environments.update({ ...now, ...(suspended ? paused : { state: record.state, stateReason: record.stateReason }) });
    });
  }

  /** Suspends it until its user resumes it. Does nothing unless it is running without an operation. */
  async suspendItself(id: string, reason: string, details: Record<string, unknown>): Promise<void> {
    await this.#automatically(id, 'suspend', async (record) => {
      await suspend(new Vm(this.#deps.host, id));
      this.#change(record, { state: 'suspended', desiredState: 'suspended', stateReason: reason }, 'environment.suspended', { reason, ...details });
    });
  }

  /** Resumes an environment that was paused. Does nothing if it was not, or an operation is in progress. */
  async resumePaused(id: string): Promise<void> {
    await this.#automatically(id, 'resume', async (record) => {
      if (record.pausedBy === null) return;
      await resume(new Vm(this.#deps.host, id));
      this.#change(record, { state: 'running', stateReason: null }, 'environment.resumed', { reason: 'the pool has capacity again' });
    });
  }

  /** Returns the current record when no operation is in progress and the state allows the action. @throws operation_in_progress, invalid_state */
  requireFree(id: string, action: LifecycleAction): EnvironmentRecord {
    const record = this.#deps.environments.get(id);
    if (!record) throw new SomnusError('not_found', 'The environment no longer exists');
    this.#assertNoQuickAction(record);
    if (record.operationId !== null) this.#deps.operations.assertFree(record.id);
    if (judge(action, record.state) !== 'allowed') throw refused(action, record);
    return record;
  }

  /** The environment, if the caller may see it. @throws not_found */
  find(caller: Caller, ref: string): EnvironmentRecord {
    const { environments } = this.#deps;
    // The caller's own come first, so that an admin's `demo` is never another user's by accident.
    const record = environments.find(ref, caller.user) ?? (isAdmin(caller) ? environments.find(ref, null) : undefined);
    if (!record || (caller.environmentId !== null && caller.environmentId !== record.id)) {
      throw new SomnusError('not_found', `There is no environment ${JSON.stringify(ref)}`, { hint: 'See `somnus ls`.' });
    }
    return record;
  }

  #begin(caller: Caller, kind: string, action: PlainAction, record: EnvironmentRecord, force: boolean): string {
    const { environments } = this.#deps;
    const operation = this.#submit(caller, kind, record, { force });
    environments.update({ ...record, ...intention(action), stateReason: null });
    return operation.id;
  }

  #submit(caller: { user: string; keyId: string | null }, kind: string, record: EnvironmentRecord, how: { force?: boolean; cold?: boolean | undefined } = {}): Operation {
    return this.#deps.operations.submit({
      kind, input: { environmentId: record.id, ...how, before: record.state, desiredBefore: record.desiredState }, owner: record.owner, actor: caller.keyId, target: { type: 'environment', id: record.id, name: record.name },
    });
  }

  #undelete(caller: Caller, record: EnvironmentRecord): null {
    const { environments, events } = this.#deps;
    environments.update({ ...record, state: 'stopped', desiredState: 'stopped', stateReason: null, removedAt: null, purgeAt: null });
    events.append({ type: 'environment.undeleted', owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: {} });
    return null;
  }

  /** Sets the observed state: an environment that was removed while hibernated is hibernated again. */
  async #settle(id: string): Promise<void> {
    const { environments, host } = this.#deps;
    const state = await observedState(new Vm(host, id));
    const record = environments.get(id);
    if (record && record.operationId === null && record.state !== state) environments.update({ ...record, state });
  }

  async #suspendOrResume(caller: Caller, action: 'suspend' | 'resume', record: EnvironmentRecord): Promise<Accepted> {
    const { environments, events, store, host, operations } = this.#deps;
    if (record.operationId !== null) operations.assertFree(record.id);
    const verdict = judge(action, record.state);
    if (verdict === 'refused') throw refused(action, record);
    if (verdict === 'already' && (action === 'resume' || record.pausedBy === null)) return { environment: this.show(record), operation: null };
    return await this.#alone(record, async () => {
      const vm = new Vm(host, record.id);
      if (action === 'resume') assertCapacityToRun(record, runningBytes(environments.all()), await host.pool.usage());
      await (action === 'suspend' ? suspend(vm) : resume(vm));
      const changed = store.transaction(() => {
        const updated = environments.update({ ...record, state: action === 'suspend' ? 'suspended' : 'running', ...intention(action), stateReason: null, pausedBy: null });
        events.append({ type: `environment.${action === 'suspend' ? 'suspended' : 'resumed'}`, owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: {} });
        return updated;
      });
      return { environment: this.show(changed), operation: null };
    });
  }

  async #automatically(id: string, action: LifecycleAction, work: (record: EnvironmentRecord) => Promise<void>): Promise<void> {
    const record = this.#deps.environments.get(id);
    if (!record || record.operationId !== null || this.#inQuickAction.has(id) || judge(action, record.state) !== 'allowed') return;
    await this.#alone(record, async () => await work(record));
  }

  #change(record: EnvironmentRecord, change: Partial<EnvironmentRecord>, type: string, data: Record<string, unknown>): void {
    const { environments, events, store } = this.#deps;
    store.transaction(() => {
      environments.update({ ...record, ...change });
      events.append({ type, owner: record.owner, subject: subjectOf(record), actor: null, data });
    });
  }

  /** Runs a quick action while nothing else changes the environment. @throws operation_in_progress */
  async #alone<T>(record: EnvironmentRecord, work: () => Promise<T>): Promise<T> {
    if (record.operationId !== null) this.#deps.operations.assertFree(record.id);
    this.#assertNoQuickAction(record);
    this.#inQuickAction.add(record.id);
    try {
      return await work();
    } finally {
      this.#inQuickAction.delete(record.id);
    }
  }

  #assertNoQuickAction(record: EnvironmentRecord): void {
    if (this.#inQuickAction.has(record.id)) throw new SomnusError('operation_in_progress', `${record.name} has another change in progress`, { hint: 'Try again.' });
  }

  /** @throws invalid_state when the VM's folder is gone, so that only the record can be removed */
  async #assertThere(record: EnvironmentRecord, action: PlainAction): Promise<void> {
    if (await new Vm(this.#deps.host, record.id).observe() !== 'missing') return;
    throw new SomnusError('invalid_state', `${record.name} has no VM: its folder is not in the pool, so ${action} is not possible`, {
      hint: `Restore the folder to use ${record.name} again, or delete the record with \`somnus rm ${record.name} --purge\` or \`somnus recover\`.`, details: { state: record.state, possible: ['remove'] },
    });
  }

  /** @returns the memory that is then committed to it */
  async #assertFits(record: EnvironmentRecord, action: PlainAction): Promise<number> {
    if (judge(action, record.state) !== 'allowed') return record.memoryMiB;
    const { memoryMiB = record.memoryMiB } = await sizeOf(new Vm(this.#deps.host, record.id), action === 'wake' ? 'hibernated' : 'stopped');
    if (committedMiB([record]) === 0 || memoryMiB > record.memoryMiB) assertFits({ memoryMiB }, capacityWithout(record, this.capacity()), await this.#deps.host.pool.usage());
    return memoryMiB;
  }

  async #accepted(caller: Caller, environmentId: string, operationId: string | null): Promise<Accepted> {
    const record = this.#deps.environments.get(environmentId);
    if (!record) throw new SomnusError('not_found', 'The environment no longer exists', { hint: operationId === null ? undefined : `See \`somnus op show ${operationId}\`.` });
    return { environment: this.show(record), operation: operationId === null ? null : await this.#deps.operations.get(caller, operationId) };
  }
}

function refused(action: string, record: EnvironmentRecord): SomnusError {
  const ways = availableActions(record.state);
  const commands = availableCommands(record);
  const possible = action in transitions ? ` (possible when ${transitions[action as LifecycleAction].from.join(', ')})` : '';
  const why = record.pausedBy === null ? '' : ` (${record.stateReason})`;
  return new SomnusError('invalid_state', `${record.name} is ${record.state}${why}: ${action} is not possible${possible}`, {
    hint: ways.length > 0 ? `Possible now: ${commands.map((line) => `\`somnus ${line}\``).join(', ')}.` : `An operation is in progress: \`somnus ${commands[0]}\`.`,
    details: { state: record.state, possible: ways },
  });
}

export function subjectOf(record: EnvironmentRecord): { type: string; id: string; name: string } {
  return { type: 'environment', id: record.id, name: record.name };
}

function definedOf(request: UpdateEnvironment): Partial<Pick<Environment, 'name' | 'network' | 'labels'>> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function publicPoint(point: StatsPoint): PublicStatsPoint {
  const { atMs, spanMs, ...rest } = point;
  return { at: new Date(atMs).toISOString(), spanSeconds: spanMs / 1000, ...rest };
}
