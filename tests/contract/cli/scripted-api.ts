// Plays the API as scripted by a test; everything else is 404.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import { SomnusError, type ErrorCode } from '../../../common/errors.ts';
import { toProblem } from '../../../orchestrator/api/problem.ts';
import { Somnus } from './somnus-process.ts';

export interface ApiRequest { method: string; path: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: unknown }

/** An object becomes JSON; a function writes the answer itself. */
export interface Reply { status?: number; headers?: Record<string, string>; json?: unknown; text?: string; write?: (response: ServerResponse) => void }
type Answer = (request: ApiRequest) => Reply | Promise<Reply>;

export const secret = 'somnus_very-secret-key';

export class ScriptedApi implements AsyncDisposable {
  readonly requests: ApiRequest[] = [];
  /** Called with each WebSocket. */
  onSocket: (socket: WebSocket) => void = (socket) => socket.terminate();
  readonly #answers = new Map<string, Answer>();
  #server: Server;
  #port = 0;

  private constructor() {
    this.#server = this.#create();
  }

  static async start(): Promise<ScriptedApi> {
    const api = new ScriptedApi();
    await api.open();
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get somnus(): Somnus {
    return new Somnus({ SOMNUS_API: this.url, SOMNUS_KEY: secret });
  }

  /** Sets the answer from now on: `GET /v1/environments/a`. */
  on(what: string, answer: Answer | Reply): this {
    this.#answers.set(what, typeof answer === 'function' ? answer : () => answer);
    return this;
  }

  asked(what: string): ApiRequest[] {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === what);
  }

  /** Serves again, at the same address. */
  async open(): Promise<void> {
    this.#server = this.#create();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends in the middle of whatever it does. */
  async vanish(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.terminate();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vanish();
  }

  readonly #sockets = new Set<WebSocket>();

  #create(): Server {
    const server = createServer((request, response) => {
      void (async () => {
        const url = new URL(request.url ?? '/', 'http://api');
        const body = await text(request);
        const seen: ApiRequest = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: body === '' ? undefined : JSON.parse(body) };
        this.requests.push(seen);
        const answer = this.#answers.get(`${seen.method} ${seen.path}`) ?? (() => problem('not_found', `There is nothing at ${seen.path}`));
        const { status = 200, headers = {}, json, text: plain, write } = await answer(seen);
        if (write !== undefined) {
          write(response);
          return;
        }
        response.writeHead(status, json === undefined ? headers : { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers });
        response.end(plain ?? (json === undefined ? undefined : JSON.stringify(json)));
      })();
    });
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#sockets.add(webSocket);
      this.onSocket(webSocket);
    }));
    return server;
  }
}

export function problem(code: ErrorCode, detail: string, options: { hint?: string; details?: Record<string, unknown> } = {}): Reply {
  const json = toProblem(new SomnusError(code, detail, options), 'req_1');
  return { status: json.status, json };
}
