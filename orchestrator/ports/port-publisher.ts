// Publishes ports of environments on the host's loopback. Each connection goes through the environment's SSH connection, so nothing in the guest has to be reachable. Wakes a suspended or hibernated environment first.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { untilAborted } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { PortService, PublishedPort, PublishPort } from './published-port.ts';
import type { PortRow, SqlitePorts } from './sqlite-ports.ts';

export interface PortPublisherDeps {
  ports: SqlitePorts;
  records: { get(id: string): EnvironmentRecord | undefined };
  environments: Pick<EnvironmentService, 'get' | 'perform' | 'channel'>;
  operations: Pick<OperationEngine, 'wait'>;
  events: Pick<SqliteEventLog, 'append'>;
  log: Logger;
  intervalMs?: number;
}

const LOOPBACK = '127.0.0.1';
/** The range of free ports to choose from: below the ports that Linux uses for outgoing connections. */
const FIRST_PORT = 18_000;
const LAST_PORT = 18_999;
const WAKE_MS = 120_000;
/** Maximum number of connections to one port at a time. */
const CONNECTIONS = 200;

interface Listener { server: Server; sockets: Set<Socket> }

export class PortPublisher implements PortService {
  readonly #deps: PortPublisherDeps;
  readonly #listeners = new Map<number, Listener>();
  readonly #problems = new Map<number, string>();
  readonly #waking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: PortPublisherDeps) {
    this.#deps = deps;
  }

  async publish(caller: Caller, ref: string, { port, hostPort }: PublishPort): Promise<PublishedPort> {
    const { environments, ports, events } = this.#deps;
    const environment = await environments.get(caller, ref);
    const existing = ports.all().find((row) => row.environmentId === environment.id && row.port === port);
    if (existing !== undefined) {
      if (hostPort === undefined || hostPort === existing.hostPort) return this.#shown(existing);
      throw new SomnusError('name_taken', `Port ${port} is already published on host port ${existing.hostPort}`, { hint: `Remove that one first: \`somnus port rm ${environment.name} ${port}\`.` });
    }
    const createdAt = new Date().toISOString();
    const row = await this.#listenAt(hostPort === undefined ? freePorts(ports.all()) : [hostPort], (chosen) => ({ environmentId: environment.id, port, hostPort: chosen, createdAt }));
    try {
      ports.insert(row);
    } catch (error) {
      this.#close(row.hostPort);
      throw error;
    }
    events.append({ type: 'port.published', owner: environment.owner, subject: { type: 'environment', id: environment.id, name: environment.name }, actor: caller.keyId, data: { port, hostPort: row.hostPort } });
    return this.#shown(row);
  }

  async list(caller: Caller, ref: string): Promise<PublishedPort[]> {
    const { id } = await this.#deps.environments.get(caller, ref);
    return this.#deps.ports.all().filter((row) => row.environmentId === id).map((row) => this.#shown(row));
  }

  async remove(caller: Caller, ref: string, port: number): Promise<void> {
    const { environments, ports, events } = this.#deps;
    const environment = await environments.get(caller, ref);
    const row = ports.all().find((one) => one.environmentId === environment.id && one.port === port);
    if (row === undefined) throw new SomnusError('not_found', `Port ${port} is not published`, { hint: `See \`somnus port ls ${environment.name}\`.` });
    ports.delete(row.hostPort);
    this.#close(row.hostPort);
    events.append({ type: 'port.removed', owner: environment.owner, subject: { type: 'environment', id: environment.id, name: environment.name }, actor: caller.keyId, data: { port, hostPort: row.hostPort } });
  }

  /** Listens for all published ports, and tries again at intervals where that failed. */
  start(): void {
    const round = (): void => { this.#round ??= this.check().finally(() => { this.#round = undefined; }); };
    round();
    this.#timer = setInterval(round, this.#deps.intervalMs ?? 5000);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
    for (const hostPort of this.#listeners.keys()) this.#close(hostPort);
  }

  /** Starts missing listeners, and closes those whose environment is gone. Never throws. */
  async check(): Promise<void> {
    try {
      const rows = this.#deps.ports.all();
      for (const hostPort of this.#listeners.keys()) if (!rows.some((row) => row.hostPort === hostPort)) this.#close(hostPort);
      for (const row of rows.filter(({ hostPort }) => !this.#listeners.has(hostPort))) {
        await this.#listenAt([row.hostPort], () => row).then(() => this.#problems.delete(row.hostPort), (error: unknown) => this.#problems.set(row.hostPort, (error as Error).message));
      }
    } catch (err) {
      this.#deps.log.warn({ event: 'ports.not-seen', err });
    }
  }

  #shown({ environmentId, port, hostPort, createdAt }: PortRow): PublishedPort {
    const listening = this.#listeners.has(hostPort);
    return { environmentId, port, hostPort, url: `http://${LOOPBACK}:${hostPort}`, status: listening ? 'listening' : 'failed', problem: listening ? null : this.#problems.get(hostPort) ?? null, createdAt };
  }

  /** Listens on the first port that is free. @throws in_use */
  async #listenAt(candidates: readonly number[], rowOf: (hostPort: number) => PortRow): Promise<PortRow> {
    for (const hostPort of candidates) {
      if (this.#listeners.has(hostPort)) continue;
      const row = rowOf(hostPort);
      const sockets = new Set<Socket>();
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => void this.#serve(socket, sockets, row));
      server.maxConnections = CONNECTIONS;
      this.#listeners.set(hostPort, { server, sockets }); // before waiting, so that no other call takes the port in the meantime
      try {
        server.listen(hostPort, LOOPBACK);
        await once(server, 'listening');
        server.on('error', (err) => this.#deps.log.warn({ event: 'ports.failed', hostPort, err }));
        if (this.#stopped) this.#close(hostPort);
        return row;
      } catch {
        this.#listeners.delete(hostPort); // another program has it
      }
    }
    throw new SomnusError('in_use', candidates.length === 1 ? `Port ${candidates[0]} of the host is in use` : 'No port of the host is free', { hint: 'Choose another one: `--as PORT`.' });
  }

  #close(hostPort: number): void {
    const listener = this.#listeners.get(hostPort);
    this.#listeners.delete(hostPort);
    listener?.server.close();
    for (const socket of listener?.sockets ?? []) socket.destroy();
  }

  /** Connects a caller to the program in the guest. Closes the caller's connection if that fails. Never throws. */
  async #serve(socket: Socket, sockets: Set<Socket>, row: PortRow): Promise<void> {
    sockets.add(socket);
    const gone = new AbortController();
    socket.on('error', () => {}); // `close` follows
    socket.once('close', () => {
      sockets.delete(socket);
      gone.abort(new SomnusError('cancelled', 'The caller disconnected'));
    });
    let guest: Duplex | undefined;
    try {
      guest = await this.#connect(row, gone.signal);
      if (guest === undefined) return;
      guest.on('error', () => {}); // the pipelines report it
      await Promise.all([pipeline(socket, guest), pipeline(guest, socket)]);
    } catch (err) {
      if (!gone.signal.aborted) this.#deps.log.info({ event: 'ports.connection-failed', environmentId: row.environmentId, port: row.port, reason: toSomnusError(err).message });
    } finally {
      socket.destroy();
      guest?.destroy();
    }
  }

  async #connect({ environmentId, port }: PortRow, signal: AbortSignal): Promise<Duplex | undefined> {
    const record = this.#deps.records.get(environmentId);
    if (record === undefined) return undefined;
    const owner: Caller = { keyId: 'ports', user: record.owner, scopes: ['read', 'write'], environmentId, mayPurge: false };
    if (record.state === 'suspended' || record.state === 'hibernated') await untilAborted(this.#wake(owner, record), signal);
    const channel = await this.#deps.environments.channel(owner, environmentId);
    return await channel.tcpSocket(port, signal);
  }

  /** Wakes an environment, once for all connections that wait for it. */
  async #wake(owner: Caller, { id, state }: EnvironmentRecord): Promise<void> {
    let waking = this.#waking.get(id);
    if (waking === undefined) {
      waking = (async () => {
        const { operation } = await this.#deps.environments.perform(owner, state === 'suspended' ? 'resume' : 'wake', id);
        if (operation !== null) await this.#deps.operations.wait(owner, operation.id, WAKE_MS);
      })().finally(() => this.#waking.delete(id));
      waking.catch(() => {}); // reported to the connections that wait
      this.#waking.set(id, waking);
    }
    await waking;
  }
}

function freePorts(taken: readonly PortRow[]): number[] {
  const used = new Set(taken.map(({ hostPort }) => hostPort));
  return Array.from({ length: LAST_PORT - FIRST_PORT + 1 }, (_, at) => FIRST_PORT + at).filter((port) => !used.has(port));
}
