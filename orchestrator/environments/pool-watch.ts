// Watches the pool's space. Warns before it is full. Below the reserve it pauses VMs, longest idle first, and resumes them when space is free.
// supervisor/storage/pool-level.ts defines how much must be free, and why. Admission refuses requests for space earlier.
import type { Logger } from '../../common/log.ts';
import { environmentOfDomain } from '../../supervisor/vms/vm.ts';
import type { VmDriver } from '../../supervisor/libvirt/vm-driver.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { poolLevel, capacityToRunBytes, spareBytes, usedPercent, type PoolLevel } from '../../supervisor/storage/pool-level.ts';
import type { TemplateStore } from '../../supervisor/snapshots/template-store.ts';
import type { PoolUsage, StoragePool } from '../../supervisor/storage/pool.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import { runningBytes } from './admission.ts';
import type { EnvironmentManager } from './environment-manager.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

/** The next check comes before the spare space can be written, at twice the rate of a fast disk, but within these limits. */
const FASTEST_WRITE_BYTES_PER_S = 4 * 2 ** 30;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** While nothing runs, nothing is written; this only determines how soon VMs are resumed when space is free. */
const ALL_PAUSED_MS = 250;
/** A VM whose disk finds the pool full again at once is not resumed again before this. */
const TRY_AGAIN_MS = 5_000;
/** Percent of one host CPU. Under emulation an idle guest uses a few percent. */
const BUSY_CPU_PERCENT = 15;
/** A VM that was busy longer ago counts as never busy. */
const IDLE_HORIZON_MS = 3_600_000;

export interface PoolWatchDeps {
  installation: string;
  pool: StoragePool;
  templates: Pick<TemplateStore, 'removeAll'>;
  driver: VmDriver;
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'pause' | 'resumePaused' | 'usedAtMs'>;
  monitor: Pick<Monitor, 'read'>;
  events: SqliteEventLog;
  /** Updates a record from its VM. */
  reconciler: { look(id: string): void };
  troubles: Troubles;
  log: Logger;
}

/** The pool's last known state. */
export interface PoolState {
  level: PoolLevel;
  usedPercent: number;
  /** The memory of all running VMs, which must stay free in addition to the reserve. */
  keptBytes: number;
  /** Names of environments that are paused until space is free. */
  paused: string[];
}

export class PoolWatch {
  readonly #deps: PoolWatchDeps;
  #state: PoolState = { level: 'ok', usedPercent: 0, keptBytes: 0, paused: [] };
  /** VMs whose disk found the pool full during an operation; their records are updated when it has ended. */
  readonly #stalled = new Set<string>();
  readonly #resumedAtMs = new Map<string, number>();
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

  /** @returns the time until the next check in milliseconds */
  async #look(): Promise<number> {
    const { pool, records, driver } = this.#deps;
    const usage = await pool.usage();
    const all = records.all();
    this.#updateStalled();
    if (driver.connection === 'connected') {
      const spare = spareBytes(usage, runningBytes(all));
      if (spare < 0) await this.#pause(usage, all);
      else if (all.some(isPaused)) await this.#resumePaused(usage, all);
    }
    const now = records.all();
    this.#report(usage, now);
    const running = runningBytes(now);
    if (running === 0 && now.some(isPaused)) return ALL_PAUSED_MS;
    const spare = spareBytes(usage, running);
    return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (spare / FASTEST_WRITE_BYTES_PER_S) * 1_000));
  }

  /** Longest idle first, until the remaining VMs can write to all of their memory. Environments with an operation in progress are paused after it. */
  async #pause(usage: PoolUsage, all: readonly EnvironmentRecord[]): Promise<void> {
    const { environments } = this.#deps;
    const reason = 'paused because the pool is full; it is resumed automatically when space is free';
    for (const { id } of this.#longestIdleFirst(all.filter(({ state, operationId }) => state === 'running' && operationId === null))) {
      const spare = spareBytes(await this.#deps.pool.usage(), runningBytes(this.#deps.records.all()));
      if (spare >= 0) return;
      await this.#deps.troubles.attempt('pool watch', id, async () => await environments.pause(id, reason, { freeBytes: usage.freeBytes, missingBytes: -spare }));
    }
  }

  /** Shortest idle first, while there is space for the next. */
  async #resumePaused(usage: PoolUsage, all: readonly EnvironmentRecord[]): Promise<void> {
    for (const record of this.#longestIdleFirst(all.filter(isPaused)).toReversed()) {
      if (record.operationId !== null || performance.now() - (this.#resumedAtMs.get(record.id) ?? -Infinity) < TRY_AGAIN_MS) continue;
      const running = runningBytes([...this.#deps.records.all(), { state: 'running', memoryMiB: record.memoryMiB }]);
      if (capacityToRunBytes(usage, running) < 0) continue;
      this.#resumedAtMs.set(record.id, performance.now());
      await this.#deps.troubles.attempt('pool watch', record.id, async () => await this.#deps.environments.resumePaused(record.id));
    }
  }

  #longestIdleFirst(records: readonly EnvironmentRecord[]): EnvironmentRecord[] {
    const sinceMs = Date.now() - IDLE_HORIZON_MS;
    const busyAtMs = new Map(records.map(({ id }) => {
      return [id, Math.max(this.#busyAtMs(id, sinceMs), this.#deps.environments.usedAtMs(id))];
    }));
    return records.toSorted((a, b) => (busyAtMs.get(a.id) ?? 0) - (busyAtMs.get(b.id) ?? 0));
  }

  /** An unreadable history must not prevent pausing. */
  #busyAtMs(id: string, sinceMs: number): number {
    try {
      return this.#deps.monitor.read(id, sinceMs).findLast(({ cpuPercent }) => cpuPercent >= BUSY_CPU_PERCENT)?.atMs ?? 0;
    } catch (error) {
      this.#deps.log.debug({ event: 'pool.history-not-read', err: error, environmentId: id });
      return 0;
    }
  }

  #updateStalled(): void {
    const { records, reconciler } = this.#deps;
    for (const id of this.#stalled) {
      if ((records.get(id)?.operationId ?? null) !== null) continue;
      this.#stalled.delete(id);
      reconciler.look(id);
    }
  }

  #report(usage: PoolUsage, all: readonly EnvironmentRecord[]): void {
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
    if (level !== 'ok') void this.#deps.troubles.attempt('pool watch', 'templates', async () => await this.#deps.templates.removeAll('the pool is filling up'));
  }
}

function isPaused({ state, pausedBy }: EnvironmentRecord): boolean {
  return state === 'suspended' && pausedBy === 'pool';
}
