import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, request as httpRequest, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as tlsConnect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EgressProxy } from '../../supervisor/network/egress-proxy.ts';
import { RefusalLog } from '../../supervisor/network/refusal-log.ts';
import { readClientHello } from '../../supervisor/network/tls-client-hello.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';

// Keys agreed in advance: TLS without certificates.
const psk = { psk: Buffer.alloc(32, 7), identity: 'test' };
const tlsOptions = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' as const };
const big = randomBytes(20 * 1024 * 1024);
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let policy: NetworkPolicy;
let forbidden: boolean;
let refused: string[];
let requests: IncomingMessage[];
let web: HttpServer;
let secure: Server;
let proxy: EgressProxy;
/** Where the proxy serves what a guest sends to the web server's and the TLS server's ports. */
let webPort: number;
let securePort: number;
let realWebPort: number;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

beforeEach(async () => {
  policy = 'packages';
  forbidden = false;
  refused = [];
  requests = [];
  web = createHttpServer((request, response) => {
    requests.push(request);
    if (request.url === '/big') response.end(big);
    else if (request.url === '/hang') response.write('partial');
    else if (request.method === 'POST') void (async () => { response.end(sha(Buffer.from(await request.toArray().then((parts) => Buffer.concat(parts as Buffer[]))))); })();
    else response.writeHead(200, { 'x-two': ['a', 'b'], 'content-type': 'text/plain' }).end(`${request.method} ${request.url}`);
  });
  secure = createTlsServer({ ...tlsOptions, pskCallback: () => psk.psk }, (socket) => {
    const parts: Buffer[] = [];
    let length = 0;
    socket.on('error', () => {});
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length === big.length) socket.end(Buffer.concat([big, Buffer.from(sha(Buffer.concat(parts)))]));
    });
  });
  for (const server of [web, secure]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  realWebPort = portOf(web);
  const log = pino({ level: 'info' }, { write: (line: string) => { refused.push((JSON.parse(line) as { host: string }).host); } });
  proxy = new EgressProxy({
    listenAddress: '127.0.0.1',
    segmentOf: () => ({ index: 1, policy }),
    allowsHost: (host, port) => host.toLowerCase() === 'mirror.example' && (port === realWebPort || port === portOf(secure)),
    resolveName: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    isForbiddenDestination: () => forbidden,
    refusals: new RefusalLog(log),
    limits: { connectionsPerSegment: 8, helloMs: 5000, connectMs: 5000 },
    log,
  });
  const ports = await proxy.listen([realWebPort, portOf(secure)]);
  webPort = ports.get(realWebPort) ?? 0;
  securePort = ports.get(portOf(secure)) ?? 0;
});

afterEach(async () => {
  await proxy.close();
  web.closeAllConnections();
  web.close();
  secure.close();
});

/** Sends bytes and reads everything that is returned. */
async function exchange(port: number, bytes: string | Buffer, options: { end?: boolean } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  if (options.end === true) socket.end(bytes); else socket.write(bytes);
  return await text(socket).catch(() => '');
}

async function get(path: string, host: string, agent?: Agent): Promise<{ status: number; body: string }> {
  const request = httpRequest({ host: '127.0.0.1', port: webPort, path, headers: { host }, ...(agent ? { agent } : {}) });
  request.end();
  const [response] = await once(request, 'response') as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

describe('HTTP', () => {
  test('reaches a package host, including headers', async () => {
    const answer = await exchange(webPort, 'GET /a?b=c HTTP/1.1\r\nHost: Mirror.Example\r\nX-One: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/x-two: a\r\nx-two: b\r\n/);
    expect(answer).toContain('GET /a?b=c');
    expect(requests[0]?.headers).toEqual({ 'host': 'Mirror.Example', 'x-one': '1', 'connection': 'close' });
  });

  test('is checked for each request of a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await get('/1', 'mirror.example', agent)).toMatchObject({ status: 200, body: 'GET /1' });
    expect(await get('/2', 'mirror.example', agent)).toMatchObject({ status: 200, body: 'GET /2' });
    expect((await get('/3', 'evil.example', agent)).status).toBe(403);
    agent.destroy();
    expect(requests.map(({ url }) => url)).toEqual(['/1', '/2']);
    expect(refused).toEqual(['evil.example']);
  });

  test('is checked when requests are sent in one go', async () => {
    const answer = await exchange(webPort, 'GET /1 HTTP/1.1\r\nHost: mirror.example\r\n\r\nGET /2 HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /3 HTTP/1.1\r\nHost: mirror.example\r\n\r\n');
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
    expect(requests.map(({ headers }) => headers.host)).not.toContain('evil.example');
  });

  test.each([
    ['no host', 'GET / HTTP/1.0\r\n\r\n'],
    ['another host', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: mirror.example\r\nHost: evil.example\r\n\r\n'],
    ['a port that is not listed', 'GET / HTTP/1.1\r\nHost: mirror.example:22\r\n\r\n'],
    ['an absolute form that names another host', 'GET http://evil.example/ HTTP/1.1\r\nHost: mirror.example\r\n\r\n'],
    ['an absolute form with a user', 'GET http://mirror.example@evil.example/ HTTP/1.1\r\nHost: mirror.example\r\n\r\n'],
    ['another scheme', 'GET https://mirror.example/ HTTP/1.1\r\nHost: mirror.example\r\n\r\n'],
    ['a tunnel', 'CONNECT mirror.example:443 HTTP/1.1\r\nHost: mirror.example\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: mirror.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an odd host', 'GET / HTTP/1.1\r\nHost: mirror.example/evil.example\r\n\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('is refused with %s', async (_, bytes) => {
    expect(await exchange(webPort, bytes)).toMatch(/^HTTP\/1\.1 40[03] |^$/);
    expect(requests).toEqual([]);
  });

  test('in absolute form goes to the host of the URL', async () => {
    const answer = await exchange(webPort, `GET http://mirror.example:${realWebPort}/x HTTP/1.1\r\nHost: whatever.example\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(requests[0]).toMatchObject({ url: '/x', headers: { host: `mirror.example:${realWebPort}` } });
  });

  test('carries large bodies in both directions, with and without a length', async () => {
    const response = await new Promise<IncomingMessage>((resolve) => { httpRequest({ host: '127.0.0.1', port: webPort, path: '/big', headers: { host: 'mirror.example' } }, resolve).end(); });
    expect(sha(Buffer.concat(await response.toArray() as Buffer[]))).toBe(sha(big));
    for (const headers of [{ 'content-length': String(big.length) }, { 'transfer-encoding': 'chunked' }]) {
      const request = httpRequest({ host: '127.0.0.1', port: webPort, method: 'POST', path: '/', headers: Object.entries({ ...headers, host: 'mirror.example', expect: '100-continue' }).flat() });
      request.end(big);
      const [answer] = await once(request, 'response') as [IncomingMessage];
      expect(await text(answer)).toBe(sha(big));
    }
  });

  test('that a guest aborts ends at the package host too', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: webPort, path: '/hang', headers: { host: 'mirror.example' } });
    request.on('error', () => {});
    request.end();
    await once(request, 'response');
    const upstream = (requests[0] as IncomingMessage).socket;
    request.destroy();
    await expect.poll(() => upstream.destroyed, { timeout: 5000 }).toBe(true);
  });

  test('to a host that resolves to this host or is down is answered with 502', async () => {
    forbidden = true;
    expect((await get('/', 'mirror.example')).status).toBe(502);
    forbidden = false;
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    expect((await get('/', 'mirror.example')).status).toBe(502);
    expect(requests).toEqual([]);
  });
});

/** The first bytes of a TLS client. */
async function clientHello(servername: string | undefined): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tlsConnect({ port: portOf(server), host: '127.0.0.1', ...(servername === undefined ? {} : { servername }) });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection') as [Socket];
  const [bytes] = await once(socket, 'data') as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

function secureConnection(servername: string): TLSSocket {
  return tlsConnect({ host: '127.0.0.1', port: securePort, servername, ...tlsOptions, pskCallback: () => psk, checkServerIdentity: () => undefined });
}

describe('TLS', () => {
  test('reaches a package host and carries large data in both directions, to the last byte', async () => {
    const socket = secureConnection('mirror.example');
    await once(socket, 'secureConnect');
    socket.write(big);
    const bytes = Buffer.concat(await socket.toArray() as Buffer[]);
    expect(sha(bytes.subarray(0, big.length))).toBe(sha(big));
    expect(bytes.subarray(big.length).toString()).toBe(sha(big));
  });

  test('to another host, or to none, is refused with an alert', async () => {
    const socket = secureConnection('evil.example');
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]) as [Error];
    expect(error.message).toContain('access denied');
    for (const name of [undefined, 'evil.example']) {
      expect(Buffer.from(await exchange(securePort, await clientHello(name)), 'utf8').subarray(0, 7)).toEqual(Buffer.from([21, 3, 3, 0, 2, 2, 49]));
    }
    expect(refused).toEqual(['evil.example', '?no?name?']);
  });

  test('is understood when it arrives byte by byte', async () => {
    const socket = connect(securePort, '127.0.0.1');
    socket.setNoDelay(true);
    const hello = await clientHello('evil.example');
    void (async () => { for (const byte of hello) { socket.write(Buffer.from([byte])); await new Promise(setImmediate); } })();
    const [alert] = await once(socket, 'data') as [Buffer];
    expect(alert[0]).toBe(21);
    expect(refused).toEqual(['evil.example']);
    socket.destroy();
  });

  test('whose host resolves to this host ends', async () => {
    forbidden = true;
    expect(await exchange(securePort, await clientHello('mirror.example'))).toBe('');
  });
});

test('a client that sends nothing, or only a part, is disconnected', async () => {
  expect(await exchange(webPort, '')).toBe('');
  const hello = await clientHello('mirror.example');
  expect(await exchange(securePort, hello.subarray(0, 30))).toBe('');
});

test('a guest gets a limited number of connections, and none once its policy has changed', async () => {
  const sockets = Array.from({ length: 9 }, () => connect(webPort, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.race(sockets.map(async (socket) => await once(socket, 'close')));
  policy = 'none';
  proxy.closeSegment(1);
  await Promise.all(sockets.map(async (socket) => { if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(5000) }); }));
  expect(await exchange(webPort, 'GET / HTTP/1.1\r\nHost: mirror.example\r\n\r\n')).toBe('');
});

test('listeners follow the list of ports and keep their own', async () => {
  const before = await proxy.listen([realWebPort, 8080]);
  expect(before.get(realWebPort)).toBe(webPort);
  expect([...await proxy.listen([realWebPort])].map(([port]) => port)).toEqual([realWebPort]);
});

describe('a ClientHello', () => {
  test('yields its name however it is split, also into several records', async () => {
    const bytes = await clientHello('Mirror.Example');
    for (let length = 0; length < bytes.length; length += 1) expect(readClientHello(bytes.subarray(0, length)), String(length)).toEqual({ kind: 'incomplete' });
    expect(readClientHello(bytes)).toEqual({ kind: 'named', serverName: 'mirror.example' });
    const message = bytes.subarray(5);
    const records = [];
    for (let at = 0; at < message.length; at += 50) {
      const part = message.subarray(at, at + 50);
      records.push(Buffer.from([22, 3, 1, 0, part.length]), part);
    }
    expect(readClientHello(Buffer.concat(records))).toEqual({ kind: 'named', serverName: 'mirror.example' });
  });

  test('of any bytes gets a verdict', async () => {
    const bytes = await clientHello('mirror.example');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      expect(['named', 'incomplete', 'unusable']).toContain(readClientHello(changed).kind);
    }
    expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n'))).toMatchObject({ kind: 'unusable' });
    expect(readClientHello(Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0]), Buffer.alloc(40_000, 1)])).kind).toBe('unusable');
  });
});
