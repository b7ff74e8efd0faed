// Finds what no record knows, at each pass of reconciliation, and has it set aside when it is still there at a second look. Puts back what a record is missing.
//
// A database that was restored from an old backup knows nothing of what was made since. So nothing is deleted, and VMs that run are put to sleep with their memory; adopting brings
// them back, and a database that comes back finds its folders by itself. When most VMs of the host are unknown, the database itself is in doubt: then nothing is touched, and VMs
// run on, until an admin has the unknown put into quarantine or puts the right database back.
import { SomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import type { VmHost } from '../../supervisor/vms/vm.ts';
import { findParts, mostlyUnknown, orphansOf, segmentsOf, type Known, type Orphan } from '../../supervisor/orphans/find.ts';
import { allQuarantined, lookInto, nameOf, restoreFolder, restoreSnapshotFolder, quarantine, type Contents } from '../../supervisor/orphans/quarantine.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import type { SqliteOperationStore } from '../operations/sqlite-operation-store.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { SqliteQuarantine } from './sqlite-quarantine.ts';

/** What is found must still be there after this time: a purge that ends during a look has deleted what the look began with. */
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
  /** Somebody should look again after SECOND_LOOK_MS. */
  again: boolean;
  /** Places on the network that are still in use. */
  segments: number[];
  /** Environments that have their folder again. */
  returned: string[];
}

export class QuarantineWatch {
  readonly #deps: QuarantineWatchDeps;
  /** Orphans by their ids, and when they were first seen. */
  #seen = new Map<string, number>();
  /** VMs that are left alone because most of what there is is unknown. */
  #held: readonly string[] = [];
  /** Changes of the quarantine are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: QuarantineWatchDeps) {
    this.#deps = deps;
  }

  /** Looks once. Of each thing that is known to nobody for long enough, all is set aside. */
  async look(): Promise<Look> {
    const { host } = this.#deps;
    if (host.driver.connection !== 'connected') return { again: false, segments: await host.network.list(), returned: [] }; // what runs is not known
    return await this.alone(async () => {
      const returned = await this.#keepBooks();
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
      for (const orphan of due) if (!(await this.#set(orphan))) left.push(orphan);
      return { again: left.some((orphan) => !due.includes(orphan)), segments: await segmentsOf(host, left), returned };
    });
  }

  /** Ids of VMs that wait for an admin's decision; see `quarantineUnknown`. */
  get held(): readonly string[] {
    return this.#held;
  }

  /** New VMs could take names and addresses of those that are there. @throws invalid_state while most VMs of this host are unknown */
  assertNotHeld(): void {
    if (this.#held.length === 0) return;
    throw new SomnusError('invalid_state', `${this.#held.length} VMs on this host are unknown to the database, which is most of them: nothing can be created until this is resolved`, {
      hint: 'Restore the right database, or give up on it with `somnus doctor --fix`; see `somnus doctor`.', details: { unknown: this.#held.length },
    });
  }

  /** Puts everything that no record knows into quarantine now, also when it is most of what there is: an admin has decided so. Repeatable. */
  async quarantineUnknown(): Promise<void> {
    const { host } = this.#deps;
    if (host.driver.connection === 'lost') throw new SomnusError('unavailable', 'libvirt does not answer: what runs is not known');
    await this.alone(async () => {
      for (const orphan of orphansOf(await findParts(host), this.#known())) await this.#set(orphan);
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

  /** Runs while nothing else changes the quarantine. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** What stands in quarantine says itself what it is; rows and folders are brought together, and what a record is missing goes back to it. */
  async #keepBooks(): Promise<string[]> {
    const { host, items, troubles } = this.#deps;
    const folders = await allQuarantined(host);
    const rows = items.all();
    const returned: string[] = [];
    for (const row of rows) if (!folders.includes(row.folder)) items.delete(row.id);
    for (const folder of folders) {
      await troubles.attempt('quarantine', folder, async () => {
        const back = await this.#keepBook(folder, rows.some((row) => row.folder === folder));
        if (back !== undefined) returned.push(back);
      });
    }
    return returned;
  }

  /** @returns the environment that the folder went back to */
  async #keepBook(folder: string, hasRow: boolean): Promise<string | undefined> {
    const { host, items, store, events } = this.#deps;
    const contents = await lookInto(host, folder);
    if (!contents) return undefined;
    if (await this.#giveBack(folder, contents)) return contents.environmentId;
    if (hasRow) return undefined;
    const row = { id: newId('quar'), folder, reason: 'it stood in quarantine without a record', foundAt: new Date().toISOString() };
    store.transaction(() => {
      items.insert(row);
      events.append({ type: 'quarantine.added', owner: null, subject: { type: 'quarantine', id: row.id }, actor: null, data: { ...row, ...contents } });
    });
    return undefined;
  }

  /** @returns whether it went back to the record that was missing it */
  async #giveBack(folder: string, { kind, environmentId, snapshotId, blockedReason }: Contents): Promise<boolean> {
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

  /** @returns false when it could not be set aside now */
  async #set(orphan: Orphan): Promise<boolean> {
    return await this.#deps.troubles.attempt('quarantine', keyOf(orphan).trim(), async () => await this.#quarantine(orphan));
  }

  async #quarantine(orphan: Orphan): Promise<void> {
    const { host, items, store, events, log } = this.#deps;
    if (orphansOf(await findParts(host), this.#known()).every((each) => keyOf(each) !== keyOf(orphan))) return; // known or gone meanwhile
    const at = new Date();
    const folder = nameOf(orphan, at);
    const note = await quarantine(host, orphan, folder);
    const reason = `${whatOf(orphan)} that no record knows${note === null ? '' : `; ${note}`}`;
    const row = { id: newId('quar', at.getTime()), folder, reason, foundAt: at.toISOString() };
    const contents = await lookInto(host, folder);
    if (!contents) return;
    store.transaction(() => {
      items.insert(row);
      events.append({ type: 'quarantine.added', owner: null, subject: { type: 'quarantine', id: row.id, ...(contents.title === null ? {} : { name: contents.title }) }, actor: null, data: { ...row, ...contents } });
    });
    log.warn({ ...row, kind: orphan.kind, environmentId: orphan.environmentId }, 'quarantine.added');
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
  return { environment: 'a VM', snapshot: 'a snapshot', domain: 'a definition in libvirt', keys: 'keys', run: 'a folder for sockets', staging: 'an unfinished folder' }[kind];
}
