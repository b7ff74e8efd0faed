// Makes records match reality: at start, after libvirt events, after operations, and every minute.
// Changes only environments without an operation in progress; an interrupted operation cleans up after itself. What no record knows is left to the
// quarantine.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { quarantineState } from '../../supervisor/snapshots/quarantine-state.ts';
import { environmentOfDomain, Vm, type VmHost, type ObservedState } from '../../supervisor/vms/vm.ts';
import { readdress } from '../../supervisor/operations/start.ts';
import type { EnvironmentState } from '../../supervisor/domain/states.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import { finalStatuses } from '../operations/operation.ts';
import { SECOND_LOOK_MS, type QuarantineWatch } from '../recovery/quarantine-watch.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { EnvironmentManager } from './environment-manager.ts';
import type { GuestWatch } from './guest-watch.ts';
import { RestartCounts, restartLimits, restarts, type EndCause } from './restart-policy.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

const INTERVAL_MS = 60_000;

export interface ReconcilerDeps {
  store: SqliteStore;
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'runAutomatically' | 'isChanging' | 'purgeExpired'>;
  /** Further things that are kept for some days after removal. */
  snapshots: { purgeExpired(now: Date): Promise<void>; removeOldAutomatic(now: Date): Promise<void> };
  snapshotRecords: SqliteSnapshots;
  watch: Pick<QuarantineWatch, 'look'>;
  guestWatch: Pick<GuestWatch, 'hasPanicked'>;
  events: SqliteEventLog;
  host: VmHost;
  /** How many environments to start at the same time, for example after a reboot of the host. */
  startsAtOnce: number;
  troubles: Troubles;
  /** Objects that expired by this time may be deleted. */
  expiredBy?: () => Date;
  /** Called after each pass over all records. */
  onPass?: () => void;
  log: Logger;
}

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #restarts = new RestartCounts();
  readonly #pauses = new Map<string, NodeJS.Timeout>();
  /** Ids of environments that should run: waiting for their turn, and being started. */
  readonly #due = new Set<string>();
  readonly #starting = new Set<string>();
  /** Environments that are being told their new address. */
  readonly #readdressing = new Set<string>();
  #conflict: string | null = null;
  #secondLook: NodeJS.Timeout | undefined;
  readonly #unsubscribes: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** Starts checking everything periodically in the background. Settles after the first pass. */
  async start(): Promise<void> {
    const { host, events } = this.#deps;
    this.#timer = setInterval(() => this.#enqueue(async () => await this.#all()), INTERVAL_MS);
    this.#unsubscribes.push(
      host.driver.onLifecycle((event) => {
        const id = environmentOfDomain(host.installation, event.name);
        if (id !== undefined) this.look(id);
      }),
      host.driver.onConnection((state) => { if (state === 'connected') this.#enqueue(async () => await this.#all()); }),
      events.onEvent(({ type, subject }) => {
        if (subject?.type === 'environment' && finalStatuses.some((status) => type === `operation.${status}`)) this.#enqueue(async () => await this.#one(subject.id, { fixNetwork: false }));
      }),
    );
    this.#enqueue(async () => await this.#all());
    await this.looked();
  }

  /** Settles when everything requested so far has been checked. */
  async looked(): Promise<void> {
    await this.#work;
  }

  /** Checks one environment, after the current check. */
  look(id: string): void {
    this.#enqueue(async () => await this.#one(id));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#secondLook);
    for (const pause of this.#pauses.values()) clearTimeout(pause);
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await this.#work;
  }

  /** Runs one at a time, in order. */
  #enqueue(look: () => Promise<void>): void {
    this.#work = this.#work.then(look).then(() => this.#startDue()).catch((error: unknown) => this.#deps.log.warn({ event: 'reconcile.failed', err: toSomnusError(error) }));
  }

  async #all(): Promise<void> {
    const { records, host, environments, snapshots, troubles, onPass, expiredBy = () => new Date() } = this.#deps;
    await troubles.attempt('reconciliation', 'network', async () => await host.network.ensure());
    this.#reportConflict();
    if (host.driver.connection !== 'lost') { // otherwise it is unknown what runs; checked again when libvirt is back
      const ids = records.all().map(({ id }) => id);
      for (const id of ids) await this.#one(id);
      troubles.keepOnly('reconciliation', new Set([...ids, 'network', 'unknown', 'purge environments', 'old automatic snapshots', 'purge snapshots']));
      this.#startDue();
      await troubles.attempt('reconciliation', 'unknown', async () => await this.#unknown());
      onPass?.();
    }
    await troubles.attempt('reconciliation', 'purge environments', async () => await environments.purgeExpired(expiredBy()));
    await troubles.attempt('reconciliation', 'old safety snapshots', async () => await snapshots.removeOldAutomatic(expiredBy()));
    await troubles.attempt('reconciliation', 'purge snapshots', async () => await snapshots.purgeExpired(expiredBy()));
  }

  #reportConflict(): void {
    const { host, events } = this.#deps;
    const { conflict } = host.network;
    if (conflict === this.#conflict) return;
    this.#conflict = conflict;
    events.append({ type: conflict === null ? 'network.conflict-ended' : 'network.conflict', owner: null, subject: { type: 'network', id: 'network' }, actor: null, data: { found: conflict } });
  }

  /** Updates the record's address if the subnet has changed; also tells a running VM, unless that is already in progress. */
  #readdress(record: EnvironmentRecord, observed: ObservedState): void {
    const { store, records, events, host, log } = this.#deps;
    const { ip, mac } = host.network.address(record.networkIndex);
    if (record.ip !== ip || record.mac !== mac) {
      store.transaction(() => {
        records.update({ ...record, ip, mac });
        events.append({ type: 'environment.readdressed', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null, data: { from: record.ip, to: ip } });
      });
    }
    if (observed !== 'running' || this.#readdressing.has(record.id)) return;
    this.#readdressing.add(record.id);
    readdress(new Vm(host, record.id))
      .then((changed) => { if (changed) log.info({ event: 'vm.readdressed', environmentId: record.id, ip }); })
      .catch((error: unknown) => log.warn({ event: 'vm.not-readdressed', environmentId: record.id, err: toSomnusError(error) })) // the next check tries again
      .finally(() => this.#readdressing.delete(record.id));
  }

  /** Handles what no record knows. Network segments contain no data, so unknown ones are removed. */
  async #unknown(): Promise<void> {
    const { records, host, watch, log } = this.#deps;
    const { again, segments, returned } = await watch.look();
    for (const id of returned) await this.#one(id);
    clearTimeout(this.#secondLook);
    if (again) this.#secondLook = setTimeout(() => this.#enqueue(async () => await this.#unknown()), SECOND_LOOK_MS);
    const found = await host.network.list(); // before the records: a record exists before its device does
    const inUse = new Set([...segments, ...records.all().map(({ networkIndex }) => networkIndex)]);
    for (const index of found.filter((each) => !inUse.has(each))) {
      log.info({ event: 'reconcile.segment-removed', index });
      await host.network.detach(index);
    }
  }

  /** Never throws: a failure of one environment does not affect the others. */
  async #one(id: string, options: { fixNetwork?: boolean } = {}): Promise<void> {
    await this.#deps.troubles.attempt('reconciliation', id, async () => await this.#look(id, options));
  }

  async #look(id: string, { fixNetwork = true }: { fixNetwork?: boolean }): Promise<void> {
    const { records, host, environments } = this.#deps;
    const before = records.get(id);
    if (!before || before.operationId !== null || before.state === 'removed') return;
    const vm = new Vm(host, id);
    const observed = await vm.observe();
    if (before.presentSnapshotId !== null && before.state === 'failed' && observed !== 'running') return; // what is in its place is not the user's state
    const cause = observed === before.state ? 'other' : await causeOf(vm, this.#deps.guestWatch.hasPanicked(id));
    const record = records.get(id);
    if (!record || record.version !== before.version || record.operationId !== null || environments.isChanging(id)) return; // changed in the meantime by an operation that knows better
    if (observed === 'running' || observed === 'suspended') await quarantineState(vm, vm.hibernationFolder); // of an earlier moment, so it must never be woken
    if (observed !== record.state && !(observed === 'empty' && record.state === 'failed')) {
      this.#adopt(record, observed, cause);
      if (observed !== 'running' && observed !== 'suspended') host.guests.forget(id); // requests that wait for an answer from it fail now
      if (observed === 'stopped') await vm.releaseRam();
    }
    if (fixNetwork && (observed === 'running' || observed === 'suspended')) await host.network.attach({ index: record.networkIndex, policy: record.network });
    const now = records.get(id);
    if (now && now.operationId === null) this.#readdress(now, observed);
    if (now?.state === 'stopped' && now.desiredState === 'running' && now.operationId === null) this.#due.add(id);
  }

  /** Starts what should run and does not, a few at a time. An environment that keeps ending is left off. */
  #startDue(): void {
    const { records, environments, startsAtOnce, host, troubles } = this.#deps;
    if (host.driver.connection === 'lost') return; // they are started when libvirt is back
    for (const id of this.#starting) if (records.get(id)?.operationId == null) this.#starting.delete(id);
    for (const id of this.#due) {
      if (this.#starting.size >= startsAtOnce) return;
      this.#due.delete(id);
      const record = records.get(id);
      if (record?.state !== 'stopped' || record.desiredState !== 'running' || record.operationId !== null) continue;
      const pauseMs = this.#restarts.pauseMs(id, performance.now());
      if (pauseMs === undefined) {
        records.update({ ...record, desiredState: 'stopped', stateReason: `${record.stateReason ?? 'the VM ended'}; not restarted again after ${restartLimits.count} restarts within ten minutes` });
        continue;
      }
      if (pauseMs > 0) {
        this.#wait(id, pauseMs);
        continue;
      }
      void troubles.attempt('reconciliation', id, () => { // settled when this returns, since nothing in it waits
        environments.runAutomatically(record, 'start', 'restarted after the VM ended unexpectedly; its memory is lost, its disk is kept');
        this.#restarts.record(id, performance.now());
        this.#starting.add(id);
      });
    }
  }

  /** Checks again when it may be started. */
  #wait(id: string, pauseMs: number): void {
    clearTimeout(this.#pauses.get(id));
    this.#pauses.set(id, setTimeout(() => {
      this.#pauses.delete(id);
      this.look(id);
    }, pauseMs));
  }

  #adopt(record: EnvironmentRecord, observed: ObservedState, cause: Cause): void {
    const { store, records, events, snapshotRecords, log } = this.#deps;
    const state: EnvironmentState = observed === 'missing' || observed === 'empty' ? 'failed' : observed;
    const suspendedByUser = record.state === 'suspended' && record.pausedBy === null;
    const memoryLost = observed === 'stopped' && cause !== 'guest' && (record.state === 'running' || record.state === 'suspended');
    const withMemory = memoryLost ? snapshotRecords.all(record.id).findLast((snapshot) => snapshot.state === 'ready' && snapshot.memory) : undefined;
    const stateReason = [
      reasonOf(observed, cause),
      ...(memoryLost ? ['its memory is lost, its disk is kept', withMemory ? `its last snapshot with memory is ${withMemory.name}` : 'it has no snapshot with memory'] : []),
      ...(memoryLost && record.restartPolicy === 'never' ? ['not restarted because its restart policy is never'] : []),
      ...(memoryLost && suspendedByUser ? ['not restarted because it was suspended'] : []),
    ].join('; ');
    const pausedBy = observed === 'suspended' && cause === 'full-pool' ? 'pool' : null;
    const leftOff = observed === 'stopped' && (suspendedByUser || (cause !== 'full-pool' && !restarts(record.restartPolicy, cause)));
    store.transaction(() => {
      records.update({
        ...record, state, stateReason, pausedBy, ...(state === 'running' || state === 'suspended' ? {} : { bootId: null, startedAt: null }), ...(leftOff ? { desiredState: 'stopped' } : {}),
      });
      events.append({
        type: 'environment.state-found', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null,
        data: { expected: record.state, found: state, reason: stateReason, ...(memoryLost ? { memoryLost, lastSnapshotWithMemory: withMemory?.name ?? null } : {}) },
      });
    });
    log.info({ event: 'reconcile.state-found', environmentId: record.id, expected: record.state, found: state, cause });
  }
}

/** Why it is in this state: the guest shut down by itself, its kernel panicked, QEMU paused it because its disk found the pool full, or something else. */
type Cause = Exclude<EndCause, 'frozen'> | 'full-pool';

async function causeOf(vm: Vm, panicked: boolean): Promise<Cause> {
  const domain = await vm.domain();
  if (domain?.state === 'shut_off' && domain.reason === 'shutdown') return 'guest';
  if (domain?.state === 'shut_off' && panicked) return 'panic';
  return domain?.state === 'paused' && domain.reason === 'io_error' ? 'full-pool' : 'other';
}

function reasonOf(observed: ObservedState, cause: Cause): string {
  switch (observed) {
    case 'missing': return 'its folder is not in the pool';
    case 'empty': return 'QEMU is waiting for a memory image that is not being loaded';
    case 'stopped': return { guest: 'the guest shut itself down', panic: 'the guest kernel panicked' }[cause as string] ?? 'the VM ended unexpectedly, or the host was restarted';
    case 'suspended': return cause === 'full-pool' ? 'paused because the pool had no space for a write to its disk; it is resumed automatically when space is free' : 'found suspended';
    case 'running': return 'found running';
    case 'hibernated': return 'found hibernated';
  }
}
