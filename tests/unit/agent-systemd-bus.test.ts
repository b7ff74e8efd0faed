// What the agent sends to PID 1, and how it reads the answers. Real D-Bus messages over a socket; tests with VMs show that systemd accepts them.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initAnswers, message, setRuntimeWatchdog } from '../../agent/systemd-bus.ts';

const OK = 'OK 0123456789abcdef0123456789abcdef\r\n';
/** An empty answer of this type: little-endian, to call 1. */
const answer = (type: number): Buffer => Buffer.from(`6c${type.toString(16).padStart(2, '0')}0101 00000000 07000000 08000000 0501750001000000`.replaceAll(' ', ''), 'hex');
const [METHOD_RETURN, ERROR, SIGNAL] = [2, 3, 4];

let folder: string;
let path: string;
let close: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bus-'));
  path = join(folder, 'private');
});
afterEach(async () => {
  close();
  await rm(folder, { recursive: true });
});

/** A PID 1 that accepts everyone and answers what follows BEGIN. @returns what it received */
async function systemd(say: (socket: Socket) => void): Promise<() => Buffer> {
  let told = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let begun = false;
    socket.on('data', (chunk: Buffer) => {
      told = Buffer.concat([told, chunk]);
      if (!begun && told.includes('AUTH')) socket.write(OK.slice(0, 10));
      if (!begun && told.includes('AUTH')) socket.write(OK.slice(10));
      begun = true;
      if (told.includes('BEGIN\r\nl')) say(socket);
    });
  });
  close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  await new Promise<void>((resolve) => { server.listen(path, resolve); });
  return () => told.subarray(told.indexOf('BEGIN\r\n') + 7);
}

test('PID 1 answers a ping, also after a signal and in pieces', async () => {
  const told = await systemd((socket) => {
    const said = Buffer.concat([answer(SIGNAL), answer(METHOD_RETURN)]);
    socket.write(said.subarray(0, 20));
    setImmediate(() => socket.write(said.subarray(20)));
  });
  expect(await initAnswers(5000, path)).toBe(true);
  expect(told().toString('latin1')).toContain('org.freedesktop.DBus.Peer');
});

test('A PID 1 that accepts no one, is silent or is missing does not answer', async () => {
  await systemd(() => {});
  expect(await initAnswers(50, path)).toBe(false);
  close();
  expect(await initAnswers(5000, join(folder, 'none'))).toBe(false);
});

test('The watchdog time is set in microseconds, and a refusal is an error', async () => {
  const told = await systemd((socket) => socket.write(answer(METHOD_RETURN)));
  await setRuntimeWatchdog(6, 5000, path);
  expect(told().readBigUInt64LE(told().length - 8)).toBe(6_000_000n);
  expect(told().length % 8).toBe(0);
  close();
  path = join(folder, 'other');
  await systemd((socket) => socket.write(answer(ERROR)));
  await expect(setRuntimeWatchdog(6, 5000, path)).rejects.toThrow('PID 1 refused Set');
});

test('A message has its lengths in its header', () => {
  const ping = message({ path: '/a', interface: 'b.c', member: 'Ping' });
  const fieldsBytes = ping.readUInt32LE(12);
  expect(ping.readUInt32LE(4)).toBe(0); // no body
  expect(ping.length).toBe(Math.ceil((16 + fieldsBytes) / 8) * 8);
});
