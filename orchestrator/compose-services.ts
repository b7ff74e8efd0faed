// The composition root of the orchestrator: everything that uses the database. Constructs all of it at once; nothing runs until `control-plane.ts` starts it.
import { stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import type { UndoStack } from '../common/undo-stack.ts';
import { Monitor } from '../supervisor/monitor/monitor.ts';
import { SqliteStatsHistory } from '../supervisor/monitor/sqlite-stats-history.ts';
import { ProfileFiles } from '../supervisor/profiles/profile-files.ts';
import { DiskCache } from '../supervisor/storage/disk-cache.ts';
import { toProblem } from './api/problem.ts';
import type { Collector } from './api/prom-client-metrics.ts';
import type { Services } from './api/services.ts';
import { collectorsOf } from './collectors.ts';
import type { HostParts } from './compose-host.ts';
import { composeMemory, type MemoryParts } from './compose-memory.ts';
import type { HostCapacity } from './environments/admission.ts';
import { hostClock, readSavedClock, TrustedClock, writeSavedClock } from './clock/trusted-clock.ts';
import { Environments } from './environments/environments.ts';
import { registerLifecycleKinds } from './environments/lifecycle-kinds.ts';
import { GuestWatch } from './environments/guest-watch.ts';
import { MemoryWatch } from './environments/memory-watch.ts';
import { PoolWatch } from './environments/pool-watch.ts';
import { Reconciler } from './environments/reconciler.ts';
import { SqliteEnvironments } from './environments/sqlite-environments.ts';
import { SqliteEventLog } from './events/sqlite-event-log.ts';
import { Host } from './host/host-status.ts';
import { Troubles } from './host/troubles.ts';
import { Housekeeping } from './housekeeping.ts';
import { imageBuildKind, Images } from './images/images.ts';
import { bootstrapKey } from './keys/bootstrap-key.ts';
import { SqliteApiKeys } from './keys/sqlite-api-keys.ts';
import { SqliteSnapshotNotices } from './memory/sqlite-snapshot-notices.ts';
import { faultFromText } from './operations/fault-points.ts';
import { OperationEngine } from './operations/operation-engine.ts';
import { SqliteIdempotency } from './operations/sqlite-idempotency.ts';
import { SqliteOperationStore } from './operations/sqlite-operation-store.ts';
import { ProfileChanges } from './profiles/profile-changes.ts';
import { registerProfileKind } from './profiles/profile-kind.ts';
import { Quarantine } from './quarantine/quarantine.ts';
import { QuarantineWatch } from './quarantine/quarantine-watch.ts';
import { SqliteQuarantine } from './quarantine/sqlite-quarantine.ts';
import { SnapshotChecks, snapshotCheckKind } from './snapshots/snapshot-checks.ts';
import { registerSnapshotKinds } from './snapshots/snapshot-kinds.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { SqliteSnapshots } from './snapshots/sqlite-snapshots.ts';
import type { Parts } from './startup/parts.ts';
import type { SpaceReserve } from './store/space-reserve.ts';
import type { SqliteStore } from './store/sqlite-store.ts';
import { Users } from './users/users.ts';

/** For VMs that Somnus starts automatically: a boot takes a CPU, and users' operations need capacity, too. */
const STARTS_AT_ONCE = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));
const DAY_MS = 86_400_000;
/** A clock jump is also detected within this time. */
const SAVE_CLOCK_MS = 60_000;

export interface ServicesOptions {
  config: Config;
  paths: DataPaths;
  keyFile: string;
  fault: string | undefined;
  installation: string;
  startedAt: Date;
  url: string;
  store: SqliteStore;
  reserve: SpaceReserve;
  host: HostParts;
  parts: Parts;
  stack: UndoStack;
  beginShutdown(): void;
  log: Logger;
}

export interface ControlPlaneServices {
  services: Services;
  engine: OperationEngine;
  memories: MemoryParts;
  reconciler: Reconciler;
  guestWatch: GuestWatch;
  memoryWatch: MemoryWatch;
  poolWatch: PoolWatch;
  monitor: Monitor;
  snapshotChecks: SnapshotChecks;
  housekeeping: Housekeeping;
  collectors: Collector[];
}

export async function composeServices(options: ServicesOptions): Promise<ControlPlaneServices> {
  const { config, paths, keyFile, fault, installation, startedAt, url, store, reserve, parts, stack, log } = options;
  const { vms, driver, pool, images, hardware } = options.host;
  const events = new SqliteEventLog({ store, log });
  const troubles = new Troubles({ events, log });
  reserve.onLevel((level) => void troubles.attempt('housekeeping', 'data-folder', () => { events.append({ type: `data-folder.${level}`, owner: null, subject: null, actor: null, data: {} }); }));
  const clock = new TrustedClock({
    sources: hostClock(), saved: readSavedClock(paths.clockFile),
    onDoubt: (doubt) => {
      log.warn({ event: doubt ? 'clock.doubted' : 'clock.trusted', ...doubt });
      events.append({ type: doubt ? 'clock.doubted' : 'clock.trusted', owner: null, subject: null, actor: null, data: { ...doubt } });
    },
  });
  const now = (): Date => clock.now();
  const operations = new SqliteOperationStore({ store, toProblem });
  const engine = new OperationEngine({ store, operations, events, log, faults: fault === undefined ? undefined : faultFromText(fault, log) });
  const idempotency = new SqliteIdempotency({ store, now: () => clock.atLeast().getTime() });
  const profiles = new ProfileFiles(paths.profilesDir);

  const history = new SqliteStatsHistory(paths.statsDatabase);
  stack.push('stats', () => history.close());
  const monitor = new Monitor({ host: vms, history, diskCache: new DiskCache(), keepsHistory: () => reserve.level === 'ok' || reserve.level === 'low' });
  const records = new SqliteEnvironments(store);
  const environments = new Environments({
    store, environments: records, events, operations: engine, idempotency, host: vms, images, profiles, monitor, troubles, log, assertMayMake: () => watch.assertNotHeld(), defaultProfile: config.vms.defaultProfile, defaultRestartPolicy: config.vms.restartPolicy,
    memory: { totalMiB: Math.floor(totalmem() / 2 ** 20), reserveMiB: config.vms.memoryReserveMiB },
  });
  const snapshotRecords = new SqliteSnapshots(store);
  const notices = new SqliteSnapshotNotices(store);
  registerSnapshotKinds(engine, { store, environments: records, events, host: vms, snapshots: snapshotRecords, memory: notices });
  const snapshots = new Snapshots({
    store, snapshots: snapshotRecords, records, environments, events, operations: engine, idempotency, host: vms, troubles, assertMayMake: () => watch.assertNotHeld(),
    perEnvironment: config.snapshots.perEnvironment, quotaGiB: config.snapshots.quotaGiB, removedDays: config.retention.removedSnapshotDays, safety: { count: config.snapshots.safetyCount, days: config.snapshots.safetyDays }, now,
  });
  const snapshotChecks = new SnapshotChecks({ store, snapshots: snapshotRecords, records, events, host: vms, scrubDays: config.snapshots.scrubDays, troubles, log });
  engine.register(snapshotCheckKind({ host: vms, checks: snapshotChecks }));
  const quarantineItems = new SqliteQuarantine(store);
  const watch = new QuarantineWatch({ store, items: quarantineItems, records, snapshots: snapshotRecords, operations, events, host: vms, troubles, log });
  const quarantine = new Quarantine({ store, items: quarantineItems, watch, records, snapshots: snapshotRecords, profiles, events, host: vms, defaultProfile: config.vms.defaultProfile, defaultRestartPolicy: config.vms.restartPolicy, database: paths.database });
  registerProfileKind(engine, { store, environments: records, events, host: vms });
  const profileChanges = new ProfileChanges({ records, environments, operations: engine, idempotency, profiles, host: vms });
  const capacity = (): HostCapacity => environments.capacity();
  engine.register(imageBuildKind({ images, events, pool, cacheDir: config.images.cacheDir, capacity }));

  const keys = new SqliteApiKeys({ store, events, now, resolveEnvironment: async (caller, ref) => (await environments.get(caller, ref)).id });
  registerLifecycleKinds(engine, { store, environments: records, events, host: vms, images, profiles, monitor, keys, removedDays: config.retention.removedDays, now });
  await bootstrapKey(keys, { keyFile, user: 'admin', ...await ownerOfHome(keyFile) });

  const memories = composeMemory({ config, paths, events, idempotency, notices, log });
  stack.push('memory', async () => await memories[Symbol.asyncDispose]());

  const guestWatch = new GuestWatch({ store, records, environments, events, host: vms, monitor, log });
  const memoryWatch = new MemoryWatch({ records, environments, events, host: vms, suspends: config.vms.memoryExcess === 'suspend', log });
  const reconciler = new Reconciler({
    store, records, environments, snapshots, snapshotRecords, watch, guestWatch, events, host: vms, startsAtOnce: STARTS_AT_ONCE, troubles, onPass: () => parts.ready('reconciliation'), expiredBy: () => clock.atLeast(), log,
  });
  const saveClock = async (): Promise<void> => void await troubles.attempt('housekeeping', 'clock', async () => await writeSavedClock(paths.clockFile, clock));
  await saveClock(); // even a control plane that runs for less than a minute must save the time for the next one
  const clockTimer = setInterval(() => void saveClock(), SAVE_CLOCK_MS);
  stack.push('clock', async () => {
    clearInterval(clockTimer);
    await saveClock();
  });
  const poolWatch = new PoolWatch({ installation, pool, driver, records, environments, monitor, events, reconciler, troubles, log });
  const historyBefore = (): Date => new Date(clock.atLeast().getTime() - config.retention.historyDays * DAY_MS);
  const housekeeping = new Housekeeping({
    troubles, chores: { 'idempotency keys': () => idempotency.purge(), operations: () => operations.purge(historyBefore()), events: async () => await events.purge(historyBefore()) },
  });
  const host = new Host({
    config, version: packageJson.version, installation, keyFile, startedAt, url, driver, network: vms.network, hardware, pool, poolWatch, records, environments, snapshots: snapshotRecords,
    troubles, parts, clock, quarantineCheck: async (details) => await quarantine.check(details), beginShutdown: () => options.beginShutdown(),
  });
  return {
    services: {
      environments, snapshots, quarantine, operations: engine, events, keys, profiles, profileChanges, images: new Images({ images, pool, cacheDir: config.images.cacheDir, capacity, environments: records, operations: engine, idempotency }), host, memory: memories.memory, users: new Users({ keys, records, environments, memory: { shred: async (owner) => await (await memories.memory.service()).shred(owner) } }),
      idempotency,
    },
    engine, memories, reconciler, guestWatch, memoryWatch, poolWatch, monitor, snapshotChecks, housekeeping, collectors: [...collectorsOf({ pool, poolWatch, records, operations }), ...memories.collectors],
  };
}

/** The key file gets the owner of the folder it is created in. */
async function ownerOfHome(keyFile: string): Promise<{ fileOwner?: { uid: number; gid: number } }> {
  for (let folder = dirname(keyFile); folder !== dirname(folder); folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info) return { fileOwner: { uid: info.uid, gid: info.gid } };
  }
  return {};
}
