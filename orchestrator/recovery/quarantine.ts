// The quarantine for the API: lists, restores and deletes its items. The watch puts them there.
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { SomnusError } from '../../common/errors.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { VmManifest } from '../../supervisor/vms/manifest.ts';
import { discard, readQuarantined, placeOf, restoreFolder, restoreSnapshotFolder, sizeInQuarantine, snapshotsIn, type Contents } from '../../supervisor/recovery/quarantine-folders.ts';
import type { ProfileService } from '../../supervisor/profiles/profile.ts';
import type { SavedState } from '../../supervisor/snapshots/saved-state.ts';
import { observedState, sizeOf } from '../environments/record-outcome.ts';
import { subjectOf } from '../environments/environment-manager.ts';
import type { EnvironmentRecord, SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { RestartPolicy } from '../environments/restart-policy.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { DoctorCheck } from '../host/host.ts';
import type { Caller } from '../keys/caller.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Adopted, AdoptRequest, QuarantineItem } from './quarantine-item.ts';
import type { QuarantineRow, SqliteQuarantine } from './sqlite-quarantine.ts';
import type { QuarantineWatch } from './quarantine-watch.ts';

/** For admins only, since the items have no owner. */
export interface QuarantineService {
  /** Oldest first. */
  list(): Promise<QuarantineItem[]>;
  /** Restores an item as the caller's. @throws not_found; invalid_state saying why it cannot be restored; name_taken for a requested name */
  adopt(caller: Caller, id: string, request: AdoptRequest): Promise<Adopted>;
  /** Quarantines everything that no record knows, even when it is most of the host. @returns what is then in quarantine */
  takeUnknown(): Promise<QuarantineItem[]>;
  /** Deletes it permanently. @throws not_found */
  delete(caller: Caller, id: string): Promise<void>;
}

export interface QuarantineDeps {
  store: SqliteStore;
  items: SqliteQuarantine;
  watch: QuarantineWatch;
  records: SqliteEnvironments;
  snapshots: SqliteSnapshots;
  profiles: ProfileService;
  events: SqliteEventLog;
  host: VmHost;
  defaultProfile: string;
  defaultRestartPolicy: RestartPolicy;
  /** Path of the database, for the hint to restore another one. */
  database: string;
}

export class Quarantine implements QuarantineService {
  readonly #deps: QuarantineDeps;

  constructor(deps: QuarantineDeps) {
    this.#deps = deps;
  }

  async list(): Promise<QuarantineItem[]> {
    const { items, host } = this.#deps;
    const found = await Promise.all(items.all().map(async (row) => ({ row, contents: await readQuarantined(host, row.folder) })));
    return (await Promise.all(found.map(async ({ row, contents }) => (contents ? [await this.#view(row, contents)] : [])))).flat();
  }

  async adopt(caller: Caller, id: string, request: AdoptRequest): Promise<Adopted> {
    this.#deps.watch.assertNotHeld();
    return await this.#deps.watch.alone(async () => {
      const { row, contents } = await this.#find(id);
      if (contents.blockedReason !== null) throw new SomnusError('invalid_state', `This ${contents.kind} cannot be restored: ${contents.blockedReason}`, { hint: `Delete it with \`somnus quarantine rm ${id}\`, or keep it.` });
      return contents.kind === 'snapshot' ? await this.#adoptSnapshot(caller, row, contents, request) : await this.#adoptEnvironment(caller, row, contents, request);
    });
  }

  async takeUnknown(): Promise<QuarantineItem[]> {
    await this.#deps.watch.quarantineUnknown();
    return await this.list();
  }

  async delete(caller: Caller, id: string): Promise<void> {
    await this.#deps.watch.alone(async () => {
      const { items, events, store, host } = this.#deps;
      const { row, contents } = await this.#find(id);
      await discard(host, row.folder);
      store.transaction(() => {
        items.delete(row.id);
        events.append({ type: 'quarantine.deleted', owner: null, subject: { type: 'quarantine', id: row.id }, actor: caller.keyId, data: { ...contents } });
      });
    });
  }

  /** The number of VMs that are left alone because most VMs of this host are unknown. */
  get heldVms(): number {
    return this.#deps.watch.held.length;
  }

  /** For the doctor: what needs a decision. */
  async check(withDetails: boolean): Promise<DoctorCheck> {
    const { held } = this.#deps.watch;
    if (held.length > 0) {
      return {
        name: 'quarantine', status: 'failed',
        found: `${held.length} ${held.length === 1 ? 'VM on this host is' : 'VMs on this host are'} unknown to the database, which is most of them: it is empty, lost or belongs to another host. Nothing is changed, and running VMs keep running`,
        fix: `Restore the right database: \`somnus down\`, restore ${this.#deps.database}, \`somnus up\`. If it is lost, \`somnus recover\` hibernates these VMs into quarantine and adopts them as environments.`,
        details: { unknown: held.length, ...(withDetails ? { held } : {}) },
      };
    }
    const [items, staleRecords, snapshots] = await Promise.all([this.list(), this.#staleRecords(), this.#lostSnapshots()]);
    const details = withDetails ? { items, staleRecords, snapshots } : {};
    if (items.length === 0 && staleRecords.length === 0 && snapshots.length === 0) return { name: 'quarantine', status: 'ok', found: 'every VM has a record, and every record a VM', fix: null, details };
    const count = (number: number, what: string): string[] => (number === 0 ? [] : [`${number} ${what}`]);
    const found = [...count(items.length, 'in quarantine without a record'), ...count(staleRecords.length, staleRecords.length === 1 ? 'record without a VM' : 'records without a VM'), ...count(snapshots.length, snapshots.length === 1 ? 'snapshot without a folder' : 'snapshots without folders')].join('; ');
    const fixes = [
      ...(items.length + staleRecords.length === 0 ? [] : ['`somnus recover` shows each and asks what to do with it.']),
      ...(snapshots.length === 0 ? [] : ['`somnus snapshot rm NAME SNAP --purge` deletes a snapshot whose folder is gone.']),
    ];
    return { name: 'quarantine', status: 'warning', found, fix: fixes.join(' '), details };
  }

  /** Ready snapshots of existing environments that cannot be restored, because their folder is gone. */
  async #lostSnapshots(): Promise<{ environment: string; snapshot: string }[]> {
    const { records, snapshots, host } = this.#deps;
    const known = records.all().filter(({ state, operationId }) => state !== 'failed' && operationId === null).flatMap((record) => snapshots.all(record.id)
      .filter(({ state, operationId }) => state !== 'creating' && operationId === null).map((snapshot) => ({ record, snapshot })));
    const gone = await Promise.all(known.map(async ({ record, snapshot }) => await stat(new Vm(host, record.id).snapshotFolder(snapshot.id)).then(() => false, () => true)));
    return known.filter((_, at) => gone[at]).map(({ record, snapshot }) => ({ environment: record.name, snapshot: snapshot.name }));
  }

  /** Records whose VM's folder is gone. */
  async #staleRecords(): Promise<{ id: string; name: string }[]> {
    const { records, host } = this.#deps;
    const failed = records.all().filter(({ state, operationId }) => state === 'failed' && operationId === null);
    const seen = await Promise.all(failed.map(async (record) => ({ record, gone: await new Vm(host, record.id).observe().then((state) => state === 'missing', () => false) })));
    return seen.filter(({ gone }) => gone).map(({ record: { id, name } }) => ({ id, name }));
  }

  async #adoptEnvironment(caller: Caller, row: QuarantineRow, { environmentId, title }: Contents, request: AdoptRequest): Promise<Adopted> {
    const { records, events, store, host, items } = this.#deps;
    const taken = records.get(environmentId);
    if (taken) throw new SomnusError('invalid_state', `${taken.name} has the same id and has its own folder`, { hint: 'Keep the item in quarantine, or delete it.' });
    if (request.name !== undefined) this.#assertFree(caller, request.name);
    const name = request.name ?? this.#freeName(caller, title ?? 'adopted');
    const vm = await restoreFolder(host, row.folder, ({ network }) => ({ name, network: { index: this.#freeIndex(network.index), policy: network.policy } }));
    const [manifest, state, found] = [await vm.manifest(), await observedState(vm), await snapshotsIn(vm)];
    const size = await sizeOf(vm, state);
    const now = new Date().toISOString();
    const record: EnvironmentRecord = {
      id: vm.id, name, owner: caller.user, state, stateReason: 'adopted from quarantine', pausedBy: null, presentSnapshotId: null, desiredState: state === 'hibernated' ? 'hibernated' : 'stopped', operationId: null,
      profile: await this.#profileOf(manifest), network: manifest.network.policy, restartPolicy: this.#deps.defaultRestartPolicy, image: manifest.imageVersion, ip: manifest.network.ip, mac: manifest.network.mac,
      vcpus: manifest.shape.vcpus, memoryMiB: manifest.shape.memoryMiB, diskGiB: manifest.shape.diskGiB, ...size, snapshotId: null, packEntry: null, bootId: null, lastWords: null, labels: {},
      createdAt: manifest.createdAt, updatedAt: now, startedAt: null, removedAt: null, purgeAt: null, version: 1, networkIndex: manifest.network.index,
    };
    return store.transaction(() => {
      records.insert(record);
      const names = [...found].toSorted(([, a], [, b]) => a.savedAt.localeCompare(b.savedAt)).map(([id, saved]) => this.#insertSnapshot(record, id, saved));
      items.delete(row.id);
      const adopted: Adopted = { environmentId: record.id, name, snapshots: names };
      events.append({ type: 'quarantine.adopted', owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: { ...adopted, state } });
      return adopted;
    });
  }

  async #adoptSnapshot(caller: Caller, row: QuarantineRow, { environmentId, snapshotId }: Contents, request: AdoptRequest): Promise<Adopted> {
    const { records, events, store, host, items } = this.#deps;
    const record = records.get(environmentId);
    if (!record || snapshotId === null) throw new SomnusError('invalid_state', `The snapshot's environment ${environmentId} has no record`, { hint: 'Restore the environment first; see `somnus quarantine ls`.' });
    if (request.name !== undefined && this.#deps.snapshots.find(record.id, request.name)?.state === 'ready') throw new SomnusError('name_taken', `${record.name} already has a snapshot named ${request.name}`, { details: { name: request.name } });
    const saved = await restoreSnapshotFolder(host, row.folder);
    return store.transaction(() => {
      const name = this.#insertSnapshot(record, snapshotId, saved, request.name);
      items.delete(row.id);
      const adopted: Adopted = { environmentId: record.id, name: record.name, snapshots: [name] };
      events.append({ type: 'quarantine.adopted', owner: record.owner, subject: subjectOf(record), actor: caller.keyId, data: { ...adopted } });
      return adopted;
    });
  }

  /** Only the lost record knew its name and parent. @returns its new name */
  #insertSnapshot(environment: EnvironmentRecord, id: string, { memory, shape, savedAt }: SavedState, wanted?: string): string {
    const { snapshots } = this.#deps;
    const names = new Set(snapshots.all(environment.id).map(({ name }) => name));
    const name = wanted ?? firstFree('adopted', (candidate) => names.has(candidate), 1);
    snapshots.insert({
      id, environmentId: environment.id, name, description: 'Found without a record', state: 'ready', parent: null, memory, safety: false, packStep: false, packEntry: null, vcpus: shape.vcpus, memoryMiB: shape.memoryMiB,
      damage: null, checksumAt: null, checkedAt: null, createdAt: savedAt, removedAt: null, purgeAt: null,
    });
    return name;
  }

  #assertFree(caller: Caller, name: string): void {
    const holder = this.#holderOf(caller, name);
    if (holder) throw new SomnusError('name_taken', `An environment named ${name} already exists`, { details: { name } });
  }

  #freeName(caller: Caller, name: string): string {
    return this.#holderOf(caller, name) ? firstFree(`${name.slice(0, 58)}-`, (candidate) => this.#holderOf(caller, candidate) !== undefined, 2) : name;
  }

  #holderOf(caller: Caller, name: string): EnvironmentRecord | undefined {
    return this.#deps.records.all().find((record) => record.owner === caller.user && record.name === name && record.state !== 'removed');
  }

  #freeIndex(before: number): number {
    const { records } = this.#deps;
    return records.all().some(({ networkIndex }) => networkIndex === before) ? records.freeNetworkIndex() : before;
  }

  /** The profile with the same hardware; the default when there is none. */
  async #profileOf({ wanted, shape }: VmManifest): Promise<string> {
    const { profiles, defaultProfile } = this.#deps;
    return (await profiles.list()).find((profile) => isDeepStrictEqual(profile.shape, wanted ?? shape))?.name ?? defaultProfile;
  }

  async #find(id: string): Promise<{ row: QuarantineRow; contents: Contents }> {
    const row = this.#deps.items.all().find((each) => each.id === id);
    const contents = row && await readQuarantined(this.#deps.host, row.folder);
    if (!row || !contents) throw new SomnusError('not_found', `${id} is not in quarantine`, { hint: 'See `somnus quarantine ls`.' });
    return { row, contents };
  }

  async #view({ id, folder, reason, foundAt }: QuarantineRow, contents: Contents): Promise<QuarantineItem> {
    const { kind, title, snapshotId, blockedReason } = contents;
    const { inPool, onHost } = placeOf(this.#deps.host, folder);
    const path = kind === 'keys' || kind === 'run' || kind === 'domain' ? onHost : inPool;
    return { id, kind, name: title, environmentId: contents.environmentId === '' ? null : contents.environmentId, snapshotId, reason, adoptable: blockedReason === null, blockedReason, sizeBytes: await sizeInQuarantine(this.#deps.host, folder), path, foundAt };
  }
}

function firstFree(word: string, taken: (candidate: string) => boolean, from: number): string {
  for (let number = from; ; number += 1) if (!taken(`${word}${number}`)) return `${word}${number}`;
}
