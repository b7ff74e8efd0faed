// The VmDriver over libvirt: gives calls to child processes and replaces those that die, hang or lose their connection. Holds no libvirt itself.
// One child listens for events; calls go to up to four others, started when needed, so that one VM that hangs does not hold up the rest.
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { LibvirtChildHandle, type CallJob } from './libvirt-child-handle.ts';
import type { CallName, CallParams, CallResult } from './libvirt-protocol.ts';
import type {
  CallOptions, ConnectionState, DestroyOptions, DomainStats, DomainSummary, GuestAgentOptions, HostInfo, LifecycleEvent, ShutdownOptions, StartOptions, Unsubscribe, VmDriver,
} from './vm-driver.ts';

const CALL_TIMEOUT_MS = 35_000;
const START_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 15_000;
const MAX_CALL_CHILDREN = 4;
const PROBE_INTERVAL_MS = 5_000;
/** A call child that had nothing to do for so long ends, unless it is the last. */
const IDLE_TIMEOUT_MS = 60_000;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 2_000;

/**
 * Calls of one kind for one domain follow each other. Those that must get through to a domain whose monitor hangs are of a kind of their own;
 * `free` ones name no domain.
 */
const kinds: Record<CallName, 'domain' | 'agent' | 'destroy' | 'free'> = {
  define: 'free', undefine: 'domain', start: 'domain', createFromXml: 'free', suspend: 'domain', resume: 'domain', shutdown: 'domain', reboot: 'domain', reset: 'domain',
  destroy: 'destroy', list: 'free', find: 'domain', domainXml: 'domain', setMemory: 'domain', setCpuQuota: 'domain', stats: 'domain', allStats: 'free',
  monitor: 'domain', guestAgent: 'agent', hostInfo: 'free', touch: 'free',
};

interface QueuedCall extends CallJob {
  /** Calls with the same key wait for each other. */
  key: string | undefined;
  child: LibvirtChildHandle | undefined;
}

export interface LibvirtDriverOptions {
  /** `qemu:///system`, or `test:///default` for libvirt's hypervisor without machines. */
  uri: string;
  log: Logger;
}

export class LibvirtDriver implements VmDriver {
  readonly #uri: string;
  readonly #log: Logger;
  /** The test hypervisor lives inside the process that opens it, so there can be but one. */
  readonly #single: boolean;
  readonly #queue: QueuedCall[] = [];
  readonly #running = new Set<QueuedCall>();
  readonly #children = new Set<LibvirtChildHandle>();
  #eventChild: LibvirtChildHandle | undefined;
  #reconnectMs = RECONNECT_MIN_MS;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #lastLoss: SomnusError | undefined;
  readonly #probeTimer: NodeJS.Timeout;
  #connection: ConnectionState = 'lost';
  readonly #lifecycleListeners = new Set<(event: LifecycleEvent) => void>();
  readonly #connectionListeners = new Set<(state: ConnectionState) => void>();
  #closed = false;

  /** Connects in the background and keeps doing so; see `whenConnected`. */
  constructor(options: LibvirtDriverOptions) {
    this.#uri = options.uri;
    this.#log = options.log;
    this.#single = options.uri.startsWith('test:');
    this.#probeTimer = setInterval(() => this.#probe(), PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
    this.#listen();
  }

  async define(xml: string, options?: CallOptions) { return await this.#call('define', { xml }, options); }
  async undefine(name: string, options?: CallOptions) { await this.#call('undefine', { name }, options); }
  async start(name: string, options: StartOptions = {}) { await this.#call('start', { name, paused: options.paused ?? false }, options, START_TIMEOUT_MS); }
  async createFromXml(xml: string, options: StartOptions = {}) { return await this.#call('createFromXml', { xml, paused: options.paused ?? false }, options, START_TIMEOUT_MS); }
  async suspend(name: string, options?: CallOptions) { await this.#call('suspend', { name }, options); }
  async resume(name: string, options?: CallOptions) { await this.#call('resume', { name }, options); }
  async shutdown(name: string, options: ShutdownOptions) { await this.#call('shutdown', { name, mode: options.mode }, options); }
  async reboot(name: string, options: ShutdownOptions) { await this.#call('reboot', { name, mode: options.mode }, options); }
  async reset(name: string, options?: CallOptions) { await this.#call('reset', { name }, options); }
  async destroy(name: string, options: DestroyOptions = {}) { await this.#call('destroy', { name, graceful: options.graceful ?? false }, options); }
  async list(options?: CallOptions): Promise<DomainSummary[]> { return await this.#call('list', {}, options); }
  async find(name: string, options?: CallOptions) { return await this.#call('find', { name }, options); }
  async domainXml(name: string, options: CallOptions & { inactive?: boolean } = {}) { return await this.#call('domainXml', { name, inactive: options.inactive ?? false }, options); }
  async setMemoryMiB(name: string, memoryMiB: number, options?: CallOptions) { await this.#call('setMemory', { name, memoryMiB }, options); }
  async setCpuQuota(name: string, percentPerVcpu: number | undefined, options?: CallOptions) { await this.#call('setCpuQuota', { name, percentPerVcpu }, options); }
  async stats(name: string, options?: CallOptions): Promise<DomainStats> { return await this.#call('stats', { name }, options); }
  async allStats(options?: CallOptions): Promise<DomainStats[]> { return await this.#call('allStats', {}, options); }
  async monitor(name: string, command: string, args: Record<string, unknown> = {}, options?: CallOptions) { return await this.#call('monitor', { name, command, args }, options); }
  async guestAgent(name: string, command: string, args: Record<string, unknown> = {}, options: GuestAgentOptions = {}) {
    const agentTimeoutS = options.agentTimeoutS ?? 5;
    return await this.#call('guestAgent', { name, command, args, agentTimeoutS }, options, agentTimeoutS * 1_000 + CALL_TIMEOUT_MS);
  }
  async hostInfo(options?: CallOptions): Promise<HostInfo> { return await this.#call('hostInfo', {}, options); }
  async isAlive(options?: CallOptions) { return await this.#call('touch', {}, options, 5_000).then(() => true, () => false); }

  get connection(): ConnectionState { return this.#connection; }

  onLifecycle(listener: (event: LifecycleEvent) => void): Unsubscribe {
    const own = (event: LifecycleEvent): void => listener(event); // the same listener may be given twice
    this.#lifecycleListeners.add(own);
    return () => { this.#lifecycleListeners.delete(own); };
  }

  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    const own = (state: ConnectionState): void => listener(state);
    this.#connectionListeners.add(own);
    return () => { this.#connectionListeners.delete(own); };
  }

  async whenConnected(options: CallOptions = {}): Promise<void> {
    if (this.#connection === 'connected') return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unsubscribe = this.onConnection((state) => { if (state === 'connected') resolve(); });
    const timer = setTimeout(() => reject(this.#lastLoss ?? new SomnusError('unavailable', `libvirt at ${this.#uri} does not answer`)), options.timeoutMs ?? CONNECT_TIMEOUT_MS);
    const onAbort = (): void => reject(new SomnusError('cancelled', 'Cancelled'));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
    try {
      await promise;
    } finally {
      unsubscribe();
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probeTimer);
    clearTimeout(this.#reconnectTimer);
    for (const call of this.#queue.splice(0)) call.settle({ error: closedError() });
    const children = [...this.#children, ...(this.#eventChild ? [this.#eventChild] : [])];
    await Promise.all(children.map(async (child) => await child.end()));
    this.#setConnection('lost');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #call<C extends CallName>(call: C, params: CallParams<C>, options: CallOptions = {}, defaultTimeoutMs = CALL_TIMEOUT_MS): Promise<CallResult<C>> {
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    if (this.#closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(new SomnusError('cancelled', `${call} was cancelled`));
    const { promise, resolve, reject } = Promise.withResolvers<CallResult<C>>();
    const kind = kinds[call];
    const job: QueuedCall = {
      call,
      params,
      key: kind === 'free' ? undefined : `${kind} ${(params as { name: string }).name}`,
      begun: false,
      child: undefined,
      settle: (outcome) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#running.delete(job);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result as CallResult<C>);
      },
    };
    const timer = setTimeout(() => {
      const error = new SomnusError('timeout', `libvirt did not answer ${call} within ${timeoutMs / 1_000} s`, { details: { call, timeoutMs, begun: job.begun } });
      this.#unqueue(job);
      job.child?.kill(); // it hangs in the call: only its end frees it
      job.settle({ error });
    }, timeoutMs);
    const onAbort = (): void => {
      if (this.#unqueue(job)) job.settle({ error: new SomnusError('cancelled', `${call} was cancelled before it began`, { details: { begun: false } }) });
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#queue.push(job);
    this.#pump();
    return promise;
  }

  #unqueue(job: QueuedCall): boolean {
    const at = this.#queue.indexOf(job);
    if (at >= 0) this.#queue.splice(at, 1);
    return at >= 0;
  }

  /** Hands waiting calls to idle children, the oldest first, and starts children while there are calls for them. */
  #pump(): void {
    const busy = new Set([...this.#running].map(({ key }) => key));
    let waiting = 0;
    for (const job of this.#queue.slice()) {
      if (job.key !== undefined && busy.has(job.key)) continue;
      busy.add(job.key);
      const child = this.#idleChild();
      if (child === undefined) {
        waiting += 1;
        continue;
      }
      this.#unqueue(job);
      this.#running.add(job);
      job.child = child;
      child.run(job);
    }
    if (this.#single) return;
    const starting = [...this.#children].filter(({ isStarting }) => isStarting).length;
    for (let n = starting; n < waiting && this.#children.size < MAX_CALL_CHILDREN; n += 1) this.#startCallChild();
  }

  #idleChild(): LibvirtChildHandle | undefined {
    if (this.#single) return this.#eventChild?.isIdle ? this.#eventChild : undefined;
    for (const child of this.#children) if (child.isIdle) return child;
    return undefined;
  }

  #startCallChild(): void {
    const child = new LibvirtChildHandle({ uri: this.#uri, events: false }, {
      onConnected: () => {},
      onLifecycle: () => {},
      onIdle: () => this.#pump(),
      onEnd: ({ error, job, connected }) => {
        this.#children.delete(child);
        this.#takeBack(job as QueuedCall | undefined, error);
        // Where no connection can be made, none waits for one.
        if (!connected) for (const waiting of this.#queue.splice(0)) waiting.settle({ error });
        this.#pump();
      },
    });
    this.#children.add(child);
  }

  /** Starts the child that listens, again and again with growing pauses. */
  #listen(): void {
    const child = new LibvirtChildHandle({ uri: this.#uri, events: true }, {
      onConnected: () => {
        this.#reconnectMs = RECONNECT_MIN_MS;
        this.#setConnection('connected');
      },
      onLifecycle: (event) => { for (const listener of this.#lifecycleListeners) listener(event); },
      onIdle: () => { if (this.#single) this.#pump(); },
      onEnd: ({ error, job, connected }) => {
        this.#eventChild = undefined;
        this.#lastLoss = error;
        this.#takeBack(job as QueuedCall | undefined, error);
        if (this.#closed) return;
        this.#log.warn({ err: error, uri: this.#uri, retryMs: this.#reconnectMs }, 'libvirt.connection-lost');
        this.#setConnection('lost');
        // Idle children may hold a dead connection without knowing.
        for (const idle of this.#children) if (idle.isIdle) void idle.end();
        if (this.#single && !connected) for (const waiting of this.#queue.splice(0)) waiting.settle({ error });
        this.#reconnectTimer = setTimeout(() => this.#listen(), this.#reconnectMs);
        this.#reconnectMs = Math.min(this.#reconnectMs * 2, RECONNECT_MAX_MS);
      },
    });
    this.#eventChild = child;
  }

  /** What a child that ended was at: done again when it had not begun, else reported. */
  #takeBack(job: QueuedCall | undefined, error: SomnusError): void {
    if (job === undefined || !this.#running.delete(job)) return;
    job.child = undefined;
    if (this.#closed) job.settle({ error: closedError() });
    else if (job.begun) job.settle({ error: new SomnusError('unavailable', `${job.call} was cut off: ${error.message}`, { details: { ...error.details, call: job.call, begun: true }, cause: error }) });
    else this.#queue.unshift(job);
  }

  #setConnection(state: ConnectionState): void {
    if (this.#connection === state) return;
    this.#connection = state;
    for (const listener of this.#connectionListeners) listener(state);
  }

  #probe(): void {
    this.#eventChild?.probe();
    for (const child of this.#children) {
      if (child.idleMs > IDLE_TIMEOUT_MS && this.#children.size > 1) void child.end();
      else child.probe();
    }
  }
}

function closedError(): SomnusError {
  return new SomnusError('unavailable', 'The libvirt driver is closed', { details: { begun: false } });
}
