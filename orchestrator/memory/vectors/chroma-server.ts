// Runs a Chroma server on loopback, with its folder in RAM because it stores vectors unencrypted. It ends with this process.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pollUntil, withDeadline } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Logger } from '../../../common/log.ts';

/** A tmpfs on every Linux: its content is in RAM and reaches a disk only through swap. */
const RAM_FOLDER = '/dev/shm';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

/** Longest wait before a server is restarted; the wait doubles after each exit. */
const MOST_RESTART_WAIT_MS = 60_000;
const FIRST_RESTART_WAIT_MS = 500;
/** The name of a folder contains the id of the process that made it, so that folders of killed processes can be removed. */
const FOLDER = /^somnus-chroma-(\d+)-/;

/** Where a server keeps the collections of one installation. */
export interface ChromaPlace { url: string; tenant?: string; database?: string; headers?: Record<string, string> }

export interface ChromaServer extends AsyncDisposable {
  /** The tenant's name is random: other programs on this host cannot guess it, and the server does not list tenants. */
  place: Required<Pick<ChromaPlace, 'url' | 'tenant' | 'database'>>;
  folder: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Starts `command run`, and restarts it whenever it exits. @throws SomnusError `unavailable` when the command does not exist or the server does not start */
export async function startChromaServer(options: { command: string; log: Logger; signal?: AbortSignal }): Promise<ChromaServer> {
  await removeAbandonedFolders();
  const folder = await mkdtemp(join(RAM_FOLDER, `somnus-chroma-${process.pid}-`));
  const port = await freePort();
  const place = { url: `http://127.0.0.1:${port}`, tenant: `somnus-${randomBytes(16).toString('hex')}`, database: 'memory' };
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    // The kernel kills it when the process that started it ends, however that happens.
    child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', options.command, 'run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
    const failed = Promise.withResolvers<never>();
    child.once('error', (cause) => failed.reject(unavailable(options.command, cause)));
    child.once('exit', (code) => failed.reject(unavailable(options.command, new Error(`it exited with ${code}`))));
    failed.promise.catch(() => undefined);
    await Promise.race([failed.promise, pollUntil('Chroma', { timeoutMs: START_TIMEOUT_MS, intervalMs: 100, signal: options.signal }, () => heartbeat(place.url))]);
    await createPlace(place);
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    if (child !== undefined) await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  void keepRunning();
  return { place, folder, stop, get pid() { return child?.pid; }, [Symbol.asyncDispose]: stop };

  async function keepRunning(): Promise<void> {
    for (let waitMs = FIRST_RESTART_WAIT_MS; ; waitMs = Math.min(MOST_RESTART_WAIT_MS, waitMs * 2)) {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (stopping.signal.aborted) return;
      options.log.warn({ event: 'memory.chroma_ended', code: child?.exitCode, signal: child?.signalCode });
      try {
        await delay(waitMs, undefined, { signal: stopping.signal });
        await start();
        waitMs = FIRST_RESTART_WAIT_MS;
      } catch (error) {
        if (stopping.signal.aborted) return;
        options.log.warn({ event: 'memory.chroma_not_started', err: error });
      }
    }
  }
}

function unavailable(command: string, cause: unknown): SomnusError {
  return new SomnusError('unavailable', `${command} cannot be started`, { hint: 'Install Chroma (`pip install chromadb`), or use the embedded index.', cause });
}

/** They may already exist after a restart of the server. */
async function createPlace({ url, tenant, database }: ChromaServer['place']): Promise<void> {
  for (const [path, name] of [['tenants', tenant], [`tenants/${tenant}/databases`, database]] as const) {
    const answer = await fetch(`${url}/api/v2/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }) });
    if (!answer.ok && answer.status !== 409) throw new SomnusError('unavailable', `Chroma answered ${answer.status} when Somnus created its ${path}`);
  }
}

async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(RAM_FOLDER)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(RAM_FOLDER, name), { recursive: true, force: true });
  }
}

async function heartbeat(url: string): Promise<true | undefined> {
  try {
    return (await fetch(`${url}/api/v2/heartbeat`)).ok ? true : undefined;
  } catch {
    return undefined;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  try {
    await withDeadline('Stopping Chroma', STOP_TIMEOUT_MS, undefined, () => exit);
  } catch {
    child.kill('SIGKILL');
    await exit;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new SomnusError('internal', 'The system assigned no port');
  return address.port;
}
