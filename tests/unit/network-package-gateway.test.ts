// The package gateway over real HTTP: a source that requires credentials, and a guest that has none.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PackageSource } from '../../images/package-credentials.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { findTarget, PackageGateway } from '../../supervisor/network/package-gateway.ts';

const BASIC = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
const wheel = randomBytes(5 * 2 ** 20);

let upstream: Server;
let elsewhere: Server;
let gateway: PackageGateway;
let asked: { url: string; headers: IncomingMessage['headers'] }[];
let askedElsewhere: IncomingMessage['headers'][];
let policy: NetworkPolicy | undefined;
let lines: string[];
let url: string;
let origin: string;
let otherOrigin: string;
let sources: PackageSource[];

async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(async () => {
  [asked, askedElsewhere, lines, policy] = [[], [], [], 'open'];
  elsewhere = await serve((request, response) => { askedElsewhere.push(request.headers); response.end('elsewhere'); });
  otherOrigin = originOf(elsewhere);
  upstream = await serve((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    const wanted = request.url?.startsWith('/npm/') === true ? 'Bearer t0ken' : BASIC;
    if (request.headers.authorization !== wanted) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end('no');
    switch (request.url) {
      case '/pypi/simple/six/': return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<a href="../../files/six.whl">a</a><a href="${origin}/pypi/files/six.whl">b</a><a href="/pypi/files/six.whl">é</a><a href="${otherOrigin}/six.whl">c</a>`);
      case '/pypi/files/six.whl': return void response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': wheel.length, 'set-cookie': 'a=b' }).end(wheel);
      case '/npm/@us%2fthing': {
        response.writeHead(200, { 'content-type': 'application/vnd.npm.install-v1+json' });
        const body = JSON.stringify({ dist: { tarball: `${origin}/npm/@us/thing/-/thing-1.tgz` } });
        for (const part of [body.slice(0, 30), body.slice(30, 45), body.slice(45)]) response.write(part); // cut in the middle of the address
        return void response.end();
      }
      case '/pypi/moved': return void response.writeHead(302, { location: '/pypi/files/six.whl' }).end();
      case '/pypi/away': return void response.writeHead(302, { location: `${otherOrigin}/six.whl` }).end();
      case '/pypi/hang': return void response.write('x');
      default: return void response.writeHead(404).end('none');
    }
  });
  origin = originOf(upstream);
  sources = [{ id: 'pip-1', base: `${origin}/pypi/`, authorization: BASIC }, { id: 'npm-1', base: `${origin}/npm/`, authorization: 'Bearer t0ken' }, { id: 'bad-1', base: `${origin}/pypi/`, authorization: 'Basic d3Jvbmc=' }];
  const log = pino({ level: 'trace' }, { write: (line: string) => { lines.push(line); } });
  gateway = new PackageGateway({ listenAddress: '127.0.0.1', segmentOf: () => (policy === undefined ? undefined : { index: 1, policy }), sources: async () => sources, limits: { requestsPerSegment: 3, idleMs: 5_000 }, log });
  url = `http://127.0.0.1:${await gateway.listen()}`;
});
afterEach(async () => {
  expect(lines.join()).not.toMatch(/s3cret|t0ken|YW5uOnMzY3JldA/);
  await gateway.close();
  for (const server of [upstream, elsewhere]) { server.closeAllConnections(); server.close(); }
});

const get = async (path: string, init: RequestInit = {}): Promise<Response> => await fetch(url + path, { redirect: 'manual', ...init });

test('A guest without credentials reads an index and a file completely; links to the source lead through the gateway, other hosts stay unchanged', async () => {
  const index = await get('/pip-1/simple/six/', { headers: { authorization: 'Basic bWluZQ==', cookie: 'a=b' } });
  const gatewayBase = 'http://packages.somnus.internal/pip-1/';
  expect(await index.text()).toBe(`<a href="../../files/six.whl">a</a><a href="${gatewayBase}files/six.whl">b</a><a href="/pip-1/files/six.whl">é</a><a href="${otherOrigin}/six.whl">c</a>`);
  expect(asked[0]?.headers).toMatchObject({ authorization: BASIC });
  expect(asked[0]?.headers.cookie).toBeUndefined();
  const file = await get('/pip-1/files/six.whl');
  expect([file.status, file.headers.get('content-length'), file.headers.get('set-cookie')]).toEqual([200, String(wheel.length), null]);
  expect(createHash('sha256').update(await file.bytes()).digest('hex')).toBe(createHash('sha256').update(wheel).digest('hex'));
  const head = await get('/pip-1/files/six.whl', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(wheel.length)]);
});

test('A token for npm is added too, a scope keeps its encoded slash, and an address that arrives in pieces is found', async () => {
  const answer = await get('/npm-1/@us%2fthing');
  expect(await answer.json()).toEqual({ dist: { tarball: 'http://packages.somnus.internal/npm-1/@us/thing/-/thing-1.tgz' } });
  expect(asked[0]).toMatchObject({ url: '/npm/@us%2fthing', headers: { authorization: 'Bearer t0ken' } });
});

test('Redirects are not followed here: within the source they lead through the gateway, elsewhere the guest follows them itself, without the credential', async () => {
  expect((await get('/pip-1/moved')).headers.get('location')).toBe('http://packages.somnus.internal/pip-1/files/six.whl');
  const away = await get('/pip-1/away');
  expect([away.status, away.headers.get('location')]).toEqual([302, `${otherOrigin}/six.whl`]);
  expect(askedElsewhere).toEqual([]);
});

test.each([
  '/pip-1/../npm/x', '/pip-1/%2e%2e/npm/x', '/pip-1/..%2fnpm/x', '/pip-1/..%252f..%252fnpm', '/pip-1/a/..%5c..%5cnpm', '/pip-1//evil.example/x', '/pip-1/%2f%2fevil.example', '/pip-1/\\\\evil.example', '/pip-1/http://evil.example/', '/pip-1/%zz', '/pip-1', '/none/x', '/', 'http://evil.example/pip-1x/y', '*',
])('%s reaches nothing outside of the source', async (path) => {
  const target = findTarget(path, sources);
  expect(target === undefined || target.url.href.startsWith(`${origin}/pypi/`), target?.url.href).toBe(true);
  if (path.includes('..') || path.includes('%2e') || path.includes('evil.example/x')) expect(target).toBeUndefined();
  // As raw as a guest can send it.
  const request = httpRequest({ port: new URL(url).port, host: '127.0.0.1', path, method: 'GET' });
  request.end();
  const [response] = await once(request, 'response') as [IncomingMessage];
  response.resume();
  for (const { url: seen } of asked) expect(seen).toMatch(/^\/pypi\//);
});

test('Nothing can be published or changed through it', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await get('/pip-1/files/six.whl', { method, ...(method === 'POST' || method === 'PUT' ? { body: 'x' } : {}) });
    expect([answer.status, answer.headers.get('allow')], method).toEqual([405, 'GET, HEAD']);
    await answer.body?.cancel();
  }
  expect(asked).toEqual([]);
});

test('A guest without network access, or an unknown one, is disconnected; one that requests too much at once is told to wait', async () => {
  for (const refused of ['none', undefined] as const) {
    policy = refused;
    await expect(get('/pip-1/simple/six/')).rejects.toThrow();
  }
  policy = 'packages';
  const hanging = [1, 2, 3].map(() => new AbortController());
  const answers = await Promise.all(hanging.map(async ({ signal }) => await get('/pip-1/hang', { signal })));
  const refused = await get('/pip-1/simple/six/');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  for (const controller of hanging) controller.abort();
  for (const answer of answers) await expect(text(answer.body as never)).rejects.toThrow();
  await expect.poll(async () => (await get('/pip-1/simple/six/')).status).toBe(200);
});

test('A credential that the source refuses is logged once, by the source\'s id; the guest is not asked for one', async () => {
  for (let time = 0; time < 3; time += 1) {
    const answer = await get('/bad-1/simple/six/');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, null]);
    await answer.body?.cancel();
  }
  expect(lines.filter((line) => line.includes('package-credential-refused')).map((line) => (JSON.parse(line) as { source: string }).source)).toEqual(['bad-1']);
});

test('An unreachable source is a 502', async () => {
  sources = [{ id: 'gone-1', base: 'http://127.0.0.1:1/x/', authorization: BASIC }];
  expect((await get('/gone-1/y')).status).toBe(502);
});
