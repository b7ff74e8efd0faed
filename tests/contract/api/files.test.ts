// …/files: bytes of any size, in both directions, at the speed of the slower side; complete or visibly incomplete.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileHeaders } from '../../../orchestrator/api/answers.ts';
import { bytes } from './fake-guest.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const MIB = 1_048_576;
const GIB = 1024 * MIB;
/** Maximum data in transit: the kernel's socket buffers and ours. tests/bench/api-streams.ts measures the speed. */
const ON_THE_WAY = 32 * MIB;
const SIZE = 256 * MIB;
const url = (path: string): string => `/v1/environments/a/files?path=${path}`;

async function download(path: string): Promise<IncomingMessage> {
  const request = httpRequest(api.url + url(path), { headers: { authorization: `Bearer ${keys.read}` } });
  request.end();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve).once('error', reject);
  return await promise;
}

describe('A download', () => {
  test('describes the file and contains its bytes', async () => {
    const response = await api.call('GET', url('/size/12'));
    expect(await response.text()).toBe('a'.repeat(12));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream', [fileHeaders.type]: 'file', [fileHeaders.sizeBytes]: '12', [fileHeaders.mode]: '0644', [fileHeaders.modified]: '2026-01-02T00:00:00.000Z',
    });
  });

  test('can be checked with HEAD first', async () => {
    const response = await api.call('HEAD', url('/size/12'));
    expect([response.status, response.headers.get(fileHeaders.sizeBytes)]).toEqual([200, '12']);
    expect((await api.call('HEAD', url('/nothing'))).status).toBe(404);
  });

  test('of a missing file is 404', async () => {
    expect(await problemOf(await api.call('GET', url('/nothing')))).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('of a folder is a tar archive', async () => {
    const response = await api.call('GET', `${url('/etc')}&archive=tar`);
    expect([response.headers.get('content-type'), (await response.bytes()).length]).toEqual(['application/x-tar', 1024]);
  });

  test('that fails halfway is visibly incomplete, and logged', async () => {
    const response = await api.call('GET', url('/broken'), { headers: { 'x-request-id': 'broken-1' } });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => api.lines.some((line) => line.includes('broken-1') && line.includes('guest_unreachable')), { timeout: 5000 }).toBe(true);
  });

  test('that the client aborts stops reading in the guest', async () => {
    const response = await download(`/size/${10 * GIB}`);
    response.once('data', () => response.destroy());
    await api.services.channel.onReadStopped.promise;
  });

  test('flows at the speed of a slow client', async () => {
    const before = api.services.channel.producedBytes;
    const response = await download(`/size/${10 * GIB}`);
    response.pause();
    let last = -1;
    await expect.poll(() => {
      const still = api.services.channel.producedBytes === last;
      last = api.services.channel.producedBytes;
      return still;
    }, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(last - before).toBeLessThan(ON_THE_WAY);
    response.destroy();
  });

  test('of any size is not held in memory', async () => {
    const { channel } = api.services;
    const before = channel.producedBytes;
    let [received, mostHeld] = [0, 0];
    for await (const chunk of await download(`/size/${SIZE}`) as AsyncIterable<Buffer>) {
      received += chunk.length;
      mostHeld = Math.max(mostHeld, channel.producedBytes - before - received);
    }
    expect(received).toBe(SIZE);
    expect(mostHeld).toBeLessThan(ON_THE_WAY);
  });
});

describe('An upload', () => {
  test('arrives complete, with its mode', async () => {
    const response = await api.call('PUT', `${url('/home/x')}&mode=0750`, { body: 'content' });
    expect([response.status, await response.json()]).toEqual([200, { path: '/home/x', sizeBytes: 7 }]);
    expect(api.services.channel.written.get('/home/x')).toEqual({ sizeBytes: 7, mode: 0o750, whole: true });
  });

  test('may be empty, and have any content type', async () => {
    expect((await api.call('PUT', url('/home/empty'), { headers: { 'content-type': 'image/png' } })).status).toBe(200);
    expect(api.services.channel.written.get('/home/empty')).toEqual({ sizeBytes: 0, mode: undefined, whole: true });
  });

  test('of a tar archive is unpacked', async () => {
    const response = await api.call('PUT', `${url('/home/folder')}&archive=tar`, { body: 'tar' });
    expect(await response.json()).toEqual({ path: '/home/folder', sizeBytes: null });
    expect((await api.call('PUT', `${url('/home/folder')}&archive=tar&mode=755`, { body: 'tar' })).status).toBe(400);
  });

  test('with an invalid mode is refused', async () => {
    for (const mode of ['rwx', '9', '0888', '-1', '77777']) expect((await api.call('PUT', `${url('/home/x')}&mode=${mode}`, { body: 'x' })).status, mode).toBe(400);
  });

  test('that the client aborts is not treated as a complete file', async () => {
    await using own = await startApi();
    const request = httpRequest(own.url + url('/home/half'), { method: 'PUT', headers: { authorization: `Bearer ${keys.write}` } });
    request.on('error', () => {});
    request.write('half');
    await own.services.channel.onWriteBegun.promise;
    request.destroy();
    await expect.poll(() => own.services.channel.written.get('/home/half')?.whole, { timeout: 5000 }).toBe(false);
    expect(own.lines.join('')).not.toContain('api.failed');
  });

  test('in progress when the server ends can finish', async () => {
    await using own = await startApi();
    const request = httpRequest(own.url + url('/home/last'), { method: 'PUT', headers: { authorization: `Bearer ${keys.write}` } });
    const answered = new Promise<IncomingMessage>((resolve) => { request.once('response', resolve); });
    request.write('first ');
    await own.services.channel.onWriteBegun.promise;
    const closed = own.close();
    request.end('last');
    expect((await answered).resume().statusCode).toBe(200);
    await closed;
    expect(own.services.channel.written.get('/home/last')).toMatchObject({ sizeBytes: 10, whole: true });
  });

  test('of any size is not held in memory', async () => {
    const request = httpRequest(api.url + url('/home/large'), { method: 'PUT', headers: { authorization: `Bearer ${keys.write}` } });
    const answered = new Promise<IncomingMessage>((resolve) => { request.once('response', resolve); });
    const { channel } = api.services;
    const before = channel.takenBytes;
    let [sent, mostHeld] = [0, 0];
    await pipeline(bytes(SIZE, (size) => {
      sent += size;
      mostHeld = Math.max(mostHeld, sent - (channel.takenBytes - before));
    }), request);
    const response = await answered;
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(api.services.channel.written.get('/home/large')).toMatchObject({ sizeBytes: SIZE, whole: true });
    expect(mostHeld).toBeLessThan(ON_THE_WAY);
  });
});
