// Access: keys, scopes, keys limited to one environment, foreign host names and cross-site requests.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routeTable } from '../../../orchestrator/api/route-table.ts';
import type { Route } from '../../../orchestrator/api/route.ts';
import { ENV_A, ENV_B, keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const pathOf = (route: Route): string => route.path.replace('{ref}', 'a').replace('{id}', 'op_00000000000000000000000000').replace('{item}', 'quar_00000000000000000000000000').replace('{name}', 'coding').replace('{version}', '1').replace('{user}', 'bob').replace('{incident}', 'inc_1').replace('{artifact}', 'words').replace('{environment}', 'b');
const guarded = routeTable.flatMap((route) => (route.access === 'public' ? [] : [{ route, access: route.access, title: `${route.method.toUpperCase()} ${route.path}` }]));

async function outcome(route: Route, key: string | null): Promise<{ status: number; code: string | undefined }> {
  // Each of these is refused before its body or query is read.
  const response = await api.call(route.method.toUpperCase(), pathOf(route), { key });
  const code = route.method === 'head' ? undefined : (await problemOf(response)).code;
  return { status: response.status, code };
}

describe('Without a valid key', () => {
  for (const { route, title } of guarded) {
    const refused = (code: string): object => ({ status: 401, code: route.method === 'head' ? undefined : code });
    test(`${title} is refused`, async () => {
      expect(await outcome(route, null)).toEqual(refused('unauthenticated'));
      expect(await outcome(route, 'somnus_wrong')).toEqual(refused('unauthenticated'));
      expect(await outcome(route, keys.expired)).toEqual(refused('key_expired'));
    });
  }

  test('an unusual Authorization header is refused, whatever it contains', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YTpi', `Bearer ${keys.admin} more`, `Bearer ${'k'.repeat(501)}`, keys.admin]) {
      const response = await api.call('GET', '/v1/environments', { key: null, headers: { authorization } });
      expect(response.status, authorization).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="somnus"');
      await response.body?.cancel();
    }
  });

  test('an upload is refused before it is sent', async () => {
    const answer = await api.raw('PUT /v1/environments/a/files?path=/size/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nbegin');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('A key without the needed scope', () => {
  for (const { route, access, title } of guarded.filter(({ access: { scope } }) => scope !== 'read')) {
    test(`is refused by ${title}`, async () => {
      const expected = { status: 403, code: route.method === 'head' ? undefined : 'forbidden' };
      expect(await outcome(route, keys.read)).toEqual(expected);
      if (access.scope === 'admin') expect(await outcome(route, keys.write)).toEqual(expected);
    });
  }
});

describe('A key limited to one environment', () => {
  for (const { route, title } of guarded.filter(({ access }) => !access.limitedKeys)) {
    test(`is refused by ${title}`, async () => { expect(await outcome(route, keys.limited)).toEqual({ status: 403, code: 'forbidden' }); });
  }

  test('only has access to environments, artifacts, operations, events, memory of its environment, the list of packs, and reading', () => {
    const open = guarded.filter(({ access }) => access.limitedKeys).map(({ route }) => route.path);
    for (const path of open) expect(path).toMatch(/^\/v1\/(environments(\/\{ref\}.*)?|artifacts.*|operations.*|events|packs(\/schema|\/\{name\})?|read|memory(\/remember|\/remember-all|\/recall|\/context|\/files.*|\/memories\/\{id\}\/file)?)$/);
    expect(guarded.find(({ route }) => route.id === 'createEnvironment')?.access.limitedKeys).toBe(false);
  });

  test('sees only its own environment', async () => {
    expect((await api.call('GET', `/v1/environments/${ENV_A}`, { key: keys.limited })).status).toBe(200);
    expect((await api.call('GET', `/v1/environments/${ENV_B}`, { key: keys.limited })).status).toBe(404);
    const { items } = await (await api.call('GET', '/v1/environments', { key: keys.limited })).json() as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual([ENV_A]);
  });
});

describe('Requests that are not meant for this server', () => {
  const get = async (headers: string): Promise<string> => await api.raw(`GET /v1/environments HTTP/1.1\r\nAuthorization: Bearer ${keys.admin}\r\n${headers}\r\nConnection: close\r\n\r\n`);

  test('are refused by their Host header', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:7777', '10.0.0.1', '', 'localhost:7777@evil.example', '[::2]']) {
      expect(await get(`Host: ${host}`), host).toMatch(/^HTTP\/1\.1 403 .*"code":"forbidden"/s);
    }
    for (const host of ['localhost', 'LOCALHOST:7777', '127.0.0.1:1', '[::1]:7777']) expect(await get(`Host: ${host}`), host).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('are refused when another site sent them', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://localhost:3000', 'https://localhost:7777']) {
      expect(await get(`Host: localhost:7777\r\nOrigin: ${origin}`), origin).toMatch(/^HTTP\/1\.1 403 /);
    }
    for (const site of ['cross-site', 'same-site']) expect(await get(`Host: localhost:7777\r\nSec-Fetch-Site: ${site}`), site).toMatch(/^HTTP\/1\.1 403 /);
    expect(await get('Host: localhost:7777\r\nOrigin: http://localhost:7777\r\nSec-Fetch-Site: same-origin')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('Answers tell browsers not to embed or store anything', async () => {
  const { headers } = await api.call('GET', '/v1/environments');
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'cross-origin-resource-policy': 'same-origin',
  });
  expect(headers.has('x-powered-by')).toBe(false);
  expect(headers.has('access-control-allow-origin')).toBe(false);
});

test('No key is ever logged', () => {
  const all = api.lines.join('');
  expect(all).toContain('"keyId":"key_admin"');
  for (const key of [...Object.values(keys), 'somnus_wrong', 'somnus_secret']) expect(all).not.toContain(key);
});
