// The guests' name server: forwards queries to the host's name servers as each segment's policy allows. Caches nothing. The packet filter decides who
// can reach it.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../../common/log.ts';
import type { Segment } from './network.ts';
import { forwardByTcp, forwardByUdp, framed, messagesOf } from './dns-forward.ts';
import { addressAnswer, errorAnswer, rcodes, readQuery } from './dns-packet-messages.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface DnsResolverOptions {
  listenAddress: string;
  /** Returns the segment of an address; other addresses get no answer. */
  segmentOf(ip: string): Segment | undefined;
  isPackageHost(name: string): boolean;
  /** A name for its own listening address, for guests with the policy `open` or `packages`. */
  ownName?: string | undefined;
  nameservers(): readonly string[];
  refusals: RefusalLog;
  log: Logger;
  limits?: Partial<typeof defaultLimits> | undefined;
  /** Port of the name servers, if not 53. */
  nameserverPort?: number | undefined;
}

const defaultLimits = {
  /** Maximum pending queries per segment; further ones are dropped, and the guest retries. */
  queriesPerSegment: 64,
  connectionsPerSegment: 16,
  /** Milliseconds for one attempt at a name server; each gets two. */
  attemptMs: 2000,
  /** Milliseconds for the answer to one query. */
  answerMs: 8000,
  idleMs: 10_000,
};

// Types needed to install packages (64 and 65 are SVCB and HTTPS).
const packageTypes: readonly string[] = ['A', 'AAAA', 'CNAME', 'SRV', 'UNKNOWN_64', 'UNKNOWN_65'];

export class DnsResolver {
  readonly #options: DnsResolverOptions;
  readonly #limits: typeof defaultLimits;
  readonly #waiting = new Map<number, number>();
  readonly #connections = new Map<Socket, number>();
  #closing = new AbortController();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;

  constructor(options: DnsResolverOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  /** Listens on free ports. Repeatable: returns the same ports again. */
  async listen(): Promise<{ udpPort: number; tcpPort: number }> {
    this.#udp ??= await this.#listenUdp();
    this.#tcp ??= await this.#listenTcp();
    return { udpPort: this.#udp.address().port, tcpPort: (this.#tcp.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the resolver is closing'));
    for (const socket of this.#connections.keys()) socket.destroy();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    if (this.#tcp) this.#tcp.close(() => resolve()); else resolve();
    this.#udp?.close();
    this.#udp = this.#tcp = undefined;
    this.#closing = new AbortController();
    await closed;
  }

  async #listenUdp(): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    socket.on('message', (message, { address, port }) => {
      void this.#answer(address, message, 'udp').then((answer) => {
        if (answer && socket === this.#udp) socket.send(answer, port, address, () => {}); // a guest that has ended needs no answer
      });
    });
    socket.bind(0, this.#options.listenAddress);
    await once(socket, 'listening');
    socket.on('error', (error) => this.#options.log.warn({ event: 'network.dns-socket', err: error }));
    return socket;
  }

  async #listenTcp(): Promise<Server> {
    const server = createServer((socket) => void this.#serve(socket));
    server.listen(0, this.#options.listenAddress);
    await once(server, 'listening');
    server.on('error', (error) => this.#options.log.warn({ event: 'network.dns-socket', err: error }));
    return server;
  }

  async #serve(socket: Socket): Promise<void> {
    const address = socket.remoteAddress ?? '';
    const segment = this.#options.segmentOf(address);
    socket.on('error', () => socket.destroy());
    const open = [...this.#connections.values()].filter((index) => index === segment?.index).length;
    if (!segment || open >= this.#limits.connectionsPerSegment) {
      socket.destroy();
      return;
    }
    this.#connections.set(socket, segment.index);
    socket.setTimeout(this.#limits.idleMs, () => socket.destroy());
    try {
      // One at a time, so that a guest that does not read its answers cannot queue more.
      for await (const message of messagesOf(socket)) {
        const answer = await this.#answer(address, message, 'tcp');
        if (!answer) break;
        if (!socket.write(framed(answer))) await once(socket, 'drain', { signal: this.#closing.signal });
      }
    } catch {
      // The guest closed the connection.
    } finally {
      socket.destroy();
      this.#connections.delete(socket);
    }
  }

  /** Returns the answer to a guest's message; undefined when none is due. Never throws. */
  async #answer(ip: string, message: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const segment = this.#options.segmentOf(ip);
    const waiting = this.#waiting.get(segment?.index ?? 0) ?? 0;
    if (!segment || waiting >= this.#limits.queriesPerSegment) return undefined;
    const query = readQuery(message);
    if (query.kind === 'noise') return undefined;
    if (query.kind === 'bad') return errorAnswer(message, query, query.rcode);
    if (query.name === 'localhost' || query.name.endsWith('.localhost')) return errorAnswer(message, query, rcodes.nameError);
    if (query.name === this.#options.ownName && segment.policy !== 'none') return addressAnswer(message, query, this.#options.listenAddress);
    if (!this.#allows(segment, query)) return errorAnswer(message, query, rcodes.refused);
    this.#waiting.set(segment.index, waiting + 1);
    try {
      return await this.#forward(message, query.question, transport);
    } catch (error) {
      this.#options.log.debug({ event: 'network.dns-failed', index: segment.index, err: error });
      return errorAnswer(message, query, rcodes.serverFailure);
    } finally {
      const left = (this.#waiting.get(segment.index) ?? 1) - 1;
      if (left > 0) this.#waiting.set(segment.index, left); else this.#waiting.delete(segment.index);
    }
  }

  #allows(segment: Segment, { name, type }: { name: string; type: string }): boolean {
    switch (segment.policy) {
      case 'open': return true;
      case 'none': return false;
      case 'packages': {
        // apt queries `_http._tcp.HOST` for other servers of the same host.
        const allowed = packageTypes.includes(type) && this.#options.isPackageHost(name.replace(/^_https?\._tcp\./, ''));
        if (!allowed) this.#options.refusals.refused({ index: segment.index, door: 'dns', host: name });
        return allowed;
      }
    }
  }

  async #forward(message: Buffer, question: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer> {
    const servers = this.#options.nameservers();
    // A server without TCP may still have an answer that fits into UDP.
    const rounds = transport === 'udp' ? [forwardByUdp, forwardByUdp] : [forwardByTcp, forwardByUdp];
    const whole = AbortSignal.any([AbortSignal.timeout(this.#limits.answerMs), this.#closing.signal]);
    let failure: unknown = new Error('this host has no name server');
    for (const { forward, address } of rounds.flatMap((forward) => servers.map((address) => ({ forward, address })))) {
      if (whole.aborted) break;
      const signal = AbortSignal.any([AbortSignal.timeout(this.#limits.attemptMs), whole]);
      try {
        return await forward({ message, question, server: { address, port: this.#options.nameserverPort ?? 53 }, signal });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
