// The egress proxy for the policy `packages`. The packet filter redirects what such a guest connects to on a package port, and the proxy allows or
// refuses it by the name the guest then requests (TLS server name, HTTP host). The original destination address is ignored.
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer, isIP, type AddressInfo, type LookupFunction, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../../common/log.ts';
import { guardedLookup, type ResolveName } from './egress-destinations.ts';
import { createHttpEgress } from './http-egress.ts';
import type { Segment } from './network.ts';
import type { RefusalLog } from './refusal-log.ts';
import { looksLikeTls, readClientHello } from './tls-client-hello.ts';

export interface EgressProxyOptions {
  listenAddress: string;
  segmentOf(ip: string): Segment | undefined;
  allowsHost(host: string, port: number): boolean;
  resolveName: ResolveName;
  isForbiddenDestination(address: string): boolean;
  refusals: RefusalLog;
  log: Logger;
  limits?: Partial<typeof defaultLimits> | undefined;
}

const defaultLimits = {
  connectionsPerSegment: 256,
  /** Milliseconds a connection may take to name its destination. */
  helloMs: 10_000,
  connectMs: 15_000,
  /** Milliseconds without a byte in either direction. */
  idleMs: 300_000,
};

// A fatal alert, access_denied (RFC 8446 §6), so that the client reports the cause at once.
const accessDenied = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

interface Guest { segment: Segment; port: number }

export class EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #limits: typeof defaultLimits;
  readonly #listeners = new Map<number, Server>();
  readonly #guests = new Map<Socket, Guest>();
  readonly #http: HttpServer;
  readonly #lookup: LookupFunction;

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#lookup = guardedLookup(options.resolveName, (address) => options.isForbiddenDestination(address));
    this.#http = createHttpEgress({
      portOf: (socket) => this.#guests.get(socket)?.port ?? 0,
      allows: (socket, host, port) => this.#allows(socket, 'http', host, port),
      lookup: this.#lookup,
    });
  }

  /** Serves exactly these ports. Returns the local port of each. Repeatable: ports that are already served keep theirs. */
  async listen(ports: readonly number[]): Promise<Map<number, number>> {
    for (const [port, server] of this.#listeners) {
      if (ports.includes(port)) continue;
      server.close();
      this.#listeners.delete(port);
    }
    for (const port of ports) {
      if (!this.#listeners.has(port)) this.#listeners.set(port, await this.#listenFor(port));
    }
    return new Map([...this.#listeners].map(([port, server]) => [port, (server.address() as AddressInfo).port]));
  }

  /** Closes all connections of a segment whose policy changed or that was removed. */
  closeSegment(index: number): void {
    for (const [socket, { segment }] of this.#guests) {
      if (segment.index === index) socket.destroy();
    }
  }

  async close(): Promise<void> {
    const closed = [...this.#listeners.values()].map((server) => new Promise((resolve) => server.close(resolve)));
    this.#listeners.clear();
    for (const socket of this.#guests.keys()) socket.destroy();
    this.#http.close();
    await Promise.all(closed);
  }

  async #listenFor(port: number): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, port));
    server.listen(0, this.#options.listenAddress);
    await once(server, 'listening');
    server.on('error', (error) => this.#options.log.warn({ event: 'network.proxy-socket', err: error }));
    return server;
  }

  #accept(socket: Socket, port: number): void {
    const segment = this.#options.segmentOf(socket.remoteAddress ?? '');
    socket.on('error', () => socket.destroy());
    const open = [...this.#guests.values()].filter((guest) => guest.segment.index === segment?.index).length;
    if (segment?.policy !== 'packages' || open >= this.#limits.connectionsPerSegment) {
      socket.destroy();
      return;
    }
    this.#guests.set(socket, { segment, port });
    socket.once('close', () => this.#guests.delete(socket));
    void this.#sniff(socket, port);
  }

  /** Reads the first bytes, which distinguish TLS from HTTP, and the name in them. Closes connections that take too long. */
  async #sniff(socket: Socket, port: number): Promise<void> {
    const giveUp = setTimeout(() => socket.destroy(), this.#limits.helloMs);
    socket.once('close', () => clearTimeout(giveUp));
    const first = await nextBytes(socket);
    if (!first) {
      socket.destroy();
    } else if (looksLikeTls(first)) {
      const { serverName, bytes } = await readName(socket, first);
      if (this.#allows(socket, 'tls', serverName, port)) {
        clearTimeout(giveUp);
        await this.#splice(socket, bytes, serverName, port);
      } else {
        socket.end(accessDenied);
        socket.resume(); // until the guest closes the connection
      }
    } else {
      clearTimeout(giveUp);
      socket.unshift(first);
      this.#http.emit('connection', socket);
    }
  }

  async #splice(socket: Socket, sent: Buffer, host: string, port: number): Promise<void> {
    const upstream = connect({ host, port, lookup: this.#lookup, allowHalfOpen: true, noDelay: true });
    const hangUp = (): void => { upstream.destroy(); };
    socket.once('close', hangUp);
    try {
      await once(upstream, 'connect', { signal: AbortSignal.timeout(this.#limits.connectMs) });
      for (const side of [socket, upstream]) side.setTimeout(this.#limits.idleMs, () => side.destroy());
      upstream.write(sent);
      // From here on an end on one side is passed on, and a failure ends both.
      socket.off('close', hangUp);
      await Promise.all([pipeline(socket, upstream), pipeline(upstream, socket)]);
    } catch {
      socket.destroy();
      upstream.destroy();
    }
  }

  #allows(socket: Socket, door: 'http' | 'tls', host: string, port: number): boolean {
    const guest = this.#guests.get(socket);
    if (!guest) return false;
    // A literal address is not looked up on connecting, so it is checked here.
    if (host !== '' && this.#options.allowsHost(host, port) && !(isIP(host) !== 0 && this.#options.isForbiddenDestination(host))) return true;
    this.#options.refusals.refused({ index: guest.segment.index, door, host: host === '' ? '(no name)' : host });
    return false;
  }
}

/** Reads until the server name is complete; returns an empty name when there is none. */
async function readName(socket: Socket, first: Buffer): Promise<{ serverName: string; bytes: Buffer }> {
  let bytes = first;
  for (;;) {
    const hello = readClientHello(bytes);
    const more = hello.kind === 'incomplete' ? await nextBytes(socket) : undefined;
    if (!more) return { serverName: hello.kind === 'named' ? hello.serverName : '', bytes };
    bytes = Buffer.concat([bytes, more]);
  }
}

/** Returns the next bytes, or undefined at the end. */
async function nextBytes(socket: Socket): Promise<Buffer | undefined> {
  for (;;) {
    const bytes = socket.read() as Buffer | null;
    if (bytes) return bytes;
    if (socket.readableEnded || socket.destroyed) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ['readable', 'end', 'close'] as const) socket.once(event, resolve);
    await promise;
    for (const event of ['readable', 'end', 'close'] as const) socket.off(event, resolve);
  }
}
