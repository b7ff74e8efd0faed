import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { addressGuard } from '../../../orchestrator/research/fetch/address-guard.ts';
import { webAddress, WebClient, type WebRequest, type WebResponse } from '../../../orchestrator/research/fetch/web-fetch.ts';
import { WebServer } from '../../support/web-server.ts';

type Resolve = (host: string) => Promise<readonly { address: string; family: number }[]>;
const clientOf = (internalOrigins: string[], resolve?: Resolve): WebClient => new WebClient({ guard: addressGuard(), internalOrigins, userAgent: 'test', ...(resolve === undefined ? {} : { resolve }) });
const get = async (client: WebClient, url: string, more: Partial<WebRequest> = {}): Promise<WebResponse> => await client.get({ url, maxBytes: 100_000, ...more });

test('A page is fetched, and a redirect within an allowed origin is followed', async () => {
  await using web = await WebServer.start({ '/old': { status: 301, headers: { location: '/new' } }, '/new': { headers: { etag: '"1"' }, body: 'here' } });
  const response = await get(clientOf([web.origin]), `${web.origin}/old#part`);
  expect(response).toMatchObject({ url: `${web.origin}/new`, redirects: [`${web.origin}/old`], status: 200, headers: { etag: '"1"' } });
  expect(Buffer.from(response.body).toString()).toBe('here');
});

test('An address without a scheme gets https, and one that is not a web address is refused', () => {
  expect([webAddress('sea.example/tides?a=1#b').href, webAddress('http://sea.example').href]).toEqual(['https://sea.example/tides?a=1', 'http://sea.example/']);
  for (const address of ['tides', 'javascript:alert(1)', 'data:text/plain,x', '/etc/passwd', 'sea.example:22/']) expect(() => webAddress(address), address).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

test('A redirect to another private address is refused, and never requested', async () => {
  await using secret = await WebServer.start({ '/': { body: 'secret' } });
  await using web = await WebServer.start();
  const client = clientOf([web.origin]);
  for (const location of [secret.origin, `http://localhost:${secret.port}/`, `http://0x7f.1:${secret.port}/`, `http://2130706433:${secret.port}/`, `http://[::ffff:127.0.0.1]:${secret.port}/`, 'http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', 'http://user:pass@example.org/', 'http://example.org:22/']) {
    web.pages.set('/', { status: 302, headers: { location } });
    await expect(get(client, web.origin), location).rejects.toMatchObject({ code: expect.stringMatching(/^(?:address_refused|invalid_request)$/) as string });
  }
  expect(secret.visits).toEqual([]);
});

test('A name that resolves to a private address is refused, even if it also resolves to public ones', async () => {
  await using web = await WebServer.start({ '/': { body: 'secret' } });
  const names: Record<string, string[]> = { 'inside.test': ['127.0.0.1'], 'mixed.test': ['93.184.216.34', '10.0.0.1'], 'none.test': [] };
  const client = clientOf([], async (host) => (names[host] ?? []).map((address) => ({ address, family: 4 })));
  await expect(get(client, `http://inside.test:${web.port}/`)).rejects.toMatchObject({ code: 'address_refused' });
  await expect(get(client, `http://mixed.test:${web.port}/`)).rejects.toMatchObject({ code: 'address_refused' });
  await expect(get(client, 'http://none.test/')).rejects.toMatchObject({ code: 'fetch_failed' });
  expect(web.visits).toEqual([]);
});

test('A name is resolved once for each connection, so that a second answer has no effect', async () => {
  await using web = await WebServer.start({ '/': { body: 'page' } });
  const asked: string[] = [];
  const client = clientOf([`http://site.test:${web.port}`], async (host) => {
    asked.push(host);
    return [{ address: '127.0.0.1', family: 4 }];
  });
  expect((await get(client, `http://site.test:${web.port}/`)).status).toBe(200);
  expect(asked).toEqual(['site.test']);
});

test('Only allowed hosts are visited', async () => {
  await using web = await WebServer.start({ '/': { status: 302, headers: { location: 'http://elsewhere.example/' } } });
  const client = clientOf([web.origin]);
  await expect(get(client, web.origin, { allowHosts: ['example.org'] })).rejects.toMatchObject({ code: 'address_refused', details: { host: '127.0.0.1' } });
  await expect(get(client, web.origin, { allowHosts: ['127.0.0.1'] })).rejects.toMatchObject({ code: 'address_refused', details: { host: 'elsewhere.example' } });
});

test('A secret in a header is sent only to its origin', async () => {
  await using other = await WebServer.start({ '/': { body: 'ok' } });
  await using web = await WebServer.start({ '/': { status: 307, headers: { location: other.origin } } });
  await get(clientOf([web.origin, other.origin]), web.origin, { headers: { 'x-api-key': 'secret', accept: 'application/json' } });
  expect(web.visits[0]?.headers).toMatchObject({ 'x-api-key': 'secret' });
  expect(other.visits[0]?.headers).toMatchObject({ accept: 'application/json' });
  expect(other.visits[0]?.headers).not.toHaveProperty('x-api-key');
});

test('A body is decompressed, and refused if that makes it too large', async () => {
  await using web = await WebServer.start({
    '/small': { headers: { 'content-encoding': 'gzip' }, body: gzipSync('text') }, '/bomb': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(50_000_000)) }, '/broken': { headers: { 'content-encoding': 'gzip' }, body: 'no gzip' },
  });
  const client = clientOf([web.origin]);
  const { body, headers } = await get(client, `${web.origin}/small`);
  expect(Buffer.from(body).toString()).toBe('text');
  expect(headers).not.toHaveProperty('content-encoding');
  await expect(get(client, `${web.origin}/bomb`)).rejects.toMatchObject({ code: 'too_large' });
  await expect(get(client, `${web.origin}/broken`)).rejects.toMatchObject({ code: 'fetch_failed' });
});

test('Endless redirects fail, and a fetch can be cancelled', async () => {
  await using web = await WebServer.start({ '/': { status: 302, headers: { location: '/' } } });
  await expect(get(clientOf([web.origin]), web.origin)).rejects.toMatchObject({ code: 'fetch_failed' });
  expect(web.visits).toHaveLength(9);
  await using slow = await WebServer.start();
  slow.pages.set('/', async () => await new Promise(() => {}));
  const gone = new AbortController();
  const waiting = get(clientOf([slow.origin]), slow.origin, { signal: gone.signal });
  await expect.poll(() => slow.visits.length).toBe(1);
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});
