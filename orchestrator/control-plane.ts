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
import { createMetrics } from './api/prom-client-metrics.ts';
import { createApiServer, type ApiServer } from './api/server.ts';
import type { Services } from './api/services.ts';
import { composeHost } from './compose-host.ts';
import { composeServices } from './compose-services.ts';
import { followLibvirt, followSpace, startQueues, startWatching, type Start } from './start-parts.ts';
import { bringUp } from './startup/bring-up.ts';
import { Parts } from './startup/parts.ts';
import { schema } from './store/schema.ts';
import { SpaceReserve } from './store/space-reserve.ts';
import { SqliteStore } from './store/sqlite-store.ts';

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
  const stack = new AsyncDisposableStack();
  let rest: Promise<unknown> = Promise.resolve();
  let server: ApiServer | undefined;
  const end = async (): Promise<void> => {
    signal.removeEventListener('abort', onSignal);
    onSignal();
    await server?.close();
    await rest; // parts that are still starting give up and are then stopped with everything else
    await stack.disposeAsync().catch((error: unknown) => log.error({ event: 'shutdown.failed', err: error }));
  };
  try {
    await makeFolders(paths);
    const lock = SqliteStore.takeLock(paths.database);
    stack.defer(() => { lock.close(); });
    const parts = new Parts();
    const reserve = new SpaceReserve({ path: paths.reserveFile, log });
    followSpace(parts, reserve);
    await reserve.start();
    stack.defer(async () => await reserve.stop());
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
      await using attempt = new AsyncDisposableStack();
      const store = SqliteStore.open({ path: paths.database, migrations: schema, log, lock, makeRoom: () => reserve.release() });
      attempt.defer(() => store.close());
      const made = await composeServices({ config, paths, keyFile, fault, installation, startedAt, url, store, reserve, host, parts, stack: attempt, beginShutdown: () => shutdown.resolve(), metrics, log });
      stack.use(attempt.move());
      return made;
    }, ['in_use', 'corrupt', 'newer_format', 'config_invalid', 'internal']);
    metrics.add(composed.collectors);
    services = composed.services;
    parts.follow('memory', () => composed.memories.state() === 'open', () => composed.memories.failure());
    composed.memories.begin();
    composed.housekeeping.start();
    stack.defer(async () => await composed.housekeeping.stop());

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
async function writeRunFile(paths: DataPaths, content: { pid: number; url: string; startedAt: string }, stack: AsyncDisposableStack, log: Logger): Promise<void> {
  const file = join(paths.runDir, 'control-plane.json');
  stack.defer(async () => await rm(file, { force: true }));
  await writeFileDurably(file, JSON.stringify(content), 0o644).catch((error: unknown) => log.warn({ event: 'start.run-file-not-written', err: error }));
}
