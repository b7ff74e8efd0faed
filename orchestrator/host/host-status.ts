// Host operations for the API: status, doctor, growing the pool, stopping the control plane.
import { readFile } from 'node:fs/promises';
import { cpus, hostname } from 'node:os';
import type { Config } from '../../common/config.ts';
import type { VmDriver } from '../../supervisor/libvirt/vm-driver.ts';
import type { HostNetwork } from '../../supervisor/network/network.ts';
import type { HostHardware } from '../../supervisor/host/hardware.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import type { EnvironmentManager } from '../environments/environment-manager.ts';
import type { PoolState, PoolWatch } from '../environments/pool-watch.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { Parts } from '../startup/parts.ts';
import type { Trouble, Troubles } from './troubles.ts';
import { runDoctor, type DoctorKnowledge } from './doctor.ts';
import type { DoctorCheck, DoctorReport, HostAccel, HostService, HostStatus } from './host.ts';

export interface HostDeps {
  config: Config;
  version: string;
  installation: string;
  keyFile: string;
  startedAt: Date;
  url: string;
  driver: VmDriver;
  network: Pick<HostNetwork, 'conflict'>;
  hardware: HostHardware;
  pool: StoragePool;
  poolWatch: Pick<PoolWatch, 'state'>;
  records: SqliteEnvironments;
  environments: EnvironmentManager;
  snapshots: SqliteSnapshots;
  quarantineCheck: (details: boolean) => Promise<DoctorCheck>;
  unknownVms: () => number;
  troubles: Pick<Troubles, 'list'>;
  parts: Parts;
  clock: Pick<TrustedClock, 'doubt' | 'confirm'>;
  /** Starts stopping the control plane; returns before it has stopped. */
  beginShutdown(): void;
}

const HOST_INFO_TIMEOUT_MS = 5_000;

export class Host implements HostService {
  readonly #deps: HostDeps;

  constructor(deps: HostDeps) {
    this.#deps = deps;
  }

  async status(caller: Caller): Promise<HostStatus> {
    const { config, version, installation, keyFile, startedAt, driver, hardware, pool, records, environments, snapshots } = this.#deps;
    const connected = driver.connection === 'connected'; // asked only when connected, since the host's status must not wait for libvirt
    const [usage, availableMiB, info] = await Promise.all([pool.usage(), availableMemoryMiB(), connected ? driver.hostInfo({ timeoutMs: HOST_INFO_TIMEOUT_MS }).catch(() => undefined) : undefined]);
    const capacity = environments.capacity();
    const all = records.all();
    const states = Object.groupBy(all, ({ state }) => state);
    const ownStates = Object.groupBy(all.filter(({ owner }) => isAdmin(caller) || owner === caller.user), ({ state }) => state);
    return {
      version, pid: process.pid, startedAt: startedAt.toISOString(), installation, dataDir: config.dataDir, url: this.#deps.url, keyFile: isAdmin(caller) ? keyFile : null,
      accel: hardware.accel,
      hostname: hostname(),
      cpus: cpus().length,
      memory: { ...capacity, availableMiB },
      pool: { ...usage, ...this.#poolState(caller), trash: { environments: states.removed?.length ?? 0, snapshots: snapshots.countOf('removed') } },
      libvirt: { connected, uri: config.libvirt.uri, version: info?.libvirtVersion ?? null, qemuVersion: info?.hypervisor.version ?? null },
      redis: { connected: this.#deps.parts.isReady('redis'), private: config.redis.url === undefined },
      network: { subnet: config.network.subnet, conflict: this.#deps.network.conflict },
      environments: Object.fromEntries(Object.entries(ownStates).map(([state, found]) => [state, found.length])),
      unknownVms: this.#deps.unknownVms(),
    };
  }

  async doctor(caller: Caller): Promise<DoctorReport> {
    const { config, parts, quarantineCheck } = this.#deps;
    const known = { ...this.knownTo(caller), troubles: this.#nameTroubles(isAdmin(caller)), parts: parts.report(), clock: this.#deps.clock.doubt() };
    const [report, quarantine] = await Promise.all([runDoctor(config, known), quarantineCheck(isAdmin(caller))]);
    return { ...report, checks: [...report.checks, quarantine] };
  }

  /** Shows environments by name to callers who may see them. */
  #nameTroubles(withSubjects: boolean): (Trouble & { of: string | null })[] {
    return this.#deps.troubles.list().map((trouble) => ({ ...trouble, of: withSubjects ? this.#deps.records.get(trouble.subject)?.name ?? trouble.subject : null }));
  }

  /** What the doctor may tell this caller of what only a running control plane knows. */
  knownTo(caller: Caller): Omit<DoctorKnowledge, 'troubles' | 'parts' | 'clock'> {
    const { snapshots, records } = this.#deps;
    const damaged = snapshots.damaged().map(({ environmentId, name, damage }) => ({ environment: records.get(environmentId), name, damage: damage ?? '' }));
    const own = damaged.filter(({ environment }) => isAdmin(caller) || environment?.owner === caller.user);
    return {
      pool: this.#poolState(caller),
      damagedSnapshots: own.map(({ environment, ...snapshot }) => ({ environment: environment?.name ?? 'a removed environment', ...snapshot })),
      othersDamagedSnapshots: damaged.length - own.length,
    };
  }

  async probeAccel(): Promise<HostAccel> {
    return await this.#deps.hardware.probe();
  }

  async growPool(caller: Caller, toGiB: number): Promise<HostStatus> {
    await this.#deps.pool.grow(toGiB);
    return await this.status(caller);
  }

  async confirmClock(): Promise<void> {
    this.#deps.clock.confirm();
  }

  async shutdown(): Promise<void> {
    this.#deps.beginShutdown();
  }

  #poolState(caller: Caller): PoolState {
    const { poolWatch, records } = this.#deps;
    const state = poolWatch.state();
    if (isAdmin(caller)) return state;
    return { ...state, paused: records.all().filter(({ owner, pausedBy }) => owner === caller.user && pausedBy === 'pool').map(({ name }) => name) };
  }
}

async function availableMemoryMiB(): Promise<number> {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
  return Math.floor(Number(kib ?? 0) / 1024);
}
