// Runs a Chroma server on loopback, with its folder in RAM because it stores vectors unencrypted. It ends with this process.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pollUntil, withDeadline } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';

/** tmpfs on every Linux: its content never reaches a disk. */
const RAM_FOLDER = '/dev/shm';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

export interface ChromaServer extends AsyncDisposable {
  url: string;
  folder: string;
  stop(): Promise<void>;
}

/** Starts `command run`. @throws SomnusError `unavailable` when the command does not exist or the server does not start */
export async function startChromaServer(options: { command: string; signal?: AbortSignal }): Promise<ChromaServer> {
  const folder = await mkdtemp(join(RAM_FOLDER, 'somnus-chroma-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(options.command, ['run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  const failed = Promise.withResolvers<never>();
  child.once('error', (cause) => failed.reject(new SomnusError('unavailable', `${options.command} cannot be started`, { hint: 'Install Chroma (`pip install chromadb`), or use the embedded index.', cause })));
  child.once('exit', (code) => failed.reject(new SomnusError('unavailable', `${options.command} ended with ${code}`)));
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([failed.promise, pollUntil('Chroma', { timeoutMs: START_TIMEOUT_MS, intervalMs: 100, signal: options.signal }, () => heartbeat(url))]);
  } catch (error) {
    await stop();
    throw error;
  }
  failed.promise.catch(() => undefined);
  return { url, folder, stop, [Symbol.asyncDispose]: stop };
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
