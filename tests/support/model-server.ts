// A local service that speaks like an OpenAI-compatible endpoint: answers, streams, WebSockets; and misbehaves on request.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

export class ModelServer implements AsyncDisposable {
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  /** Streams that are being sent. */
  streams = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ModelServer> {
    const server = createServer();
    const models = new ModelServer(server);
    server.on('request', (request, response) => {
      void (async () => {
        const body = await text(request);
        const { method = '', url = '', headers } = request;
        models.requests.push({ method, url, headers, body });
        if (headers.authorization !== `Bearer ${KEY}`) return response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"Incorrect API key provided"}}');
        if (url === '/v1/redirect') return response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end();
        if (url === '/v1/leak') return response.writeHead(200, { 'content-type': 'text/plain', 'x-ratelimit-key': headers.authorization, 'set-cookie': `key=${KEY}`, 'x-secret': KEY, 'openai-version': '1' }).end(`you sent ${headers.authorization}, yes ${KEY}`);
        if (url === '/v1/models') return response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id":"small"}]}');
        if (!body.includes('"stream":true')) return response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_model' }).end(JSON.stringify({ choices: [{ message: { content: 'hello' } }] }));
        models.streams += 1;
        response.once('close', () => { models.streams -= 1; });
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"delta":"one"}\n\n');
        if (!body.includes('endless')) response.end('data: {"delta":"two"}\n\ndata: [DONE]\n\n');
        return undefined;
      })();
    });
    new WebSocketServer({ server, verifyClient: ({ req }: { req: IncomingMessage }) => req.headers.authorization === `Bearer ${KEY}` }).on('connection', (socket) => {
      socket.on('message', (data: Buffer) => { socket.send(`${data.toString()} ${KEY}`); });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return models;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** What the service accepts. */
export const KEY = 'sk-local-0123456789abcdef';
