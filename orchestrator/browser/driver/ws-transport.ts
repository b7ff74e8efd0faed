// Carries the DevTools protocol between Playwright and the browser, and keeps pages that wait for their server from blocking the connection.
import { Socket } from 'node:net';
import type { ConnectOverCDPTransport } from 'playwright-core';
import { WebSocket } from 'ws';

interface Message { id?: number; method?: string; sessionId?: string; params?: Record<string, unknown>; result?: { frameTree?: { frame?: { url?: string } } } }

/** Ids of our own messages; Playwright counts from 1. */
const OWN_IDS = 2 ** 30;
/** The address of a tab that has never shown anything. */
const NOTHING_YET = ':';

/** Connects over descriptor 3. `ended` is called when the connection is lost. */
export async function connectTransport(path: string, maxPayload: number, ended: () => void): Promise<WsTransport> {
  const socket = new WebSocket(`ws://127.0.0.1${path}`, {
    createConnection: () => new Socket({ fd: 3 }), perMessageDeflate: false, maxPayload, skipUTF8Validation: true,
    // Playwright needs each message in a task of its own: it begins to listen for what a new tab does when it has processed the answer before, and would wait forever for a tab whose first document came in the same packet.
    allowSynchronousEvents: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('open', resolve);
  socket.once('error', reject);
  await promise;
  socket.on('close', ended);
  return new WsTransport(socket);
}

class WsTransport implements ConnectOverCDPTransport {
  readonly #socket: WebSocket;
  readonly #sessions = new Set<string>();
  readonly #empty = new Set<string>();
  #stopping = false;
  #lastId = OWN_IDS;
  onmessage?: (message: object) => void;
  onclose?: (reason?: string) => void;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString('utf8')) as Message));
    socket.on('close', () => this.onclose?.());
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.close();
  }

  /**
   * Stops loading in all tabs. Until a page has answered, Chromium answers nothing about it to a client that has just connected, and Playwright waits for the first document of each tab:
   * one server that never answers would make it impossible to connect.
   */
  stopLoading(): void {
    this.#stopping = true;
    for (const sessionId of this.#sessions) this.#send(sessionId, 'Page.stopLoading', {});
    for (const sessionId of this.#empty) this.#send(sessionId, 'Page.navigate', { url: 'about:blank' });
  }

  #receive(message: Message): void {
    if ((message.id ?? 0) > OWN_IDS) return;
    const { method, sessionId, params, result } = message;
    if (method === 'Target.attachedToTarget' && (params?.['targetInfo'] as { type?: string } | undefined)?.type === 'page') this.#sessions.add(String(params?.['sessionId']));
    if (method === 'Target.detachedFromTarget') this.#sessions.delete(String(params?.['sessionId']));
    if (sessionId !== undefined && result?.frameTree?.frame?.url === NOTHING_YET) {
      this.#empty.add(sessionId);
      if (this.#stopping) this.#send(sessionId, 'Page.navigate', { url: 'about:blank' });
    }
    this.onmessage?.(message);
  }

  #send(sessionId: string, method: string, params: object): void {
    this.send({ id: this.#lastId += 1, sessionId, method, params });
  }
}
