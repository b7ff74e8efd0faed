// Sends one GET over HTTP or HTTPS and follows redirects. Checks each address when its name is resolved, and connects to exactly that address, so a name that resolves differently later has no effect.
import { lookup as resolveName } from 'node:dns/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { withDeadline } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { AddressGuard } from './address-guard.ts';

export interface WebRequest {
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Hosts that may be visited, with their subdomains; all if omitted. */
  allowHosts?: readonly string[] | undefined;
  /** After decompression. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

export interface WebResponse {
  /** After redirects. */
  url: string;
  redirects: string[];
  status: number;
  /** Without headers that describe the transfer. */
  headers: Record<string, string>;
  /** Decompressed. */
  body: Uint8Array;
}

export interface WebClientDeps {
  guard: AddressGuard;
  /** Origins on private networks that an admin allows, such as `http://127.0.0.1:8888`. */
  internalOrigins: readonly string[];
  userAgent: string;
  resolve?: (host: string) => Promise<readonly { address: string; family: number }[]>;
}

const MAX_REDIRECTS = 8;
const TIMEOUT_MS = 45_000;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const transferHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-encoding', 'content-length', 'trailer', 'upgrade', 'proxy-authenticate', 'set-cookie']);

export class WebClient {
  readonly #deps: WebClientDeps;

  constructor(deps: WebClientDeps) {
    this.#deps = deps;
  }

  /**
   * Sends one GET and follows redirects. Can be repeated. Keeps no cookies and no connections.
   * @throws SomnusError `invalid_request` if `url` is not a web address; `address_refused` for a private address, or a host that is not in `allowHosts`, also after a redirect; `too_large`; `fetch_failed`; `timeout`; `cancelled`
   */
  async get(request: WebRequest): Promise<WebResponse> {
    return await withDeadline(`Fetching ${request.url}`, TIMEOUT_MS, request.signal, async (signal) => await this.#follow(request, signal));
  }

  async #follow(request: WebRequest, signal: AbortSignal): Promise<WebResponse> {
    const redirects: string[] = [];
    let url = webAddress(request.url);
    let headers = request.headers ?? {};
    for (;;) {
      assertAllowed(url, request.allowHosts);
      const response = await this.#send(url, headers, signal);
      const location = response.headers.location;
      if (redirectStatuses.has(response.statusCode ?? 0) && location !== undefined) {
        response.destroy();
        if (redirects.length === MAX_REDIRECTS) throw new SomnusError('fetch_failed', `${request.url} redirects more than ${MAX_REDIRECTS} times`);
        redirects.push(url.href);
        const next = webAddress(location, url);
        if (next.origin !== url.origin) headers = withoutSecrets(headers);
        url = next;
        continue;
      }
      return { url: url.href, redirects, status: response.statusCode ?? 0, headers: keptHeaders(response.headers), body: await bodyOf(response, request.maxBytes, url.href) };
    }
  }

  async #send(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const { guard, internalOrigins, userAgent } = this.#deps;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const isInternal = internalOrigins.includes(url.origin);
    if (!isInternal && isIP(host) !== 0) guard.assertPublic(host, host); // an IP address is not resolved
    const secure = url.protocol === 'https:';
    const options: RequestOptions = {
      method: 'GET', signal, lookup: this.#lookup(isInternal), agent: secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
      headers: { 'user-agent': userAgent, accept: 'text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.7', 'accept-language': 'en;q=0.9,*;q=0.5', 'accept-encoding': 'gzip, deflate, br', ...headers },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = (secure ? httpsRequest : httpRequest)(url, options, resolve);
    sent.on('error', (cause) => reject(signal.aborted ? signal.reason : cause instanceof SomnusError ? cause : new SomnusError('fetch_failed', `${url.host} cannot be reached: ${cause.message}`, { cause })));
    sent.end();
    return await promise;
  }

  #lookup(isInternal: boolean): LookupFunction {
    const { guard, resolve = async (host) => await resolveName(host, { all: true }) } = this.#deps;
    return (host, options, callback) => {
      resolve(host).then((found) => {
        if (!isInternal) for (const { address } of found) guard.assertPublic(address, host);
        const [first] = found;
        if (first === undefined) throw new SomnusError('fetch_failed', `${host} has no address`);
        if (options.all === true) callback(null, found.map(({ address, family }) => ({ address, family })));
        else callback(null, first.address, first.family);
      }).catch((error: unknown) => callback(error as NodeJS.ErrnoException, []));
    };
  }
}

/** An address that may be fetched, without its fragment. One that begins with a host name gets `https:`. @throws SomnusError `invalid_request` */
export function webAddress(text: string, base?: URL): URL {
  const url = URL.parse(base === undefined && /^[\w-]+(?:\.[\w-]+)+(?:[/?#]|$)/.test(text) ? `https://${text}` : text, base?.href);
  const port = Number(url?.port ?? '');
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new SomnusError('invalid_request', `${text.slice(0, 200)} is not a web address`, { hint: 'Use an address that starts with https:// or http://.' });
  if (url.username !== '' || url.password !== '') throw new SomnusError('invalid_request', 'An address with a user name or password cannot be fetched');
  if (port > 0 && port < 1024 && port !== 80 && port !== 443) throw new SomnusError('address_refused', `Port ${port} is not a port for web servers`);
  url.hash = '';
  return url;
}

function assertAllowed(url: URL, allowHosts: readonly string[] | undefined): void {
  const host = url.hostname.toLowerCase();
  if (allowHosts === undefined || allowHosts.some((allowed) => host === allowed || host.endsWith(`.${allowed}`))) return;
  throw new SomnusError('address_refused', `${host} is not one of the allowed hosts`, { hint: 'Allow it with `allowHosts`.', details: { host } });
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/authorization|token|key|if-/i.test(name)));
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined || transferHeaders.has(name) ? [] : [[name, (Array.isArray(value) ? value.join(', ') : value).slice(0, 4096)]])));
}

async function bodyOf(response: IncomingMessage, maxBytes: number, url: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(response) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new SomnusError('too_large', `${url} is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    response.destroy();
    throw cause instanceof SomnusError ? cause : new SomnusError('fetch_failed', `The answer from ${url} ended early: ${(cause as Error).message}`, { cause });
  }
  return Buffer.concat(chunks);
}

function decoded(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const decoder = encoding === 'gzip' || encoding === 'x-gzip' ? createGunzip() : encoding === 'br' ? createBrotliDecompress() : encoding === 'deflate' ? createInflate() : undefined;
  if (decoder === undefined) return response;
  pipeline(response, decoder, () => {}); // its errors end the decoder, whose reader sees them
  return decoder;
}
