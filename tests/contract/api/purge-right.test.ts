// What a key of one environment may permanently destroy: the real services and keys behind the real routes, with VMs on a fake host.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMetrics } from '../../../orchestrator/api/prom-client-metrics.ts';
import { createApiServer, type ApiServer } from '../../../orchestrator/api/server.ts';
import type { Services } from '../../../orchestrator/api/services.ts';
import { SqliteAuditLog } from '../../../orchestrator/audit/sqlite-audit-log.ts';
import { SqliteApiKeys } from '../../../orchestrator/keys/sqlite-api-keys.ts';
import { addImage, FakeControlPlane, FakeHost } from '../../support/fake-host.ts';
import { log } from '../../support/operations.ts';
import { allReady, problemOf } from './harness.ts';

let host: FakeHost;
let plane: FakeControlPlane;
let server: ApiServer;
let url: string;
const keys = { limited: '', mayPurge: '', whole: '' };

beforeEach(async () => {
  host = new FakeHost();
  plane = new FakeControlPlane(host);
  await addImage(plane);
  const apiKeys = new SqliteApiKeys({ store: plane.workshop.store, events: plane.workshop.events, resolveEnvironment: async (_caller, ref) => plane.record(ref)?.id ?? '' });
  // The environment and the keys belong to alice: a user is created with the first key for its name.
  const issue = (change: object): string => apiKeys.issue({ name: 'k', user: 'alice', scopes: ['read', 'write'], environmentId: null, expiresAt: null, actor: null, ...change }).secret;
  keys.whole = issue({});
  const owner = await apiKeys.verify(keys.whole);
  await plane.environments.create(owner, { name: 'demo', network: 'open', labels: {} });
  await plane.work();
  await plane.snapshots.create(owner, 'demo', { name: 'base', description: '', memory: true });
  await plane.work();
  const environmentId = plane.environments.find(owner, 'demo').id;
  keys.limited = issue({ environmentId });
  keys.mayPurge = issue({ environmentId, mayPurge: true });
  const services = { environments: plane.environments, snapshots: plane.snapshots, operations: plane.engine, keys: apiKeys, audit: new SqliteAuditLog({ store: plane.workshop.store, log }) } as unknown as Services;
  server = createApiServer({ services: () => services, parts: allReady(), metrics: createMetrics([], log), log, version: '1', maxBodyBytes: 65_536 });
  url = await server.listen('127.0.0.1', 0);
});
afterEach(async () => {
  await server.close();
  await plane[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const call = async (key: string, method: string, path: string, body?: unknown): Promise<Response> => await fetch(`${url}/v1/environments/demo${path}`, {
  method, headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

test('What is beyond a limited key is refused with the name of its environment', async () => {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, { method, headers: { authorization: `Bearer ${keys.limited}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return (await problemOf(response))['detail'];
  };
  expect(await ask('POST', '/v1/environments', { name: 'other' })).toBe('This key is limited to demo');
  expect(await ask('POST', '/v1/environments/demo/fork', { name: 'other' })).toBe('This key is limited to demo');
  expect(await ask('DELETE', '/v1/environments/demo?purge=true')).toBe('This key is limited to demo and may not purge');
});

const destroying = [
  ['purging the environment', 'DELETE', '?purge=true', undefined, 'may not purge'],
  ['purging a snapshot', 'DELETE', '/snapshots/base?purge=true', undefined, 'may not purge'],
  ['a restore without a safety snapshot', 'POST', '/snapshots/base/restore', { safety: false }, 'may not restore without a safety snapshot, which would permanently lose the present state'],
] as const;

test.each(destroying)('%s is refused for a key of one environment, with the reason and what to do, and nothing changes', async (_what, method, path, body, refused) => {
  const response = await call(keys.limited, method, path, body);
  expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden', detail: expect.stringContaining(refused) as string, hint: expect.stringContaining('--may-purge') as string });
  expect(plane.engine.waiting()).toEqual([]);
  const environments = plane.records.all();
  expect(environments).toMatchObject([{ name: 'demo', state: 'running', operationId: null }]);
  expect(plane.snapshotRecords.all(environments[0]?.id ?? '')).toMatchObject([{ name: 'base', state: 'ready' }]);
});

test.each(destroying)('%s is allowed for a key that was created for it, and for one without a limit', async (_what, method, path, body) => {
  for (const key of [keys.mayPurge, keys.whole]) {
    const response = await call(key, method, path, body);
    expect([200, 202]).toContain(response.status);
    await response.body?.cancel();
    if (method === 'POST') await plane.work();
    else break; // a purge works only once
  }
});

test('what can be undone is allowed for every key of the environment', async () => {
  expect((await call(keys.limited, 'POST', '/snapshots/base/restore', {})).status).toBe(202);
  await plane.work();
  expect(plane.snapshotRecords.all(plane.records.all()[0]?.id ?? '').map(({ safety }) => safety)).toEqual([false, true]);
  expect((await call(keys.limited, 'DELETE', '/snapshots/base')).status).toBe(200);
});
