// Durable work on real parts: SQLite on disk, BullMQ, a private Redis that is killed.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { pollUntil, withDeadline } from '../../common/deadline.ts';
import type { Operation, OperationKind } from '../../orchestrator/operations/operation.ts';
import { BullmqQueue } from '../../orchestrator/queue/bullmq-queue.ts';
import { PrivateRedis } from '../../orchestrator/queue/private-redis.ts';
import { alice, journalKind, log, openWorkshop, readJournal, scratchFolder, submit, untilStopped, type JournalStep, type Workshop } from '../support/operations.ts';

interface Plant extends AsyncDisposable { shop: Workshop; redis: PrivateRedis; journal: string }

async function openPlant(folder: string, steps: readonly JournalStep[], concurrency = 8): Promise<Plant> {
  const shop = openWorkshop(folder);
  const journal = join(folder, 'journal');
  shop.engine.register(journalKind(journal, steps));
  const redis = await PrivateRedis.start({ runDir: join(folder, 'run'), log });
  const queue = new BullmqQueue({ name: 'somnus-test', redis: { socketPath: redis.socketPath }, source: shop.engine, log, concurrency });
  return {
    shop, redis, journal,
    [Symbol.asyncDispose]: async () => { await shop.engine.shutdown(); await queue.close(); await redis.close(); shop.store.close(); },
  };
}

async function ended(shop: Workshop, ids: readonly string[], timeoutMs = 60_000): Promise<Operation[]> {
  return await Promise.all(ids.map(async (id) => await shop.engine.wait(alice, id, timeoutMs)));
}

const statuses = (operations: readonly Operation[]): Record<string, number> => Object.fromEntries(Map.groupBy(operations, ({ status }) => status).entries().map(([status, all]) => [status, all.length]));
const percentile = (values: number[], p: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * p)] ?? 0;

test('two hundred concurrent operations all succeed, each step once, and start within moments', async () => {
  using folder = scratchFolder();
  await using plant = await openPlant(folder.path, [{ name: 'one', run: async () => await setImmediate() }, { name: 'two' }]);
  const { shop } = plant;
  const started = new Map<string, number>();
  shop.events.onEvent((event) => { if (event.type === 'operation.step' && !started.has(String(event.data['operationId']))) started.set(String(event.data['operationId']), performance.now()); });
  const submits: number[] = [];
  const ids = Array.from({ length: 200 }, (_, i) => {
    const fromMs = performance.now();
    const { id } = submit(shop.engine, { target: `env_${i}` });
    submits.push(performance.now() - fromMs);
    return id;
  });
  expect(statuses(await ended(shop, ids))).toEqual({ succeeded: 200 });
  expect(readJournal(plant.journal).filter((line) => line === 'run one')).toHaveLength(200);

  const waits: number[] = [];
  for (let i = 0; i < 100; i += 1) { // one after the other, as a user experiences it
    const fromMs = performance.now();
    const { id } = submit(shop.engine);
    await shop.engine.wait(alice, id, 60_000);
    waits.push((started.get(id) ?? Number.POSITIVE_INFINITY) - fromMs);
  }
  console.log(`submit p50 ${percentile(submits, 0.5).toFixed(2)} ms, p95 ${percentile(submits, 0.95).toFixed(2)} ms; submit to first step p50 ${percentile(waits, 0.5).toFixed(2)} ms, p95 ${percentile(waits, 0.95).toFixed(2)} ms`);
  expect(percentile(waits, 0.95)).toBeLessThan(250);
});

test('killing Redis repeatedly while operations run loses none, fails none and runs none twice', async () => {
  using folder = scratchFolder();
  await using plant = await openPlant(folder.path, [{ name: 'one', run: async () => await delay(5) }, { name: 'two', run: async () => await delay(5) }], 4);
  const { shop, redis } = plant;
  const ids: string[] = [];
  for (let i = 0; i < 200; i += 1) {
    ids.push(submit(shop.engine, { target: `env_${i}` }).id);
    if (i % 50 === 25 && redis.pid !== undefined) process.kill(redis.pid, 'SIGKILL');
    if (i % 5 === 0) await delay(10);
  }
  const operations = await ended(shop, ids);
  expect(statuses(operations)).toEqual({ succeeded: 200 });
  expect(Math.max(...operations.map(({ attempt }) => attempt))).toBe(1);
  expect(readJournal(plant.journal)).toHaveLength(200 * 5);
});

test('work submitted while Redis is down is accepted, and begins within seconds of its return', async () => {
  using folder = scratchFolder();
  await using plant = await openPlant(folder.path, [{ name: 'one' }]);
  const { shop, redis } = plant;
  await ended(shop, [submit(shop.engine).id]);
  const { pid } = redis;
  process.kill(pid ?? Number.NaN, 'SIGKILL');
  await pollUntil('its death', { timeoutMs: 10_000, intervalMs: 1 }, async () => (redis.pid === pid ? undefined : true));
  const fromMs = performance.now();
  expect(statuses(await ended(shop, [submit(shop.engine).id]))).toEqual({ succeeded: 1 });
  console.log(`work began and ended ${(performance.now() - fromMs).toFixed(0)} ms after a submit without Redis`);
  expect(performance.now() - fromMs).toBeLessThan(10_000);
});

test('a user\'s own Redis that starts later is waited for', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }]));
  const socketPath = join(folder.path, 'later.sock');
  await using queue = new BullmqQueue({ name: 'somnus-later', redis: { socketPath }, source: shop.engine, log, concurrency: 1 });
  const { id } = submit(shop.engine);
  expect(await shop.engine.wait(alice, id, 500)).toMatchObject({ status: 'queued' });
  expect(queue.connected).toBe(false);
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socketPath, '--save', '', '--dir', folder.path], { stdio: 'ignore' });
  expect(await shop.engine.wait(alice, id, 30_000)).toMatchObject({ status: 'succeeded' });
  server.kill();
  await once(server, 'exit');
});

test('cancels at any moment end every operation, done or undone, never in between', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const did = new Map<string, string[]>();
  const note = (id: string, what: string): void => { did.set(id, [...did.get(id) ?? [], what]); };
  const steps = ['one', 'two', 'three'];
  const kind: OperationKind<{ note: string }, string> = {
    ...journalKind(join(folder.path, 'journal'), []),
    open: async (_, operation) => operation.id,
    steps: steps.map((name) => ({
      name,
      timeoutMs: 30_000,
      run: async (id, { signal }) => { note(id, name); await delay(3, undefined, { signal }); },
      undo: async (id) => { await setImmediate(); note(id, `-${name}`); },
    })),
    succeed: async (id) => { await setImmediate(); note(id, 'succeed'); },
    fail: async (id) => note(id, 'fail'),
  };
  shop.engine.register(kind);
  let refused = 0;
  const cancels: Promise<void>[] = [];
  const cancel = async (id: string, afterMs: number): Promise<void> => {
    await delay(afterMs);
    await shop.engine.cancel(alice, id).catch((error: { code: string }) => { expect(error.code).toBe('invalid_state'); refused += 1; });
  };
  const moments = ['operation.queued', 'operation.started', 'one', 'two', 'three', 'operation.succeeded'];
  let count = 0;
  const momentOf = new Map<string, number>();
  shop.events.onEvent(({ type, data }) => { // each operation is cancelled at one of the moments, or a little later
    const id = String(data['operationId']);
    if (type === 'operation.queued') momentOf.set(id, count += 1);
    const at = momentOf.get(id) ?? 0;
    if ((type === 'operation.step' ? data['step'] : type) === moments[at % moments.length]) cancels.push(cancel(id, at % 5));
  });
  await using redis = await PrivateRedis.start({ runDir: join(folder.path, 'run'), log });
  await using _queue = new BullmqQueue({ name: 'somnus-cancel', redis: { socketPath: redis.socketPath }, source: shop.engine, log, concurrency: 8 });
  const ids = Array.from({ length: 150 }, (_, i) => submit(shop.engine, { target: `env_${i}` }).id);
  const operations = await ended(shop, ids);
  await Promise.all(cancels);
  const counts = statuses(operations);
  console.log('cancel races', counts);
  expect((counts['succeeded'] ?? 0) + (counts['cancelled'] ?? 0)).toBe(150);
  expect([counts['succeeded'], counts['cancelled'], cancels.length]).toEqual([refused, 150 - refused, 150]);
  expect(refused).toBeGreaterThan(10);
  expect(refused).toBeLessThan(140);
  for (const { id, status } of operations) {
    const done = did.get(id) ?? [];
    const begun = done.filter((what) => steps.includes(what));
    expect(done).toEqual(status === 'succeeded' ? [...steps, 'succeed'] : [...begun, ...begun.toReversed().map((name) => `-${name}`), 'fail']);
  }
});

test('a restart of the whole control plane continues queued and running operations', async () => {
  using folder = scratchFolder();
  let ids: string[] = [];
  {
    await using plant = await openPlant(folder.path, [{ name: 'one' }, { name: 'two', run: untilStopped }], 2);
    const { shop } = plant;
    const atTwo = new Promise<void>((resolve) => {
      let count = 0;
      shop.events.onEvent((event) => { if (event.data['step'] === 'two' && (count += 1) === 2) resolve(); });
    });
    ids = Array.from({ length: 6 }, (_, i) => submit(shop.engine, { target: `env_${i}` }).id);
    await atTwo;
  }
  await using plant = await openPlant(folder.path, [{ name: 'one' }, { name: 'two' }], 2);
  const operations = await ended(plant.shop, ids);
  expect(statuses(operations)).toEqual({ succeeded: 6 });
  expect(operations.map(({ attempt }) => attempt).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 2, 2]);
  expect(readJournal(plant.journal).filter((line) => line === 'run one')).toHaveLength(6);
});

test('shutting down takes seconds even while Redis is down and a step ignores its signal', async () => {
  using folder = scratchFolder();
  const plant = await openPlant(folder.path, [{ name: 'deaf', run: async () => await new Promise(() => {}) }]);
  const begun = new Promise<void>((resolve) => { plant.shop.events.onEvent((event) => { if (event.type === 'operation.step') resolve(); }); });
  submit(plant.shop.engine);
  await begun;
  process.kill(plant.redis.pid ?? Number.NaN, 'SIGKILL');
  await withDeadline('Shutting down', 30_000, undefined, async () => await plant[Symbol.asyncDispose]());
  using shop = openWorkshop(folder.path);
  expect(shop.engine.waiting()).toHaveLength(1);
});
