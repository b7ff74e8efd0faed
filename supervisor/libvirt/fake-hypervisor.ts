// A hypervisor in memory for the FakeVmDriver: domains as libvirt and QEMU would have them, and faults that a test injects. It runs no VM; a
// FakeGuest simulates the guest. Drivers come and go with the processes that use them; the hypervisor stays, as libvirtd does.
import { randomUUID } from 'node:crypto';
import { createConnection, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { once } from 'node:events';
import { chown, rm } from 'node:fs/promises';
import { SomnusError, type ErrorCode } from '../../common/errors.ts';
import type { DomainState, DomainSummary, LifecycleEvent, LifecycleEventName } from './vm-driver.ts';

/** Simulates what runs in a domain. The default does nothing, ignores the power button, and saves and loads anything. */
export interface FakeGuest {
  /** QEMU has started; with `incoming` it waits for a state and has no guest yet. */
  start?(incoming: boolean): void;
  suspend?(): void;
  resume?(): void;
  /** QEMU has ended. */
  end?(): void;
  /** @returns whether it shuts down */
  powerButton?(): boolean;
  reset?(): void;
  /** Returns the device state. */
  save?(): Buffer;
  /** @throws when this guest cannot continue from the state */
  load?(state: Buffer): void;
  /** Runs a command of QEMU's guest agent. @throws guest_unreachable when there is none */
  agent?(command: string): unknown;
}

/** A fault, which occurs once. */
export interface Fault {
  /** A method of the driver, such as `start`; a QMP command, such as `monitor migrate`; a command of the guest agent, such as `guestAgent guest-ping`. */
  call: string;
  /** Which call it hits, counted from now; default 1, the next one. */
  nth?: number;
  /**
   * `fail`: refused, nothing is done. `loseAnswer`: done, but the caller gets `unavailable`. `delay`: done later. `hang`: neither done nor answered
   * until the call's deadline passes. `endVm`: QEMU ends just before. `resetVm`: done, and the guest resets at once, as after a triple fault.
   */
  effect: 'fail' | 'loseAnswer' | 'delay' | 'hang' | 'endVm' | 'resetVm';
  /** The error of a refused call; default `libvirt`. */
  error?: SomnusError;
  delayMs?: number;
}

/** An injected fault, so that a test can assert that it was hit. */
export interface SetFault extends Fault { hit: boolean }

export interface FakeDomain {
  name: string;
  uuid: string;
  /** The persistent definition; undefined for a transient domain. */
  definition: string | undefined;
  live: string;
  state: DomainState;
  reason: string;
  id: number | undefined;
  /** The state as QEMU reports it. */
  qemu: 'running' | 'paused' | 'inmigrate' | 'postmigrate';
  migration: { status: string; 'error-desc'?: string } | undefined;
  balloonMiB: number;
  quotaPercent: number | undefined;
  guest: FakeGuest;
}

export class FakeHypervisor {
  readonly domains = new Map<string, FakeDomain>();
  readonly #listeners = new Set<(event: LifecycleEvent) => void>();
  readonly #guestOf: (name: string, xml: string) => FakeGuest;
  #faults: (SetFault & { left: number })[] = [];
  #lastId = 0;

  /** `guestOf` returns the guest of a domain when it is started. */
  constructor(guestOf: (name: string, xml: string) => FakeGuest = () => ({})) {
    this.#guestOf = guestOf;
  }

  /** Injects a fault. */
  inject(fault: Fault): SetFault {
    const set = { ...fault, hit: false, left: fault.nth ?? 1 };
    this.#faults.push(set);
    return set;
  }

  /** Returns the fault that hits this call, if any. For drivers. */
  faultOf(call: string): SetFault | undefined {
    const waiting = this.#faults.filter((fault) => fault.call === call && !fault.hit);
    for (const fault of waiting) fault.left -= 1;
    const due = waiting.find(({ left }) => left <= 0);
    if (due) due.hit = true;
    return due;
  }

  clearFaults(): void {
    this.#faults = [];
  }

  /** Ends QEMU from outside the driver: killed, crashed, or shut down by its guest. */
  endVm(name: string, detail: 'crashed' | 'failed' | 'shutdown' = 'failed'): void {
    const domain = this.domains.get(name);
    if (domain?.id !== undefined) this.stop(domain, detail);
  }

  /** The guest resets, by itself. */
  resetVm(name: string): void {
    const domain = this.domains.get(name);
    if (domain?.id === undefined) return;
    domain.guest.reset?.();
    this.emit(domain, 'rebooted', 'unknown');
  }

  /** Simulates a power cut: all domains end without an event. */
  powerCut(): void {
    for (const domain of this.domains.values()) {
      if (domain.id === undefined) continue;
      domain.guest.end?.();
      this.#off(domain, 'unknown');
    }
  }

  onLifecycle(listener: (event: LifecycleEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  define(xml: string): FakeDomain {
    const { name, uuid, memoryMiB } = parse(xml, 'virDomainDefineXML');
    const known = this.domains.get(name);
    if (known && known.uuid !== uuid) throw refusal('libvirt', 'virDomainDefineXML', 9, `domain '${name}' already exists with uuid ${known.uuid}`);
    const domain = known ?? { name, uuid, definition: xml, live: xml, state: 'shut_off', reason: 'unknown', id: undefined, qemu: 'paused', migration: undefined, balloonMiB: memoryMiB, quotaPercent: undefined, guest: {} };
    domain.definition = xml;
    if (domain.id === undefined) domain.live = xml;
    this.domains.set(name, domain);
    this.emit(domain, 'defined', known ? 'updated' : 'added');
    return domain;
  }

  undefine(domain: FakeDomain): void {
    domain.definition = undefined;
    if (domain.id === undefined) this.domains.delete(domain.name);
    this.emit(domain, 'undefined', 'removed');
  }

  start(domain: FakeDomain, xml: string, paused: boolean): void {
    const incoming = xml.includes('-incoming');
    const startsPaused = paused || incoming;
    this.#lastId += 1;
    Object.assign(domain, {
      live: xml, id: this.#lastId, balloonMiB: parse(xml, 'virDomainCreate').memoryMiB, migration: undefined, guest: this.#guestOf(domain.name, xml),
      state: startsPaused ? 'paused' : 'running', reason: startsPaused ? 'user' : 'booted', qemu: incoming ? 'inmigrate' : startsPaused ? 'paused' : 'running',
    });
    domain.guest.start?.(incoming);
    if (!startsPaused) this.emit(domain, 'resumed', 'unpaused'); // QEMU starts paused, and first reports that it runs
    this.emit(domain, 'started', 'booted');
  }

  create(xml: string, paused: boolean): FakeDomain {
    const { name, uuid, memoryMiB } = parse(xml, 'virDomainCreateXML');
    const known = this.domains.get(name);
    if (known && known.uuid !== uuid) throw refusal('libvirt', 'virDomainCreateXML', 9, `domain '${name}' already exists with uuid ${known.uuid}`);
    if (known?.id !== undefined) throw refusal('invalid_state', 'virDomainCreateXML', 55, 'domain is already active');
    const domain: FakeDomain = known ?? { name, uuid, definition: undefined, live: xml, state: 'shut_off', reason: 'unknown', id: undefined, qemu: 'paused', migration: undefined, balloonMiB: memoryMiB, quotaPercent: undefined, guest: {} };
    this.domains.set(name, domain);
    this.start(domain, xml, paused);
    return domain;
  }

  stop(domain: FakeDomain, detail: string): void {
    domain.guest.end?.();
    this.#off(domain, detail);
    this.emit(domain, 'stopped', detail);
  }

  setRunning(domain: FakeDomain, running: boolean): void {
    if ((domain.state === 'running') === running) return;
    Object.assign(domain, running ? { state: 'running', reason: 'unpaused', qemu: 'running' } : { state: 'paused', reason: 'user', qemu: 'paused' });
    if (running) domain.guest.resume?.();
    else domain.guest.suspend?.();
    this.emit(domain, running ? 'resumed' : 'suspended', running ? 'unpaused' : 'paused');
  }

  /** Like QEMU, sends the state over a unix socket and reports the result in `query-migrate`. */
  migrate(domain: FakeDomain, uri: unknown): void {
    if (domain.qemu === 'postmigrate') throw qmpError('GenericError', 'the VM was saved before and has not run since');
    domain.migration = { status: 'active' };
    const socket = createConnection(pathOf(uri));
    socket.on('error', (error) => { domain.migration = { status: 'failed', 'error-desc': error.message }; });
    socket.end(domain.guest.save?.() ?? Buffer.from('device state'), () => {
      if (domain.migration?.status === 'active') Object.assign(domain, { migration: { status: 'completed' }, ...(domain.qemu === 'paused' ? { qemu: 'postmigrate' } : {}) });
    });
  }

  async migrateIncoming(domain: FakeDomain, uri: unknown): Promise<void> {
    if (domain.qemu !== 'inmigrate') throw qmpError('GenericError', "'-incoming' was not specified on the command line");
    domain.migration = { status: 'setup' };
    const path = pathOf(uri);
    await rm(path, { force: true });
    const server = createServer((socket) => {
      server.close();
      buffer(socket).then((state) => {
        domain.guest.load?.(state);
        Object.assign(domain, { migration: { status: 'completed' }, qemu: 'paused' });
      }).catch((error: unknown) => {
        domain.migration = { status: 'failed', 'error-desc': error instanceof Error ? error.message : String(error) };
        if (domain.id !== undefined) this.stop(domain, 'failed'); // QEMU exits when it cannot load
      });
    });
    server.listen(path);
    await once(server, 'listening');
    const [, uid, gid] = /<label>\+(\d+):\+(\d+)<\/label>/.exec(domain.live) ?? [];
    if (uid !== undefined && gid !== undefined) await chown(path, Number(uid), Number(gid)); // QEMU runs as this user
  }

  emit(domain: FakeDomain, event: LifecycleEventName, detail: string): void {
    const emitted: LifecycleEvent = { name: domain.name, uuid: domain.uuid, event, detail, atMs: Date.now() };
    for (const listener of this.#listeners) listener(emitted);
  }

  #off(domain: FakeDomain, reason: string): void {
    Object.assign(domain, { state: 'shut_off', reason, id: undefined, migration: undefined, qemu: 'paused', live: domain.definition ?? domain.live });
    if (domain.definition === undefined) this.domains.delete(domain.name);
  }
}

export function summary({ name, uuid, state, reason, definition, id }: FakeDomain): DomainSummary {
  return { name, uuid, state, reason, persistent: definition !== undefined, id };
}

/** Returns an error like those of libvirt-errors.ts. */
export function refusal(code: ErrorCode, call: string, libvirtCode: number, message: string): SomnusError {
  return new SomnusError(code, message, { details: { libvirtCode, libvirtDomain: 10, level: 2, call } });
}

export function qmpError(qmpClass: string, message: string): SomnusError {
  return new SomnusError(qmpClass === 'CommandNotFound' ? 'unsupported' : 'libvirt', message, { details: { libvirtCode: 1, libvirtDomain: 10, level: 2, call: 'virDomainQemuMonitorCommand', qmpClass } });
}

function parse(xml: string, call: string): { name: string; uuid: string; memoryMiB: number } {
  const name = /<name>([^<]+)<\/name>/.exec(xml)?.[1];
  if (name === undefined || !/^\s*<domain[\s>]/.test(xml) || !/<\/domain>\s*$/.test(xml)) throw refusal('invalid_request', call, 27, 'XML error: not a domain');
  const uuid = /<uuid>([^<]+)<\/uuid>/.exec(xml)?.[1] ?? randomUUID();
  return { name: name.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'), uuid, memoryMiB: Number(/<memory unit='MiB'>(\d+)<\/memory>/.exec(xml)?.[1] ?? 64) };
}

function pathOf(uri: unknown): string {
  return String(uri).replace(/^unix:/, '');
}
