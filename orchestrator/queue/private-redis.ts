// A private Redis for when none is configured: a child process that listens only on a socket in the run folder and stores nothing on disk.
// Restarts it when it dies or no longer answers; first ends one left by an earlier control plane.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pollUntil, sleep, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';

export interface PrivateRedisOptions {
  /** Folder of its socket and pid file. */
  runDir: string;
  log: Logger;
  program?: string;
  /** Interval of the checks whether it still answers. */
  checkIntervalMs?: number;
}

const START_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5_000;
const END_TIMEOUT_MS = 5_000;
const BACKOFF_MS = { first: 100, most: 5_000 };
/** Longer paths do not fit a socket address (unix(7): 108 bytes with the terminating zero). */
const LONGEST_SOCKET_PATH = 107;

export class PrivateRedis implements AsyncDisposable {
  readonly socketPath: string;
  readonly #pidFile: string;
  readonly #options: PrivateRedisOptions;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #child: ChildProcess | undefined;
  #kept: Promise<void> = Promise.resolve();

  private constructor(options: PrivateRedisOptions) {
    this.#options = options;
    this.#log = options.log;
    this.socketPath = join(options.runDir, 'redis.sock');
    this.#pidFile = join(options.runDir, 'redis.pid');
  }

  /** Starts it and waits until it answers. @throws SomnusError `unavailable` with its output; `config_invalid` when the folder's path is too long for a socket */
  static async start(options: PrivateRedisOptions): Promise<PrivateRedis> {
    const redis = new PrivateRedis(options);
    if (Buffer.byteLength(redis.socketPath) > LONGEST_SOCKET_PATH) {
      throw new SomnusError('config_invalid', `${redis.socketPath} is too long for a socket`, { hint: 'Choose a data folder with a shorter path.', details: { key: 'dataDir' } });
    }
    await mkdir(options.runDir, { recursive: true, mode: 0o700 });
    await redis.#endLeftover();
    const child = await redis.#launch();
    redis.#kept = redis.#keepAlive(child);
    return redis;
  }

  /** The child's process id; undefined between its death and the next start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Stops it. Repeatable. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#kept;
    await rm(this.#pidFile, { force: true });
    await rm(this.socketPath, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keepAlive(first: ChildProcess): Promise<void> {
    const { signal } = this.#closing;
    let child: ChildProcess | undefined = first;
    let backoffMs = BACKOFF_MS.first;
    while (!signal.aborted) {
      try {
        child ??= await this.#launch();
        const startedMs = performance.now();
        await this.#untilFailed(child);
        if (signal.aborted) break;
        this.#log.warn({ event: 'redis.died', exitCode: child.exitCode, signal: child.signalCode });
        if (performance.now() - startedMs > BACKOFF_MS.most) backoffMs = BACKOFF_MS.first;
      } catch (error) {
        if (signal.aborted) break;
        this.#log.error({ event: 'redis.start-failed', err: error });
      }
      child = undefined;
      await sleep(backoffMs, signal).catch(() => {});
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MS.most);
    }
    if (this.#child) await end(this.#child);
  }

  /** Settles when the child has died, was killed because it no longer answered, or must be stopped. */
  async #untilFailed(child: ChildProcess): Promise<void> {
    const { signal } = this.#closing;
    const over = Promise.withResolvers<void>();
    child.once('exit', () => over.resolve());
    if (hasExited(child)) over.resolve();
    signal.addEventListener('abort', () => over.resolve(), { once: true });
    const check = setInterval(() => {
      this.#ping(ANSWER_TIMEOUT_MS).catch(() => {
        if (hasExited(child) || signal.aborted) return;
        this.#log.warn({ event: 'redis.does-not-answer', pid: child.pid });
        child.kill('SIGKILL');
      });
    }, this.#options.checkIntervalMs ?? 10_000);
    await over.promise;
    clearInterval(check);
  }

  async #launch(): Promise<ChildProcess> {
    await rm(this.socketPath, { force: true });
    const { program = 'redis-server', runDir } = this.#options;
    // In its own process group, so that a Ctrl-C for the control plane does not end it too early.
    const child = spawn(program, [
      '--port', '0', '--unixsocket', this.socketPath, '--unixsocketperm', '700', '--save', '', '--appendonly', 'no',
      '--maxmemory-policy', 'noeviction', '--daemonize', 'no', '--dir', runDir, '--loglevel', 'warning',
    ], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const failed = Promise.withResolvers<never>();
    child.once('error', (error) => failed.reject(error));
    child.once('exit', (code, signal) => { if (this.#child === child) this.#child = undefined; failed.reject(new Error(`it exited with ${code ?? signal}`)); });
    failed.promise.catch(() => {}); // only the start awaits it
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => { said.push(line); said.splice(0, said.length - 5); this.#log.debug({ event: 'redis.said', line }); });
    }
    try {
      if (child.pid !== undefined) await writeFile(this.#pidFile, `${child.pid}\n`, { mode: 0o600 });
      await Promise.race([failed.promise, pollUntil('Starting redis-server', { timeoutMs: START_TIMEOUT_MS, intervalMs: 20, signal: this.#closing.signal }, async () => await this.#ping(ANSWER_TIMEOUT_MS).catch(() => undefined))]);
      await chmod(this.socketPath, 0o700);
    } catch (cause) {
      await end(child);
      throw new SomnusError('unavailable', `Cannot start redis-server: ${[(cause as Error).message, ...said].join('. ')}`, { hint: 'Install redis-server, or set redis.url in the configuration to your own Redis.', cause });
    }
    this.#child = child;
    this.#log.info({ event: 'redis.started', pid: child.pid });
    return child;
  }

  /** @returns true when it answers */
  async #ping(timeoutMs: number): Promise<true> {
    const socket = createConnection(this.socketPath);
    try {
      return await withDeadline<true>('PING', timeoutMs, undefined, async () => {
        socket.end('PING\r\n');
        const [answer] = await once(socket, 'data') as [Buffer];
        if (!answer.toString().startsWith('+PONG')) throw new SomnusError('unavailable', `Redis answered ${answer.toString().trim()}`);
        return true;
      });
    } finally {
      socket.on('error', () => {}).destroy();
    }
  }

  /** Ends the Redis of a dead control plane, only if the process is a redis-server on this socket. */
  async #endLeftover(): Promise<void> {
    const pid = Number(await readFile(this.#pidFile, 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid <= 1 || !await this.#isOurs(pid)) return;
    this.#log.info({ event: 'redis.leftover-ended', pid });
    process.kill(pid, 'SIGKILL'); // a graceful end would save nothing
    await pollUntil('Stopping a leftover redis-server', { timeoutMs: END_TIMEOUT_MS, intervalMs: 20 }, async () => (await this.#isOurs(pid) ? undefined : true));
  }

  async #isOurs(pid: number): Promise<boolean> {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.includes('redis-server') && commandLine.includes(this.socketPath);
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  try {
    await withDeadline('Stopping redis-server', END_TIMEOUT_MS, undefined, async () => await exited);
  } catch {
    child.kill('SIGKILL');
    await exited;
  }
}
