// The HTTP part of the egress proxy: each request is parsed by Node's strict parser, checked by the host it names, and rewritten for that host.
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

export interface HttpEgressOptions {
  /** Returns the port that the guest connected to. */
  portOf(socket: Socket): number;
  allows(socket: Socket, host: string, port: number): boolean;
  lookup: LookupFunction;
}

const forbiddenBody = 'This environment can reach only package hosts (network policy "packages").\n';
/** Milliseconds without a byte until a connection is closed. */
const idleMs = 120_000;
// Headers of one connection, not of the message (RFC 9110 §7.6.1); framing is rewritten, and an expected 100 has been sent.
const hopByHop = new Set(['connection', 'expect', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Returns a server that is passed connections (`emit('connection', socket)`) and does not listen itself. */
export function createHttpEgress(options: HttpEgressOptions): Server {
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    const target = requestTarget(request, options.portOf(request.socket));
    if (!target || !options.allows(request.socket, target.host, target.port)) {
      response.writeHead(403, { 'content-type': 'text/plain', connection: 'close' }).end(forbiddenBody);
      return;
    }
    void forward(request, response, target, options.lookup);
  });
  server.setTimeout(idleMs);
  server.on('connect', (request, socket) => {
    options.allows(request.socket, `CONNECT:${request.url ?? ''}`, 0); // never allowed, only recorded
    socket.end(`HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: ${forbiddenBody.length}\r\n\r\n${forbiddenBody}`);
  });
  return server;
}

interface Target { host: string; port: number; path: string; authority: string }

/** Returns the destination of a request; undefined when it is missing or ambiguous. */
function requestTarget(request: Pick<IncomingMessage, 'url' | 'rawHeaders'>, defaultPort: number): Target | undefined {
  const hosts = request.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === 'host');
  const [hostHeader] = hosts;
  const url = request.url ?? '';
  if (hostHeader === undefined || hosts.length > 1) return undefined;
  if (url.startsWith('/') || url === '*') return authorityTarget(hostHeader, defaultPort, url);
  // In the absolute form, as sent to a proxy, the URL takes precedence (RFC 9112 §3.2.2).
  const [, authority, path] = /^http:\/\/([^/?#@]+)(.*)$/i.exec(url) ?? [];
  if (authority === undefined || path === undefined) return undefined;
  return authorityTarget(authority, 80, path.startsWith('/') ? path : `/${path}`);
}

function authorityTarget(authority: string, defaultPort: number, path: string): Target | undefined {
  const [, host, port] = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  return host === undefined ? undefined : { host, port: port === undefined ? defaultPort : Number(port), path, authority };
}

async function forward(request: IncomingMessage, response: ServerResponse, target: Target, lookup: LookupFunction): Promise<void> {
  const chunked = request.headers['transfer-encoding'] !== undefined;
  const headers = ['Host', target.authority, ...endToEnd(request.rawHeaders, new Set(['host'])), ...(chunked ? ['Transfer-Encoding', 'chunked'] : []), 'Connection', 'close'];
  const upstream = httpRequest({ host: target.host, port: target.port, path: target.path, method: request.method, headers, setHost: false, lookup, agent: false, timeout: idleMs });
  upstream.on('timeout', () => upstream.destroy(new Error('the package host does not respond')));
  response.on('close', () => upstream.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.on('response', resolve);
    upstream.on('error', reject);
    upstream.on('close', () => reject(new Error('the package host closed the connection')));
  });
  // Not awaited, because an answer may arrive before the whole request is sent.
  pipeline(request, upstream).catch((error: Error) => upstream.destroy(error));
  try {
    const answer = await answered;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders));
    await pipeline(answer, response);
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'content-type': 'text/plain', connection: 'close' }).end('The package host cannot be reached.\n');
  }
}

/** Returns the headers unchanged, without those of the connection and those that `Connection` names. */
function endToEnd(rawHeaders: readonly string[], without: ReadonlySet<string> = new Set()): string[] {
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(',').map((token) => token.trim()));
  const dropped = new Set([...hopByHop, ...named, ...without]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase())).flat();
}
