// Guests that attack the control plane: what they cost a real process in memory, and others in time.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Server } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { expect, test } from 'vitest';
import { generateSshKeyPair } from '../../supervisor/guest/ssh-keys.ts';

const MIB = 1024;
const WATCHED_MS = 12_000;
const TIMEOUT_MS = 4_000;
/** The rest of what a Node process uses for buffers, whatever is sent. */
const MOST_GROWTH_MIB = 120;

interface Told { process: ChildProcess; lines: Interface; port: number }

async function program(file: string, ...args: string[]): Promise<Told> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../support', file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [port] = await once(lines, 'line') as [string];
  return { process: child, lines, port: Number(port) };
}

async function rssMiB(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / MIB;
}

/** CPU time shows what a visit costs, however busy the host is. */
async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** A unix socket, like QEMU's, whose other end is a TCP port of the hostile guest. */
async function unixTo(port: number, path: string): Promise<Server> {
  const server = createServer((socket) => {
    const guest = createConnection(port, '127.0.0.1');
    for (const end of [socket, guest]) end.on('error', () => end.destroy());
    guest.pipe(socket);
    socket.pipe(guest);
    socket.once('close', () => guest.destroy());
  });
  await new Promise<void>((resolve) => { server.listen(path, resolve); });
  return server;
}

test.each([
  ['ssh', 'global-requests'], ['ssh', 'trickled-requests'], ['ssh', 'endless-http'], ['ssh', 'endless-banner'], ['ssh', 'garbage-before-ssh'], ['port', 'port-lines'], ['port', 'port-no-end'],
] as const)('A guest that attacks over %s (%s) costs the control plane neither memory nor time', async (how, mode) => {
  const [client, host] = [generateSshKeyPair('client'), generateSshKeyPair('host')];
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  const guest = await program('hostile-guest.ts', mode, host.privateKey);
  const socketPath = join(folder, 'agent.sock');
  const bridge = how === 'port' ? await unixTo(guest.port, socketPath) : undefined;
  const visitor = await program('guest-visitor.ts', JSON.stringify({ how, port: guest.port, socketPath, privateKey: client.privateKey, hostPublicKey: host.publicKey, timeoutMs: TIMEOUT_MS }));
  try {
    const outcomes: string[] = [];
    visitor.lines.on('line', (line: string) => outcomes.push(line));
    const healthz = async (): Promise<void> => { await (await fetch(`http://127.0.0.1:${visitor.port}/healthz`)).text(); };
    await healthz();
    const before = await rssMiB(visitor.process.pid ?? 0);
    let most = before;
    const [cpuBefore, from] = [await cpuMs(visitor.process.pid ?? 0), performance.now()];
    const waits: number[] = [];
    for (const until = performance.now() + WATCHED_MS; performance.now() < until || outcomes.length === 0;) {
      waits.push(await tookMs(healthz));
      most = Math.max(most, await rssMiB(visitor.process.pid ?? 0));
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    waits.sort((a, b) => a - b);
    const cpuShare = (await cpuMs(visitor.process.pid ?? 0) - cpuBefore) / (performance.now() - from);
    console.log(`${mode}: ${Math.round(cpuShare * 100)} % of a CPU; ${Math.round(most - before)} MiB more than ${Math.round(before)}; /healthz p50 ${waits[waits.length >> 1]?.toFixed(1)} ms, p95 ${waits[Math.floor(waits.length * 0.95)]?.toFixed(1)} ms, most ${waits.at(-1)?.toFixed(1)} ms; ${outcomes[0]}`);
    expect(outcomes[0]).toMatch(/^(timeout|guest_unreachable): /);
    expect(most - before).toBeLessThan(MOST_GROWTH_MIB);
    // Without the limits a flood takes all of a CPU; with them a fifth.
    expect(cpuShare).toBeLessThan(0.8);
  } finally {
    for (const { process: child } of [visitor, guest]) child.kill('SIGKILL');
    bridge?.close();
    await rm(folder, { recursive: true });
  }
});
