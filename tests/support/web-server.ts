// A web server on loopback for tests: serves pages by path, and records requests.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface WebPage { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }
export interface WebVisit { path: string; headers: IncomingHttpHeaders; body: string }

export class WebServer implements AsyncDisposable {
  readonly pages = new Map<string, WebPage | ((visit: WebVisit) => WebPage | Promise<WebPage>)>();
  readonly visits: WebVisit[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void (async () => {
        const visit = { path: request.url ?? '/', headers: request.headers, body: await text(request) };
        this.visits.push(visit);
        const page = this.pages.get(visit.path) ?? this.pages.get(visit.path.split('?')[0] ?? '') ?? { status: 404, body: 'Not here' };
        const { status = 200, headers = {}, body = '' } = typeof page === 'function' ? await page(visit) : page;
        response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
      })();
    });
  }

  static async start(pages: Record<string, WebPage> = {}): Promise<WebServer> {
    const server = new WebServer();
    for (const [path, page] of Object.entries(pages)) server.pages.set(path, page);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
