// Samples all running VMs every few seconds: counters from libvirt in one call, gauges from each guest's agent.
import type { BasicStats } from '../../agent/contract.ts';
import { toSomnusError } from '../../common/errors.ts';
import { Vm, environmentOfDomain, type VmHost } from '../vms/vm.ts';
import type { DiskCache } from '../storage/disk-cache.ts';
import { pointBetween, type Sample, type StatsPoint } from './point.ts';
import type { SqliteStatsHistory } from './sqlite-stats-history.ts';

export interface MonitorOptions {
  host: VmHost;
  history: SqliteStatsHistory;
  diskCache: Pick<DiskCache, 'look' | 'end'>;
  /** Whether points are currently written to the history. */
  keepsHistory?: () => boolean;
  intervalMs?: number;
}

/** @param stats undefined when the agent did not answer in time */
type GuestListener = (environmentId: string, stats: BasicStats | undefined) => void;

/** The share of an interval that an agent has to answer: with the pause between two rounds, an agent that stops answering is noticed within ten seconds. */
const ANSWERS_WITHIN_SHARE = 0.8;

export class Monitor {
  readonly #host: VmHost;
  readonly #history: SqliteStatsHistory;
  readonly #diskCache: MonitorOptions['diskCache'];
  readonly #keepsHistory: () => boolean;
  readonly #intervalMs: number;
  readonly #samples = new Map<string, Sample>();
  readonly #latest = new Map<string, StatsPoint>();
  readonly #crashListeners = new Set<(environmentId: string) => void>();
  readonly #guestListeners = new Set<GuestListener>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(options: MonitorOptions) {
    this.#host = options.host;
    this.#history = options.history;
    this.#diskCache = options.diskCache;
    this.#keepsHistory = options.keepsHistory ?? (() => true);
    this.#intervalMs = options.intervalMs ?? 5_000;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.#round.then(async () => await this.#look()).catch((error: unknown) => {
        this.#host.log.debug({ event: 'monitor.round-failed', err: toSomnusError(error) });
      });
    }, this.#intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  /** Calls the listener in each round for the guests whose PID 1 has crashed. @returns a function that unsubscribes */
  onInitCrashed(listener: (environmentId: string) => void): () => void {
    this.#crashListeners.add(listener);
    return () => this.#crashListeners.delete(listener);
  }

  /** Calls the listener in each round for each running VM. @returns a function that unsubscribes */
  onGuestStats(listener: GuestListener): () => void {
    this.#guestListeners.add(listener);
    return () => this.#guestListeners.delete(listener);
  }

  latest(environmentId: string): StatsPoint | undefined {
    return this.#latest.get(environmentId);
  }

  /** Returns the points, oldest first. */
  read(environmentId: string, sinceMs: number): StatsPoint[] {
    return this.#history.read(environmentId, sinceMs);
  }

  /** Deletes the history of an environment that has been purged. */
  forget(environmentId: string): void {
    this.#history.forget(environmentId);
  }

  async #look(): Promise<void> {
    if (this.#host.driver.connection !== 'connected') return;
    const points = new Map<string, StatsPoint>();
    const seen = new Set<string>();
    const all = await this.#host.driver.allStats();
    await Promise.all(all.map(async (domain) => {
      const environmentId = environmentOfDomain(this.#host.installation, domain.name);
      if (environmentId === undefined) return;
      seen.add(environmentId);
      const vm = new Vm(this.#host, environmentId);
      await this.#diskCache.look(vm, domain);
      const guest = domain.state === 'running'
        ? await this.#host.guests.port(vm).call('stats', {}, { timeoutMs: this.#intervalMs * ANSWERS_WITHIN_SHARE }).catch(() => undefined) // a booting or hung guest has no gauges
        : undefined;
      if (domain.state === 'running') for (const listener of this.#guestListeners) listener(environmentId, guest);
      if (guest?.initCrashed === true) for (const listener of this.#crashListeners) listener(environmentId);
      const sample = { atMs: Date.now(), domain, guest };
      const before = this.#samples.get(environmentId);
      this.#samples.set(environmentId, sample);
      const point = before && pointBetween(before, sample);
      if (point) points.set(environmentId, point);
    }));
    await Promise.all([...this.#samples.keys()].filter((id) => !seen.has(id)).map(async (id) => {
      this.#samples.delete(id);
      await this.#diskCache.end(new Vm(this.#host, id));
    }));
    for (const id of this.#latest.keys()) if (!seen.has(id)) this.#latest.delete(id);
    for (const [id, point] of points) this.#latest.set(id, point);
    if (points.size > 0 && this.#keepsHistory()) this.#history.add(points);
  }
}
