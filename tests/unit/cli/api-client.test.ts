// How the CLI's client makes requests from paths, queries and bodies, and that their types are those of openapi.json.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest';
import { ApiClient } from '../../../orchestrator/cli/api/api-client.ts';
import type { AcceptedAnswer, Environment, Snapshot } from '../../../orchestrator/client/schema.d.ts';

let server: Server;
let client: ApiClient;
let requests: { line: string; type: string | undefined; body: string }[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ line: `${request.method} ${request.url}`, type: request.headers['content-type'], body });
      const cursor = new URL(request.url ?? '', 'http://x').searchParams.get('cursor');
      response.end(JSON.stringify({ items: [{ name: cursor ?? 'first' }], nextCursor: cursor === null ? 'second' : null }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { key: undefined, advice: '' });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('Names in a path are encoded, and those that would change the path are refused', async () => {
  await client.call('get', '/v1/environments/{ref}/snapshots/{snapshot}', { path: { ref: 'a/../b', snapshot: 'ö?x' } });
  expect(requests).toMatchObject([{ line: 'GET /v1/environments/a%2F..%2Fb/snapshots/%C3%B6%3Fx' }]);
  for (const ref of ['', '.', '..']) await expect(client.call('get', '/v1/environments/{ref}', { path: { ref } })).rejects.toMatchObject({ code: 'invalid_request', message: `"${ref}" is not a valid name` });
  expect(requests).toHaveLength(1);
});

test('What is undefined is not sent, and booleans in a query are text', async () => {
  await client.call('delete', '/v1/environments/{ref}', { path: { ref: 'a' }, query: { purge: true, wait: undefined } });
  await client.call('patch', '/v1/environments/{ref}', { path: { ref: 'a' }, body: { name: 'b', network: undefined } });
  await client.call('post', '/v1/environments/{ref}/start', { path: { ref: 'a' } });
  expect(requests).toEqual([
    { line: 'DELETE /v1/environments/a?purge=true', type: undefined, body: '' },
    { line: 'PATCH /v1/environments/a', type: 'application/json', body: '{"name":"b"}' },
    { line: 'POST /v1/environments/a/start', type: undefined, body: '' },
  ]);
});

test('All items of a list are read page by page, with its filters', async () => {
  const names = (await Array.fromAsync(client.items('/v1/environments', { query: { state: 'running' } }))).map(({ name }) => name);
  expect(names).toEqual(['first', 'second']);
  expect(requests.map(({ line }) => line)).toEqual(['GET /v1/environments?state=running&limit=500', 'GET /v1/environments?state=running&limit=500&cursor=second']);
});

test('Requests and answers have the types of openapi.json', () => {
  const calls = {
    show: () => client.call('get', '/v1/environments/{ref}', { path: { ref: 'a' } }),
    start: () => client.call('post', '/v1/environments/{ref}/start', { path: { ref: 'a' } }),
    shutdown: () => client.call('post', '/v1/host/shutdown'),
    snapshots: () => client.items('/v1/environments/{ref}/snapshots', { path: { ref: 'a' } }),
    // @ts-expect-error there is no such path
    path: () => client.call('get', '/v1/environment'),
    // @ts-expect-error the path has another parameter
    parameter: () => client.call('get', '/v1/environments/{ref}', { path: { name: 'a' } }),
    // @ts-expect-error the path needs its parameter
    noParameter: () => client.call('get', '/v1/environments/{ref}'),
    // @ts-expect-error it is not a state
    query: () => client.call('get', '/v1/environments', { query: { state: 'asleep' } }),
    // @ts-expect-error the body needs a name
    body: () => client.call('post', '/v1/environments', { body: { profile: 'coding' } }),
    // @ts-expect-error it takes no body
    noBody: () => client.call('post', '/v1/host/clock/accept', { body: { now: true } }),
  };
  expectTypeOf(calls.show).returns.resolves.toEqualTypeOf<Environment>();
  expectTypeOf(calls.start).returns.resolves.toEqualTypeOf<AcceptedAnswer>();
  expectTypeOf(calls.shutdown).returns.resolves.toEqualTypeOf<undefined>();
  expectTypeOf(calls.snapshots).returns.toEqualTypeOf<AsyncGenerator<Snapshot>>();
});
