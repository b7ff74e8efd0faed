// Gives guests access to the package sources for which this host has credentials: read-only, only below the configured address, and adding the
// credential here. Neither a guest nor the log ever sees the credential, and it is sent to no other host: the guest follows redirects itself.
import { once } from 'node:events';
import { Agent as HttpAgent, createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getCACertificates } from 'node:tls';
import type { Logger } from '../../common/log.ts';
import { gatewayBase, type PackageSource } from '../../images/package-credentials.ts';
import type { Segment } from './network.ts';

export interface PackageGatewayOptions {
  listenAddress: string;
  segmentOf(ip: string): Segment | undefined;
  /** Returns the sources in the host's current settings. */
  sources(): Promise<readonly PackageSource[]>;
  /** Proxy variables that this host uses to reach the sources. */
  proxies?: Readonly<Record<string, string>> | undefined;
  log: Logger;
  limits?: Partial<typeof defaultLimits> | undefined;
}

const defaultLimits = {
  requestsPerSegment: 32,
  requests: 128,
  /** Milliseconds without a byte. */
  idleMs: 120_000,
};

/** Request headers that are forwarded to a source. No credentials from the guest, and no encoding, because text is rewritten here. */
const FORWARDED = ['accept', 'if-none-match', 'if-modified-since', 'if-range', 'range', 'user-agent', 'npm-command', 'npm-session', 'cache-control'];
/** Response headers about the connection or credentials. */
const DROPPED = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-connection', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'www-authenticate']);

export class PackageGateway {
  readonly #options: PackageGatewayOptions;
  readonly #limits: typeof defaultLimits;
  readonly #open = new Map<number, number>();
  readonly #refused = new Set<string>();
  readonly #agents: { 'http:': HttpAgent; 'https:': HttpsAgent };
  #server: Server | undefined;

  constructor(options: PackageGatewayOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const agent = { keepAlive: true, ...(options.proxies === undefined ? {} : { proxyEnv: { ...options.proxies } }) };
    // The system trusts a company's own CA; Node does not.
    this.#agents = { 'http:': new HttpAgent(agent), 'https:': new HttpsAgent({ ...agent, ca: [...getCACertificates('default'), ...getCACertificates('system')] }) };
  }

  /** Listens on a free port. Repeatable: returns the same port again. */
  async listen(): Promise<number> {
    if (!this.#server) {
      const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => void this.#serve(request, response));
      server.setTimeout(this.#limits.idleMs);
      server.listen(0, this.#options.listenAddress);
      await once(server, 'listening');
      server.on('error', (error) => this.#options.log.warn({ event: 'network.package-gateway-socket', err: error }));
      this.#server = server;
    }
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const agent of Object.values(this.#agents)) agent.destroy();
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Never throws. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const segment = this.#options.segmentOf(request.socket.remoteAddress ?? '');
    if (!segment || segment.policy === 'none') return void request.socket.destroy();
    const open = this.#open.get(segment.index) ?? 0;
    const all = [...this.#open.values()].reduce((sum, count) => sum + count, 0);
    if (open >= this.#limits.requestsPerSegment || all >= this.#limits.requests) return refuse(response, 503, 'Too many requests at once. Try again.', { 'retry-after': '2' });
    this.#open.set(segment.index, open + 1);
    response.once('close', () => {
      const left = (this.#open.get(segment.index) ?? 1) - 1;
      if (left > 0) this.#open.set(segment.index, left); else this.#open.delete(segment.index);
    });
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'This package source is read-only.', { allow: 'GET, HEAD', connection: 'close' });
      const target = findTarget(request.url ?? '', await this.#options.sources());
      if (!target) return refuse(response, 404, 'No package source at this address.');
      await this.#forward(request, response, target);
    } catch (error) {
      this.#options.log.debug({ event: 'network.package-gateway-failed', index: segment.index, code: (error as NodeJS.ErrnoException).code ?? (error as Error).name });
      if (response.headersSent) response.destroy();
      else refuse(response, 502, 'The package source cannot be reached.');
    }
  }

  async #forward(request: IncomingMessage, response: ServerResponse, { source, url }: Target): Promise<void> {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const forwarded = FORWARDED.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]] as const]));
    const upstream = send(url, {
      method: request.method, agent: url.protocol === 'https:' ? this.#agents['https:'] : this.#agents['http:'], timeout: this.#limits.idleMs,
      headers: { ...Object.fromEntries(forwarded), authorization: source.authorization, 'accept-encoding': 'identity' },
    });
    upstream.on('timeout', () => upstream.destroy(new Error('the package source does not respond')));
    response.once('close', () => upstream.destroy());
    const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
    upstream.end();
    const [answer] = await answered;
    upstream.on('error', () => {}); // the pipeline reports it
    this.#noteRefusal(source, answer.statusCode ?? 0);
    const rewrites = /^(?:text\/html|application\/(?:[\w.+-]*\+)?json)\b/i.test(answer.headers['content-type'] ?? '') && answer.headers['content-encoding'] === undefined;
    const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !DROPPED.has(name) && !(rewrites && (name === 'content-length' || name === 'accept-ranges'))));
    if (answer.headers.location !== undefined) headers['location'] = locationFor(answer.headers.location, url, source);
    response.writeHead(answer.statusCode ?? 502, headers);
    if (rewrites) await pipeline(answer, rewriteLinks(source), response);
    else await pipeline(answer, response);
  }

  /** Logs a refused credential once each time the refusals begin. */
  #noteRefusal({ id }: PackageSource, status: number): void {
    const refused = status === 401 || status === 407;
    if (refused && !this.#refused.has(id)) this.#options.log.warn({ event: 'network.package-credential-refused', source: id, status });
    if (refused) this.#refused.add(id); else this.#refused.delete(id);
  }
}

interface Target { source: PackageSource; url: URL }

/** Resolves a request's path to a source and URL; undefined when it is not below any source, in any encoding. */
export function findTarget(requestUrl: string, sources: readonly PackageSource[]): Target | undefined {
  const [, id, rest] = /^(?:http:\/\/[^/]+)?\/([a-z0-9-]+)\/(.*)$/.exec(requestUrl) ?? [];
  const source = sources.find((candidate) => candidate.id === id);
  if (source === undefined || rest === undefined) return undefined;
  const [path = ''] = rest.split(/[?#]/, 1);
  // Decodes until nothing changes, because a server may decode more than we do; an npm scope has a legitimate encoded slash.
  let plain = path;
  for (let decoded = decode(plain); decoded !== plain; decoded = decode(plain ?? '')) {
    if (decoded === undefined) return undefined;
    plain = decoded;
  }
  if (plain.split(/[/\\]/).some((part) => part === '..' || part === '.') || plain.startsWith('/') || plain.startsWith('\\')) return undefined;
  const url = URL.canParse(rest, source.base) ? new URL(rest, source.base) : undefined;
  return url?.href.startsWith(source.base) === true ? { source, url } : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Maps a redirect within the source back to this gateway; any other is passed to the guest, which follows it without the credential. */
function locationFor(location: string, from: URL, source: PackageSource): string {
  if (!URL.canParse(location, from.href)) return location;
  const { href } = new URL(location, from);
  return href.startsWith(source.base) ? `${gatewayBase(source)}${href.slice(source.base.length)}` : href;
}

/**
 * Rewrites links in indexes, which use absolute URLs or paths from the root of their host: links to the source become links to the gateway. Latin 1
 * preserves every byte.
 */
function rewriteLinks(source: PackageSource): Transform {
  const links = new Map([[source.base, gatewayBase(source)], [`href="${new URL(source.base).pathname}`, `href="/${source.id}/`]]);
  const pattern = new RegExp([...links.keys()].map((link) => link.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
  const longest = Math.max(...[...links.keys()].map(({ length }) => length));
  let rest = '';
  const rewrite = (text: string, keep: number): string => {
    let done = '';
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      done += `${text.slice(at, match.index)}${links.get(match[0]) ?? ''}`;
      at = match.index + match[0].length;
    }
    const end = Math.max(at, text.length - keep);
    rest = text.slice(end);
    return done + text.slice(at, end);
  };
  return new Transform({
    transform: (chunk: Buffer, _encoding, next) => next(null, Buffer.from(rewrite(rest + chunk.toString('latin1'), longest - 1), 'latin1')),
    flush: (next) => next(null, Buffer.from(rewrite(rest, 0), 'latin1')),
  });
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${message}\n`);
}
