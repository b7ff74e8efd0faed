// When a key is revoked or expires during a request, every stream that it opened ends within five seconds.
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { keys } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

const WITHIN_MS = 5000;

let api: Harness;
beforeEach(async () => { api = await startApi(); });
afterEach(async () => { await api.close(); });

const headers = { authorization: `Bearer ${keys.write}`, 'content-type': 'application/json' };

function send(method: string, path: string, body?: string): ClientRequest {
  const request = httpRequest(api.url + path, { method, headers });
  request.on('error', () => {});
  if (body !== undefined) request.end(body);
  return request;
}

async function open(method: string, path: string, body = ''): Promise<IncomingMessage> {
  const [response] = await once(send(method, path, body), 'response') as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

/** Settles when it is over, also after an abort. */
async function closed(response: IncomingMessage): Promise<void> {
  if (!response.closed) await new Promise<void>((resolve) => { response.once('close', resolve); });
}

/** Reads the answer to its end, however it ends. */
async function rest(response: IncomingMessage): Promise<string> {
  let text = '';
  response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  await closed(response);
  return text;
}

async function endsInTime(what: string, end: Promise<unknown>): Promise<void> {
  const before = performance.now();
  await end;
  expect(performance.now() - before, what).toBeLessThan(WITHIN_MS);
}

test('A revoked key ends every stream it has open within five seconds', async () => {
  const started = api.services.channel.started();
  const exec = await open('POST', '/v1/environments/a/exec', JSON.stringify({ command: ['sleep'] }));
  const events = await open('GET', '/v1/events');
  const logs = await open('GET', '/v1/environments/a/logs?follow=true&tailBytes=0');
  const stalled = await open('GET', '/v1/environments/a/files?path=/size/1000000000');
  stalled.pause(); // a reader that reads nothing
  const upload = send('PUT', '/v1/environments/a/files?path=/size/1');
  const uploadAnswer = once(upload, 'response') as Promise<[IncomingMessage]>;
  upload.write(Buffer.alloc(1000));
  await api.services.channel.onWriteBegun.promise;
  const wait = once(send('GET', '/v1/operations/op_00000000000000000000000000?wait=600', ''), 'response') as Promise<[IncomingMessage]>;
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/v1/environments/a/exec`, { headers });
  await once(socket, 'open');
  socket.send(JSON.stringify({ command: ['sleep'] }));
  await once(socket, 'message');
  const frames: string[] = [];
  socket.on('message', (data: Buffer) => frames.push(data.toString()));

  const execText = rest(exec);
  const ends = {
    exec: execText, events: rest(events), logs: rest(logs), download: api.services.channel.onReadStopped.promise, websocket: once(socket, 'close'),
    upload: uploadAnswer.then(async ([answer]) => { expect(await rest(answer)).toContain('unauthenticated'); }),
    wait: wait.then(async ([answer]) => { expect(answer.statusCode).toBe(401); await rest(answer); }),
    program: (await started).whenKilled,
  };
  api.services.revoked.add(keys.write);
  await Promise.all(Object.entries(ends).map(async ([what, end]) => await endsInTime(what, end)));

  stalled.resume(); // what was in transit; the rest is gone
  await closed(stalled);
  expect(stalled.complete).toBe(false);

  const last = (await execText).trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ type: 'error', problem: { code: 'unauthenticated', status: 401 } });
  expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ type: 'error', problem: { code: 'unauthenticated' } });
}, 30_000);

test('A key that expires ends its streams too, and another key\'s stream continues', async () => {
  const events = await open('GET', '/v1/events');
  const other = await api.call('GET', '/v1/events', { key: keys.other });
  const reader = other.body?.getReader();
  await reader?.read();
  api.services.expired.add(keys.write);
  await endsInTime('events', rest(events));
  api.services.addEvent('environment.started');
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('environment.started');
  await reader?.cancel();
}, 30_000);
