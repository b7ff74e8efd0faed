// Lanes over a real Redis: slow background work and a user with many operations do not delay other users' operations.
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { Lane, laneNames, type LaneName } from '../../orchestrator/operations/lanes.ts';
import { BullmqQueue } from '../../orchestrator/queue/bullmq-queue.ts';
import { PrivateRedis } from '../../orchestrator/queue/private-redis.ts';
import { alice, bob, log, openWorkshop, scratchFolder, submit, type Workshop } from '../support/operations.ts';

interface Hall extends AsyncDisposable { shop: Workshop; running: string[]; open: Record<LaneName, boolean>; lanes: Record<LaneName, Lane>; finish(id: string): void }

/** Three kinds, one per lane; each operation runs until the test finishes it. */
async function hall(): Promise<Hall> {
  const folder = scratchFolder();
  const shop = openWorkshop(folder.path);
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  for (const lane of laneNames) {
    shop.engine.register<Record<string, never>, string>({
      kind: `test.${lane}`, lane, input: z.strictObject({}), afterCrash: 'resume', cancellable: true, open: async (_, { id }) => id,
      steps: [{
        name: 'work', timeoutMs: 60_000,
        run: async (id, { signal }) => {
          running.push(id);
          await new Promise<void>((resolve, reject) => { ends.set(id, resolve); signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }); });
        },
      }],
    });
  }
  const redis = await PrivateRedis.start({ runDir: folder.path, log });
  const open: Record<LaneName, boolean> = { vms: true, checks: true, images: true, research: true };
  const lanes = Object.fromEntries(laneNames.map((name) => [name, new Lane({ name, engine: shop.engine, isOpen: () => open[name] })])) as Record<LaneName, Lane>;
  // No sweep runs during the test: everything that runs was announced.
  const queues = laneNames.map((name) => new BullmqQueue({ name: `lane-${name}`, redis: { socketPath: redis.socketPath }, source: lanes[name], concurrency: lanes[name].atOnce, sweepIntervalMs: 600_000, log }));
  await expect.poll(() => queues.every(({ connected }) => connected), { timeout: 10_000 }).toBe(true);
  return {
    shop, running, open, lanes,
    finish: (id) => ends.get(id)?.(),
    [Symbol.asyncDispose]: async () => {
      await shop.engine.shutdown();
      for (const queue of queues) await queue.close();
      await redis.close();
      shop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

const RUNS = { timeout: 10_000, interval: 10 };

test('Eight snapshot checks and eight image builds do not delay a stop', async () => {
  await using scene = await hall();
  const { engine } = scene.shop;
  for (let at = 0; at < 8; at += 1) {
    submit(engine, { kind: 'test.checks', caller: at % 2 === 0 ? alice : bob });
    submit(engine, { kind: 'test.images' });
  }
  await expect.poll(() => scene.running.length, RUNS).toBe(3);
  const stop = submit(engine, { kind: 'test.vms' });
  await expect.poll(() => scene.running, RUNS).toContain(stop.id);
});

test('A user with fifty operations keeps another neither from the next place nor from a free one', async () => {
  await using scene = await hall();
  const { engine } = scene.shop;
  for (let at = 0; at < 50; at += 1) submit(engine, { kind: 'test.vms', caller: alice });
  await expect.poll(() => scene.running.length, RUNS).toBe(6);
  const others = ['bob', 'carol', 'dora'].map((user): Caller => ({ ...bob, user: `usr_${user}` }));
  const theirs = others.map((caller) => submit(engine, { kind: 'test.vms', caller }).id);
  await expect.poll(() => scene.running.slice(6), RUNS).toEqual(theirs.slice(0, 2));
  scene.finish(scene.running[0] ?? '');
  await expect.poll(() => scene.running.slice(8), RUNS).toEqual(theirs.slice(2));
  // When all others are done, hers continue.
  for (const id of theirs) scene.finish(id);
  await expect.poll(() => scene.running.length, RUNS).toBe(10);
});

test('A closed lane begins nothing, does not stop the others, and continues when it is opened again', async () => {
  await using scene = await hall();
  const { engine } = scene.shop;
  scene.open.vms = false;
  const start = submit(engine, { kind: 'test.vms' });
  const build = submit(engine, { kind: 'test.images' });
  await expect.poll(() => scene.running, RUNS).toEqual([build.id]);
  expect((await engine.get(alice, start.id)).status).toBe('queued');
  scene.open.vms = true;
  scene.lanes.vms.announce();
  await expect.poll(() => scene.running, RUNS).toContain(start.id);
});
