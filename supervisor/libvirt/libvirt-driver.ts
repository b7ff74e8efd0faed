// The VmDriver over libvirt. It does not load libvirt itself: one child process listens for events, others carry out calls (libvirt-call-pool.ts),
// and each is replaced when it dies, hangs or loses its connection. VMs are not affected.
import { stretched } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { LibvirtCallPool } from './libvirt-call-pool.ts';
import { LibvirtChildHandle } from './libvirt-child-handle.ts';
import type { CallName, CallParams, CallResult } from './libvirt-protocol.ts';
import type {
  CallOptions, ConnectionState, DestroyOptions, GuestAgentOptions, LifecycleEvent, ShutdownOptions, StartOptions, Unsubscribe, VmDriver,
} from './vm-driver.ts';

const CALL_TIMEOUT_MS = 35_000;
/** For calls before which libvirt may probe QEMU again: half a second, or a minute on a host where it distrusts /dev/kvm. */
const PROBING_TIMEOUT_MS = 120_000;
const TOUCH_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 15_000;
const PROBE_INTERVAL_MS = 5_000;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 2_000;

export interface LibvirtDriverOptions {
  /** `qemu:///system`, or `test:///default` for libvirt's simulated hypervisor. */
  uri: string;
  log: Logger;
}

export class LibvirtDriver implements VmDriver {
  readonly #uri: string;
  readonly #log: Logger;
  readonly #pool: LibvirtCallPool;
  /** Whether to use one child for events and calls, because the test hypervisor exists only inside the process that opens it. */
  readonly #single: boolean;
  #eventChild: LibvirtChildHandle | undefined;
  #connection: ConnectionState = 'lost';
  #lastLoss: SomnusError | undefined;
  #reconnectMs = RECONNECT_MIN_MS;
  #reconnectTimer: NodeJS.Timeout | undefined;
  readonly #probeTimer: NodeJS.Timeout;
  readonly #lifecycleListeners = new Set<(event: LifecycleEvent) => void>();
  readonly #connectionListeners = new Set<(state: ConnectionState) => void>();
  #closed = false;

  /** Connects in the background and reconnects as needed; see `whenConnected`. */
  constructor(options: LibvirtDriverOptions) {
    this.#uri = options.uri;
    this.#log = options.log;
    this.#single = options.uri.startsWith('test:');
    this.#pool = new LibvirtCallPool({ uri: options.uri, startsChildren: !this.#single });
    this.#probeTimer = setInterval(() => {
      this.#eventChild?.probe();
      this.#pool.probe();
    }, PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
    this.#listen();
  }

  async define(xml: string, options?: CallOptions) { return await this.#call('define', { xml }, options, PROBING_TIMEOUT_MS); }
  async undefine(name: string, options?: CallOptions) { await this.#call('undefine', { name }, options); }
  async start(name: string, options: StartOptions = {}) { await this.#call('start', { name, paused: options.paused ?? false }, options, PROBING_TIMEOUT_MS); }
  async createFromXml(xml: string, options: StartOptions = {}) { return await this.#call('createFromXml', { xml, paused: options.paused ?? false }, options, PROBING_TIMEOUT_MS); }
  async suspend(name: string, options?: CallOptions) { await this.#call('suspend', { name }, options); }
  async resume(name: string, options?: CallOptions) { await this.#call('resume', { name }, options); }
  async shutdown(name: string, options: ShutdownOptions) { await this.#call('shutdown', { name, mode: options.mode }, options); }
  async reboot(name: string, options: ShutdownOptions) { await this.#call('reboot', { name, mode: options.mode }, options); }
  async reset(name: string, options?: CallOptions) { await this.#call('reset', { name }, options); }
  async destroy(name: string, options: DestroyOptions = {}) { await this.#call('destroy', { name, graceful: options.graceful ?? false }, options); }
  async list(options?: CallOptions) { return await this.#call('list', {}, options); }
  async find(name: string, options?: CallOptions) { return await this.#call('find', { name }, options); }
  async domainXml(name: string, options: CallOptions & { inactive?: boolean } = {}) { return await this.#call('domainXml', { name, inactive: options.inactive ?? false }, options); }
  async setMemoryMiB(name: string, memoryMiB: number, options?: CallOptions) { await this.#call('setMemory', { name, memoryMiB }, options); }
  async setCpuQuota(name: string, percentPerVcpu: number | undefined, options?: CallOptions) { await this.#call('setCpuQuota', { name, percentPerVcpu }, options); }
  async setIoWeight(name: string, weight: number, options?: CallOptions) { await this.#call('setIoWeight', { name, weight }, options); }
  async stats(name: string, options?: CallOptions) { return await this.#call('stats', { name }, options); }
  async allStats(options?: CallOptions) { return await this.#call('allStats', {}, options); }
  async monitor(name: string, command: string, args: Record<string, unknown> = {}, options?: CallOptions) { return await this.#call('monitor', { name, command, args }, options); }
  async guestAgent(name: string, command: string, args: Record<string, unknown> = {}, options: GuestAgentOptions = {}) {
    const agentTimeoutS = options.agentTimeoutS ?? 5;
    return await this.#call('guestAgent', { name, command, args, agentTimeoutS }, options, agentTimeoutS * 1_000 + CALL_TIMEOUT_MS);
  }
  async hostInfo(options?: CallOptions) { return await this.#call('hostInfo', {}, options, PROBING_TIMEOUT_MS); }
  async isAlive(options?: CallOptions) { return await this.#call('touch', {}, options, TOUCH_TIMEOUT_MS).then(() => true, () => false); }

  get connection(): ConnectionState { return this.#connection; }

  /** Why there is no connection, if known. */
  get lastLoss(): SomnusError | undefined { return this.#lastLoss; }

  onLifecycle(listener: (event: LifecycleEvent) => void): Unsubscribe {
    return subscribe(this.#lifecycleListeners, listener);
  }

  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    return subscribe(this.#connectionListeners, listener);
  }

  async whenConnected({ timeoutMs = CONNECT_TIMEOUT_MS, signal }: CallOptions = {}): Promise<void> {
    if (this.#connection === 'connected') return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unsubscribe = this.onConnection((state) => { if (state === 'connected') resolve(); });
    const timer = setTimeout(() => reject(this.#lastLoss ?? new SomnusError('unavailable', `libvirt at ${this.#uri} does not answer`)), stretched(timeoutMs));
    const onAbort = (): void => reject(new SomnusError('cancelled', 'Cancelled'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      await promise;
    } finally {
      unsubscribe();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probeTimer);
    clearTimeout(this.#reconnectTimer);
    await Promise.all([this.#pool.close(), this.#eventChild?.end()]);
    this.#setConnection('lost');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #call<C extends CallName>(call: C, params: CallParams<C>, options: CallOptions = {}, defaultTimeoutMs = CALL_TIMEOUT_MS): Promise<CallResult<C>> {
    return await this.#pool.call(call, params, { signal: options.signal, timeoutMs: options.timeoutMs ?? defaultTimeoutMs });
  }

  /** Starts the child that listens for events; restarts it with growing delays. */
  #listen(): void {
    const child = new LibvirtChildHandle({ uri: this.#uri, events: true }, {
      onConnected: () => {
        this.#reconnectMs = RECONNECT_MIN_MS;
        this.#log.info({ event: 'libvirt.connected', uri: this.#uri });
        this.#setConnection('connected');
      },
      onLifecycle: (event) => { for (const listener of this.#lifecycleListeners) listener(event); },
      onIdle: () => this.#pool.pump(),
      onEnd: (end) => {
        if (!this.#closed && (this.#connection === 'connected' || this.#lastLoss === undefined)) this.#log.warn({ event: 'libvirt.connection-lost', err: end.error, uri: this.#uri });
        this.#lastLoss = end.error;
        this.#setConnection('lost');
        if (this.#single) this.#pool.endOf(child, end);
        if (this.#closed) return;
        this.#pool.dropIdle();
        this.#reconnectTimer = setTimeout(() => this.#listen(), this.#reconnectMs);
        this.#reconnectMs = Math.min(this.#reconnectMs * 2, RECONNECT_MAX_MS);
      },
    });
    this.#eventChild = child;
    if (this.#single) this.#pool.lend(child);
  }

  #setConnection(state: ConnectionState): void {
    if (this.#connection === state) return;
    this.#connection = state;
    for (const listener of this.#connectionListeners) listener(state);
  }
}

/** Adds a listener. The same listener can be added twice, and is then called twice. */
function subscribe<T>(listeners: Set<(value: T) => void>, listener: (value: T) => void): Unsubscribe {
  const own = (value: T): void => listener(value);
  listeners.add(own);
  return () => { listeners.delete(own); };
}
