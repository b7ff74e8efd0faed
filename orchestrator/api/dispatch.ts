// Runs a route for one request: authorize, read, validate, handle, answer. The same steps for all routes; Express only finds the route.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Caller } from '../keys/caller.ts';
import { authorize, anonymous } from './authentication.ts';
import type { KeyWatch } from './key-watch.ts';
import { hasBody, idempotencyKey, parseQuery, readJson, validate } from './request-input.ts';
import { replayed } from './sealed-replays.ts';
import type { Answer, Route, RouteContext, RouteRequest } from './route.ts';

/** What is known about a running request: for its log line, metric and errors. */
export interface Trace { requestId: string; route: string; keyId: string | undefined; startedAt: number; beganAt: number | undefined }

export interface DispatchOptions {
  context: RouteContext;
  maxBodyBytes: number;
  /** Fires when the server stops. */
  closing: AbortSignal;
  keyWatch: Pick<KeyWatch, 'watch'>;
  /** Identifies the caller of a route that is not public. @throws unauthenticated, key_expired */
  authenticate(request: IncomingMessage): Promise<Caller>;
}

/** How long an answer may take to send its last data after its key became invalid, before it is cut off. */
const LAST_WORDS_MS = 1000;

/** @throws any error before the answer started, and errors that cut it off later (which can no longer be sent); `cancelled` when the client disconnected */
export async function dispatch(route: Route, params: unknown, request: IncomingMessage, response: ServerResponse, trace: Trace, options: DispatchOptions): Promise<void> {
  const caller = route.access === 'public' ? anonymous : await options.authenticate(request);
  trace.keyId = caller.keyId;
  const record = recorderOf(route, caller, request, trace, options.context);
  try {
    await answer(route, params, caller, request, response, trace, options, record);
  } catch (thrown) {
    record(toSomnusError(thrown).code);
    throw thrown;
  }
}

/** Notes the request in the audit log if its route changes something or runs programs. The returned function completes the entry with the first outcome it gets. */
function recorderOf(route: Route, { keyId, user }: Caller, request: IncomingMessage, { requestId }: Trace, context: RouteContext): (outcome: string) => void {
  const audited = route.access !== 'public' && route.access.scope !== 'read' && route.method !== 'get' && route.method !== 'head';
  return audited ? context.services.audit.begin({ keyId, user, action: route.id, target: auditTarget(request), requestId }) : () => {};
}

/** The path without its query, which may contain file names. */
export function auditTarget({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '').slice(0, 300);
}

async function answer(route: Route, params: unknown, caller: Caller, request: IncomingMessage, response: ServerResponse, trace: Trace, options: DispatchOptions, record: (outcome: string) => void): Promise<void> {
  authorize(route.access, caller);
  options.context.parts.require(route.needs ?? []);
  const { signal, ending, keyEnded } = endsOf(request, response, options, route.access === 'public' ? undefined : request.headers.authorization);
  const routeRequest: RouteRequest<unknown, unknown, unknown> = {
    params: validate('path', route.params, params),
    query: validate('query', route.query, parseQuery(request.url ?? '')),
    body: await readBody(route, request, options.maxBodyBytes),
    caller,
    headers: request.headers,
    idempotencyKey: idempotencyKey(request),
    content: request,
    requestId: trace.requestId,
    signal,
    ending,
  };
  try {
    const answered = await (route.idempotent === 'replayed' ? replayed(route, routeRequest, options.context) : route.handle(routeRequest, options.context));
    const ended = keyEnded();
    if (ended) {
      if (answered.body instanceof Readable) answered.body.destroy();
      throw ended;
    }
    record('ok'); // before the caller gets the answer
    trace.beganAt = performance.now();
    await send(answered, request, response);
    await answered.afterwards?.();
  } catch (thrown) {
    throw isConnectionLoss(thrown) && signal.aborted ? signal.reason : thrown;
  }
}

/** Node's errors when the other side of a stream is gone. */
function isConnectionLoss(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

async function readBody(route: Route, request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (route.upload !== undefined) return {};
  if (hasBody(request) && (route.method === 'get' || route.method === 'head' || route.method === 'delete')) {
    throw new SomnusError('invalid_request', 'This path does not take a body');
  }
  return validate('body', route.body, await readJson(request, Math.max(maxBytes, route.maxBodyBytes ?? 0)));
}

interface Ends { signal: AbortSignal; ending: AbortSignal; keyEnded: () => SomnusError | undefined }

/**
 * `signal` fires when the client disconnects before the answer's end (at once after the headers for HEAD), `ending` also when the server stops or the key becomes invalid.
 * Does not use AbortSignal.any, whose result is never freed while it has a listener and its source signal lives on.
 */
function endsOf(request: IncomingMessage, response: ServerResponse, { closing, keyWatch }: DispatchOptions, authorization: string | undefined): Ends {
  const gone = new AbortController();
  const ending = new AbortController();
  const leave = (reason: SomnusError): void => {
    gone.abort(reason);
    ending.abort(reason);
  };
  const onClosing = (): void => ending.abort(closing.reason);
  if (closing.aborted) onClosing();
  closing.addEventListener('abort', onClosing);
  let cutOff: NodeJS.Timeout | undefined;
  let keyEnd: SomnusError | undefined;
  const forgetKey = authorization === undefined ? undefined : keyWatch.watch(authorization, (error) => {
    keyEnd = error;
    ending.abort(error);
    cutOff = setTimeout(() => {
      leave(error);
      if (response.headersSent) response.destroy();
    }, LAST_WORDS_MS);
  });
  response.once('close', () => {
    closing.removeEventListener('abort', onClosing);
    forgetKey?.();
    clearTimeout(cutOff);
    if (response.writableFinished && request.method !== 'HEAD') return;
    leave(new SomnusError('cancelled', 'The client disconnected'));
  });
  return { signal: gone.signal, ending: ending.signal, keyEnded: () => keyEnd };
}

async function send({ status, headers = {}, body }: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    response.flushHeaders();
    if (request.method === 'HEAD') {
      body.destroy();
      response.end();
    } else {
      await pipeline(body, response);
    }
    return;
  }
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {};
  response.writeHead(status, { ...type, ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }), ...headers });
  response.end(text);
}
