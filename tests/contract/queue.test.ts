// What every queue must do for its work source, with every way to connect to a Redis.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BullmqQueue, type BullmqQueueOptions } from '../../orchestrator/queue/bullmq-queue.ts';
import { PrivateRedis } from '../../orchestrator/queue/private-redis.ts';
import type { WorkSource } from '../../orchestrator/queue/work-source.ts';
import { log, scratchFolder } from '../support/operations.ts';

/** Holds work in memory and counts what the queue does with it. */
class Bench implements WorkSource {
  readonly runs: string[] = [];
  readonly #waiting = new Set<string>();
  readonly #listeners = new Set<(id: string) => void>();
  readonly #counted = new Set<() => void>();
  act: (id: string) => Promise<void> = async () => {};

  /** `announce: false` is work whose notification was lost. */
  give(id: string, announce = true): void {
    this.#waiting.add(id);
    if (announce) for (const listener of this.#listeners) listener(id);
  }

  waiting(): string[] {
    return [...this.#waiting];
  }

  onReady(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(id: string): Promise<void> {
    if (!this.#waiting.delete(id)) return;
    this.runs.push(id);
    for (const check of this.#counted) check();
    await this.act(id);
  }

  async ran(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => { if (this.runs.length >= count) resolve(); };
      this.#counted.add(check);
      check();
    });
  }
}

interface Server { redis: BullmqQueueOptions['redis']; close(): Promise<void> }

async function privateServer(): Promise<Server> {
  const folder = scratchFolder();
  const redis = await PrivateRedis.start({ runDir: folder.path, log });
  return { redis: { socketPath: redis.socketPath }, close: async () => { await redis.close(); folder[Symbol.dispose](); } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function serverByUrl(): Promise<Server> {
  const folder = scratchFolder();
  const port = await freePort();
  const child: ChildProcess = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--requirepass', 'test-secret', '--save', '', '--dir', folder.path], { stdio: 'ignore' });
  return {
    redis: { url: `redis://:test-secret@127.0.0.1:${port}/3` },
    close: async () => { const ended = once(child, 'exit'); child.kill(); await ended; folder[Symbol.dispose](); },
  };
}

describe.each([['a private Redis on a socket', privateServer], ['a Redis by its address', serverByUrl]] as const)('with %s', (_, start) => {
  let server: Server;
  let count = 0;
  beforeAll(async () => { server = await start(); });
  afterAll(async () => await server.close());
  const queueFor = (source: WorkSource, options: Partial<BullmqQueueOptions> = {}): BullmqQueue => new BullmqQueue({ name: `queue-test-${count += 1}`, redis: server.redis, source, log, concurrency: 4, sweepIntervalMs: 50, ...options });

  test('work is done once, oldest first, whether it was announced or found by the sweep', async () => {
    const bench = new Bench();
    bench.give('before', false);
    await using queue = queueFor(bench, { concurrency: 1 });
    await bench.ran(1);
    for (const id of ['a', 'b', 'c']) bench.give(id);
    await bench.ran(4);
    bench.give('lost', false);
    await bench.ran(5);
    expect(bench.runs).toEqual(['before', 'a', 'b', 'c', 'lost']);
    expect(queue.connected).toBe(true);
  });

  test('runs as many at once as allowed, and no more', async () => {
    const bench = new Bench();
    const release = Promise.withResolvers<void>();
    let atOnce = 0;
    let most = 0;
    bench.act = async () => { atOnce += 1; most = Math.max(most, atOnce); await release.promise; atOnce -= 1; };
    await using _queue = queueFor(bench, { concurrency: 3 });
    for (let i = 0; i < 10; i += 1) bench.give(`w${i}`);
    await bench.ran(3);
    release.resolve();
    await bench.ran(10);
    expect(most).toBe(3);
  });

  test('the queue does not judge work that throws: it hands the work out again as long as it waits', async () => {
    const bench = new Bench();
    let failures = 0;
    bench.act = async (id) => { if ((failures += 1) <= 3) { bench.give(id, false); throw new Error('not now'); } };
    await using _queue = queueFor(bench);
    bench.give('a');
    await bench.ran(4);
    expect(bench.runs).toEqual(['a', 'a', 'a', 'a']);
  });

  test('two queues with different names can share a Redis without sharing work', async () => {
    const [left, right] = [new Bench(), new Bench()];
    await using _left = queueFor(left);
    await using _right = queueFor(right);
    left.give('l');
    right.give('r');
    await Promise.all([left.ran(1), right.ran(1)]);
    expect([left.runs, right.runs]).toEqual([['l'], ['r']]);
  });

  test('jobs that a dead process left in the queue do not block its successor\'s work', async () => {
    const name = `queue-test-left-${count += 1}`;
    const dead = new Bench();
    dead.act = async () => await new Promise(() => {});
    const predecessor = queueFor(dead, { name, concurrency: 1 });
    for (const id of ['a', 'b']) dead.give(id);
    await dead.ran(1);
    const heir = new Bench();
    for (const id of ['a', 'b']) heir.give(id, false);
    await using _queue = queueFor(heir, { name });
    await heir.ran(2);
    expect(heir.runs.toSorted()).toEqual(['a', 'b']);
    await predecessor.close();
  });

  test('closing ends soon even if work never does', async () => {
    const bench = new Bench();
    bench.act = async () => await new Promise(() => {});
    const queue = queueFor(bench);
    bench.give('a');
    await bench.ran(1);
    await queue.close();
    await queue.close();
  });
});
