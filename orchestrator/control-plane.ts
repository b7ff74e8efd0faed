// The composition root: constructs everything, listens first, then brings up the parts in parallel, and stops them in reverse. The wiring is in compose-*.ts.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import { writeFileDurably } from '../common/durable-file.ts';
import { SomnusError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { dataPaths, type DataPaths } from '../common/paths.ts';
import { UndoStack } from '../common/undo-stack.ts';
import { createMetrics } from './api/prom-client-metrics.ts';
import { createApiServer, type ApiServer } from './api/server.ts';
import type { Services } from './api/services.ts';
import { bringUpPool, composeHost, type HostParts } from './compose-host.ts';
import { composeServices, type ControlPlaneServices } from './compose-services.ts';
import { Lane, laneNames, type LaneName } from './operations/lanes.ts';
import { BullmqQueue } from './queue/bullmq-queue.ts';
import { PrivateRedis } from './queue/private-redis.ts';
import { bringUp, type BringUpOptions } from './startup/bring-up.ts';
import { Parts, vmParts, type PartName } from './startup/parts.ts';
import { schema } from './store/schema.ts';
import { SpaceReserve } from './store/space-reserve.ts';
import { SqliteStore } from './store/sqlite-store.ts';

/** Calls wait for a libvirt connection that is replaced within this time; it does not count as lost. */
const LIBVIRT_GRACE_MS = 3_000;

export interface ControlPlaneOptions {
  config: Config;
  log: Logger;
  /** Path of the first admin key's file. */
  keyFile: string;
  /** A fault injected by a test, see operations/fault-points.ts. */
  fault?: string | undefined;
  /** Aborts a start. */
  signal: AbortSignal;
}

export interface ControlPlane extends AsyncDisposable {
  url: string;
  /** Resolves when a shutdown was requested. */
  shutdownAsked: Promise<void>;
}

/**
 * Settles when the database is open and the API serves. The other parts come up in the background; their routes answer 503 until then.
 * When it throws, nothing is left running. Stopping the control plane does not touch VMs.
 * @throws SomnusError `in_use`, `corrupt`, `newer_format`, `config_invalid`; `unavailable` when the port is taken; `cancelled`
 */
export async function startControlPlane({ config, log, keyFile, fault, signal }: ControlPlaneOptions): Promise<ControlPlane> {
  const startedAt = new Date();
  const startedAtMs = performance.now();
  const paths = dataPaths(config.dataDir);
  const ending = new AbortController();
  const onSignal = (): void => ending.abort(new SomnusError('cancelled', 'The control plane is stopping'));
  signal.addEventListener('abort', onSignal, { once: true });
  const stack = new UndoStack((name, error) => log.error({ event: 'shutdown.failed', part: name, err: error }));
  let rest: Promise<unknown> = Promise.resolve();
  let server: ApiServer | undefined;
  const end = async (): Promise<void> => {
    signal.removeEventListener('abort', onSignal);
    onSignal();
    await server?.close();
    await rest; // parts that are still starting give up and are then stopped with everything else
    await stack[Symbol.asyncDispose]();
  };
  try {
    await makeFolders(paths);
    const lock = SqliteStore.takeLock(paths.database);
    stack.push('lock', () => { lock.close(); });
    const parts = new Parts();
    const reserve = new SpaceReserve({ path: paths.reserveFile, log });
    followSpace(parts, reserve);
    await reserve.start();
    stack.push('reserve', async () => await reserve.stop());
    const installation = await installationOf(paths);
    const shutdown = Promise.withResolvers<void>();
    const metrics = createMetrics([], log);
    let services: Services | undefined;
    server = createApiServer({ services: () => services ?? notYet(parts), parts, metrics, log, version: packageJson.version, maxBodyBytes: config.api.maxBodyBytes });
    const url = `http://${config.api.host.includes(':') ? `[${config.api.host}]` : config.api.host}:${config.api.port}`;
    await writeRunFile(paths, { pid: process.pid, url, startedAt: startedAt.toISOString() }, stack, log);
    await server.listen(config.api.host, config.api.port);
    log.info({ event: 'control-plane.listening', url, installation, tookMs: Math.round(performance.now() - startedAtMs) });

    const start: Start = { config, paths, installation, parts, reserve, stack, bringUp: { parts, log, signal: ending.signal }, log };
    const host = await composeHost({ config, paths, installation, stack, log });
    followLibvirt(parts, host);
    const composed = await bringUp('database', start.bringUp, async () => {
      await using attempt = new UndoStack((name, error) => log.error({ event: 'start.not-undone', part: name, err: error }));
      const store = SqliteStore.open({ path: paths.database, migrations: schema, log, lock, makeRoom: () => reserve.release() });
      attempt.push('store', () => store.close());
      const made = await composeServices({ config, paths, keyFile, fault, installation, startedAt, url, store, reserve, host, parts, stack: attempt, beginShutdown: () => shutdown.resolve(), log });
      attempt.moveTo(stack);
      return made;
    }, ['in_use', 'corrupt', 'newer_format', 'config_invalid', 'internal']);
    metrics.add(composed.collectors);
    services = composed.services;
    parts.follow('memory', () => composed.memories.state() === 'open', () => composed.memories.failure());
    composed.memories.begin();
    composed.housekeeping.start();
    stack.push('housekeeping', async () => await composed.housekeeping.stop());

    rest = Promise.allSettled([startQueues(start, host, composed), startWatching(start, host, composed)]).then((results) => {
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      if (ending.signal.aborted) return;
      for (const error of failures) log.error({ event: 'start.failed', err: error });
      if (failures.length === 0) log.info({ event: 'control-plane.started', url, installation, tookMs: Math.round(performance.now() - startedAtMs) });
    });
    return { url, shutdownAsked: shutdown.promise, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Start { config: Config; paths: DataPaths; installation: string; parts: Parts; reserve: SpaceReserve; stack: UndoStack; bringUp: BringUpOptions; log: Logger }

/** The parts that the operations of each lane need. */
const laneNeeds: Readonly<Record<LaneName, readonly PartName[]>> = { vms: vmParts, checks: ['pool'], images: ['pool'] };

/** Operations wait in the database until the parts they need are ready. */
async function startQueues({ config, paths, installation, parts, reserve, stack, bringUp: options, log }: Start, { driver }: HostParts, { engine }: ControlPlaneServices): Promise<void> {
  const { url } = config.redis;
  const redis = url === undefined ? await bringUp('redis', options, async () => await PrivateRedis.start({ runDir: join(paths.runDir, 'redis'), log })) : undefined;
  if (redis) stack.push('redis', async () => await redis.close());
  const lanes = laneNames.map((name) => ({ name, lane: new Lane({ name, engine, isOpen: () => parts.isReady(...laneNeeds[name]) && reserve.level !== 'exhausted' }) }));
  const queues = lanes.map(({ name, lane }) => new BullmqQueue({
    name: `somnus-${installation}-${name}`, redis: redis ? { socketPath: redis.socketPath } : { url: url ?? '' }, source: lane, concurrency: lane.atOnce, log,
  }));
  stack.push('queue', async () => { await Promise.all(queues.map(async (queue) => await queue.close())); });
  stack.push('operations', async () => await engine.shutdown());
  parts.follow('redis', () => queues.every((queue) => queue.connected), () => new SomnusError('unavailable', 'Redis does not answer'));
  const announce = (): void => { for (const { lane } of lanes) lane.announce(); };
  const stops = [parts.onChange(announce), driver.onConnection(announce)];
  stack.push('lanes', () => { for (const stop of stops) stop(); });
}

/** Automatic work on VMs starts when the pool is mounted. */
async function startWatching({ stack, bringUp: options, log }: Start, { pool, vms }: HostParts, composed: ControlPlaneServices): Promise<void> {
  const { reconciler, guestWatch, memoryWatch, monitor, poolWatch, snapshotChecks } = composed;
  await Promise.all([
    bringUp('pool', options, async () => await bringUpPool(pool, log)),
    bringUp('network', options, async () => await vms.network.ensure()),
  ]);
  guestWatch.start();
  stack.push('guest watch', async () => await guestWatch.stop());
  memoryWatch.start();
  stack.push('memory watch', async () => await memoryWatch.stop());
  stack.push('reconciler', async () => await reconciler.stop());
  void reconciler.start();
  monitor.start();
  stack.push('monitor', async () => await monitor.stop());
  poolWatch.start();
  stack.push('pool watch', async () => await poolWatch.stop());
  snapshotChecks.start();
  stack.push('snapshot checks', async () => await snapshotChecks.stop());
}

function followSpace(parts: Parts, reserve: SpaceReserve): void {
  const update = (): void => {
    const { level, problem } = reserve;
    if (problem === undefined) parts.ready('data-folder');
    else if (level === 'exhausted') parts.failed('data-folder', problem);
    else parts.degraded('data-folder', problem);
  };
  update();
  reserve.onLevel(update);
}

function followLibvirt(parts: Parts, { driver }: HostParts): void {
  let lostAtMs = -Infinity;
  driver.onConnection((state) => { if (state === 'lost') lostAtMs = performance.now(); });
  parts.follow('libvirt', () => driver.connection === 'connected' || performance.now() - lostAtMs < LIBVIRT_GRACE_MS, () => driver.lastLoss);
}

/** @throws starting, or the error that prevents opening the database */
function notYet(parts: Parts): never {
  parts.require(['database']);
  throw new SomnusError('starting', 'Somnus is still starting');
}

/** QEMU runs as its own user and must reach its folders without being able to list others'. */
async function makeFolders(paths: DataPaths): Promise<void> {
  for (const [folder, mode] of [[paths.dataDir, 0o711], [paths.runDir, 0o711], [paths.keysDir, 0o700], [paths.quarantineDir, 0o700], [paths.logDir, 0o700]] as const) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, mode);
  }
}

/** Created once per data folder; the prefix of all names on the host. */
async function installationOf(paths: DataPaths): Promise<string> {
  const file = paths.installationFile;
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  const installation = randomBytes(2).toString('hex');
  await writeFileDurably(file, `${installation}\n`);
  return installation;
}

/** Tells `somnus up` and `down` which process runs. A full disk does not prevent the start. */
async function writeRunFile(paths: DataPaths, content: { pid: number; url: string; startedAt: string }, stack: UndoStack, log: Logger): Promise<void> {
  const file = join(paths.runDir, 'control-plane.json');
  stack.push('run file', async () => await rm(file, { force: true }));
  await writeFileDurably(file, JSON.stringify(content), 0o644).catch((error: unknown) => log.warn({ event: 'start.run-file-not-written', err: error }));
}
