// The composition root: the one place that constructs adapters and wires them. Starts everything in order, and ends it in reverse.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import { writeFileDurably } from '../common/durable-file.ts';
import { toSomnusError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { dataPaths, type DataPaths } from '../common/paths.ts';
import { runCommand } from '../common/run-command.ts';
import { UndoStack } from '../common/undo-stack.ts';
import { Guests } from '../supervisor/guest/guests.ts';
import { readAbilities } from '../supervisor/host/abilities.ts';
import { HostHardware } from '../supervisor/host/hardware.ts';
import { LibvirtDriver } from '../supervisor/libvirt/libvirt-driver.ts';
import type { MachineHost } from '../supervisor/machines/machine.ts';
import { Monitor } from '../supervisor/monitor/monitor.ts';
import { SqliteStatsHistory } from '../supervisor/monitor/sqlite-stats-history.ts';
import { createHostNetwork } from '../supervisor/network/linux-network.ts';
import { isEnvironmentId } from '../supervisor/orphans/find.ts';
import { ProfileFiles } from '../supervisor/profiles/profile-files.ts';
import { DiskCache } from '../supervisor/storage/disk-cache.ts';
import { ImageStore } from '../supervisor/storage/image-store.ts';
import { poolLevels } from '../supervisor/storage/pool-level.ts';
import type { StoragePool } from '../supervisor/storage/pool.ts';
import { poolOf } from '../supervisor/storage/xfs-pool.ts';
import { toProblem } from './api/problem.ts';
import { createMetrics, type Collector } from './api/prom-client-metrics.ts';
import { createApiServer } from './api/server.ts';
import { Environments } from './environments/environments.ts';
import type { HostRoom } from './environments/admission.ts';
import { registerLifecycleKinds } from './environments/lifecycle-kinds.ts';
import { PoolWatch } from './environments/pool-watch.ts';
import { Reconciler } from './environments/reconciler.ts';
import { SqliteEnvironments } from './environments/sqlite-environments.ts';
import { SqliteEventLog } from './events/sqlite-event-log.ts';
import { Host } from './host/host-status.ts';
import { imageBuildKind, Images } from './images/images.ts';
import { composeMemory } from './compose-memory.ts';
import { bootstrapKey } from './keys/bootstrap-key.ts';
import { SqliteApiKeys } from './keys/sqlite-api-keys.ts';
import { SqliteSnapshotNotices } from './memory/sqlite-snapshot-notices.ts';
import { Lane, laneNames } from './operations/lanes.ts';
import { faultFromText } from './operations/fault-points.ts';
import { OperationEngine } from './operations/operation-engine.ts';
import { SqliteIdempotency } from './operations/sqlite-idempotency.ts';
import { SqliteOperationStore } from './operations/sqlite-operation-store.ts';
import { ProfileChanges } from './profiles/profile-changes.ts';
import { registerProfileKind } from './profiles/profile-kind.ts';
import { Quarantine } from './quarantine/quarantine.ts';
import { QuarantineWatch } from './quarantine/quarantine-watch.ts';
import { SqliteQuarantine } from './quarantine/sqlite-quarantine.ts';
import { BullmqQueue } from './queue/bullmq-queue.ts';
import { PrivateRedis } from './queue/private-redis.ts';
import { SnapshotChecks, snapshotCheckKind } from './snapshots/snapshot-checks.ts';
import { registerSnapshotKinds } from './snapshots/snapshot-kinds.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { SqliteSnapshots } from './snapshots/sqlite-snapshots.ts';
import { schema } from './store/schema.ts';
import { SqliteStore } from './store/sqlite-store.ts';

/** Of VMs that Somnus starts by itself: a boot takes a CPU, and users' own operations want a place, too. */
const STARTS_AT_ONCE = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));
const HOUSEKEEPING_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface ControlPlaneOptions {
  config: Config;
  log: Logger;
  /** Where the first admin key is kept. */
  keyFile: string;
  /** A fault that a test injects, see operations/fault-points.ts. */
  fault?: string | undefined;
}

export interface ControlPlane extends AsyncDisposable {
  url: string;
  /** Resolves when somebody has asked for its end. */
  shutdownAsked: Promise<void>;
}

/** Starts everything. When it throws, nothing of it is left running. VMs are not touched by its end. */
export async function startControlPlane({ config, log, keyFile, fault }: ControlPlaneOptions): Promise<ControlPlane> {
  const startedAt = new Date();
  const paths = dataPaths(config.dataDir);
  const stack = new UndoStack((name, error) => log.error({ event: 'shutdown.failed', part: name, err: error }));
  try {
    await makeFolders(paths);
    const instance = await instanceOf(paths);
    const store = SqliteStore.open({ path: paths.database, migrations: schema, log });
    stack.push('store', () => store.close());
    const events = new SqliteEventLog({ store, log });
    const operations = new SqliteOperationStore({ store, toProblem });
    const engine = new OperationEngine({ store, operations, events, log, faults: fault === undefined ? undefined : faultFromText(fault, log) });
    const idempotency = new SqliteIdempotency({ store });

    const driver = new LibvirtDriver({ uri: config.libvirt.uri, log });
    stack.push('libvirt', async () => await driver.close());
    const pool = poolOf(config);
    await pool.ensure((message) => log.info({ event: 'pool.preparing', message }));
    await emptyStaging(pool.folders.staging);
    const network = createHostNetwork({ instance, subnet: config.network.subnet, packageHosts: config.network.packageHosts, packageHostsFile: paths.packageHostsFile, log });
    stack.push('network', async () => await network.close());
    const guests = new Guests(log);
    stack.push('guests', async () => await guests.close());
    const images = new ImageStore(pool);
    const hardware = new HostHardware({ setting: config.accel, accelFile: paths.accelFile, driver, images, log });
    await hardware.recall();
    hardware.begin();
    stack.push('hardware', () => hardware.stop());
    const machines: MachineHost = {
      instance, pool, driver, network, guests, hardware: async () => await hardware.get(), qemuUser: await qemuUser(),
      abilities: { ...await readAbilities(), gpu: config.machines.gpu ?? null }, keysDir: paths.keysDir, runDir: paths.runDir, quarantineDir: paths.quarantineDir, log,
    };
    const profiles = new ProfileFiles(paths.profilesDir);

    const history = new SqliteStatsHistory(paths.statsDatabase);
    stack.push('stats', () => history.close());
    const monitor = new Monitor({ host: machines, history, diskCache: new DiskCache() });
    const records = new SqliteEnvironments(store);
    const environments = new Environments({
      store, environments: records, events, operations: engine, idempotency, host: machines, images, profiles, monitor, log,
      defaultProfile: config.machines.defaultProfile,
      memory: { totalMiB: Math.floor(totalmem() / 2 ** 20), reserveMiB: config.machines.memoryReserveMiB },
    });
    const snapshotRecords = new SqliteSnapshots(store);
    const notices = new SqliteSnapshotNotices(store);
    registerSnapshotKinds(engine, { store, environments: records, events, host: machines, snapshots: snapshotRecords, memory: notices });
    const snapshots = new Snapshots({
      store, snapshots: snapshotRecords, records, environments, events, operations: engine, idempotency, host: machines,
      perEnvironment: config.snapshots.perEnvironment, quotaGiB: config.snapshots.quotaGiB, removedDays: config.retention.removedSnapshotDays,
    });
    const snapshotChecks = new SnapshotChecks({ store, snapshots: snapshotRecords, records, events, host: machines, scrubDays: config.snapshots.scrubDays, log });
    engine.register(snapshotCheckKind({ host: machines, checks: snapshotChecks }));
    const quarantineItems = new SqliteQuarantine(store);
    const watch = new QuarantineWatch({ store, items: quarantineItems, records, snapshots: snapshotRecords, operations, events, host: machines, log });
    const quarantine = new Quarantine({ store, items: quarantineItems, watch, records, snapshots: snapshotRecords, profiles, events, host: machines, defaultProfile: config.machines.defaultProfile });
    registerProfileKind(engine, { store, environments: records, events, host: machines });
    const profileChanges = new ProfileChanges({ records, environments, operations: engine, idempotency, profiles, host: machines });
    const room = (): HostRoom => environments.room();
    engine.register(imageBuildKind({ images, events, pool, cacheDir: config.images.cacheDir, room }));

    const keys = new SqliteApiKeys({ store, events, resolveEnvironment: async (caller, ref) => (await environments.get(caller, ref)).id });
    registerLifecycleKinds(engine, { store, environments: records, events, host: machines, images, profiles, monitor, keys, removedDays: config.retention.removedDays });
    await bootstrapKey(keys, { keyFile, user: 'admin', ...await ownerOfHome(keyFile) });

    const memories = composeMemory({ config, paths, events, idempotency, notices, log });
    stack.push('memory', async () => await memories[Symbol.asyncDispose]());

    const redis = config.redis.url === undefined ? await PrivateRedis.start({ runDir: join(paths.runDir, 'redis'), log }) : undefined;
    if (redis) stack.push('redis', async () => await redis.close());
    const queues = laneNames.map((name) => {
      const lane = new Lane({ name, engine });
      return new BullmqQueue({
        name: `somnus-${instance}-${name}`, redis: redis ? { socketPath: redis.socketPath } : { url: config.redis.url ?? '' }, source: lane, concurrency: lane.atOnce, log,
      });
    });
    stack.push('queue', async () => { await Promise.all(queues.map(async (queue) => await queue.close())); });
    stack.push('operations', async () => await engine.shutdown());
    const reconciler = new Reconciler({ store, records, environments, snapshots, snapshotRecords, watch, events, host: machines, startsAtOnce: STARTS_AT_ONCE, log });
    stack.push('reconciler', async () => await reconciler.stop());
    await driver.whenConnected().catch((error: unknown) => log.warn({ event: 'libvirt.not-connected', err: toSomnusError(error) }));
    await reconciler.start();
    monitor.start();
    stack.push('monitor', async () => await monitor.stop());
    const poolWatch = new PoolWatch({ instance, pool, driver, records, environments, monitor, events, reconciler, log });
    stack.push('pool watch', async () => await poolWatch.stop());
    poolWatch.start();
    stack.push('snapshot checks', async () => await snapshotChecks.stop());
    snapshotChecks.start();

    const shutdown = Promise.withResolvers<void>();
    let url = '';
    const host = new Host({
      config, version: packageJson.version, instance, keyFile, startedAt, url: () => url, driver, hardware, pool, poolWatch, records, environments, snapshots: snapshotRecords,
      quarantineCheck: async (details) => await quarantine.check(details), queueConnected: () => queues.every((queue) => queue.connected), beginShutdown: () => shutdown.resolve(),
    });
    const metrics = createMetrics([...collectors(records, operations), ...poolCollectors(pool, poolWatch), ...memories.collectors], log);
    const server = createApiServer({
      services: { environments, snapshots, quarantine, operations: engine, events, keys, profiles, profileChanges, images: new Images({ images, pool, cacheDir: config.images.cacheDir, room, environments: records, operations: engine, idempotency }), host, memory: memories.memory, idempotency },
      metrics, log, version: packageJson.version, maxBodyBytes: config.api.maxBodyBytes,
    });
    stack.push('api', async () => await server.close());
    url = await server.listen(config.api.host, config.api.port);
    memories.begin();

    const housekeeping = setInterval(() => {
      const before = new Date(Date.now() - config.retention.historyDays * DAY_MS);
      idempotency.purge();
      operations.purge(before);
      events.purge(before).catch((error: unknown) => log.warn({ event: 'housekeeping.failed', err: error }));
    }, HOUSEKEEPING_MS);
    stack.push('housekeeping', () => clearInterval(housekeeping));

    const pidFile = join(paths.runDir, 'control-plane.json');
    await writeFileDurably(pidFile, JSON.stringify({ pid: process.pid, url, startedAt: startedAt.toISOString() }));
    stack.push('pid file', async () => await rm(pidFile, { force: true }));
    log.info({ event: 'control-plane.started', url, instance, tookMs: Date.now() - startedAt.getTime() });
    return { url, shutdownAsked: shutdown.promise, [Symbol.asyncDispose]: async () => await stack[Symbol.asyncDispose]() };
  } catch (error) {
    await stack[Symbol.asyncDispose]();
    throw error;
  }
}

/** QEMU runs as a user of its own and must reach its folders, but not list others'. */
async function makeFolders(paths: DataPaths): Promise<void> {
  for (const [folder, mode] of [[paths.dataDir, 0o711], [paths.runDir, 0o711], [paths.keysDir, 0o700], [paths.quarantineDir, 0o700], [paths.logDir, 0o700]] as const) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, mode);
  }
}

/** Made once per data folder; start of the names of everything on the host. */
async function instanceOf(paths: DataPaths): Promise<string> {
  const file = join(paths.dataDir, 'instance');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  const instance = randomBytes(2).toString('hex');
  await writeFileDurably(file, `${instance}\n`);
  return instance;
}

/** What was being deleted or copied; what an operation was building is its own to go on with. */
async function emptyStaging(folder: string): Promise<void> {
  for (const litter of (await readdir(folder)).filter((name) => !isEnvironmentId(name))) await rm(join(folder, litter), { recursive: true, force: true });
}

/** The account that libvirt runs QEMU as on Debian. */
async function qemuUser(): Promise<{ uid: number; gid: number }> {
  const { stdout } = await runCommand('getent', ['passwd', 'libvirt-qemu']);
  const [, , uid, gid] = stdout.trim().split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** The key file belongs to whom the folder belongs that it is made in. */
async function ownerOfHome(keyFile: string): Promise<{ fileOwner?: { uid: number; gid: number } }> {
  for (let folder = dirname(keyFile); folder !== dirname(folder); folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info) return { fileOwner: { uid: info.uid, gid: info.gid } };
  }
  return {};
}

function poolCollectors(pool: StoragePool, watch: PoolWatch): Collector[] {
  const gauge = (name: string, help: string, value: () => number | Promise<number>): Collector => ({ name, help, labels: [], read: async () => [{ labels: {}, value: await value() }] });
  return [
    gauge('somnus_pool_total_bytes', 'Size of the storage pool.', async () => (await pool.usage()).totalBytes),
    gauge('somnus_pool_free_bytes', 'Free in the storage pool.', async () => (await pool.usage()).freeBytes),
    gauge('somnus_pool_kept_bytes', 'What must stay free: the reserve and the memory of running VMs.', async () => (await pool.usage()).reserveBytes + watch.state().keptBytes),
    gauge('somnus_pool_level', '0 ok, 1 filling, 2 full.', () => poolLevels.indexOf(watch.state().level)),
    gauge('somnus_environments_paused_for_space', 'Environments that stand still until the pool has room.', () => watch.state().paused.length),
  ];
}

function collectors(records: SqliteEnvironments, operations: SqliteOperationStore): Collector[] {
  return [
    {
      name: 'somnus_environments', help: 'Environments by state.', labels: ['state'],
      read: async () => Object.entries(Object.groupBy(records.all(), ({ state }) => state)).map(([state, found]) => ({ labels: { state }, value: found.length })),
    },
    { name: 'somnus_operations_unfinished', help: 'Operations that have not ended.', labels: [], read: async () => [{ labels: {}, value: operations.unfinished().length }] },
  ];
}
