import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AGENT_HTTP_PORT } from '../../agent/contract.ts';
import { pollUntil } from '../../common/deadline.ts';
import type { SomnusError } from '../../common/errors.ts';
import type { Ssh2Channel, Ssh2ChannelOptions } from '../../supervisor/guest/ssh2-channel.ts';
import { generateSshKeyPair } from '../../supervisor/guest/ssh-keys.ts';
import { describeGuestChannel } from '../support/guest-channel-suite.ts';
import { outputWith, run, untilGone } from '../support/guest-programs.ts';
import { GuestSshd } from '../support/guest-sshd.ts';

let shared: GuestSshd;
let channelOfSuite: Ssh2Channel;
beforeAll(async () => {
  shared = await GuestSshd.start();
  channelOfSuite = shared.channel();
});
afterAll(async () => {
  await channelOfSuite.close();
  await shared[Symbol.asyncDispose]();
});

describeGuestChannel('A channel to a local sshd', async () => ({ channel: channelOfSuite, slowness: 1 }));

async function ownSshd(settings: Parameters<typeof GuestSshd.start>[0] = {}): Promise<GuestSshd> {
  const sshd = await GuestSshd.start(settings);
  onTestFinished(async () => await sshd[Symbol.asyncDispose]());
  return sshd;
}

function openChannel(sshd: GuestSshd, options: Partial<Ssh2ChannelOptions> = {}): Ssh2Channel {
  const channel = sshd.channel(options);
  onTestFinished(async () => await channel.close());
  return channel;
}

/** A zombie does not count: the process that should reap it may be the sshd that the test killed. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function untilEnded(pid: number, timeoutMs = 20_000): Promise<void> {
  await pollUntil(`the end of process ${pid}`, { timeoutMs, intervalMs: 50 }, async () => isRunning(pid) ? undefined : true);
}

/** A program that prints its pid and then sleeps without using its streams. */
async function startSleeper(channel: Ssh2Channel, options: { timeoutMs?: number } = {}, signal?: AbortSignal): Promise<{ pid: number; exit: Promise<unknown>; stdout: Readable }> {
  const program = await channel.exec({ command: ['sh', '-c', 'echo "$$"; exec sleep 1000'], env: {}, ...options }, signal);
  program.stderr.resume();
  const pid = Number(await outputWith(program.stdout, '\n'));
  onTestFinished(() => { if (isRunning(pid)) process.kill(pid, 'SIGKILL'); });
  return { pid, exit: program.exit, stdout: program.stdout };
}

async function codeOf(work: Promise<unknown>): Promise<{ code: string; reason: unknown }> {
  const error = await work.then(() => { throw new Error('it went well'); }, (thrown: unknown) => thrown as SomnusError);
  return { code: error.code, reason: error.details?.['reason'] };
}

describe('Connecting', () => {
  test('Many simultaneous first uses make one connection', async () => {
    const channel = openChannel(shared);
    const ports = await Promise.all(Array.from({ length: 20 }, async () => (await run(channel, ['sh', '-c', 'echo "$SSH_CONNECTION"'])).stdout));
    expect(new Set(ports).size).toBe(1);
  });

  test('A server with another host key is refused even if everything else is right', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd, { hostPublicKey: generateSshKeyPair('other').publicKey });
    expect(await codeOf(channel.connect())).toEqual({ code: 'guest_unreachable', reason: 'host_key' });
    expect(await codeOf(run(channel, ['true']))).toEqual({ code: 'guest_unreachable', reason: 'host_key' });
  });

  test('A key that the server does not know is reported as the reason', async () => {
    const channel = openChannel(shared, { privateKey: generateSshKeyPair('other').privateKey });
    expect(await codeOf(channel.connect())).toEqual({ code: 'guest_unreachable', reason: 'authentication' });
  });

  test('A later use reaches a server that was not ready at first', async () => {
    const sshd = await ownSshd();
    await sshd.kill();
    const channel = openChannel(sshd);
    expect(await codeOf(channel.connect())).toEqual({ code: 'guest_unreachable', reason: 'connect' });
    await sshd.launch();
    expect((await run(channel, ['echo', 'back'])).stdout).toBe('back\n');
  });

  test('A server that accepts but sends nothing is given up at the deadline, or when the caller stops waiting', async () => {
    const sshd = await ownSshd();
    sshd.stall();
    const channel = openChannel(sshd, { connectTimeoutMs: 500 });
    expect(await codeOf(channel.connect())).toEqual({ code: 'guest_unreachable', reason: 'connect' });
    expect(await codeOf(channel.connect(AbortSignal.timeout(100)))).toMatchObject({ code: 'cancelled' });
  });

  test('A slow server that makes progress is not given up: the deadline applies to silence', async () => {
    const sshd = await ownSshd();
    const slow = createServer((socket) => {
      const upstream = connect(sshd.port, '127.0.0.1');
      socket.pipe(upstream);
      // Each packet of the server arrives 500 ms after the one before it.
      void (async () => { for await (const chunk of upstream) { await delay(500); socket.write(chunk as Buffer); } })().catch(() => {});
      for (const end of [socket, upstream]) end.on('error', () => {}).on('close', () => { socket.destroy(); upstream.destroy(); });
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    onTestFinished(() => { slow.close(); });
    const startedAt = performance.now();
    const channel = openChannel(sshd, { port: (slow.address() as AddressInfo).port, connectTimeoutMs: 2_000 });
    await channel.connect();
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);
  });

  test('A closed channel stays closed', async () => {
    const channel = openChannel(shared);
    await channel.connect();
    const { exit } = await startSleeper(channel, {});
    await channel.close();
    expect(await codeOf(exit)).toEqual({ code: 'guest_unreachable', reason: 'closed' });
    expect(await codeOf(channel.connect())).toEqual({ code: 'guest_unreachable', reason: 'closed' });
    await channel.close();
  });

  test('A login shell that is not POSIX is no obstacle', async () => {
    const { scriptCommand, programCommand, isPosixShell } = await import('../../supervisor/guest/remote-command.ts');
    expect(isPosixShell('/usr/bin/fish')).toBe(false);
    const wrapped = scriptCommand(programCommand({ command: ['printf', '%s', 'it\'s a \\ and "more"'], env: {} }, '/dev/null'), []);
    expect((await run(openChannel(shared), ['sh', '-c', wrapped])).stdout).toBe('it\'s a \\ and "more"');
  });
});

describe('A connection that breaks', () => {
  test('Streams end with an error, the exit is unknown, and the next use connects again', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd);
    const errors: string[] = [];
    channel.onClose((error) => errors.push(error.code));
    const program = await channel.exec({ command: ['sh', '-c', 'echo begun; exec cat /dev/zero'], env: {} });
    await outputWith(program.stdout, 'begun');
    const outcomes = Promise.all([codeOf(text(program.stdout)), codeOf(text(program.stderr)), codeOf(program.exit)]);
    await sshd.kill();
    expect((await outcomes).map(({ code }) => code)).toEqual(['guest_unreachable', 'guest_unreachable', 'guest_unreachable']);
    expect(program.stdin.destroyed).toBe(true);
    expect(errors).toEqual(['guest_unreachable']);
    await sshd.launch();
    expect((await run(channel, ['echo', 'again'])).stdout).toBe('again\n');
  });

  test('A program that times out during a lost connection is ended later', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd);
    const { pid, exit } = await startSleeper(channel, { timeoutMs: 1000 });
    await sshd.kill();
    expect((await codeOf(exit)).code).toBe('guest_unreachable');
    expect(isRunning(pid)).toBe(true);
    await sshd.launch();
    await untilEnded(pid);
  });

  test('A program that is cancelled during a lost connection is ended later', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd);
    const abort = new AbortController();
    const { pid, exit } = await startSleeper(channel, {}, abort.signal);
    await sshd.kill();
    expect((await codeOf(exit)).code).toBe('guest_unreachable');
    abort.abort();
    await sshd.launch();
    await untilEnded(pid);
  });

  test('An interrupted upload leaves no new file, and keeps the existing one', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd);
    const path = `${sshd.folder}/target`;
    await writeFile(path, 'old');
    const endless = new Readable({ read() { setImmediate(() => this.push(Buffer.alloc(16_384))); } });
    const writing = codeOf(channel.writeFile(path, endless, {}));
    await pollUntil('the start of the file', { timeoutMs: 10_000, intervalMs: 20 }, async () => (await readdir(sshd.folder)).some((name) => name.startsWith('.somnus-')) || undefined);
    await sshd.kill();
    expect((await writing).code).toBe('guest_unreachable');
    await sshd.launch();
    expect(await text((await channel.readFile(path)).content)).toBe('old');
    await pollUntil('the temporary file to be removed', { timeoutMs: 20_000, intervalMs: 100 }, async () => (await readdir(sshd.folder)).some((name) => name.startsWith('.somnus-')) ? undefined : true);
  });

  test('A stalled server is detected by its silence', async () => {
    const sshd = await ownSshd();
    const channel = openChannel(sshd, { keepalive: { intervalMs: 100, unanswered: 3 } });
    const { exit, pid } = await startSleeper(channel, {});
    await sshd.signalConnections('SIGSTOP');
    expect(await codeOf(exit)).toEqual({ code: 'guest_unreachable', reason: 'lost' });
    expect((await run(channel, ['echo', 'on a new connection'])).stdout).toBe('on a new connection\n');
    expect(isRunning(pid)).toBe(true);
  });

  test('The silence of a VM that is known to be suspended breaks no connection', async () => {
    const sshd = await ownSshd();
    let suspended = false;
    let asked = 0;
    const channel = openChannel(sshd, { keepalive: { intervalMs: 50, unanswered: 2 }, silenceExpected: async () => { asked += 1; return suspended; } });
    const { exit, pid } = await startSleeper(channel, {});
    suspended = true;
    await sshd.signalConnections('SIGSTOP');
    asked = 0;
    await pollUntil('ten probes left out', { timeoutMs: 10_000, intervalMs: 20 }, async () => asked >= 10 || undefined);
    await sshd.signalConnections('SIGCONT');
    suspended = false;
    process.kill(pid, 'SIGTERM');
    expect(await exit).toEqual({ code: 143, signal: 'TERM', timedOut: false });
  });
});

describe('Programs left running by an earlier control plane', () => {
  test('They are ended on connecting; programs of this control plane, of other environments and in the background stay', async () => {
    const start = async (environmentId: string, runId: string): Promise<number> => {
      const channel = openChannel(shared, { environmentId, runId });
      const { pid } = await startSleeper(channel, {});
      await channel.close();
      return pid;
    };
    const id = `env_test${randomBytes(4).toString('hex')}`;
    const left = await start(id, 'earlier');
    const others = await start(`${id}x`, 'earlier');
    const before = openChannel(shared, { environmentId: id, runId: 'earlier' });
    const background = Number((await run(before, ['sh', '-c', 'sleep 1000 >/dev/null 2>&1 & echo "$!"'])).stdout);
    onTestFinished(() => { process.kill(background, 'SIGKILL'); });
    await before.close();
    const ours = await start(id, 'now');
    await openChannel(shared, { environmentId: id, runId: 'now' }).connect();
    await untilEnded(left);
    expect([ours, others, background].map(isRunning)).toEqual([true, true, true]);
  });
});

test('When the server allows only ten sessions, thirty programs take turns and can still be ended', async () => {
  const sshd = await ownSshd({ maxSessions: 10 });
  const channel = openChannel(sshd);
  const outcomes = await Promise.all(Array.from({ length: 30 }, async (_, i) => await run(channel, ['sh', '-c', 'sleep 0.2; echo "$1"', 'test', String(i)])));
  expect(outcomes.map(({ stdout }) => stdout.trim())).toEqual(outcomes.map((_, i) => String(i)));
  const abort = new AbortController();
  const sleepers = await Promise.all(Array.from({ length: 9 }, async () => await startSleeper(channel, {}, abort.signal)));
  abort.abort();
  await untilGone(channel, sleepers.map(({ pid }) => String(pid)));
});

describe('The agent\'s HTTP API', () => {
  async function serve(listener: RequestListener): Promise<void> {
    const server = createHttpServer(listener).listen(AGENT_HTTP_PORT, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => { server.closeAllConnections(); server.close(); });
  }

  test('An answer is returned with its status, and parsed if it is JSON', async () => {
    const channel = openChannel(shared);
    await serve((request, response) => {
      if (request.url === '/health/ready') response.writeHead(503).end('not yet');
      else response.end(JSON.stringify({ path: request.url }));
    });
    expect(await channel.agentGet('/status?x=1', 10_000)).toEqual({ status: 200, body: { path: '/status?x=1' } });
    expect(await channel.agentGet('/health/ready', 10_000)).toEqual({ status: 503, body: 'not yet' });
  });

  test('A missing agent is distinguished from one that does not answer and one that answers nonsense', async () => {
    const channel = openChannel(shared);
    expect((await codeOf(channel.agentGet('/status', 10_000))).code).toBe('guest_unreachable');
    await serve((request, response) => { if (request.url === '/nonsense') response.socket?.end('garbage\r\n\r\n'); });
    expect((await codeOf(channel.agentGet('/status', 300))).code).toBe('timeout');
    expect((await codeOf(channel.agentGet('/nonsense', 10_000))).code).toBe('guest_unreachable');
  });
});
