// Starts what the control plane runs: queues, watchers, and the state of the parts they depend on. Each registers how it is stopped.
import { join } from 'node:path';
import type { Config } from '../common/config.ts';
import { SomnusError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import { bringUpPool, type HostParts } from './compose-host.ts';
import type { ControlPlaneServices } from './compose-services.ts';
import { Lane, laneNames, type LaneName } from './operations/lanes.ts';
import { BullmqQueue } from './queue/bullmq-queue.ts';
import { PrivateRedis } from './queue/private-redis.ts';
import { bringUp, type BringUpOptions } from './startup/bring-up.ts';
import { vmParts, type PartName, type Parts } from './startup/parts.ts';
import type { SpaceReserve } from './store/space-reserve.ts';

/** Calls wait for a libvirt connection that is replaced within this time; it does not count as lost. */
const LIBVIRT_GRACE_MS = 3_000;

export interface Start { config: Config; paths: DataPaths; installation: string; parts: Parts; reserve: SpaceReserve; stack: AsyncDisposableStack; bringUp: BringUpOptions; log: Logger }

/** The parts that the operations of each lane need. */
const laneNeeds: Readonly<Record<LaneName, readonly PartName[]>> = { vms: vmParts, checks: ['pool'], images: ['pool'], research: [] };

/** Operations wait in the database until the parts they need are ready. */
export async function startQueues({ config, paths, installation, parts, reserve, stack, bringUp: options, log }: Start, { driver }: HostParts, { engine }: ControlPlaneServices): Promise<void> {
  const { url } = config.redis;
  const redis = url === undefined ? await bringUp('redis', options, async () => await PrivateRedis.start({ runDir: join(paths.runDir, 'redis'), log })) : undefined;
  if (redis) stack.defer(async () => await redis.close());
  const lanes = laneNames.map((name) => ({ name, lane: new Lane({ name, engine, isOpen: () => parts.isReady(...laneNeeds[name]) && reserve.level !== 'exhausted' }) }));
  const queues = lanes.map(({ name, lane }) => new BullmqQueue({
    name: `somnus-${installation}-${name}`, redis: redis ? { socketPath: redis.socketPath } : { url: url ?? '' }, source: lane, concurrency: lane.atOnce, log,
  }));
  stack.defer(async () => { await Promise.all(queues.map(async (queue) => await queue.close())); });
  stack.defer(async () => await engine.shutdown());
  parts.follow('redis', () => queues.every((queue) => queue.connected), () => new SomnusError('unavailable', 'Redis does not answer'));
  const announce = (): void => { for (const { lane } of lanes) lane.announce(); };
  const stops = [parts.onChange(announce), driver.onConnection(announce)];
  stack.defer(() => { for (const stop of stops) stop(); });
}

/** Automatic work on VMs starts when the pool is mounted. */
export async function startWatching({ stack, bringUp: options, log }: Start, { pool, vms, images }: HostParts, composed: ControlPlaneServices): Promise<void> {
  const { reconciler, agentWatch, automaticHostFixes, autoscaler, guestWatch, memoryWatch, monitor, consoleTimes, poolWatch, snapshotChecks, jobWatch, containers, ports, vmApi, vmLinks, collaborationRunner } = composed;
  await Promise.all([
    bringUp('pool', options, async () => await bringUpPool(pool, log)),
    bringUp('network', options, async () => await vms.network.ensure()),
  ]);
  await vms.templates.prune(await images.currentVersion()).catch((error: unknown) => log.warn({ event: 'template.not-pruned', err: error })); // before operations make others
  guestWatch.start();
  stack.defer(async () => await guestWatch.stop());
  agentWatch.start();
  stack.defer(async () => await agentWatch.stop());
  automaticHostFixes.start();
  stack.defer(async () => await automaticHostFixes.stop());
  autoscaler.start();
  stack.defer(async () => await autoscaler.stop());
  memoryWatch.start();
  stack.defer(async () => await memoryWatch.stop());
  stack.defer(async () => await reconciler.stop());
  void reconciler.start();
  consoleTimes.start();
  stack.defer(async () => await consoleTimes.stop());
  monitor.start();
  stack.defer(async () => await monitor.stop());
  poolWatch.start();
  stack.defer(async () => await poolWatch.stop());
  jobWatch.start();
  stack.defer(async () => await jobWatch.stop());
  containers.start();
  stack.defer(async () => await containers.stop());
  ports.start();
  stack.defer(async () => await ports.stop());
  vmLinks.start();
  stack.defer(async () => {
    await vmLinks.stop();
    vmApi.close();
  });
  collaborationRunner.start();
  stack.defer(async () => await collaborationRunner.stop());
  snapshotChecks.start();
  stack.defer(async () => await snapshotChecks.stop());
}

export function followSpace(parts: Parts, reserve: SpaceReserve): void {
  const update = (): void => {
    const { level, problem } = reserve;
    if (problem === undefined) parts.ready('data-folder');
    else if (level === 'exhausted') parts.failed('data-folder', problem);
    else parts.degraded('data-folder', problem);
  };
  update();
  reserve.onLevel(update);
}

export function followLibvirt(parts: Parts, { driver }: HostParts): void {
  let lostAtMs = -Infinity;
  driver.onConnection((state) => { if (state === 'lost') lostAtMs = performance.now(); });
  parts.follow('libvirt', () => driver.connection === 'connected' || performance.now() - lostAtMs < LIBVIRT_GRACE_MS, () => driver.lastLoss);
}
