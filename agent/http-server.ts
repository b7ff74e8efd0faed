// The agent's HTTP server, on the guest's 127.0.0.1 only: read-only views of the same content as the port's.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AgentStatus, BasicStats } from './contract.ts';

export interface AgentViews {
  status(): AgentStatus;
  stats(): BasicStats;
  /** Called after a client has been told that the guest is ready. */
  readyReported(): void;
}

/** Serves on 127.0.0.1; resolves when it is listening. */
export async function serveHttp(views: AgentViews, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    try {
      route(views, request.method ?? 'GET', new URL(request.url ?? '/', 'http://agent').pathname, response);
    } catch (error) {
      answer(response, 500, { code: 'internal', message: (error as Error).message });
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await promise;
  return server;
}

function route(views: AgentViews, method: string, path: string, response: ServerResponse): void {
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    answer(response, 405, { code: 'method_not_allowed', message: 'The agent accepts only GET and HEAD here' });
    return;
  }
  switch (path) {
    case '/status': answer(response, 200, views.status()); break;
    case '/health/live': answer(response, 200, { live: true }); break;
    case '/health/ready': {
      const { ready, waitingFor } = views.status();
      answer(response, ready ? 200 : 503, { ready, waitingFor });
      if (ready) views.readyReported();
      break;
    }
    case '/stats/basic': answer(response, 200, views.stats()); break;
    default: answer(response, 404, { code: 'not_found', message: `No such path: ${path}` });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
