// Changes: what is accepted, waited for and passed on; concurrent writers; the server's own state.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import type { AcceptedAnswer } from '../../../orchestrator/api/answers.ts';
import { ENV_A, ENV_B, operation } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi({ collectors: [{ name: 'somnus_environments', help: 'By state.', labels: ['state'], read: async () => [{ labels: { state: 'running' }, value: 2 }] }, { name: 'somnus_broken', help: 'Fails.', labels: [], read: async () => { throw new Error('no'); } }] }); });
afterAll(async () => { await api.close(); });
beforeEach(() => { api.services.operationOfActs = operation(); });

const AT = '2026-01-02T03:04:05.000Z';

describe('A change that takes time', () => {
  test('is answered 202 with the location of its operation', async () => {
    const response = await api.call('POST', '/v1/environments', { json: { name: 'new' }, headers: { 'idempotency-key': 'k1' } });
    expect(response.status).toBe(202);
    const { environment, operation: started } = await response.json() as AcceptedAnswer;
    expect(response.headers.get('location')).toBe(`/v1/operations/${started?.id}`);
    expect({ name: environment?.name, status: started?.status }).toEqual({ name: 'new', status: 'running' });
    expect(api.services.calls.at(-1)).toEqual({ what: 'create', with: { request: { name: 'new', network: 'open', labels: {} }, options: { idempotencyKey: 'k1' } } });
  });

  test('of a profile is answered with its plan: 202 with its operation, or 200 for a dry run', async () => {
    const response = await api.call('POST', '/v1/environments/a/profile', { json: { profile: 'coding' }, headers: { 'idempotency-key': 'k3' } });
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/v1/operations/${operation().id}`);
    expect(await response.json()).toMatchObject({ environment: { id: ENV_A }, operation: { kind: 'environment.apply-profile' }, plan: { profile: 'coding', possible: true, fields: [{ field: 'memoryMiB', when: 'next start' }] } });
    expect(api.services.calls.at(-1)).toEqual({ what: 'apply profile', with: { request: { profile: 'coding', dryRun: false }, idempotencyKey: 'k3' } });
    const dry = await api.call('POST', '/v1/environments/a/profile', { json: { profile: 'coding', dryRun: true } });
    expect(dry.status).toBe(200);
    expect(await dry.json()).toMatchObject({ operation: null, plan: { profile: 'coding' } });
    for (const json of [{}, { profile: '' }, { profile: 'coding', force: true }]) expect((await api.call('POST', '/v1/environments/a/profile', { json })).status).toBe(400);
    expect((await api.call('POST', '/v1/environments/absent/profile', { json: { profile: 'coding' } })).status).toBe(404);
  });

  test('that was already done is answered 200', async () => {
    api.services.operationOfActs = null;
    const response = await api.call('POST', '/v1/environments/a/start');
    expect(response.status).toBe(200);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.json()).toMatchObject({ environment: { id: ENV_A }, operation: null });
  });

  for (const [method, path, action, options, json] of [
    ['POST', '/v1/environments/a/stop', 'stop', { force: true }, { force: true }],
    ['POST', '/v1/environments/a/stop', 'stop', { force: false }, undefined],
    ['POST', '/v1/environments/a/restart', 'restart', { force: false }, undefined],
    ['POST', '/v1/environments/a/suspend', 'suspend', {}, undefined],
    ['POST', '/v1/environments/a/undelete', 'undelete', {}, undefined],
    ['DELETE', '/v1/environments/a', 'remove', { purge: false }, undefined],
    ['DELETE', '/v1/environments/a?purge=true', 'remove', { purge: true }, undefined],
  ] as const) {
    test(`${method} ${path} with ${JSON.stringify(json)} asks the service for ${action} with ${JSON.stringify(options)}`, async () => {
      expect((await api.call(method, path, { json, headers: { 'idempotency-key': 'k2' } })).status).toBe(202);
      expect(api.services.calls.at(-1)).toEqual({ what: action, with: { ...options, idempotencyKey: 'k2' } });
    });
  }

  test('can be waited for, and is then answered with its result and the current environment', async () => {
    await using own = await startApi();
    const answer = own.call('POST', '/v1/environments/a/start?wait=600');
    own.services.operationEnds.resolve(operation({ status: 'failed', endedAt: AT }));
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ environment: { id: ENV_A }, operation: { status: 'failed' } });
    expect(own.services.calls).toContainEqual({ what: 'wait', with: { id: operation().id, timeoutMs: 600_000 } });
  });

  test('that removed the environment is answered without one', async () => {
    await using own = await startApi();
    const answer = own.call('DELETE', '/v1/environments/b?purge=true&wait=5');
    await expect.poll(() => own.services.calls.map(({ what }) => what), { timeout: 5000 }).toEqual(['remove', 'wait']);
    own.services.all.delete(ENV_B);
    own.services.operationEnds.resolve(operation({ status: 'succeeded', endedAt: AT }));
    expect(await (await answer).json()).toMatchObject({ environment: null, operation: { status: 'succeeded' } });
  });

  test('that outlasts its wait is answered 202', async () => {
    await using own = await startApi();
    own.services.operationEnds.resolve(operation());
    const response = await own.call('POST', '/v1/images?wait=1');
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/v1/operations/${operation().id}`);
  });

  test('is not waited for when the server ends: the answer reports its progress', async () => {
    await using own = await startApi();
    const answer = own.call('GET', `/v1/operations/${operation().id}?wait=600`);
    await expect.poll(() => own.services.calls.length, { timeout: 5000 }).toBe(1);
    await own.close();
    expect(await (await answer).json()).toMatchObject({ status: 'running' });
  });
});

describe('Two writers', () => {
  test('are kept apart by the ETag: the second is told that the environment has changed', async () => {
    const read = await api.call('GET', '/v1/environments/b');
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toBe('"1"');
    const patch = async (ifMatch: string): Promise<Response> => await api.call('PATCH', '/v1/environments/b', { json: { labels: { a: 'b' } }, headers: { 'if-match': ifMatch } });
    const first = await patch(etag);
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const second = await patch(etag);
    expect(second.status).toBe(412);
    expect(await problemOf(second)).toMatchObject({ code: 'precondition_failed', version: 2 });
    expect((await patch('*')).status).toBe(200);
  });

  test('need not read again what has not changed', async () => {
    const etag = (await api.call('GET', '/v1/environments/a')).headers.get('etag') ?? '';
    const again = await api.call('GET', '/v1/environments/a', { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

test('HEAD answers as GET does, without a body', async () => {
  const response = await api.call('HEAD', '/v1/environments/a');
  expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([200, '"1"', '']);
});

test('Stats and logs follow the query', async () => {
  await api.call('GET', '/v1/environments/a/stats?since=2026-01-02T03:04:05Z');
  expect(api.services.calls.at(-1)).toEqual({ what: 'stats', with: Date.UTC(2026, 0, 2, 3, 4, 5) });
  const logs = await api.call('GET', '/v1/environments/a/logs?tailBytes=10&follow=true');
  expect(logs.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await logs.text()).toBe('tail 10 follow true');
});

test('Health, readiness and metrics are open to this host and name no user\'s objects', async () => {
  expect(await (await api.call('GET', '/healthz', { key: null })).json()).toMatchObject({ status: 'ok', version: '0.1.0', parts: expect.arrayContaining([{ name: 'libvirt', state: 'ready', message: null, code: null }]) as unknown });
  expect((await api.call('GET', '/readyz', { key: null })).status).toBe(200);
  api.parts.failed('libvirt', new SomnusError('unavailable', 'no socket'));
  const waiting = await api.call('GET', '/readyz', { key: null });
  expect([waiting.status, await waiting.json()]).toEqual([503, { ready: false, waitingFor: [{ name: 'libvirt', state: 'unavailable', message: 'no socket', code: 'unavailable' }] }]);
  expect(await (await api.call('GET', '/healthz', { key: null })).json()).toMatchObject({ status: 'degraded' });
  api.parts.ready('libvirt');
  const metrics = await (await api.call('GET', '/metrics', { key: null })).text();
  expect(metrics).toContain('somnus_http_request_seconds_count{method="GET",route="/v1/environments/{ref}",status="200"}');
  expect(metrics).toContain('somnus_environments{state="running"} 2');
  expect(metrics).toContain('process_resident_memory_bytes');
  expect(metrics).not.toContain(ENV_A);
  expect(api.lines.join('')).toContain('"metric":"somnus_broken"');
});

test('A shutdown is answered before it starts', async () => {
  const response = await api.call('POST', '/v1/host/shutdown');
  expect(response.status).toBe(202);
  await api.services.shutdownCalled.promise;
});

test('A port in use is reported', async () => {
  const { createApiServer } = await import('../../../orchestrator/api/server.ts');
  const second = createApiServer({ services: () => api.services, parts: api.parts, metrics: { observe: () => {}, contentType: '', render: async () => '' }, log: (await import('pino')).pino({ level: 'silent' }), version: '0', maxBodyBytes: 1 });
  await expect(second.listen('127.0.0.1', Number(new URL(api.url).port))).rejects.toMatchObject({ code: 'unavailable' });
  await second.close();
});
