// Snapshots and forks for the API: checks permission, state, name and capacity. The kinds in snapshot-kinds.ts do the work.
import { SomnusError } from '../../common/errors.ts';
import { Name, newId } from '../../common/ids.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { runsAfterwards } from '../../supervisor/operations/restore.ts';
import { heldBytes, spaceOf } from '../../supervisor/snapshots/space.ts';
import { assertFits, assertCapacityForSnapshot, OVERHEAD_MIB, capacityWithout, type HostCapacity } from '../environments/admission.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import type { EnvironmentRecord, SqliteEnvironments } from '../environments/sqlite-environments.ts';
import { changedFields } from '../events/changed-fields.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { assertMayLosePresent, assertMayPurge, beyondLimit, type Caller } from '../keys/caller.ts';
import type { Troubles } from '../host/troubles.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { SqlitePackHistory } from '../packs/sqlite-pack-history.ts';
import type { Page } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { CreateSnapshot, ForkEnvironment, RestoreSnapshot, Snapshot, SnapshotDiff, SnapshotQuery, UpdateSnapshot } from './snapshot-schemas.ts';
import type { ForkAccepted, SnapshotAccepted, SnapshotService } from './snapshot-service.ts';
import type { ForkInput, PurgeInput, RestoreInput, SnapshotInput } from './snapshot-kinds.ts';
import type { SnapshotComparison } from './snapshot-comparison.ts';
import type { CheckInput } from './snapshot-checks.ts';
import { SqliteVmForks } from '../vm-api/sqlite-vm-forks.ts';
import { freeName, newSnapshot, withoutHold, type HeldRecord, type SqliteSnapshots } from './sqlite-snapshots.ts';

export interface SnapshotManagerDeps {
  store: SqliteStore;
  snapshots: SqliteSnapshots;
  records: SqliteEnvironments;
  environments: EnvironmentManager;
  events: SqliteEventLog;
  operations: OperationEngine;
  idempotency: SqliteIdempotency;
  host: VmHost;
  perEnvironment: number;
  quotaGiB: number | undefined;
  removedDays: number;
  safety: { count: number; days: number };
  /** How many snapshots of steps of packs are kept. */
  packCount: number;
  packHistory: Pick<SqlitePackHistory, 'copyPath'>;
  now: () => Date;
  troubles: Troubles;
  comparison: SnapshotComparison;
  /** Whether new VMs may be created on this host. @throws invalid_state when not */
  assertMayMake(): void;
}

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

export class SnapshotManager implements SnapshotService {
  readonly #deps: SnapshotManagerDeps;
  readonly #vmForks: SqliteVmForks;

  constructor(deps: SnapshotManagerDeps) {
    this.#deps = deps;
    this.#vmForks = new SqliteVmForks(deps.store);
  }

  async create(caller: Caller, ref: string, request: CreateSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted> {
    const { environments, idempotency, snapshots, operations, host } = this.#deps;
    const found = environments.find(caller, ref);
    const pool = await host.pool.usage();
    await this.#assertQuota(found);
    const { snapshotId, operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { snapshot: ref, ...request } }, () => {
      const record = environments.requireFree(found.id, 'snapshot');
      assertCapacityForSnapshot(environments.capacity(), pool);
      const known = this.#assertNotTooMany(record, 1);
      const snapshot = newSnapshot(record, { name: request.name ?? freeName('snap', known), description: request.description, memory: request.memory && record.state !== 'stopped', safety: false });
      snapshots.insert(snapshot);
      const input: SnapshotInput = { environmentId: record.id, snapshotId: snapshot.id, memory: snapshot.memory, wasRunning: record.state === 'running' };
      return { snapshotId: snapshot.id, operationId: this.#submit(caller, 'snapshot.create', record, input, [snapshot.id]) };
    });
    return { snapshot: await this.#show(snapshotId), operation: await operations.get(caller, operationId) };
  }

  /** Whether so many more snapshots may be taken now. @throws quota_exceeded, insufficient_space */
  async assertMayTake(environmentId: string, count: number): Promise<void> {
    const { records, environments, host } = this.#deps;
    const record = records.get(environmentId);
    if (!record || count === 0) return;
    await this.#assertQuota(record);
    this.#assertNotTooMany(record, count);
    assertCapacityForSnapshot(environments.capacity(), await host.pool.usage());
  }

  async list(caller: Caller, ref: string, query: SnapshotQuery): Promise<Page<Snapshot>> {
    const environment = this.#deps.environments.find(caller, ref);
    const page = this.#deps.snapshots.list(environment.id, query);
    return { ...page, items: await this.#views(environment.id, page.items) };
  }

  async get(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot> {
    return await this.#show(this.#find(caller, ref, snapshotRef).snapshot.id);
  }

  async update(caller: Caller, ref: string, snapshotRef: string, request: UpdateSnapshot): Promise<Snapshot> {
    const { snapshots, events, store } = this.#deps;
    const { environment, snapshot } = this.#find(caller, ref, snapshotRef);
    const { name = snapshot.name, description = snapshot.description } = request;
    store.transaction(() => {
      snapshots.update({ ...withoutHold(snapshot), name, description });
      const fields = changedFields({ ...snapshot }, request);
      if (Object.keys(fields).length > 0) events.append({ type: 'snapshot.changed', owner: environment.owner, subject: subjectOf(environment), actor: caller.keyId, data: { snapshotId: snapshot.id, snapshot: name, changed: fields } });
    });
    return await this.#show(snapshot.id);
  }

  async remove(caller: Caller, ref: string, snapshotRef: string, options: { purge: boolean; withChildren: boolean; idempotencyKey?: string | undefined }): Promise<SnapshotAccepted> {
    const { snapshots, events, store, operations, idempotency } = this.#deps;
    const { environment, snapshot } = this.#find(caller, ref, snapshotRef);
    if (options.purge) assertMayPurge(caller);
    const { snapshotId, operationId } = idempotency.once({ owner: caller.user, key: options.idempotencyKey, request: { remove: ref, snapshotRef, ...options } }, () => {
      const removed = options.withChildren ? branch(snapshot, snapshots.all(environment.id)) : [snapshot];
      for (const { id } of removed) operations.assertFree(id);
      assertNotOnlyCopy(environment, removed);
      if (options.purge) return { snapshotId: snapshot.id, operationId: this.#purge({ user: environment.owner, keyId: caller.keyId }, environment, removed) };
      const now = this.#deps.now().getTime();
      const kept = removed.filter(({ state }) => state === 'ready' || state === 'damaged');
      store.transaction(() => {
        for (const each of kept) snapshots.update({ ...withoutHold(each), state: 'removed', removedAt: new Date(now).toISOString(), purgeAt: new Date(now + this.#deps.removedDays * DAY_MS).toISOString() });
        if (kept.length > 0) events.append({ type: 'snapshot.removed', owner: environment.owner, subject: subjectOf(environment), actor: caller.keyId, data: { snapshotIds: kept.map(({ id }) => id), snapshots: kept.map((each) => each.name) } });
      });
      return { snapshotId: snapshot.id, operationId: null };
    });
    return { snapshot: await this.#showIfAny(snapshotId), operation: operationId === null ? null : await operations.get(caller, operationId) };
  }

  async undelete(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot> {
    const { snapshots, events, store, operations } = this.#deps;
    const { environment, snapshot } = this.#find(caller, ref, snapshotRef);
    if (snapshot.state === 'ready' || snapshot.state === 'damaged') return await this.#show(snapshot.id);
    operations.assertFree(snapshot.id);
    store.transaction(() => {
      snapshots.update({ ...withoutHold(snapshot), state: snapshot.damage === null ? 'ready' : 'damaged', removedAt: null, purgeAt: null });
      events.append({ type: 'snapshot.undeleted', owner: environment.owner, subject: subjectOf(environment), actor: caller.keyId, data: { snapshotId: snapshot.id, snapshot: snapshot.name } });
    });
    return await this.#show(snapshot.id);
  }

  async check(caller: Caller, ref: string, snapshotRef: string, idempotencyKey?: string): Promise<SnapshotAccepted> {
    const { idempotency, operations } = this.#deps;
    const { environment, snapshot } = this.#find(caller, ref, snapshotRef);
    const { operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { check: ref, snapshotRef } }, () => {
      if (snapshot.state === 'creating') operations.assertFree(snapshot.id);
      const input: CheckInput = { environmentId: environment.id, snapshotId: snapshot.id };
      // Holds only the snapshot, so that the environment can be used during the check.
      return { operationId: operations.submit({ kind: 'snapshot.check', input, owner: environment.owner, actor: caller.keyId, target: { type: 'snapshot', id: snapshot.id, name: snapshot.name } }).id };
    });
    return { snapshot: await this.#show(snapshot.id), operation: await operations.get(caller, operationId) };
  }

  async diff(caller: Caller, ref: string, snapshotRef: string, toRef: string | undefined, signal: AbortSignal): Promise<SnapshotDiff> {
    const { environment, snapshot } = this.#find(caller, ref, snapshotRef);
    const to = toRef === undefined ? undefined : this.#findIn(environment, toRef);
    if (to === undefined) this.#deps.operations.assertFree(environment.id);
    for (const { id } of to === undefined ? [snapshot] : [snapshot, to]) this.#requireUsable(id, { memory: false });
    const changes = await this.#deps.comparison.run(caller, environment, snapshot.id, to?.id, signal);
    return { from: snapshot.name, to: to?.name ?? null, changes };
  }

  async restore(caller: Caller, ref: string, snapshotRef: string, request: RestoreSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted> {
    const { environments, idempotency, snapshots, operations, records, host } = this.#deps;
    if (!request.safety) assertMayLosePresent(caller);
    const found = this.#find(caller, ref, snapshotRef);
    const pool = await host.pool.usage();
    const { operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { restore: ref, snapshotRef, ...request } }, () => {
      const record = environments.requireFree(found.environment.id, 'restore');
      const snapshot = this.#requireUsable(found.snapshot.id, request);
      const before = record.state === 'failed' ? 'stopped' : record.state as RestoreInput['before'];
      const memory = snapshot.memory && request.memory;
      const runs = runsAfterwards({ memory, before });
      const memoryMiB = Math.max(snapshot.memoryMiB, record.memoryMiB); // first the snapshot's amount, then the profile's again
      if (runs) assertFits({ memoryMiB }, capacityWithout(record, environments.capacity()), pool);
      else assertCapacityForSnapshot(environments.capacity(), pool);
      const safety = request.safety ? newSnapshot(record, { name: freeName('safety', snapshots.all(record.id)), description: `Before the restore of ${snapshot.name}`, memory: before !== 'stopped', safety: true }) : undefined;
      if (safety) snapshots.insert(safety);
      const input: RestoreInput = { environmentId: record.id, snapshotId: snapshot.id, safetyId: safety?.id ?? null, memory, before, desiredBefore: record.desiredState };
      const id = this.#submit(caller, 'snapshot.restore', record, input, [snapshot.id, ...(safety ? [safety.id] : [])]);
      records.update({ ...record, ...(runs ? { memoryMiB } : {}), state: 'restoring', desiredState: runs ? 'running' : 'stopped', stateReason: null });
      return { operationId: id };
    });
    return { snapshot: await this.#show(found.snapshot.id), operation: await operations.get(caller, operationId) };
  }

  async fork(caller: Caller, ref: string, request: ForkEnvironment, idempotencyKey?: string): Promise<ForkAccepted> {
    const { environments, idempotency, operations, records, host } = this.#deps;
    if (caller.environmentId !== null && caller.inside !== true) throw beyondLimit(caller, 'cannot create others');
    this.#deps.assertMayMake();
    const source = environments.find(caller, ref);
    const names = forkNames(request);
    const pool = await host.pool.usage();
    const { forkIds, operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { fork: ref, ...request } }, () => {
      const record = environments.requireFree(source.id, 'fork');
      const snapshot = request.snapshot === undefined ? undefined : this.#requireUsable(this.#findIn(record, request.snapshot).id, request);
      const memoryMiB = Math.max(snapshot?.memoryMiB ?? 0, record.memoryMiB); // first the snapshot's amount, then the profile's
      names.forEach((_, at) => assertFits({ memoryMiB }, withCommitted(environments.capacity(), at * (memoryMiB + OVERHEAD_MIB)), pool));
      const ids = names.map((name) => {
        const fork = { ...this.#forkRecord(record, caller, name, memoryMiB), packEntry: snapshot ? snapshot.packEntry : record.packEntry };
        records.insert(fork);
        this.#deps.packHistory.copyPath(record.id, fork.packEntry, fork.id);
        return fork.id;
      });
      if (caller.inside) this.#vmForks.add(record, ids);
      const input: ForkInput = { environmentId: record.id, snapshotId: snapshot?.id ?? null, memory: request.memory && (snapshot?.memory ?? record.state !== 'stopped'), wasRunning: record.state === 'running', forkIds: ids };
      return { forkIds: ids, operationId: this.#submit(caller, 'environment.fork', record, input, [...ids, ...(snapshot ? [snapshot.id] : [])]) };
    });
    const forks = forkIds.flatMap((id) => records.get(id) ?? []).map((record) => this.#deps.environments.show(record));
    return { environments: forks, operation: await operations.get(caller, operationId) };
  }

  /** Removes old safety snapshots, and safety snapshots and those of steps of packs beyond the newest few of their environment. They can be undeleted for some days. */
  async removeOldAutomatic(now: Date): Promise<void> {
    const { snapshots, records, events, store, safety, packCount, removedDays } = this.#deps;
    const oldest = new Date(now.getTime() - safety.days * DAY_MS).toISOString();
    for (const environment of records.all()) {
      if (environment.operationId !== null || environment.state === 'removed') continue;
      const kept = snapshots.all(environment.id).filter(({ id, state }) => (state === 'ready' || state === 'damaged') && id !== environment.presentSnapshotId).toReversed();
      const removed = [
        ...kept.filter((each) => each.safety).filter(({ createdAt }, at) => at >= safety.count || createdAt < oldest),
        ...kept.filter((each) => each.packStep).slice(packCount),
      ].filter(({ operationId }) => operationId === null);
      if (removed.length === 0) continue;
      store.transaction(() => {
        for (const each of removed) snapshots.update({ ...withoutHold(each), state: 'removed', removedAt: now.toISOString(), purgeAt: new Date(now.getTime() + removedDays * DAY_MS).toISOString() });
        events.append({ type: 'snapshot.removed', owner: environment.owner, subject: subjectOf(environment), actor: null, data: { snapshotIds: removed.map(({ id }) => id), snapshots: removed.map(({ name }) => name), reason: 'snapshots that Somnus takes by itself are kept for a limited time' } });
      });
    }
  }

  /** Submits purges of snapshots whose time to undelete is over. */
  async purgeExpired(now: Date): Promise<void> {
    const { snapshots, records, troubles } = this.#deps;
    for (const snapshot of snapshots.dueForPurge(now)) {
      const environment = records.get(snapshot.environmentId);
      if (environment && environment.presentSnapshotId !== snapshot.id && environment.operationId === null && snapshot.operationId === null) await troubles.attempt('housekeeping', `purge of ${snapshot.id}`, () => { this.#purge({ user: environment.owner, keyId: null }, environment, [snapshot]); });
    }
  }

  /** @returns its snapshots, without removed ones. @throws quota_exceeded */
  #assertNotTooMany(record: EnvironmentRecord, more: number): HeldRecord[] {
    const { snapshots, perEnvironment } = this.#deps;
    const known = snapshots.all(record.id).filter(({ state }) => state !== 'removed');
    if (known.length + more <= perEnvironment) return known;
    const needs = more === 1 ? `has reached its limit of ${perEnvironment} snapshots` : `has ${known.length} snapshots and needs ${more} more; the limit is ${perEnvironment}`;
    throw new SomnusError('quota_exceeded', `${record.name} ${needs}`, { hint: 'Remove some with `somnus snapshot rm`, or increase snapshots.perEnvironment in the configuration.', details: { count: known.length } });
  }

  #purge(caller: { user: string; keyId: string | null }, environment: EnvironmentRecord, removed: readonly HeldRecord[]): string {
    const input: PurgeInput = { environmentId: environment.id, snapshotIds: removed.map(({ id }) => id) };
    return this.#submit(caller, 'snapshot.purge', environment, input, input.snapshotIds);
  }

  #submit(caller: { keyId: string | null }, kind: string, environment: EnvironmentRecord, input: unknown, alsoHolds: readonly string[]): string {
    return this.#deps.operations.submit({ kind, input, owner: environment.owner, actor: caller.keyId, target: subjectOf(environment), alsoHolds }).id;
  }

  #forkRecord(source: EnvironmentRecord, caller: Caller, name: string, memoryMiB: number): EnvironmentRecord {
    const networkIndex = this.#deps.records.freeNetworkIndex();
    const { ip, mac } = this.#deps.host.network.address(networkIndex);
    const now = new Date().toISOString();
    return {
      ...source, id: newId('env'), name, owner: caller.user, state: 'creating', stateReason: null, pausedBy: null, presentSnapshotId: null, desiredState: 'running', operationId: null, ip, mac, memoryMiB, snapshotId: null, bootId: null, lastWords: null,
      createdAt: now, updatedAt: now, startedAt: null, removedAt: null, purgeAt: null, version: 1, networkIndex,
    };
  }

  #find(caller: Caller, ref: string, snapshotRef: string): { environment: EnvironmentRecord; snapshot: HeldRecord } {
    const environment = this.#deps.environments.find(caller, ref);
    return { environment, snapshot: this.#findIn(environment, snapshotRef) };
  }

  #findIn(environment: EnvironmentRecord, ref: string): HeldRecord {
    const { snapshots } = this.#deps;
    // A snapshot may itself be named latest.
    const snapshot = snapshots.find(environment.id, ref) ?? (ref === 'latest' ? snapshots.all(environment.id).findLast(({ state, safety, packStep }) => state === 'ready' && !safety && !packStep) : undefined);
    if (!snapshot) throw new SomnusError('not_found', `${environment.name} has no snapshot ${JSON.stringify(ref)}`, { hint: `See \`somnus snapshot ls ${environment.name}\`.` });
    return snapshot;
  }

  /** The disk of a damaged snapshot with memory may be intact: without the memory the snapshot is accepted, and its disk is verified before use. */
  #requireUsable(id: string, { memory }: { memory: boolean }): HeldRecord {
    const { snapshots, operations } = this.#deps;
    operations.assertFree(id);
    const snapshot = snapshots.get(id);
    if (snapshot?.state === 'ready' || (snapshot?.state === 'damaged' && snapshot.memory && !memory)) return snapshot;
    if (snapshot?.state === 'damaged') {
      const disk = snapshot.memory ? 'Its disk may be intact: restore or fork it with --disk-only, which verifies the disk first. ' : '';
      throw new SomnusError('corrupt', `The snapshot ${snapshot.name} is damaged: ${snapshot.damage}`, {
        hint: `${disk}If you have repaired the file, check the snapshot again with \`somnus snapshot check\`.`, details: { snapshotId: snapshot.id },
      });
    }
    throw new SomnusError('invalid_state', `The snapshot ${snapshot?.name ?? id} is ${snapshot?.state ?? 'gone'}`, { hint: 'Restore it first with `somnus snapshot undelete`.', details: { state: snapshot?.state } });
  }

  async #assertQuota(record: EnvironmentRecord): Promise<void> {
    const { quotaGiB, snapshots, host } = this.#deps;
    if (quotaGiB === undefined) return;
    const vm = new Vm(host, record.id);
    const bytes = await heldBytes([vm.folder, vm.hibernationFolder, ...snapshots.all(record.id).map(({ id }) => vm.snapshotFolder(id))], host.pool.folders.image(record.image));
    if (bytes < quotaGiB * GIB) return;
    throw new SomnusError('quota_exceeded', `${record.name} and its snapshots use ${(bytes / GIB).toFixed(1)} GiB of the pool; their limit is ${quotaGiB} GiB`, {
      hint: 'Purge snapshots with `somnus snapshot rm --purge`, or increase snapshots.quotaGiB in the configuration.', details: { heldBytes: bytes, quotaBytes: quotaGiB * GIB },
    });
  }

  async #show(id: string): Promise<Snapshot> {
    const found = await this.#showIfAny(id);
    if (!found) throw new SomnusError('not_found', 'The snapshot no longer exists');
    return found;
  }

  async #showIfAny(id: string): Promise<Snapshot | null> {
    const snapshot = this.#deps.snapshots.get(id);
    return snapshot ? (await this.#views(snapshot.environmentId, [snapshot]))[0] ?? null : null;
  }

  async #views(environmentId: string, records: readonly HeldRecord[]): Promise<Snapshot[]> {
    const vm = new Vm(this.#deps.host, environmentId);
    const whole = records.filter(({ state }) => state !== 'creating');
    const spaces = await spaceOf(whole.map(({ id }) => vm.snapshotFolder(id)));
    return records.map((record) => {
      const space = record.state === 'creating' ? undefined : spaces.get(vm.snapshotFolder(record.id));
      return { ...record, sizeBytes: space?.sizeBytes ?? null, ownBytes: space?.ownBytes ?? null };
    });
  }
}

/** The snapshot and its descendants. */
function branch(root: HeldRecord, all: readonly HeldRecord[]): HeldRecord[] {
  return [root, ...all.filter(({ parent }) => parent === root.id).flatMap((child) => branch(child, all))];
}

function forkNames({ name, count }: ForkEnvironment): string[] {
  const names = count === undefined ? [name] : Array.from({ length: count }, (_, at) => `${name}-${at + 1}`);
  const bad = names.find((each) => !Name.safeParse(each).success);
  if (bad !== undefined) throw new SomnusError('invalid_request', `The name ${bad} is longer than 63 characters`, { details: { errors: [{ path: 'name', message: 'too long with the number' }] } });
  return names;
}

function withCommitted(capacity: HostCapacity, moreMiB: number): HostCapacity {
  return { ...capacity, committedMiB: capacity.committedMiB + moreMiB };
}

/** @throws invalid_state for the only copy of an environment's state before a restore that could not be undone */
function assertNotOnlyCopy({ name, presentSnapshotId }: EnvironmentRecord, doomed: readonly HeldRecord[]): void {
  const present = doomed.find(({ id }) => id === presentSnapshotId);
  if (present === undefined) return;
  throw new SomnusError('invalid_state', `The snapshot ${present.name} is the only copy of the state of ${name} before its restore failed`, {
    hint: `Restore it with \`somnus snapshot restore ${name} ${present.name}\`, or discard that state with \`somnus start ${name}\`; then it can be removed.`, details: { snapshotId: present.id },
  });
}
