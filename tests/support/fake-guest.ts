// A guest of the fake hypervisor whose memory and disk are the files that Somnus clones, places and deletes: what it remembers after a wake, a restore or a fork is what was
// in them. It uses the agent's and the helper's real protocols on real sockets, and QEMU's guest agent for freezing.
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { CONTRACT_VERSION } from '../../agent/constants.ts';
import type { AgentStatus, Identity } from '../../agent/contract.ts';
import { STORED_IDENTITY } from '../../agent/contract/identity-files.ts';
import type { AgentHealth } from '../../agent/contract/health.ts';
import { PortProtocol, type PortHandlers } from '../../agent/port-protocol.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { FakeGuest } from '../../supervisor/libvirt/fake-hypervisor.ts';

/** What a guest holds in memory: `text` stands for everything its programs do. */
export interface GuestMemory { bootId: string; text: string; vcpus: number; identity: Identity | null }
export interface GuestDisk { text: string; identity: Identity | null }

/** The start of a file, which contains the content; the rest of it is a hole. */
const BLOCK = 16_384;

export function readBlock<T>(file: string): T | undefined {
  if (!existsSync(file)) return undefined;
  const handle = openSync(file, 'r');
  try {
    const block = Buffer.alloc(BLOCK);
    readSync(handle, block, 0, BLOCK, 0);
    const text = block.toString('utf8').replace(/\0+$/, '');
    return text === '' ? undefined : JSON.parse(text) as T;
  } finally {
    closeSync(handle);
  }
}

export function writeBlock(file: string, content: unknown): void {
  const block = Buffer.alloc(BLOCK);
  block.write(JSON.stringify(content));
  const handle = openSync(file, 'r+');
  try {
    writeSync(handle, block, 0, BLOCK, 0);
  } finally {
    closeSync(handle);
  }
}

export class GuestInFolder implements FakeGuest {
  readonly #folder: string;
  readonly #runDir: string;
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];
  #running = Promise.withResolvers<void>();
  #loaded = false;
  /** While this is set, agent and helper do not answer. */
  deaf = false;
  /** While this is set, the helper does not answer. */
  helperDeaf = false;
  /** Which of the two gave it its identity last. */
  identifiedBy: 'agent' | 'helper' | undefined;

  constructor(folder: string, runDir: string) {
    this.#folder = folder;
    this.#runDir = runDir;
  }

  get memory(): GuestMemory | undefined { return readBlock<GuestMemory>(this.#ram); }
  get #ram(): string { return join(this.#folder, 'ram'); }
  get #disk(): string { return join(this.#folder, 'disk'); }

  /** What its programs do: they remember and write. */
  think(text: string): void {
    writeBlock(this.#ram, { ...this.memory, text });
    writeBlock(this.#disk, { ...readBlock<GuestDisk>(this.#disk), text });
  }

  /**
   * Runs the last line of a script: `add WORD` (remembers and writes one more word), `has WORD` (whether it does), `fail CODE`, `wait` (until the signal fires). Anything else does nothing.
   */
  run(script: string, signal?: AbortSignal): GuestProcess {
    const [verb = '', ...rest] = (script.trimEnd().split('\n').at(-1) ?? '').split(' ');
    const word = rest.join(' ');
    const words = (this.memory?.text ?? '').split(' ').filter((each) => each !== '');
    if (verb === 'add') this.think([...words, word].join(' '));
    const code = verb === 'has' ? Number(!words.includes(word)) : verb === 'fail' ? Number(word) : 0;
    const ended = Promise.withResolvers<{ code: number; signal: null; timedOut: boolean }>();
    if (verb === 'wait') signal?.addEventListener('abort', () => ended.reject(signal.reason as Error), { once: true });
    else ended.resolve({ code, signal: null, timedOut: false });
    return { stdin: new PassThrough(), stdout: Readable.from(verb === 'fail' ? [Buffer.from('trying\nno such luck\n')] : []), stderr: Readable.from([]), signal: async () => {}, resize: () => {}, exit: ended.promise };
  }

  start(incoming: boolean): void {
    for (const [name, serve] of [['agent.sock', (socket: Socket) => this.#serve(socket)], ['helper.sock', (socket: Socket) => this.#serveHelper(socket)]] as const) {
      const path = join(this.#runDir, name);
      rmSync(path, { force: true });
      this.#servers.push(createServer(serve).listen(path));
    }
    if (incoming) return;
    this.reset();
    this.#loaded = true;
    this.#running.resolve();
  }

  suspend(): void { this.#running = Promise.withResolvers<void>(); }
  resume(): void { if (this.#loaded) this.#running.resolve(); }
  powerButton(): boolean { return true; }

  /** It boots again: what its programs held in memory is gone. */
  reset(): void {
    writeBlock(this.#ram, { bootId: randomUUID(), text: '', vcpus: 1, identity: readBlock<GuestDisk>(this.#disk)?.identity ?? null } satisfies GuestMemory);
  }

  end(): void {
    for (const server of this.#servers.splice(0)) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#running = Promise.withResolvers<void>();
  }

  save(): Buffer {
    return Buffer.from(JSON.stringify({ bootId: this.memory?.bootId, text: this.memory?.text }));
  }

  /** Registers and memory from two different moments do not fit together. */
  load(state: Buffer): void {
    const { bootId, text } = JSON.parse(state.toString()) as Pick<GuestMemory, 'bootId' | 'text'>;
    if (this.memory?.bootId !== bootId || this.memory.text !== text) throw new Error('the device state and the memory are from different moments');
    this.#loaded = true;
  }

  agent(command: string): unknown {
    return command === 'guest-fsfreeze-status' ? 'thawed' : {};
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const protocol = new PortProtocol(this.#handlers(), (bytes) => { if (!socket.destroyed) socket.write(bytes); });
    socket.on('data', (chunk) => protocol.receive(chunk)).on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  #serveHelper(socket: Socket): void {
    this.#sockets.add(socket);
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      if (line !== '') void this.#help(line).then((answer) => { if (!socket.destroyed) socket.write(`${answer}\n`); });
    });
    lines.on('error', () => {}); // passed on from the socket
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  async #help(line: string): Promise<string> {
    const [id, , ...fields] = line.split(' ');
    await this.#running.promise;
    if (this.deaf || this.helperDeaf) return await new Promise<never>(() => {});
    const stored = fields.map((field) => field.split(':')).find(([, path = '']) => Buffer.from(path, 'hex').toString() === `/${STORED_IDENTITY}`);
    if (stored) {
      this.#identify(JSON.parse(Buffer.from(stored[2] ?? '', 'hex').toString()) as Identity, 'helper');
    }
    const { bootId = '-', identity = null } = this.memory ?? {};
    return `${id} ok ${identity?.environmentId ?? '-'} ${identity?.generation ?? 0} ${identity === null ? 0 : 1} ${bootId} ${Date.now()}`;
  }

  #identify(identity: Identity, by: 'agent' | 'helper'): void {
    writeBlock(this.#ram, { ...this.memory, identity });
    writeBlock(this.#disk, { ...readBlock<GuestDisk>(this.#disk), identity });
    this.identifiedBy = by;
  }

  #handlers(): PortHandlers {
    const answer = <P>(act: (params: P) => unknown) => async (params: unknown): Promise<unknown> => {
      await this.#running.promise;
      if (this.deaf) return await new Promise<never>(() => {});
      return act(params as P);
    };
    return {
      status: answer(() => this.#status()),
      identify: answer((identity: Identity) => {
        this.#identify(identity, 'agent');
        return this.#status();
      }),
      setClock: answer(({ unixMs }: { unixMs: number }) => ({ unixMs })),
      checkInit: answer(() => ({ answers: true })),
      setVcpus: answer(({ online }: { online: number }) => {
        writeBlock(this.#ram, { ...this.memory, vcpus: online });
        return { vcpusOnline: online };
      }),
      stats: answer(() => ({
        unixMs: Date.now(), uptimeMs: 1, cpu: { vcpusOnline: 1, userMs: 0, systemMs: 0, idleMs: 0, iowaitMs: 0, stealMs: 0 },
        memory: { totalBytes: 2 ** 30, availableBytes: 2 ** 30, usedBytes: 0, cachedBytes: 0, swapUsedBytes: 0 },
        disk: { totalBytes: 1, usedBytes: 0, availableBytes: 1, readBytes: 0, writtenBytes: 0 },
        network: { receivedBytes: 0, sentBytes: 0, receivedPackets: 0, sentPackets: 0 }, load: [0, 0, 0], pressure: null, processes: [],
      })),
      powerOff: answer(() => ({})),
      watch: answer(() => ({})),
      health: answer(() => this.#health()),
      incidents: answer(() => ({ items: [], total: 0, nextOffset: null })),
      softReboot: answer(() => ({ tookMs: 1, processes: [] })),
      reloadConfig: answer(() => ({})),
      applyFix: answer(() => ({ fixId: 'disk/grow', what: 'x', atMs: 1, automatic: false, outcome: 'applied', detail: '' })),
      recordHostFix: answer(() => ({})),
      learnBenign: answer(() => ({})),
      setFixes: answer(() => ({})),
      commandFailed: answer(() => ({})),
      setEngine: answer(() => ({})),
    };
  }

  #health(): AgentHealth {
    return {
      unixMs: Date.now(), agentVersion: '1', state: 'ok', summary: 'No recent errors.', watched: [],
      intelligence: { unixMs: Date.now(), engine: 'rules', open: 0, total: 0, uncollected: 0, linesRead: 0, linesDropped: 0, filesFollowed: 0, filesSkipped: 0, problems: [], fixes: 'suggest', learned: 0 },
    };
  }

  #status(): AgentStatus {
    const { bootId = '', vcpus = 1, identity = null } = this.memory ?? {};
    return {
      contractVersion: CONTRACT_VERSION, agentVersion: '1', bootId, uptimeMs: 1, unixMs: Date.now(), identity: identity && { environmentId: identity.environmentId, generation: identity.generation },
      ready: identity !== null, waitingFor: identity === null ? ['an identity'] : [], hostname: identity?.hostname ?? 'none', vcpusOnline: vcpus,
    };
  }
}
