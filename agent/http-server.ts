// The agent's HTTP server, on the guest's 127.0.0.1 only: the same content as on the port, for programs in this VM.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { toSomnusError } from '../common/errors.ts';
import type { AgentStatus, BasicStats } from './contract.ts';
import type { GuestHealth } from './guest-health.ts';

export interface AgentViews {
  status(): AgentStatus;
  stats(): Promise<BasicStats>;
  /** @throws SomnusError `unavailable` while the guest is starting */
  health(): Pick<GuestHealth, 'health' | 'incidents' | 'softReboot' | 'reload'>;
  /** Called after a client has been told that the guest is ready. */
  readyReported(): void;
}

/** Default time that processes may take to stop before a soft reboot kills them. */
const SOFT_REBOOT_DEADLINE_MS = 10_000;
/** Refuses other names: a web page can make its own name resolve to 127.0.0.1, and could then read the logs of this VM. */
const OWN_NAME = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/;
const statuses: Readonly<Record<string, number>> = { invalid_request: 400, config_invalid: 422, invalid_state: 409, unavailable: 503 };

/** Serves on 127.0.0.1; resolves when it is listening. */
export async function serveHttp(views: AgentViews, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    route(views, request, response).catch((thrown: unknown) => {
      const { code, message, hint } = toSomnusError(thrown);
      answer(response, statuses[code] ?? 500, { code, message, hint });
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await promise;
  return server;
}

async function route(views: AgentViews, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!OWN_NAME.test(request.headers.host ?? '')) return answer(response, 421, { code: 'misdirected_request', message: 'The agent answers only as 127.0.0.1 and localhost' });
  const method = request.method ?? 'GET';
  const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://agent');
  const changes = path === '/soft-reboot' || path === '/config/reload';
  if (changes ? method !== 'POST' : method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', changes ? 'POST' : 'GET, HEAD');
    return answer(response, 405, { code: 'method_not_allowed', message: `The agent accepts only ${changes ? 'POST' : 'GET and HEAD'} here` });
  }
  // A browser in this VM sends this type to another origin only after a CORS preflight request, which the agent does not answer.
  if (changes && request.headers['content-type'] !== 'application/json') return answer(response, 415, { code: 'unsupported_media_type', message: 'Send Content-Type: application/json' });
  switch (path) {
    case '/status': return answer(response, 200, { ...views.status(), ...healthOf(views) });
    case '/health/live': return answer(response, 200, { live: true });
    case '/health/ready': {
      const { ready, waitingFor } = views.status();
      answer(response, ready ? 200 : 503, { ready, waitingFor });
      if (ready) views.readyReported();
      return;
    }
    case '/stats/basic': return answer(response, 200, await views.stats());
    case '/stats/intelligent': {
      const health = views.health();
      return answer(response, 200, { ...health.health(), ...health.incidents(wholeNumber(searchParams.get('offset'), 0)) });
    }
    case '/soft-reboot': return answer(response, 200, await views.health().softReboot(wholeNumber(searchParams.get('deadlineMs'), SOFT_REBOOT_DEADLINE_MS)));
    case '/config/reload': {
      await views.health().reload();
      return answer(response, 200, {});
    }
    default: return answer(response, 404, { code: 'not_found', message: `No such path: ${path}` });
  }
}

/** The watched processes and what is wrong; empty while the guest is starting. */
function healthOf(views: AgentViews): object {
  try {
    const { state, summary, watched } = views.health().health();
    return { state, summary, watched };
  } catch {
    return {};
  }
}

/** A value that is not such a number is ignored. */
function wholeNumber(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : otherwise;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
