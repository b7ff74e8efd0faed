// Bodies that are too large, sent by clients that send everything before they read: they get their 413, and an endless one is disconnected.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keys } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

const MIB = 1_048_576;

let api: Harness;
beforeAll(async () => { api = await startApi({ maxBodyBytes: 10_000 }); });
afterAll(async () => { await api.close(); });

const head = (more: string): string => `POST /v1/environments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${keys.admin}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

async function dial(): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Blocks until the kernel has taken the bytes, like a client that does not look at the answer. */
async function push(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => socket.write(bytes, (error) => { if (error) reject(error); else resolve(); }));
}

describe('A client that sends all of a too large body before it reads', () => {
  for (const connection of ['close', 'keep-alive']) {
    test(`gets its 413 (Connection: ${connection})`, async () => {
      const socket = await dial();
      socket.pause();
      const total = 40 * MIB;
      await push(socket, Buffer.from(head(`Content-Length: ${total}\r\nConnection: ${connection}`)));
      for (let sent = 0; sent < total; sent += MIB) await push(socket, Buffer.alloc(MIB, 0x20));
      socket.end();
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large"/s);
    });
  }

  test('slowly, also gets its 413', async () => {
    const socket = await dial();
    socket.pause();
    const pieces = 30;
    await push(socket, Buffer.from(head(`Content-Length: ${pieces * 100_000}\r\nConnection: close`)));
    for (let piece = 0; piece < pieces; piece += 1) {
      await push(socket, Buffer.alloc(100_000, 0x20));
      await new Promise((resolve) => { setTimeout(resolve, 100); }); // simulates a slow sender
    }
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large"/s);
  });

  test('in chunks without a length, also gets its 413, and the connection serves the next request', async () => {
    const socket = await dial();
    socket.pause();
    await push(socket, Buffer.from(head('Transfer-Encoding: chunked')));
    for (let piece = 0; piece < 10; piece += 1) await push(socket, Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB, 0x20), Buffer.from('\r\n')]));
    await push(socket, Buffer.from('0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large".*HTTP\/1\.1 200 /s);
  });
});

test('A client that never stops sending is disconnected after its answer', async () => {
  const socket = await dial();
  socket.pause();
  socket.on('error', () => {});
  socket.write(head('Transfer-Encoding: chunked'));
  const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB, 0x20), Buffer.from('\r\n')]);
  let sent = 0;
  while (await push(socket, piece).then(() => true, () => false)) sent += MIB;
  expect(sent).toBeGreaterThan(32 * MIB);
  expect(sent).toBeLessThan(200 * MIB);
}, 60_000);
