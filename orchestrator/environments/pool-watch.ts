// Watches the pool's space. Warns before it is full; below the reserve it pauses VMs, longest idle first, and lets them go on when there is room again.
// How much must be free, and why, is in supervisor/storage/pool-level.ts. What asks for space is refused earlier, by admission.
import type { Logger } from '../../common/log.ts';
import { environmentOfDomain } from '../../supervisor/vms/vm.ts';
import type { VmDriver } from '../../supervisor/libvirt/vm-driver.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { poolLevel, capacityToRunBytes, spareBytes, usedPercent, type PoolLevel } from '../../supervisor/storage/pool-level.ts';
import type { PoolUsage, StoragePool } from '../../supervisor/storage/pool.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import { runningBytes } from './admission.ts';
import type { Environments } from './environments.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

/** The next look comes before anybody can have written what is spare now, at twice the rate of a fast disk, but no sooner and no later than these. */
const FASTEST_WRITE_BYTES_PER_S = 4 * 2 ** 30;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** While nothing runs, nobody writes: this is only how soon somebody goes on when there is room. */
const ALL_PAUSED_MS = 250;
/** A VM whose disk finds the pool full again at once is not tried again before. */
const TRY_AGAIN_MS = 5_000;
/** Of one host CPU. Under emulation a guest that does nothing takes a few percent. */
const BUSY_CPU_PERCENT = 15;
/** What was busy longer ago than this is as idle as what never was. */
const IDLE_HORIZON_MS = 3_600_000;

export interface PoolWatchDeps {
  installation: string;
  pool: StoragePool;
  driver: VmDriver;
  records: SqliteEnvironments;
  environments: Pick<Environments, 'pause' | 'goOn' | 'usedAtMs'>;
  monitor: Pick<Monitor, 'read'>;
  events: SqliteEventLog;
  /** Has a record brought up to date with its VM. */
  reconciler: { look(id: string): void };
  troubles: Troubles;
  log: Logger;
}

/** The pool as it was last seen. */
export interface PoolState {
  level: PoolLevel;
  usedPercent: number;
  /** The memory of all that runs: what must stay free beside the reserve. */
  keptBytes: number;
  /** Names of environments that stand still until there is room. */
  paused: string[];
}

export class PoolWatch {
  readonly #deps: PoolWatchDeps;
  #state: PoolState = { level: 'ok', usedPercent: 0, keptBytes: 0, paused: [] };
  /** VMs whose disk found the pool full while an operation was at work on them: their records are looked at when it has ended. */
  readonly #stalled = new Set<string>();
  readonly #wentOnAtMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;
  #stopped = false;

  constructor(deps: PoolWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { driver, installation } = this.#deps;
    this.#unsubscribe = driver.onLifecycle((event) => {
      if (event.event !== 'suspended' || event.detail !== 'io_error') return;
      const id = environmentOfDomain(installation, event.name);
      if (id !== undefined) this.#stalled.add(id);
    });
    this.#again(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
    await this.#work;
  }

  state(): PoolState {
    return this.#state;
  }

  #again(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      let pauseMs = LONGEST_PAUSE_MS;
      this.#work = this.#deps.troubles.attempt('pool watch', 'pool', async () => { pauseMs = await this.#look(); }).then(() => this.#again(pauseMs));
    }, afterMs);
  }

  /** @returns when to look again, in milliseconds from now */
  async #look(): Promise<number> {
    const { pool, records, driver } = this.#deps;
    const usage = await pool.usage();
    const all = records.all();
    this.#seeStalled();
    if (driver.connection === 'connected') {
      const spare = spareBytes(usage, runningBytes(all));
      if (spare < 0) await this.#pause(usage, all);
      else if (all.some(isPaused)) await this.#goOn(usage, all);
    }
    const now = records.all();
    this.#tell(usage, now);
    const running = runningBytes(now);
    if (running === 0 && now.some(isPaused)) return ALL_PAUSED_MS;
    const spare = spareBytes(usage, running);
    return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (spare / FASTEST_WRITE_BYTES_PER_S) * 1_000));
  }

  /** Longest idle first, until what still runs can write to all of its memory. What an operation is at work on comes when that has ended. */
  async #pause(usage: PoolUsage, all: readonly EnvironmentRecord[]): Promise<void> {
    const { environments } = this.#deps;
    const reason = 'paused: the pool is full; it goes on by itself when there is room';
    for (const { id } of this.#longestIdleFirst(all.filter(({ state, operationId }) => state === 'running' && operationId === null))) {
      const spare = spareBytes(await this.#deps.pool.usage(), runningBytes(this.#deps.records.all()));
      if (spare >= 0) return;
      await this.#deps.troubles.attempt('pool watch', id, async () => await environments.pause(id, reason, { freeBytes: usage.freeBytes, missingBytes: -spare }));
    }
  }

  /** The last to be idle first, as long as there is room for the next. */
  async #goOn(usage: PoolUsage, all: readonly EnvironmentRecord[]): Promise<void> {
    for (const record of this.#longestIdleFirst(all.filter(isPaused)).toReversed()) {
      if (record.operationId !== null || performance.now() - (this.#wentOnAtMs.get(record.id) ?? -Infinity) < TRY_AGAIN_MS) continue;
      const running = runningBytes([...this.#deps.records.all(), { state: 'running', memoryMiB: record.memoryMiB }]);
      if (capacityToRunBytes(usage, running) < 0) continue;
      this.#wentOnAtMs.set(record.id, performance.now());
      await this.#deps.troubles.attempt('pool watch', record.id, async () => await this.#deps.environments.goOn(record.id));
    }
  }

  #longestIdleFirst(records: readonly EnvironmentRecord[]): EnvironmentRecord[] {
    const sinceMs = Date.now() - IDLE_HORIZON_MS;
    const busyAtMs = new Map(records.map(({ id }) => {
      return [id, Math.max(this.#busyAtMs(id, sinceMs), this.#deps.environments.usedAtMs(id))];
    }));
    return records.toSorted((a, b) => (busyAtMs.get(a.id) ?? 0) - (busyAtMs.get(b.id) ?? 0));
  }

  /** A history that cannot be read must not keep anybody from being paused. */
  #busyAtMs(id: string, sinceMs: number): number {
    try {
      return this.#deps.monitor.read(id, sinceMs).findLast(({ cpuPercent }) => cpuPercent >= BUSY_CPU_PERCENT)?.atMs ?? 0;
    } catch (error) {
      this.#deps.log.debug({ err: error, environmentId: id }, 'pool.history-not-read');
      return 0;
    }
  }

  #seeStalled(): void {
    const { records, reconciler } = this.#deps;
    for (const id of this.#stalled) {
      if ((records.get(id)?.operationId ?? null) !== null) continue;
      this.#stalled.delete(id);
      reconciler.look(id);
    }
  }

  #tell(usage: PoolUsage, all: readonly EnvironmentRecord[]): void {
    const { events, log } = this.#deps;
    const before = this.#state.level;
    const keptBytes = runningBytes(all);
    const paused = all.filter(isPaused);
    const wantedBytes = keptBytes + runningBytes(paused.map(({ memoryMiB }) => ({ state: 'running', memoryMiB })));
    const level = poolLevel(usage, wantedBytes, paused.length > 0 ? 'full' : before);
    this.#state = { level, usedPercent: usedPercent(usage), keptBytes, paused: paused.map(({ name }) => name) };
    if (level === before) return;
    const data = { usedPercent: this.#state.usedPercent, freeBytes: usage.freeBytes, totalBytes: usage.totalBytes, keptBytes, reserveBytes: usage.reserveBytes, before };
    events.append({ type: `pool.${level}`, owner: null, subject: { type: 'pool', id: 'pool' }, actor: null, data });
    log[level === 'ok' ? 'info' : 'warn'](data, `pool.${level}`);
  }
}

function isPaused({ state, pausedBy }: EnvironmentRecord): boolean {
  return state === 'suspended' && pausedBy === 'pool';
}
