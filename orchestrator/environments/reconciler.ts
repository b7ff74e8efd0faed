// Brings records and reality together: at start, when libvirt says that something happened, when an operation has ended, and every minute.
// It changes only environments that nothing is at work on; what an interrupted operation left behind is that operation's to finish. What no record knows is the
// quarantine's business.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { setAside } from '../../supervisor/snapshots/set-aside.ts';
import { environmentOfDomain, Machine, type MachineHost, type ObservedState } from '../../supervisor/machines/machine.ts';
import { readdress } from '../../supervisor/machines/start.ts';
import type { EnvironmentState } from '../../supervisor/domain/states.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import { finalStatuses } from '../operations/operation.ts';
import { SECOND_LOOK_MS, type QuarantineWatch } from '../quarantine/quarantine-watch.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environments } from './environments.ts';
import type { GuestWatch } from './guest-watch.ts';
import { RestartCounts, restartLimits, restarts, type EndCause } from './restart-policy.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

const INTERVAL_MS = 60_000;

export interface ReconcilerDeps {
  store: SqliteStore;
  records: SqliteEnvironments;
  environments: Pick<Environments, 'heal' | 'isActing' | 'purgeExpired'>;
  /** What else can be removed for some days. */
  snapshots: { purgeExpired(now: Date): Promise<void>; removeOldSafety(now: Date): Promise<void> };
  snapshotRecords: SqliteSnapshots;
  watch: Pick<QuarantineWatch, 'look'>;
  guestWatch: Pick<GuestWatch, 'hasPanicked'>;
  events: SqliteEventLog;
  host: MachineHost;
  /** After a reboot of the host all that ran are to be started: so many at a time. */
  startsAtOnce: number;
  troubles: Troubles;
  /** What was to be deleted by this time may be. */
  expiredBy?: () => Date;
  /** Told after each pass over all records. */
  onPass?: () => void;
  log: Logger;
}

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #restarts = new RestartCounts();
  readonly #pauses = new Map<string, NodeJS.Timeout>();
  /** Ids of environments that ought to run: those that wait for their turn, and those that are being started. */
  readonly #due = new Set<string>();
  readonly #starting = new Set<string>();
  /** Those that are just being told their new address. */
  readonly #telling = new Set<string>();
  #conflict: string | null = null;
  #secondLook: NodeJS.Timeout | undefined;
  readonly #unsubscribes: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** Looks at everything, again and again in the background. Settles when it has looked once. */
  async start(): Promise<void> {
    const { host, events } = this.#deps;
    this.#timer = setInterval(() => this.#enqueue(async () => await this.#all()), INTERVAL_MS);
    this.#unsubscribes.push(
      host.driver.onLifecycle((event) => {
        const id = environmentOfDomain(host.instance, event.name);
        if (id !== undefined) this.look(id);
      }),
      host.driver.onConnection((state) => { if (state === 'connected') this.#enqueue(async () => await this.#all()); }),
      events.onEvent(({ type, subject }) => {
        if (subject?.type === 'environment' && finalStatuses.some((status) => type === `operation.${status}`)) this.#enqueue(async () => await this.#one(subject.id, { mendNetwork: false }));
      }),
    );
    this.#enqueue(async () => await this.#all());
    await this.looked();
  }

  /** Settles when all that was asked for so far has been looked at. */
  async looked(): Promise<void> {
    await this.#work;
  }

  /** Looks at one environment, after what it is looking at now. */
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

  /** One at a time, in order. */
  #enqueue(look: () => Promise<void>): void {
    this.#work = this.#work.then(look).then(() => this.#startDue()).catch((error: unknown) => this.#deps.log.warn({ err: toSomnusError(error) }, 'reconcile.failed'));
  }

  async #all(): Promise<void> {
    const { records, host, environments, snapshots, troubles, onPass, expiredBy = () => new Date() } = this.#deps;
    await troubles.attempt('reconciliation', 'network', async () => await host.network.ensure());
    this.#tellConflict();
    if (host.driver.connection !== 'lost') { // else nobody knows what runs; it looks again when libvirt is back
      const ids = records.all().map(({ id }) => id);
      for (const id of ids) await this.#one(id);
      troubles.keepOnly('reconciliation', new Set([...ids, 'network', 'unknown', 'purge environments', 'old safety snapshots', 'purge snapshots']));
      this.#startDue();
      await troubles.attempt('reconciliation', 'unknown', async () => await this.#unknown());
      onPass?.();
    }
    await troubles.attempt('reconciliation', 'purge environments', async () => await environments.purgeExpired(expiredBy()));
    await troubles.attempt('reconciliation', 'old safety snapshots', async () => await snapshots.removeOldSafety(expiredBy()));
    await troubles.attempt('reconciliation', 'purge snapshots', async () => await snapshots.purgeExpired(expiredBy()));
  }

  #tellConflict(): void {
    const { host, events } = this.#deps;
    const { conflict } = host.network;
    if (conflict === this.#conflict) return;
    this.#conflict = conflict;
    events.append({ type: conflict === null ? 'network.conflict-ended' : 'network.conflict', owner: null, subject: { type: 'network', id: 'network' }, actor: null, data: { found: conflict } });
  }

  /** The record says where the VM is in the subnet of today; a VM that runs is told, unless somebody is at work on it. */
  #readdress(record: EnvironmentRecord, observed: ObservedState): void {
    const { store, records, events, host, log } = this.#deps;
    const { ip, mac } = host.network.address(record.networkIndex);
    if (record.ip !== ip || record.mac !== mac) {
      store.transaction(() => {
        records.update({ ...record, ip, mac });
        events.append({ type: 'environment.readdressed', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null, data: { from: record.ip, to: ip } });
      });
    }
    if (observed !== 'running' || this.#telling.has(record.id)) return;
    this.#telling.add(record.id);
    readdress(new Machine(host, record.id))
      .then((told) => { if (told) log.info({ environmentId: record.id, ip }, 'machine.readdressed'); })
      .catch((error: unknown) => log.warn({ environmentId: record.id, err: toSomnusError(error) }, 'machine.not-readdressed')) // the next look tries again
      .finally(() => this.#telling.delete(record.id));
  }

  /** What no record knows. A place on the network holds nothing, so it is simply given up. */
  async #unknown(): Promise<void> {
    const { records, host, watch, log } = this.#deps;
    const { again, segments, returned } = await watch.look();
    for (const id of returned) await this.#one(id);
    clearTimeout(this.#secondLook);
    if (again) this.#secondLook = setTimeout(() => this.#enqueue(async () => await this.#unknown()), SECOND_LOOK_MS);
    const found = await host.network.list(); // before the records: they are there before the device is
    const inUse = new Set([...segments, ...records.all().map(({ networkIndex }) => networkIndex)]);
    for (const index of found.filter((each) => !inUse.has(each))) {
      log.info({ index }, 'reconcile.segment-removed');
      await host.network.detach(index);
    }
  }

  /** Never throws: what is wrong with one keeps nobody from the others. */
  async #one(id: string, options: { mendNetwork?: boolean } = {}): Promise<void> {
    await this.#deps.troubles.attempt('reconciliation', id, async () => await this.#look(id, options));
  }

  async #look(id: string, { mendNetwork = true }: { mendNetwork?: boolean }): Promise<void> {
    const { records, host, environments } = this.#deps;
    const before = records.get(id);
    if (!before || before.operationId !== null || before.state === 'removed') return;
    const machine = new Machine(host, id);
    const observed = await machine.observe();
    if (before.presentSnapshotId !== null && before.state === 'failed' && observed !== 'running') return; // what is in its place is not what its user had
    const cause = observed === before.state ? 'other' : await whyItIsSo(machine, this.#deps.guestWatch.hasPanicked(id));
    const record = records.get(id);
    if (!record || record.version !== before.version || record.operationId !== null || environments.isActing(id)) return; // changed meanwhile: whoever did knows better
    if (observed === 'running' || observed === 'suspended') await setAside(machine, machine.hibernationFolder); // of another moment: it must never be woken
    if (observed !== record.state && !(observed === 'empty' && record.state === 'failed')) {
      this.#adopt(record, observed, cause);
      if (observed !== 'running' && observed !== 'suspended') host.guests.forget(id); // who waits for an answer from it is told now
      if (observed === 'stopped') await machine.releaseRam();
    }
    if (mendNetwork && (observed === 'running' || observed === 'suspended')) await host.network.attach({ index: record.networkIndex, policy: record.network });
    const now = records.get(id);
    if (now && now.operationId === null) this.#readdress(now, observed);
    if (now?.state === 'stopped' && now.desiredState === 'running' && now.operationId === null) this.#due.add(id);
  }

  /** Starts what ought to run and does not, a few at a time. One that ends again and again is left off. */
  #startDue(): void {
    const { records, environments, startsAtOnce, host, troubles } = this.#deps;
    if (host.driver.connection === 'lost') return; // their turn comes when libvirt is back
    for (const id of this.#starting) if (records.get(id)?.operationId == null) this.#starting.delete(id);
    for (const id of this.#due) {
      if (this.#starting.size >= startsAtOnce) return;
      this.#due.delete(id);
      const record = records.get(id);
      if (record?.state !== 'stopped' || record.desiredState !== 'running' || record.operationId !== null) continue;
      const pauseMs = this.#restarts.pauseMs(id, performance.now());
      if (pauseMs === undefined) {
        records.update({ ...record, desiredState: 'stopped', stateReason: `${record.stateReason ?? 'it ended'}; it was started again ${restartLimits.count} times within ten minutes, so it is left off` });
        continue;
      }
      if (pauseMs > 0) {
        this.#wait(id, pauseMs);
        continue;
      }
      void troubles.attempt('reconciliation', id, () => { // done when this returns: nothing in it waits
        environments.heal(record, 'start', 'started again after it had ended unexpectedly; its memory is lost, its disk is not');
        this.#restarts.record(id, performance.now());
        this.#starting.add(id);
      });
    }
  }

  /** Looks again when it may be started. */
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
    const stoodByWish = record.state === 'suspended' && record.pausedBy === null;
    const memoryLost = observed === 'stopped' && cause !== 'guest' && (record.state === 'running' || record.state === 'suspended');
    const withMemory = memoryLost ? snapshotRecords.all(record.id).findLast((snapshot) => snapshot.state === 'ready' && snapshot.memory) : undefined;
    const stateReason = [
      reasonOf(observed, cause),
      ...(memoryLost ? ['its memory is lost, its disk is not', withMemory ? `its last snapshot with memory is ${withMemory.name}` : 'it has no snapshot with memory'] : []),
      ...(memoryLost && record.restartPolicy === 'never' ? ['its restart policy is never, so it is left off'] : []),
      ...(memoryLost && stoodByWish ? ['it stood still, so it is not started by itself'] : []),
    ].join('; ');
    const pausedBy = observed === 'suspended' && cause === 'full-pool' ? 'pool' : null;
    const leftOff = observed === 'stopped' && (stoodByWish || (cause !== 'full-pool' && !restarts(record.restartPolicy, cause)));
    store.transaction(() => {
      records.update({
        ...record, state, stateReason, pausedBy, ...(state === 'running' || state === 'suspended' ? {} : { bootId: null, startedAt: null }), ...(leftOff ? { desiredState: 'stopped' } : {}),
      });
      events.append({
        type: 'environment.state-found', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null,
        data: { expected: record.state, found: state, reason: stateReason, ...(memoryLost ? { memoryLost, lastSnapshotWithMemory: withMemory?.name ?? null } : {}) },
      });
    });
    log.info({ environmentId: record.id, expected: record.state, found: state, cause }, 'reconcile.state-found');
  }
}

/** Whether the guest switched itself off, as with `poweroff`, or its kernel panicked, or QEMU paused it because its disk found the pool full, or something else happened. */
type Cause = Exclude<EndCause, 'frozen'> | 'full-pool';

async function whyItIsSo(machine: Machine, panicked: boolean): Promise<Cause> {
  const domain = await machine.domain();
  if (domain?.state === 'shut_off' && domain.reason === 'shutdown') return 'guest';
  if (domain?.state === 'shut_off' && panicked) return 'panic';
  return domain?.state === 'paused' && domain.reason === 'io_error' ? 'full-pool' : 'other';
}

function reasonOf(observed: ObservedState, cause: Cause): string {
  switch (observed) {
    case 'missing': return 'its folder is not in the pool';
    case 'empty': return 'QEMU waits for a memory that nobody gives it';
    case 'stopped': return { guest: 'it was switched off from inside', panic: 'the kernel of its guest panicked' }[cause as string] ?? 'its VM ended unexpectedly, or the host was restarted';
    case 'suspended': return cause === 'full-pool' ? 'paused: the pool had no space for what it wrote to its disk; it goes on by itself when there is room' : 'it was found standing still';
    case 'running': return 'it was found running';
    case 'hibernated': return 'it was found asleep on disk';
  }
}
