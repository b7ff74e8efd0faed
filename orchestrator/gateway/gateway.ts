// The gateway: requests of a VM to /gateway/NAME/… reach the service that the secret NAME belongs to, with the key added here, so that it is never in the VM. Streams and WebSockets too.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Transform, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { AuditService } from '../audit/audit-entry.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import { RequestRate } from '../vm-api/request-rate.ts';
import { answerHeaders, requestHeaders, targetOf, tokensIn } from './gateway-rules.ts';
import type { OpenRequests } from './open-requests.ts';
import { redactKey } from './redact-key.ts';
import type { SecretRow, SqliteSecrets } from './sqlite-secrets.ts';
import type { Upstream, UpstreamClient } from './upstream.ts';

export interface GatewayDeps {
  secrets: SqliteSecrets;
  /** The key of a secret. @throws corrupt */
  reveal: (row: SecretRow) => string;
  isToken: (environmentId: string, token: string) => boolean;
  upstream: UpstreamClient;
  open: OpenRequests;
  audit: Pick<AuditService, 'begin'>;
}

/** A request that was admitted. */
interface Admitted { row: SecretRow; key: string; url: URL; headers: OutgoingHttpHeaders; signal: AbortSignal; count: () => Transform; record: (outcome: string) => void; done: () => void }

/** Bytes that are counted in memory before they are added to the stored usage. */
const STORE_BYTES = 1 << 20;

export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #rates = new Map<string, { perMinute: number; rate: RequestRate }>();
  /** Bytes used by secret: as stored, and since. */
  readonly #bytes = new Map<string, { stored: number; since: number }>();

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
  }

  /** Whether the path belongs to the gateway. */
  static serves(url: string): boolean {
    return url.startsWith('/gateway/');
  }

  /** Answers a request. @throws errors before the answer began; later ones end it */
  async handle(environment: EnvironmentRecord, request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const admitted = this.#admit(environment, request, requestId);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new SomnusError('cancelled', 'The program in the VM disconnected')));
    const { url, row, key, headers, count, record } = admitted;
    const stop = link(admitted.signal, gone);
    try {
      const { response: answer } = await this.#send(admitted, gone.signal, request.method ?? 'GET', headers, (sending) => { pipeline(request, count(), sending).catch(() => {}); });
      const status = answer.statusCode ?? 502;
      if (status >= 300 && status < 400 && status !== 304) throw answered(answer, `${url.host} answered with a redirect, which is not followed`, 'Ask its owner to set the base URL of the secret to the address behind it.');
      if (!/^(identity)?$/i.test(answer.headers['content-encoding'] ?? '')) throw answered(answer, `${url.host} sent a compressed answer, which was not requested`);
      record('ok');
      response.writeHead(status, answerHeaders(answer.headers, key));
      response.flushHeaders();
      await pipeline(answer, redactKey(key), count(), response);
    } catch (thrown) {
      record(toSomnusError(thrown).code);
      if (!response.headersSent) throw admitted.signal.aborted ? admitted.signal.reason : thrown;
      response.destroy();
    } finally {
      stop();
      admitted.done();
      this.#store(row.id);
    }
  }

  /** Connects a WebSocket. @throws errors before the answer began; later ones end it */
  async upgrade(environment: EnvironmentRecord, request: IncomingMessage, socket: Duplex, head: Buffer, requestId: string): Promise<void> {
    const admitted = this.#admit(environment, request, requestId);
    const { url, row, key, headers, count, record } = admitted;
    const gone = new AbortController();
    socket.once('close', () => gone.abort(new SomnusError('cancelled', 'The program in the VM disconnected')));
    const stop = link(admitted.signal, gone);
    try {
      const { response: answer, upgraded } = await this.#send(admitted, gone.signal, 'GET', { ...headers, connection: 'Upgrade', upgrade: 'websocket' }, (sending) => { sending.end(); });
      if (upgraded === undefined) throw answered(answer, `${url.host} did not accept a WebSocket: it answered ${answer.statusCode}`);
      record('ok');
      const lines = Object.entries(answerHeaders(answer.headers, key)).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket', ...lines, '', ''].join('\r\n'));
      upgraded.socket.unshift(upgraded.head);
      socket.unshift(head);
      const cut = (): void => {
        socket.destroy();
        upgraded.socket.destroy();
      };
      gone.signal.addEventListener('abort', cut, { once: true });
      if (gone.signal.aborted) cut();
      const toService = pipeline(socket, count(), upgraded.socket);
      const toVm = pipeline(upgraded.socket, redactKey(key), count(), socket);
      // A WebSocket ends as a whole, whichever side ends it, and the last message of the service still arrives.
      await Promise.race([toVm, toService.then(async () => await toVm), new Promise((resolve) => { socket.once('close', resolve); })]).catch(() => {});
      toService.catch(() => {});
      toVm.catch(() => {});
      cut();
    } catch (thrown) {
      record(toSomnusError(thrown).code);
      throw admitted.signal.aborted ? admitted.signal.reason : thrown;
    } finally {
      stop();
      admitted.done();
      this.#store(row.id);
    }
  }

  /** Checks everything about a request, and counts it. @throws unauthenticated, not_found, forbidden, invalid_request, rate_limited, quota_exceeded, corrupt */
  #admit(environment: EnvironmentRecord, request: IncomingMessage, requestId: string): Admitted {
    const { secrets, reveal, isToken, open, audit } = this.#deps;
    const [, name = '', path = '/', query = ''] = /^\/gateway\/([^/?]*)(\/[^?]*)?(\?.*)?$/s.exec(request.url ?? '') ?? [];
    if (!tokensIn(request.headers).some((token) => isToken(environment.id, token))) throw new SomnusError('unauthenticated', 'The request does not have the token of this environment', { hint: 'Use the token in /run/somnus/token as the API key: the gateway replaces it.' });
    const record = audit.begin({ keyId: environment.id, user: environment.owner, action: 'useSecret', target: `${request.method} /gateway/${name}${path}`.slice(0, 300), requestId });
    try {
      const row = secrets.granted(environment.id, name);
      if (row === undefined) throw new SomnusError('not_found', `${environment.name} may not use a secret with the name ${JSON.stringify(name.slice(0, 80))}`, { hint: `Its owner can allow that: \`somnus secret grant NAME ${environment.name}\`.` });
      const url = targetOf(row.settings, request.method ?? '', path, query);
      this.#charge(row);
      const key = reveal(row);
      const { signal, done } = open.add(row.id, environment.id);
      return { row, key, url, headers: requestHeaders(request.headers, row.settings, key), signal, count: () => this.#meter(row), record, done };
    } catch (thrown) {
      record(toSomnusError(thrown).code);
      throw thrown;
    }
  }

  #charge({ id, settings: { name, budget }, usage }: SecretRow): void {
    const spent = (what: string, used: number, allowed: number): SomnusError => new SomnusError('quota_exceeded', `The budget of the secret ${name} is used up: ${used} of ${allowed} ${what}`, { hint: 'Its owner can set it again with a larger budget.', details: { used, allowed } });
    const bytes = this.#bytes.get(id) ?? { stored: 0, since: 0 };
    bytes.stored = usage.bytes;
    this.#bytes.set(id, bytes);
    if (budget.requests !== null && usage.requests >= budget.requests) throw spent('requests', usage.requests, budget.requests);
    if (budget.bytes !== null && bytes.stored + bytes.since >= budget.bytes) throw spent('bytes', bytes.stored + bytes.since, budget.bytes);
    if (budget.requestsPerMinute !== null) this.#rateOf(id, budget.requestsPerMinute).take(id);
    this.#deps.secrets.use(id, { requests: 1, bytes: 0 });
  }

  #rateOf(id: string, perMinute: number): RequestRate {
    const known = this.#rates.get(id);
    if (known?.perMinute === perMinute) return known.rate;
    const rate = new RequestRate({ perMinute, burst: perMinute });
    this.#rates.set(id, { perMinute, rate });
    return rate;
  }

  /** Counts bytes, and ends the stream when the budget is used up. */
  #meter({ id, settings: { name, budget } }: SecretRow): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const bytes = this.#bytes.get(id) ?? { stored: 0, since: 0 };
        bytes.since += chunk.length;
        this.#bytes.set(id, bytes);
        if (bytes.since >= STORE_BYTES) this.#store(id);
        if (budget.bytes !== null && bytes.stored + bytes.since > budget.bytes) done(new SomnusError('quota_exceeded', `The budget of the secret ${name} is used up: ${budget.bytes} bytes`));
        else done(null, chunk);
      },
    });
  }

  #store(id: string): void {
    const bytes = this.#bytes.get(id);
    if (bytes === undefined || bytes.since === 0) return;
    const { since } = bytes;
    bytes.stored += since;
    bytes.since = 0;
    this.#deps.secrets.use(id, { requests: 0, bytes: since });
  }

  async #send({ row, url }: Admitted, signal: AbortSignal, method: string, headers: OutgoingHttpHeaders, write: Parameters<UpstreamClient['send']>[2]): Promise<Upstream> {
    return await this.#deps.upstream.send(url, { method, headers, allowPrivate: row.settings.allowPrivate, signal }, write);
  }
}

/** Ends `other` when the signal fires. @returns a function that stops this */
function link(signal: AbortSignal, other: AbortController): () => void {
  const onAbort = (): void => other.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}

/** The error for an answer that is not passed on. */
function answered(answer: IncomingMessage, message: string, hint?: string): SomnusError {
  answer.destroy();
  return new SomnusError('fetch_failed', message, { hint });
}
