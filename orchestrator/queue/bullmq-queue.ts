// Wakes workers through BullMQ on Redis. Jobs carry only an id, and may be lost, duplicated or late without harm: the work itself
// is on disk with the work source, which a sweep compares with the queue every few seconds and whenever Redis is back.
import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { sleep } from '../../common/deadline.ts';
import type { Logger } from '../../common/log.ts';
import type { WorkSource } from './work-source.ts';

export interface BullmqQueueOptions {
  /** Unique among the control planes that share a Redis. */
  name: string;
  /** A Redis by its socket, or by a redis:// or rediss:// URL. */
  redis: { socketPath: string } | { url: string };
  source: WorkSource;
  log: Logger;
  /** Maximum number of concurrent jobs. */
  concurrency: number;
  sweepIntervalMs?: number;
}

type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

interface Session { queue: Queue; worker: Worker; clients: Redis[] }

const RECONNECT_MS = { first: 50, most: 1_000 };
const COMMAND_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 3_000;
const ADD_AT_ONCE = 500;
/** An unreachable Redis must not fill the log. */
const LOG_INTERVAL_MS = 10_000;

export class BullmqQueue implements AsyncDisposable {
  readonly #options: BullmqQueueOptions;
  readonly #log: Logger;
  /**
   * Parts of each job's id. BullMQ accepts an id only once. A job left by an earlier process, or handed out in an
   * answer that was lost with its connection, must not block a new one.
   */
  readonly #process = randomUUID().slice(0, 8);
  #connection = 0;
  readonly #closing = new AbortController();
  readonly #pending = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  readonly #sweeper: NodeJS.Timeout;
  #session: Session;
  #adding = false;
  #loggedMs = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  /** Starts at once, even when Redis is not ready yet. */
  constructor(options: BullmqQueueOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#session = this.#connect();
    this.#stopListening = options.source.onReady((id) => this.#enqueue([id]));
    this.#sweeper = setInterval(() => this.#sweep(), options.sweepIntervalMs ?? 2_000);
    this.#sweep();
  }

  /** Whether Redis answers now. */
  get connected(): boolean {
    return this.#session.clients.every((client) => client.status === 'ready');
  }

  /** Stops taking work and briefly waits for running jobs, which their source should have ended before. Repeatable. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#stopListening();
    clearInterval(this.#sweeper);
    await this.#session.worker.pause(true);
    await settled(this.#running, CLOSE_TIMEOUT_MS);
    await this.#disconnect(this.#session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #sweep(): void {
    try {
      this.#enqueue(this.#options.source.waiting().slice(0, ADD_AT_ONCE));
    } catch (error) {
      this.#logError('queue.sweep-failed', error);
    }
  }

  #enqueue(ids: readonly string[]): void {
    for (const id of ids) this.#pending.add(id);
    if (!this.#adding) void this.#addPending();
  }

  /** Never rejects: the next sweep adds what could not be added. An id that is already queued is added once. */
  async #addPending(): Promise<void> {
    this.#adding = true;
    try {
      while (this.#pending.size > 0 && !this.#closing.signal.aborted) {
        const ids = [...this.#pending].slice(0, ADD_AT_ONCE);
        for (const id of ids) this.#pending.delete(id);
        await this.#session.queue.addBulk(ids.map((id) => ({ name: 'run', data: { id }, opts: { jobId: `${id}-${this.#process}-${this.#connection}` } })));
      }
    } catch (error) {
      this.#pending.clear();
      this.#logError('queue.add-failed', error);
    } finally {
      this.#adding = false;
    }
  }

  async #run(id: string): Promise<void> {
    const running = this.#options.source.run(id).catch((error: unknown) => this.#log.error({ event: 'queue.work-failed', id, err: error }));
    this.#running.add(running);
    await running;
    this.#running.delete(running);
  }

  #connect(): Session {
    const { name, concurrency } = this.#options;
    // The queue's commands fail at once when Redis is unreachable, since the sweep repeats them; the worker's commands wait.
    const adder = this.#client({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT_MS });
    const taker = this.#client({ maxRetriesPerRequest: null });
    for (const client of [adder, taker]) client.on('ready', () => { this.#connection += 1; this.#sweep(); });
    const queue = new Queue(name, {
      connection: adder,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    });
    const worker = new Worker<{ id: string }>(name, async (job) => await this.#run(job.data.id), {
      connection: taker,
      concurrency,
      drainDelay: 1, // seconds between its own checks, in case a wake-up was lost with a connection
      // A job that runs a second time finds its work taken or done, and does nothing.
      lockDuration: 30_000,
      stalledInterval: 10_000,
      maxStalledCount: 1_000,
      runRetryDelay: RECONNECT_MS.most,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    const onError = (error: Error): void => this.#logError('queue.redis-error', error);
    queue.on('error', onError);
    worker.on('error', onError);
    const session: Session = { queue, worker, clients: [adder, taker] };
    Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]).catch(async (error: unknown) => await this.#reconnect(session, error)).catch((error: unknown) => this.#logError('queue.redis-error', error));
    return session;
  }

  /** BullMQ does not recover when its first commands to Redis fail, so it is restarted. */
  async #reconnect(failed: Session, error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#logError('queue.redis-error', error);
    await this.#disconnect(failed);
    await sleep(RECONNECT_MS.most, this.#closing.signal);
    this.#session = this.#connect();
  }

  /** Always forced: BullMQ's graceful close waits for jobs and for a Redis that may be unreachable. Leftover jobs do no harm. */
  async #disconnect({ queue, worker, clients }: Session): Promise<void> {
    await Promise.all([worker.close(true), queue.close()]);
    for (const client of clients) client.disconnect();
  }

  #client(options: ClientOptions): Redis {
    const { redis } = this.#options;
    const all: ClientOptions = { ...options, retryStrategy: (times) => Math.min(RECONNECT_MS.first * 2 ** times, RECONNECT_MS.most) };
    const client = 'url' in redis ? new Redis(redis.url, all) : new Redis({ ...all, path: redis.socketPath });
    client.on('error', (error: Error) => this.#logError('queue.redis-error', error));
    return client;
  }

  #logError(event: string, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (performance.now() - this.#loggedMs < LOG_INTERVAL_MS) {
      this.#unlogged += 1;
      return;
    }
    this.#log.warn({ event, err: error, alsoNotLogged: this.#unlogged });
    this.#loggedMs = performance.now();
    this.#unlogged = 0;
  }
}

async function settled(work: Iterable<Promise<void>>, withinMs: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([Promise.all(work), sleep(withinMs, timer.signal).catch(() => {})]);
  timer.abort();
}
