// Accepts WebSocket upgrades at …/exec and …/jobs/{job}/attach with the same guards and keys as for other requests, and passes them to ws-exec-socket.ts.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { AuditedRequest } from '../audit/audit-entry.ts';
import type { Caller } from '../keys/caller.ts';
import { authenticate, authorize } from './authentication.ts';
import { auditTarget } from './dispatch.ts';
import { ExecRequest } from '../../supervisor/guest/guest-channel.ts';
import { AttachRequest, EXEC_KEY_SUBPROTOCOL, EXEC_MESSAGE_BYTES, EXEC_SUBPROTOCOL } from './exec-protocol.ts';
import type { KeyWatch } from './key-watch.ts';
import { PROBLEM_TYPE, RETRY_AFTER_S, toProblem } from './problem.ts';
import { guardRequest, requestIdOf } from './request-guard.ts';
import { parseQuery, validate } from './request-input.ts';
import { Ref } from './route.ts';
import { EXEC_PATH, execAccess } from './routes/exec.ts';
import { ATTACH_PATH } from './routes/jobs.ts';
import type { Services } from './services.ts';
import { serveExecSocket, type StartProcess } from './ws-exec-socket.ts';

/** How long a client may take to read why its session ended, before it is cut off. */
const LAST_WORDS_MS = 1000;

export interface UpgradeHandler {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Terminates connections that have not closed. */
  terminate(): void;
}

export interface UpgradeOptions { services: () => Services; closing: AbortSignal; keyWatch: KeyWatch; aliveMs: number; log: Logger }

export function createUpgradeHandler({ services, closing, keyWatch, aliveMs, log }: UpgradeOptions): UpgradeHandler {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 4 * EXEC_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(EXEC_SUBPROTOCOL) ? EXEC_SUBPROTOCOL : false),
  });

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer, requestId: string): Promise<void> {
    guardRequest(request);
    const target = targetOf(request.url ?? '');
    const authorization = authorizationOf(request);
    const { keys } = services();
    const caller = await authenticate(authorization, keys);
    authorize(execAccess, caller);
    parseNoQuery(request.url ?? '');
    if (closing.aborted) throw new SomnusError('unavailable', 'The control plane is stopping');
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const startedAt = performance.now();
      // Pings keep intermediaries from closing a quiet connection as dead. A missing answer does not end the program,
      // because a client that pauses its output does not read pings either.
      const alive = setInterval(() => {
        if (webSocket.bufferedAmount === 0) webSocket.ping();
      }, aliveMs);
      const ending = new AbortController();
      const onClosing = (): void => ending.abort(closing.reason);
      closing.addEventListener('abort', onClosing);
      let cutOff: NodeJS.Timeout | undefined;
      const forgetKey = keyWatch.watch(authorization ?? '', (error) => {
        ending.abort(error);
        cutOff = setTimeout(() => webSocket.terminate(), LAST_WORDS_MS);
      });
      webSocket.once('close', () => {
        clearInterval(alive);
        closing.removeEventListener('abort', onClosing);
        forgetKey();
        clearTimeout(cutOff);
        log.info({ event: 'api.websocket', requestId, route: target.job === undefined ? EXEC_PATH : ATTACH_PATH, keyId: caller.keyId, durationMs: Math.round(performance.now() - startedAt) }, 'WebSocket closed');
      });
      void serveExecSocket(webSocket, recorded(services(), processAt(services(), caller, target), { keyId: caller.keyId, user: caller.user, action: target.job === undefined ? 'execInteractively' : 'attachJob', target: auditTarget(request), requestId }), { requestId, ending: ending.signal, log });
    });
  }

  return {
    handle(request, socket, head) {
      const requestId = requestIdOf(request);
      socket.on('error', () => socket.destroy());
      accept(request, socket, head, requestId).catch((thrown: unknown) => refuse(socket, toSomnusError(thrown), requestId, log));
    },
    terminate() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

interface Target { ref: string; job: string | undefined }

const TargetParams = z.strictObject({ ref: Ref, job: Ref.optional() });

/** A new program, or a job, which keeps running after its signal has fired. */
function processAt({ environments, agents, jobs }: Services, caller: Caller, { ref, job }: Target): StartProcess {
  if (job === undefined) return async (first, signal) => {
    const exec = validate('body', ExecRequest, first);
    return agents.observe(caller, ref, exec, await environments.exec(caller, ref, exec, signal));
  };
  return async (first, signal) => {
    const { stdoutFrom, stderrFrom } = validate('body', AttachRequest, first);
    return await jobs.attach(caller, ref, job, { stdout: stdoutFrom, stderr: stderrFrom }, signal);
  };
}

/** Adds the start and its outcome to the audit log. */
function recorded({ audit }: Services, start: StartProcess, request: AuditedRequest): StartProcess {
  return async (first, signal) => {
    const record = audit.begin(request);
    try {
      const process = await start(first, signal);
      record('ok');
      return process;
    } catch (thrown) {
      record(toSomnusError(thrown).code);
      throw thrown;
    }
  };
}

/** @throws not_found, invalid_request */
function targetOf(url: string): Target {
  const [, ref, job] = /^\/v1\/environments\/([^/?]+)\/(?:exec|jobs\/([^/?]+)\/attach)(?:\?|$)/.exec(url) ?? [];
  if (ref === undefined) throw new SomnusError('not_found', 'There is no WebSocket at this path', { hint: `The paths that accept a WebSocket are ${EXEC_PATH} and ${ATTACH_PATH}.` });
  try {
    const params = validate('path', TargetParams, { ref: decodeURIComponent(ref), ...(job === undefined ? {} : { job: decodeURIComponent(job) }) });
    return { ref: params.ref, job: params.job };
  } catch (thrown) {
    if (thrown instanceof URIError) throw new SomnusError('invalid_request', 'The path is not valid percent-encoded UTF-8', { cause: thrown });
    throw thrown;
  }
}

function parseNoQuery(url: string): void {
  const name = Object.keys(parseQuery(url))[0];
  if (name !== undefined) throw new SomnusError('invalid_request', `query ${name}: is not a known field`);
}

/** The header, or the key that a browser put among the subprotocols. */
function authorizationOf(request: IncomingMessage): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const key = offered.find((name) => name.startsWith(EXEC_KEY_SUBPROTOCOL))?.slice(EXEC_KEY_SUBPROTOCOL.length);
  return request.headers.authorization ?? (key === undefined ? undefined : `Bearer ${key}`);
}

function refuse(socket: Duplex, error: SomnusError, requestId: string, log: Logger): void {
  const problem = toProblem(error, requestId);
  if (problem.status >= 500) log.error({ event: 'api.failed', requestId, route: EXEC_PATH, code: error.code, err: error }, error.message);
  const body = JSON.stringify(problem);
  socket.end([
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, `Content-Type: ${PROBLEM_TYPE}`, `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`, ...(problem.status === 503 ? [`Retry-After: ${RETRY_AFTER_S}`] : []), 'Connection: close', '', body,
  ].join('\r\n'));
}
