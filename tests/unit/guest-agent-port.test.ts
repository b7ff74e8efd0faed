import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentStatus } from '../../agent/contract.ts';
import type { SomnusError } from '../../common/errors.ts';
import { createLogger } from '../../common/log.ts';
import { AgentPort } from '../../supervisor/guest/agent-port.ts';
import { waitUntilReady } from '../../supervisor/guest/readiness.ts';

const WAIT = { timeoutMs: 10_000 };

function status(changes: Partial<AgentStatus> = {}): AgentStatus {
  return {
    contractVersion: 1, agentVersion: '1', bootId: 'boot', uptimeMs: 1, unixMs: 2, identity: { environmentId: 'env_a', generation: 1 }, ready: true, waitingFor: [], hostname: 'a', vcpusOnline: 1, ...changes,
  };
}

interface Request { id: number; method: string; params: unknown }

/** QEMU's socket with an agent behind it that sends what the test wants. */
class Qemu {
  readonly path: string;
  readonly connections: Socket[] = [];
  answer: (request: Request, socket: Socket) => void = ({ id }, socket) => say(socket, { id, result: status() });
  greet: (socket: Socket) => void = () => {};
  #server: Server | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async start(): Promise<void> {
    this.#server = createServer((socket) => {
      this.connections.push(socket);
      socket.on('error', () => {});
      this.greet(socket);
      createInterface({ input: socket }).on('line', (line) => { if (line !== '') this.answer(JSON.parse(line) as Request, socket); });
    }).listen(this.path);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const socket of this.connections.splice(0)) socket.destroy();
    this.#server?.close();
    if (this.#server) await once(this.#server, 'close');
    this.#server = undefined;
  }
}

function say(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'none', (error: unknown) => (error as SomnusError).code);
}

let folder: string;
let qemu: Qemu;
let port: AgentPort;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somnus-guest-port-'));
  qemu = new Qemu(join(folder, 'agent.sock'));
  port = new AgentPort({ socketPath: qemu.path, log: createLogger({ level: 'silent' }) });
});
afterEach(async () => {
  await port.close();
  await qemu.stop();
  await rm(folder, { recursive: true });
});

describe('Calls', () => {
  test('Answers are matched to requests, in whatever order they arrive', async () => {
    await qemu.start();
    const held: Request[] = [];
    qemu.answer = (request, socket) => {
      held.push(request);
      if (held.length === 2) for (const { id, params } of held.toReversed()) say(socket, { id, result: { vcpusOnline: (params as { online: number }).online } });
    };
    expect(await Promise.all([port.call('setVcpus', { online: 1 }, WAIT), port.call('setVcpus', { online: 2 }, WAIT)])).toEqual([{ vcpusOnline: 1 }, { vcpusOnline: 2 }]);
  });

  test('A socket that does not exist yet is waited for, until the deadline', async () => {
    expect(await codeOf(port.status({ timeoutMs: 100 }))).toBe('timeout');
    const asked = port.status(WAIT);
    await qemu.start();
    expect(await asked).toEqual(status());
  });

  test('Everything that is not an answer to us is skipped: garbage, partial lines, endless lines, answers to others', async () => {
    await qemu.start();
    qemu.greet = (socket) => { socket.write('e":"rest of a line","id":1}\n\0\u0007\n{"id":'); };
    qemu.answer = ({ id }, socket) => {
      socket.write('\n[]\nnull\n{"id":"x"}\n');
      say(socket, { id: id - 1, result: status({ hostname: 'someone else\'s' }) });
      say(socket, { id, result: status(), extra: 1 });
      socket.write(`{"id":${id},"result":"${'x'.repeat(400_000)}"}\n`);
      say(socket, { id, result: status({ hostname: 'ours' }) });
    };
    expect((await port.status(WAIT)).hostname).toBe('ours');
  });

  test('A partial request that was left in the line is terminated before ours', async () => {
    await qemu.start();
    const seen: string[] = [];
    qemu.greet = (socket) => { socket.on('data', (chunk) => seen.push(String(chunk))); };
    await port.status(WAIT);
    expect(seen.join('')).toMatch(/^\n\{/);
  });

  test('A result that violates the contract is refused, and a late one is ignored', async () => {
    await qemu.start();
    let late: (() => void) | undefined;
    qemu.answer = ({ id, method }, socket) => {
      if (method === 'status') say(socket, { id, result: { ready: 'yes' } });
      else late = () => say(socket, { id, result: {} });
    };
    expect(await codeOf(port.status(WAIT))).toBe('guest_unreachable');
    expect(await codeOf(port.call('powerOff', { mode: 'reboot' }, { timeoutMs: 100 }))).toBe('timeout');
    late?.();
    qemu.answer = ({ id }, socket) => say(socket, { id, result: status() });
    expect(await port.status(WAIT)).toEqual(status());
  });

  test('A refusal by the agent is thrown with its code, if it may use it, and with sanitized text', async () => {
    await qemu.start();
    qemu.answer = ({ id, params }, socket) => say(socket, { id, error: { code: (params as { mode: string }).mode === 'reboot' ? 'invalid_request' : 'unauthenticated', message: `\u001b[31mno\n${'x'.repeat(4000)}` } });
    const error = await port.call('powerOff', { mode: 'reboot' }, WAIT).catch((thrown: unknown) => thrown as SomnusError) as SomnusError;
    expect(error.code).toBe('invalid_request');
    expect(error.message).toMatch(/^The agent in the VM: \[31mno x+$/);
    expect(error.message.length).toBeLessThan(400);
    expect(await codeOf(port.call('powerOff', { mode: 'poweroff' }, WAIT))).toBe('internal');
  });

  test('A connection that breaks fails pending calls, and the next call makes a new one', async () => {
    await qemu.start();
    qemu.answer = (_request, socket) => socket.destroy();
    expect(await codeOf(port.call('powerOff', { mode: 'reboot' }, WAIT))).toBe('guest_unreachable');
    await qemu.stop();
    qemu.answer = ({ id }, socket) => say(socket, { id, result: status() });
    await qemu.start();
    expect(await port.status(WAIT)).toEqual(status());
  });

  test('A signal or closing ends the wait', async () => {
    expect(await codeOf(port.status({ timeoutMs: 10_000, signal: AbortSignal.timeout(50) }))).toBe('cancelled');
    const waiting = codeOf(port.waitUntil(() => true, WAIT));
    await port.close();
    expect(await waiting).toBe('guest_unreachable');
    expect(await codeOf(port.status(WAIT))).toBe('guest_unreachable');
  });
});

describe('Waiting for a status', () => {
  test('An unsolicited status is enough, and listeners get all of them', async () => {
    await qemu.start();
    qemu.answer = () => {};
    const heard: boolean[] = [];
    port.onStatus(({ ready }) => heard.push(ready));
    const waiting = port.waitUntil(({ ready }) => ready, WAIT);
    qemu.greet = (socket) => {
      say(socket, { event: 'status', status: status({ ready: false }) });
      say(socket, { event: 'status', status: status() });
    };
    expect(await waiting).toEqual(status());
    expect(heard).toEqual([false, true]);
  });

  test('The wait continues through restarts of QEMU, and queries an agent that sends nothing', async () => {
    await qemu.start();
    qemu.answer = (_request, socket) => socket.destroy();
    const waiting = port.waitUntil(({ bootId }) => bootId === 'second', WAIT);
    await expect.poll(() => qemu.connections.length, { timeout: 5000 }).toBeGreaterThan(0);
    await qemu.stop();
    qemu.answer = ({ id }, socket) => say(socket, { id, result: status({ bootId: 'second' }) });
    await qemu.start();
    expect((await waiting).bootId).toBe('second');
  });
});

describe('Readiness', () => {
  const healthy = { agentGet: async () => ({ status: 200, body: {} }) };
  const expected = { environmentId: 'env_a', generation: 3, timeoutMs: 10_000 };

  test('An environment is ready when the agent has the current identity and answers over the network', async () => {
    await qemu.start();
    const answers = [status({ ready: false, waitingFor: ['the SSH\nserver'] }), status({ identity: { environmentId: 'env_b', generation: 3 } }), status({ identity: { environmentId: 'env_a', generation: 2 } })];
    const last = status({ identity: { environmentId: 'env_a', generation: 3 } });
    qemu.greet = (socket) => { for (const said of [...answers, last]) say(socket, { event: 'status', status: said }); };
    let asked = 0;
    const channel = { agentGet: async () => ({ status: (asked += 1) === 1 ? 503 : 200, body: {} }) };
    const told: string[] = [];
    expect(await waitUntilReady({ ...expected, port, channel, onWaiting: (message) => told.push(message) })).toEqual(last);
    expect(asked).toBe(2);
    expect(told).toEqual(['waiting for the agent in the VM', 'waiting for the SSH server', 'waiting for the VM to be ready', 'waiting for the VM to answer over its network']);
  });

  test('A VM that does not answer over the network is asked again; one with the wrong key is not', async () => {
    const { SomnusError: Thrown } = await import('../../common/errors.ts');
    await qemu.start();
    qemu.answer = ({ id }, socket) => say(socket, { id, result: status({ identity: { environmentId: 'env_a', generation: 4 } }) });
    const failing = (...reasons: string[]) => ({
      agentGet: async () => {
        const reason = reasons.shift();
        if (reason === undefined) return await healthy.agentGet();
        throw new Thrown('guest_unreachable', reason, { details: { reason } });
      },
    });
    expect((await waitUntilReady({ ...expected, port, channel: failing('connect', 'lost') })).ready).toBe(true);
    await expect(waitUntilReady({ ...expected, port, channel: failing('host_key') })).rejects.toThrow('host_key');
  });
});
