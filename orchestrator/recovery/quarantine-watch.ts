// At each reconciliation, finds files and VMs that no record knows, and quarantines those found again at a second look. Returns to records what they are missing.
//
// A database restored from an old backup does not know newer VMs. So nothing is deleted, and running VMs are hibernated. Adopting restores them, and when the right database
// returns, it finds its folders again automatically. If most VMs of the host are unknown, the database itself is doubtful: then nothing is touched, and VMs keep running,
// until an admin quarantines the unknown VMs or restores the right database.
import { SomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import type { VmHost } from '../../supervisor/vms/vm.ts';
import { findParts, mostlyUnknown, orphansOf, segmentsOf, type Known, type Orphan } from '../../supervisor/recovery/find-orphans.ts';
import { allQuarantined, readQuarantined, nameOf, restoreFolder, restoreSnapshotFolder, quarantine, type Contents } from '../../supervisor/recovery/quarantine-folders.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import type { SqliteOperationStore } from '../operations/sqlite-operation-store.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { SqliteQuarantine } from './sqlite-quarantine.ts';

/** What was found must still exist after this time: a purge that ends during a look may have deleted it. */
export const SECOND_LOOK_MS = 10_000;

export interface QuarantineWatchDeps {
  store: SqliteStore;
  items: SqliteQuarantine;
  records: SqliteEnvironments;
  snapshots: SqliteSnapshots;
  operations: SqliteOperationStore;
  events: SqliteEventLog;
  host: VmHost;
  troubles: Troubles;
  log: Logger;
}

export interface Look {
  /** Whether to look again after SECOND_LOOK_MS. */
  again: boolean;
  /** Network segments that are still in use. */
  segments: number[];
  /** Environments that have their folder again. */
  returned: string[];
}

export class QuarantineWatch {
  readonly #deps: QuarantineWatchDeps;
  /** When each orphan was first seen, by key. */
  #seen = new Map<string, number>();
  /** VMs that are left alone because most VMs are unknown. */
  #held: readonly string[] = [];
  /** Changes to the quarantine run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: QuarantineWatchDeps) {
    this.#deps = deps;
  }

  /** Looks once. Quarantines orphans that have been unknown for long enough. */
  async look(): Promise<Look> {
    const { host } = this.#deps;
    if (host.driver.connection !== 'connected') return { again: false, segments: await host.network.list(), returned: [] }; // running VMs are unknown
    return await this.alone(async () => {
      const returned = await this.#syncRows();
      const parts = await findParts(host);
      const orphans = orphansOf(parts, this.#known());
      this.#hold(mostlyUnknown(parts, orphans));
      if (this.#held.length > 0) {
        this.#seen.clear();
        return { again: false, segments: await host.network.list(), returned };
      }
      const now = performance.now();
      this.#seen = new Map(orphans.map((orphan): [string, number] => [keyOf(orphan), this.#seen.get(keyOf(orphan)) ?? now]));
      const due = orphans.filter((orphan) => now - (this.#seen.get(keyOf(orphan)) ?? now) >= SECOND_LOOK_MS);
      const left = orphans.filter((orphan) => !due.includes(orphan));
      for (const orphan of due) if (!(await this.#tryQuarantine(orphan))) left.push(orphan);
      return { again: left.some((orphan) => !due.includes(orphan)), segments: await segmentsOf(host, left), returned };
    });
  }

  /** Ids of VMs that wait for an admin's decision; see `quarantineUnknown`. */
  get held(): readonly string[] {
    return this.#held;
  }

  /** New VMs could take the names and addresses of unknown ones. @throws invalid_state while most VMs of this host are unknown */
  assertNotHeld(): void {
    if (this.#held.length === 0) return;
    throw new SomnusError('invalid_state', `${this.#held.length} VMs on this host are unknown to the database, which is most of them: nothing can be created until this is resolved`, {
      hint: 'Restore the right database, or run `somnus recover` if it is lost; see `somnus doctor`.', details: { unknown: this.#held.length },
    });
  }

  /** Quarantines everything that no record knows, even when it is most of the host: an admin has decided so. Repeatable. */
  async quarantineUnknown(): Promise<void> {
    const { host } = this.#deps;
    if (host.driver.connection === 'lost') throw new SomnusError('unavailable', 'libvirt does not answer, so the running VMs are unknown');
    await this.alone(async () => {
      for (const orphan of orphansOf(await findParts(host), this.#known())) await this.#tryQuarantine(orphan);
      const parts = await findParts(host);
      this.#hold(mostlyUnknown(parts, orphansOf(parts, this.#known())));
    });
  }

  #hold(unknown: readonly string[]): void {
    const { events, log } = this.#deps;
    const before = this.#held.length;
    this.#held = unknown;
    if ((before > 0) === (unknown.length > 0)) return;
    const type = unknown.length > 0 ? 'quarantine.held' : 'quarantine.released';
    log.warn({ event: type, environmentIds: unknown });
    events.append({ type, owner: null, subject: null, actor: null, data: { unknown: unknown.length } });
  }

  /** Runs `work` while nothing else changes the quarantine. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Reconciles rows with the folders in quarantine, which describe themselves, and returns to records what they are missing. */
  async #syncRows(): Promise<string[]> {
    const { host, items, troubles } = this.#deps;
    const folders = await allQuarantined(host);
    const rows = items.all();
    const returned: string[] = [];
    for (const row of rows) if (!folders.includes(row.folder)) items.delete(row.id);
    for (const folder of folders) {
      await troubles.attempt('quarantine', folder, async () => {
        const environmentId = await this.#syncRow(folder, rows.some((row) => row.folder === folder));
        if (environmentId !== undefined) returned.push(environmentId);
      });
    }
    return returned;
  }

  /** @returns the environment that the folder was returned to */
  async #syncRow(folder: string, hasRow: boolean): Promise<string | undefined> {
    const { host, items, store, events } = this.#deps;
    const contents = await readQuarantined(host, folder);
    if (!contents) return undefined;
    if (await this.#returnToRecord(folder, contents)) return contents.environmentId;
    if (hasRow) return undefined;
    const row = { id: newId('quar'), folder, reason: 'it was found in quarantine without a record', foundAt: new Date().toISOString() };
    store.transaction(() => {
      items.insert(row);
      events.append({ type: 'quarantine.added', owner: null, subject: { type: 'quarantine', id: row.id }, actor: null, data: { ...row, ...contents } });
    });
    return undefined;
  }

  /** @returns whether it was returned to the record that was missing it */
  async #returnToRecord(folder: string, { kind, environmentId, snapshotId, blockedReason }: Contents): Promise<boolean> {
    const { host, records, snapshots, items, store, events } = this.#deps;
    const record = records.get(environmentId);
    if (!record || blockedReason !== null || (kind !== 'environment' && kind !== 'snapshot')) return false;
    const known = this.#known();
    if (known.held.has(environmentId)) return false;
    if (kind === 'environment') {
      if (await exists(host.pool.folders.environment(environmentId))) return false;
      await restoreFolder(host, folder, () => ({ name: record.name, network: { index: record.networkIndex, policy: record.network } }));
    } else {
      if (snapshotId === null || snapshots.get(snapshotId)?.environmentId !== environmentId) return false;
      await restoreSnapshotFolder(host, folder);
    }
    store.transaction(() => {
      for (const row of items.all()) if (row.folder === folder) items.delete(row.id);
      events.append({ type: 'quarantine.returned', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null, data: { kind, snapshotId, folder } });
    });
    return true;
  }

  /** @returns false when it could not be quarantined now */
  async #tryQuarantine(orphan: Orphan): Promise<boolean> {
    return await this.#deps.troubles.attempt('quarantine', keyOf(orphan).trim(), async () => await this.#quarantine(orphan));
  }

  async #quarantine(orphan: Orphan): Promise<void> {
    const { host, items, store, events, log } = this.#deps;
    if (orphansOf(await findParts(host), this.#known()).every((each) => keyOf(each) !== keyOf(orphan))) return; // known or gone in the meantime
    const at = new Date();
    const folder = nameOf(orphan, at);
    const note = await quarantine(host, orphan, folder);
    const reason = `${whatOf(orphan)} that no record knows${note === null ? '' : `; ${note}`}`;
    const row = { id: newId('quar', at.getTime()), folder, reason, foundAt: at.toISOString() };
    const contents = await readQuarantined(host, folder);
    if (!contents) return;
    store.transaction(() => {
      items.insert(row);
      events.append({ type: 'quarantine.added', owner: null, subject: { type: 'quarantine', id: row.id, ...(contents.title === null ? {} : { name: contents.title }) }, actor: null, data: { ...row, ...contents } });
    });
    log.warn({ event: 'quarantine.added', ...row, kind: orphan.kind, environmentId: orphan.environmentId });
  }

  #known(): Known {
    const { records, snapshots, operations } = this.#deps;
    const environments = new Set(records.all().map(({ id }) => id));
    return { environments, snapshots: new Set([...environments].flatMap((id) => snapshots.all(id).map((snapshot) => snapshot.id))), held: operations.held() };
  }
}

function keyOf({ environmentId, snapshotId, kind }: Orphan): string {
  return `${kind === 'staging' ? 'staging ' : ''}${environmentId} ${snapshotId ?? ''}`;
}

function whatOf({ kind }: Orphan): string {
  return { environment: 'a VM', snapshot: 'a snapshot', domain: 'a libvirt domain', keys: 'keys', run: 'a socket folder', staging: 'an unfinished folder' }[kind];
}
