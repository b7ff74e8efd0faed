// The API inside VMs: serves connections that programs in a VM open to 127.0.0.1:7777 there. It is the same pipeline as the host's API, with other routes (vm-routes.ts) and another check of the caller:
// a request must come over the environment's own connection and carry the environment's own token.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { newId } from '../../common/ids.ts';
import { secretIn } from '../api/authentication.ts';
import { createExpressApp } from '../api/express-app.ts';
import type { ApiMetrics } from '../api/prom-client-metrics.ts';
import { PROBLEM_TYPE, toProblem } from '../api/problem.ts';
import { guardRequest } from '../api/request-guard.ts';
import type { Services } from '../api/services.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { Caller } from '../keys/caller.ts';
import type { Parts } from '../startup/parts.ts';
import { RequestRate, type Rate } from './request-rate.ts';
import { VmConnections, type Patience } from './vm-connections.ts';
import type { VmLimitsService } from './vm-limits.ts';
import { vmRoutes } from './vm-routes.ts';
import type { VmTokens } from './vm-tokens.ts';

/** The file in a guest that holds the token. In memory, not on the disk. */
export const TOKEN_FILE = '/run/somnus/token';
/** Of each environment. */
export const VM_RATE: Rate = { perMinute: 600, burst: 100 };
const MAX_BODY_BYTES = 262_144;
const PATIENCE: Patience = { firstMs: 15_000, nextMs: 60_000 };

export interface VmApiOptions {
  services: Services;
  parts: Parts;
  metrics: ApiMetrics;
  version: string;
  records: { get(id: string): EnvironmentRecord | undefined };
  tokens: VmTokens;
  limits: VmLimitsService;
  gateway: Pick<Gateway, 'handle' | 'upgrade'>;
  log: Logger;
  aliveMs?: number;
  patience?: Patience;
  rate?: Rate;
}

export interface VmApi {
  /** Serves a connection that a program in the VM of this environment has opened. */
  accept(environmentId: string, socket: Duplex): void;
  close(): void;
}

export function createVmApi({ services, parts, metrics, version, records, tokens, limits, gateway, log, aliveMs = 15_000, patience = PATIENCE, rate: limit = VM_RATE }: VmApiOptions): VmApi {
  const closing = new AbortController();
  const rate = new RequestRate(limit);
  const server = createServer({ requestTimeout: 0 }, serve);
  const connections = new VmConnections(server, patience);
  const app = createExpressApp(vmRoutes(limits), {
    context: { services, parts, metrics, version, aliveMs, openApi: '', docsPage: { status: 404 } },
    maxBodyBytes: MAX_BODY_BYTES, closing: closing.signal,
    keyWatch: { watch: () => () => {} }, // a token is valid as long as the connection that it comes over
    authenticate: async (request) => authenticate(request),
  }, log);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {}); // `close` follows
    upgrade(request, socket, head).catch((thrown: unknown) => refuse(socket, toSomnusError(thrown)));
  });

  function authenticate(request: IncomingMessage): Caller {
    const record = recordOf(request);
    const token = secretIn(request.headers.authorization);
    if (token === undefined) throw new SomnusError('unauthenticated', 'The request has no token', { hint: `Send Authorization: Bearer with the token in ${TOKEN_FILE}; the command somnus does.` });
    if (!tokens.matches(record.id, token)) throw new SomnusError('unauthenticated', 'This is not the token of this environment', { hint: `Read the token in ${TOKEN_FILE} again. After a fork, each environment has its own.` });
    return { keyId: record.id, user: record.owner, scopes: ['read', 'write'], environmentId: record.id, environmentName: record.name, mayPurge: false, inside: true };
  }

  /** @throws unauthenticated if it no longer exists */
  function recordOf({ socket }: IncomingMessage): EnvironmentRecord {
    const record = records.get(connections.environmentOf(socket) ?? '');
    if (record === undefined || record.state === 'removed') throw new SomnusError('unauthenticated', 'This environment no longer exists');
    return record;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const environmentId = connections.environmentOf(request.socket) ?? '';
    try {
      rate.take(environmentId);
    } catch (thrown) {
      const { status, body, headers } = problemOf(toSomnusError(thrown));
      response.writeHead(status, { ...headers, connection: 'close' }).end(body);
      return;
    }
    if (Gateway.serves(request.url ?? '')) return void throughGateway(request, response);
    request.url = request.url?.replace(/^\/v1\/me(?=[/?]|$)/, `/v1/environments/${environmentId}`) ?? '/';
    app(request, response);
  }

  async function throughGateway(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = newId('req');
    response.setHeader('x-request-id', requestId);
    try {
      guardRequest(request);
      await gateway.handle(recordOf(request), request, response, requestId);
    } catch (thrown) {
      const { status, body, headers } = problemOf(toSomnusError(thrown), requestId);
      if (status >= 500) log.info({ event: 'gateway.failed', requestId, err: thrown });
      response.writeHead(status, headers).end(body);
    }
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    rate.take(connections.environmentOf(request.socket) ?? '');
    if (!Gateway.serves(request.url ?? '')) throw new SomnusError('not_found', 'There is no WebSocket at this path', { hint: 'WebSockets are available at /gateway/NAME/.' });
    guardRequest(request);
    await gateway.upgrade(recordOf(request), request, socket, head, newId('req'));
  }

  function refuse(socket: Duplex, error: SomnusError): void {
    const { status, body, headers } = problemOf(error);
    socket.end([`HTTP/1.1 ${status} Refused`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), 'connection: close', '', body].join('\r\n'));
  }

  return {
    accept: (environmentId, socket) => connections.accept(environmentId, socket),
    close() {
      closing.abort(new SomnusError('cancelled', 'The control plane is stopping'));
      connections.close();
      server.closeAllConnections();
    },
  };
}

function problemOf(error: SomnusError, requestId?: string): { status: number; body: string; headers: Record<string, string> } {
  const problem = toProblem(error, requestId);
  const body = JSON.stringify(problem);
  return { status: problem.status, body, headers: { 'content-type': PROBLEM_TYPE, 'content-length': String(Buffer.byteLength(body)) } };
}
