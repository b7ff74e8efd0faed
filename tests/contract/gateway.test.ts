// The gateway over a real sshd, which stands in for the guest, and a local service that speaks like an OpenAI-compatible endpoint.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { pollUntil } from '../../common/deadline.ts';
import { Gateway } from '../../orchestrator/gateway/gateway.ts';
import { OpenRequests } from '../../orchestrator/gateway/open-requests.ts';
import { SetSecret } from '../../orchestrator/gateway/secret.ts';
import { SecretManager } from '../../orchestrator/gateway/secret-manager.ts';
import { SqliteSecrets } from '../../orchestrator/gateway/sqlite-secrets.ts';
import { UpstreamClient } from '../../orchestrator/gateway/upstream.ts';
import { addressGuard } from '../../orchestrator/research/fetch/address-guard.ts';
import { KEY, ModelServer } from '../support/model-server.ts';
import { admin, alice } from '../support/operations.ts';
import { scratchActions, type ScratchActions } from '../support/scratch-actions.ts';
import { VmInside, type Inside } from '../support/vm-inside.ts';
import { environment, ENV_A, ENV_B, FakeServices } from './api/fake-services.ts';
import { problemOf } from './api/harness.ts';

const services = new FakeServices();
const owner = { ...admin, user: 'usr_a' };
const open = new OpenRequests();
const upstream = new UpstreamClient(addressGuard());
let scratch: ScratchActions;
let secrets: SecretManager;
let stored: SqliteSecrets;
let models: ModelServer;
let inside: VmInside;
let a: Inside;
let b: Inside;
beforeAll(async () => {
  models = await ModelServer.start();
  scratch = scratchActions(services.environments, [environment(ENV_A, 'a'), environment(ENV_B, 'b')]);
  stored = new SqliteSecrets(scratch.store);
  secrets = new SecretManager({ secrets: stored, environments: services.environments, open, events: scratch.events, key: Buffer.alloc(32, 1), now: () => new Date() });
  const records = { get: (id: string) => { const found = services.all.get(id); return found && { ...found, networkIndex: 1 }; } };
  inside = new VmInside(services, records, {
    rate: { perMinute: 1_000_000, burst: 10_000 },
    gateway: new Gateway({ secrets: stored, reveal: (row) => secrets.reveal(row), isToken: (id, token) => inside.tokens.matches(id, token), upstream, open, audit: services.audit }),
  });
  [a, b] = await Promise.all([inside.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 }), inside.guest({ ...environment(ENV_B, 'b'), networkIndex: 2 })]);
  for (const guest of [a, b]) await pollUntil('The API in the guest', { timeoutMs: 30_000, intervalMs: 50 }, async () => await guest.call('GET', '/v1/me').then(({ status }) => (status === 200 ? true : undefined), () => undefined));
});
afterAll(async () => {
  await inside[Symbol.asyncDispose]();
  upstream.close();
  await models[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
  await services.dispose();
});
beforeEach(async () => {
  await set();
  await secrets.grant(owner, 'gpt', ENV_A);
  models.requests.length = 0;
  services.audited.length = 0;
});

async function set(more: object = {}): Promise<void> {
  await secrets.set(owner, 'gpt', SetSecret.parse({ value: KEY, provider: 'openai', baseUrl: models.url, allowPrivate: true, ...more }));
}

/** fetch would resolve dot segments itself. */
async function rawStatus(path: string): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port: a.port, path: `/gateway/gpt${path}`, headers: { authorization: `Bearer ${await a.token()}`, connection: 'close' } }).end();
  const [response] = await once(sent, 'response') as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

const chat = { model: 'small', messages: [{ role: 'user', content: 'hi' }] };

test('A request reaches the service with the key, and neither the key nor the token crosses to the other side', async () => {
  const response = await a.call('POST', '/gateway/gpt/v1/chat/completions?x=1', { json: chat, headers: { 'x-stainless-lang': 'js', cookie: 'c=1', 'x-api-key': 'mine' } });
  expect(response.status).toBe(200);
  expect(response.headers.get('x-request-id')).toBe('req_model');
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
  const [seen] = models.requests;
  expect(seen).toMatchObject({ method: 'POST', url: '/v1/chat/completions?x=1', body: JSON.stringify(chat), headers: { authorization: `Bearer ${KEY}`, 'x-stainless-lang': 'js', host: new URL(models.url).host } });
  expect(JSON.stringify(seen?.headers)).not.toContain(await a.token());
  expect(Object.keys(seen?.headers ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
  expect(seen?.headers['x-api-key']).toBeUndefined();
  expect(services.audited).toMatchObject([{ keyId: ENV_A, user: 'usr_a', action: 'useSecret', target: 'POST /gateway/gpt/v1/chat/completions', outcome: 'ok' }]);
});

test('The token is accepted where clients of such services put their key', async () => {
  for (const headers of [{ 'x-api-key': await a.token() }, { 'api-key': await a.token() }]) expect((await a.call('GET', '/gateway/gpt/v1/models', { token: null, headers })).status).toBe(200);
  for (const token of [null, 'sk-other', await b.token()]) expect((await a.call('GET', '/gateway/gpt/v1/models', { token })).status).toBe(401);
  expect(models.requests).toHaveLength(2);
});

test('An environment without a grant, such as a fork, is refused, and the secret is not shown to exist', async () => {
  const answers = await Promise.all(['gpt', 'nothing'].map(async (name) => await problemOf(await b.call('GET', `/gateway/${name}/v1/models`))));
  expect(answers).toMatchObject([{ status: 404, code: 'not_found', detail: 'b may not use a secret with the name "gpt"' }, { status: 404, code: 'not_found', detail: 'b may not use a secret with the name "nothing"' }]);
  expect(models.requests).toEqual([]);
  expect(services.audited).toMatchObject([{ keyId: ENV_B, outcome: 'not_found' }, { keyId: ENV_B, outcome: 'not_found' }]);
});

test('What a service repeats of the key is removed from headers and body', async () => {
  const response = await a.call('GET', '/gateway/gpt/v1/leak');
  expect(Object.fromEntries(response.headers)).not.toEqual(expect.objectContaining({ 'set-cookie': expect.anything() }));
  expect(JSON.stringify([...response.headers])).not.toContain(KEY);
  expect(response.headers.get('openai-version')).toBe('1');
  expect(await response.text()).toBe(`you sent Bearer ${'*'.repeat(KEY.length)}, yes ${'*'.repeat(KEY.length)}`);
});

test('Streams arrive as they are sent, and end at both sides when the program disconnects', async () => {
  const whole = await a.call('POST', '/gateway/gpt/v1/chat/completions', { json: { ...chat, stream: true } });
  expect(whole.headers.get('content-type')).toBe('text/event-stream');
  expect(await whole.text()).toBe('data: {"delta":"one"}\n\ndata: {"delta":"two"}\n\ndata: [DONE]\n\n');
  const endless = await a.call('POST', '/gateway/gpt/v1/chat/completions', { json: { ...chat, stream: true, endless: true } });
  const reader = endless.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: {"delta":"one"}\n\n');
  await reader?.cancel();
  await expect.poll(() => models.streams).toBe(0);
  await expect.poll(() => open.size).toBe(0);
});

test('A WebSocket works in both directions, without the key in what the service repeats', async () => {
  const socket = new WebSocket(`${a.url.replace('http', 'ws')}/gateway/gpt/v1/realtime`, { headers: { authorization: `Bearer ${await a.token()}` } });
  await once(socket, 'open');
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe(`hello ${'*'.repeat(KEY.length)}`);
  socket.close();
  await once(socket, 'close');
  await expect.poll(() => open.size).toBe(0);
  const refused = new WebSocket(`${b.url.replace('http', 'ws')}/gateway/gpt/v1/realtime`, { headers: { authorization: `Bearer ${await b.token()}` } });
  expect(String((await once(refused, 'error'))[0])).toContain('404');
});

describe('A revoked, replaced or removed secret', () => {
  const ends: [string, () => Promise<unknown>][] = [
    ['revoked', async () => await secrets.revoke(owner, 'gpt', ENV_A)],
    ['replaced', async () => await set({ value: 'sk-local-another-key' })],
    ['removed', async () => await secrets.remove(owner, 'gpt')],
  ];
  for (const [how, end] of ends) {
    test(`ends open streams and WebSockets at once when it is ${how}`, async () => {
      const stream = await a.call('POST', '/gateway/gpt/v1/chat/completions', { json: { ...chat, stream: true, endless: true } });
      const socket = new WebSocket(`${a.url.replace('http', 'ws')}/gateway/gpt/v1/realtime`, { headers: { authorization: `Bearer ${await a.token()}` } });
      await once(socket, 'open');
      socket.on('error', () => {});
      const closed = Promise.all([once(socket, 'close'), stream.text().then(() => { throw new Error('the stream ended normally'); }, () => {})]);
      await end();
      await closed;
      await expect.poll(() => [models.streams, open.size]).toEqual([0, 0]);
      expect((await a.call('GET', '/gateway/gpt/v1/models')).status).toBe(how === 'replaced' ? 401 : 404);
    });
  }
});

describe('The budget', () => {
  test('limits the number of requests, also after a restart, and starts again when the secret is set again', async () => {
    await set({ budget: { requests: 2 } });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await a.call('GET', '/gateway/gpt/v1/models')).status);
    expect(statuses).toEqual([200, 200, 409, 409]);
    expect(stored.find('usr_a', 'gpt')?.usage.requests).toBe(2);
    expect(await problemOf(await a.call('GET', '/gateway/gpt/v1/models'))).toMatchObject({ code: 'quota_exceeded', detail: expect.stringContaining('2 of 2 requests') });
    await set({ budget: { requests: 2 } });
    expect((await a.call('GET', '/gateway/gpt/v1/models')).status).toBe(200);
  });

  test('limits requests per minute', async () => {
    await set({ budget: { requestsPerMinute: 2 } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await a.call('GET', '/gateway/gpt/v1/models')).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('limits bytes in both directions, and cuts off what exceeds them', async () => {
    await set({ budget: { bytes: 2000 } });
    await expect(a.call('POST', '/gateway/gpt/v1/chat/completions', { json: { content: 'x'.repeat(3000) } }).then(async (response) => { if (!response.ok) throw new Error(String(response.status)); })).rejects.toThrow();
    await expect.poll(() => stored.find('usr_a', 'gpt')?.usage.bytes ?? 0).toBeGreaterThan(2000);
    expect(await problemOf(await a.call('GET', '/gateway/gpt/v1/models'))).toMatchObject({ status: 409, code: 'quota_exceeded' });
  });
});

describe('Refused are', () => {
  test('methods and paths that are not allowed, and paths that could mean others', async () => {
    await set({ methods: ['GET'], paths: ['/v1/models', '/v1/files/*'] });
    const status = async (method: string, path: string): Promise<number> => (await a.call(method, `/gateway/gpt${path}`)).status;
    expect([await status('GET', '/v1/models'), await status('DELETE', '/v1/models'), await status('GET', '/v1/models/x'), await status('GET', '/v1/files/1'), await status('GET', '/admin')]).toEqual([200, 403, 403, 200, 403]);
    for (const path of ['/v1/files/%2e%2e/admin', '/v1/files/..%2fadmin', '/v1/files//admin', '/v1/files/%5cadmin', '/v1/files/%252e%252e/x']) expect(await rawStatus(path), path).toBe(400);
    expect(models.requests.map(({ url }) => url)).toEqual(['/v1/models', '/v1/files/1']);
  });

  test('redirects, which are not followed', async () => {
    expect(await problemOf(await a.call('GET', '/gateway/gpt/v1/redirect'))).toMatchObject({ status: 502, code: 'fetch_failed', detail: expect.stringContaining('redirect') });
  });

  test('private addresses without --allow-private, as names too', async () => {
    const { port } = new URL(models.url);
    for (const baseUrl of [`https://127.0.0.1:${port}`, `https://localhost:${port}`, `https://[::1]:${port}`, 'https://169.254.169.254', `https://2130706433:${port}`]) {
      await set({ baseUrl, allowPrivate: false });
      expect(await problemOf(await a.call('GET', '/gateway/gpt/v1/models')), baseUrl).toMatchObject({ status: 403, code: 'address_refused' });
    }
    expect(models.requests).toEqual([]);
  });

  test('addresses chosen by users who are not admins, http without --allow-private, and incomplete secrets', async () => {
    const asked = async (by: typeof alice, request: object): Promise<unknown> => await secrets.set(by, 'mine', SetSecret.parse({ value: KEY, ...request })).then(() => 'set', (error: { code: string }) => error.code);
    expect(await asked(alice, { provider: 'anthropic' })).toBe('set');
    expect(await asked(alice, { provider: 'anthropic', baseUrl: 'https://example.com' })).toBe('forbidden');
    expect(await asked(alice, { provider: 'anthropic', allowPrivate: true })).toBe('forbidden');
    for (const baseUrl of ['http://example.com', 'https://user:pass@example.com', 'https://example.com/?a=1']) expect(await asked(owner, { provider: 'openai', baseUrl })).toBe('invalid_request');
    expect(await asked(owner, { provider: 'generic', baseUrl: 'https://example.com' })).toBe('invalid_request');
    expect(await asked(owner, { provider: 'generic', header: 'X-Key' })).toBe('invalid_request');
  });

  test('another user\'s secrets', async () => {
    expect(await secrets.list(alice)).toMatchObject([{ name: 'mine', owner: 'usr_alice' }]);
    await expect(secrets.grant(alice, 'gpt', ENV_A)).rejects.toMatchObject({ code: 'not_found' });
    await expect(secrets.remove(alice, 'gpt')).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('The key is sealed in the database, and cannot be opened with another host key or as another secret', async () => {
  const row = stored.find('usr_a', 'gpt');
  if (row === undefined) throw new Error('no secret');
  expect(row.sealed.includes(KEY)).toBe(false);
  expect(JSON.stringify(await secrets.list(owner))).not.toContain(KEY);
  expect(secrets.reveal(row)).toBe(KEY);
  expect(() => secrets.reveal({ ...row, id: 'sec_other' })).toThrow(expect.objectContaining({ code: 'corrupt' }));
  const elsewhere = new SecretManager({ secrets: stored, environments: services.environments, open, events: scratch.events, key: Buffer.alloc(32, 2), now: () => new Date() });
  expect(() => elsewhere.reveal(row)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});
