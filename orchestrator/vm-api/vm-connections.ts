// The connections that VMs have opened to the VM API: which environment each comes from, and how long each may wait without a request.
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Patience {
  /** Milliseconds for the first request to arrive with all its headers. */
  firstMs: number;
  /** Milliseconds between the end of an answer and the next request. */
  nextMs: number;
}

export class VmConnections {
  readonly #server: Server;
  readonly #patience: Patience;
  readonly #environments = new WeakMap<Duplex, string>();
  readonly #open = new Map<Duplex, NodeJS.Timeout | undefined>();

  constructor(server: Server, patience: Patience) {
    this.#server = server;
    this.#patience = patience;
    server.prependListener('request', (request, response) => {
      this.#wait(request.socket, undefined);
      response.once('close', () => this.#wait(request.socket, patience.nextMs));
    });
    server.prependListener('upgrade', (request) => this.#wait(request.socket, undefined));
  }

  /** Serves a connection from this environment. */
  accept(environmentId: string, socket: Duplex): void {
    this.#environments.set(socket, environmentId);
    this.#open.set(socket, undefined);
    this.#wait(socket, this.#patience.firstMs);
    socket.once('close', () => {
      clearTimeout(this.#open.get(socket));
      this.#open.delete(socket);
    });
    this.#server.emit('connection', socket);
  }

  environmentOf(socket: Duplex): string | undefined {
    return this.#environments.get(socket);
  }

  close(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Node's own timeouts need sockets of the operating system. */
  #wait(socket: Duplex, forMs: number | undefined): void {
    if (!this.#open.has(socket)) return;
    clearTimeout(this.#open.get(socket));
    this.#open.set(socket, forMs === undefined ? undefined : setTimeout(() => socket.destroy(), forMs).unref());
  }
}
