// Distributes calls to child processes: in order for each domain, in parallel for different domains, each with its deadline. A VM that hangs blocks
// only its own calls.
import { stretched } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { LibvirtChildHandle, type CallJob, type ChildEnd } from './libvirt-child-handle.ts';
import type { CallName, CallParams, CallResult } from './libvirt-protocol.ts';
import type { CallOptions } from './vm-driver.ts';

const MAX_CHILDREN = 4;
/** One busy and one ready: a child takes 0.2 s to start, a suspend 2 ms. */
const KEPT_CHILDREN = 2;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Calls of one kind for one domain run in order. Calls that must get through to a domain whose monitor hangs have their own kind; `free` calls name
 * no domain, or inspect one without asking its QEMU.
 */
const kinds: Record<CallName, 'domain' | 'agent' | 'destroy' | 'free'> = {
  define: 'free', undefine: 'domain', start: 'domain', createFromXml: 'free', suspend: 'domain', resume: 'domain', shutdown: 'domain', reboot: 'domain', reset: 'domain',
  destroy: 'destroy', list: 'free', find: 'free', domainXml: 'domain', setMemory: 'domain', setCpuQuota: 'domain', setIoWeight: 'domain', stats: 'domain', allStats: 'free',
  monitor: 'domain', guestAgent: 'agent', hostInfo: 'free', touch: 'free',
};

interface PooledCall extends CallJob {
  /** Calls with the same key run one after the other. */
  key: string | undefined;
  child: LibvirtChildHandle | undefined;
}

export class LibvirtCallPool {
  readonly #uri: string;
  readonly #queue: PooledCall[] = [];
  readonly #running = new Set<PooledCall>();
  readonly #children = new Set<LibvirtChildHandle>();
  readonly #startsChildren: boolean;
  #closed = false;

  /** With `startsChildren: false` it uses only children that are lent to it. */
  constructor(options: { uri: string; startsChildren: boolean }) {
    this.#uri = options.uri;
    this.#startsChildren = options.startsChildren;
  }

  call<C extends CallName>(call: C, params: CallParams<C>, options: CallOptions & { timeoutMs: number }): Promise<CallResult<C>> {
    const { signal, timeoutMs } = options;
    if (this.#closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(new SomnusError('cancelled', `${call} was cancelled before it began`, { details: { begun: false } }));
    const { promise, resolve, reject } = Promise.withResolvers<CallResult<C>>();
    const kind = kinds[call];
    const job: PooledCall = {
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
    const stretchedMs = stretched(timeoutMs);
    const timer = setTimeout(() => {
      this.#unqueue(job);
      job.child?.kill(); // it hangs in the call; only killing it frees it
      job.settle({ error: new SomnusError('timeout', `libvirt did not answer ${call} within ${stretchedMs / 1_000} s`, { details: { call, timeoutMs: stretchedMs, begun: job.begun } }) });
    }, stretchedMs);
    const onAbort = (): void => {
      if (this.#unqueue(job)) job.settle({ error: new SomnusError('cancelled', `${call} was cancelled before it began`, { details: { begun: false } }) });
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#queue.push(job);
    this.pump();
    return promise;
  }

  /** Adds a child that is not the pool's own and may run calls until `endOf` it. */
  lend(child: LibvirtChildHandle): void {
    this.#children.add(child);
  }

  /** Assigns waiting calls to idle children, oldest first, and starts more children when needed. */
  pump(): void {
    const busy = new Set([...this.#running].map(({ key }) => key));
    let waiting = 0;
    for (const job of this.#queue.slice()) {
      if (job.key !== undefined && busy.has(job.key)) continue;
      busy.add(job.key);
      const child = this.#children.values().find(({ isIdle }) => isIdle);
      if (child === undefined) {
        waiting += 1;
        continue;
      }
      this.#unqueue(job);
      this.#running.add(job);
      job.child = child;
      child.run(job);
    }
    if (!this.#startsChildren || this.#closed) return;
    const wanted = Math.min(MAX_CHILDREN, Math.max(KEPT_CHILDREN, this.#running.size + waiting + 1));
    while (this.#children.size < wanted) this.#startChild();
  }

  /** Handles the end of a child. Its call runs again if it had not begun; otherwise it fails. If the child could not connect, all waiting calls fail too. */
  endOf(child: LibvirtChildHandle, { error, job, couldNotConnect }: ChildEnd): void {
    this.#children.delete(child);
    const pooled = [...this.#running].find((running) => running === job);
    if (pooled) this.#requeueOrFail(pooled, error);
    if (couldNotConnect) for (const waiting of this.#queue.splice(0)) waiting.settle({ error });
    else if (this.#queue.length > 0) this.pump();
  }

  /** Ends idle children, because they may hold a dead connection without noticing. */
  dropIdle(): void {
    for (const child of this.#children) if (child.isIdle) void child.end();
  }

  /** Checks that idle children are alive, and ends those that have been idle for long. Call it every few seconds. */
  probe(): void {
    for (const child of this.#children) {
      if (child.idleMs > IDLE_TIMEOUT_MS && this.#children.size > KEPT_CHILDREN) void child.end();
      else child.probe();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) waiting.settle({ error: closedError() });
    await Promise.all([...this.#children].map(async (child) => await child.end()));
  }

  #startChild(): void {
    const child = new LibvirtChildHandle({ uri: this.#uri, events: false }, {
      onConnected: () => {},
      onLifecycle: () => {},
      onIdle: () => this.pump(),
      onEnd: (end) => this.endOf(child, end),
    });
    this.#children.add(child);
  }

  #requeueOrFail(job: PooledCall, error: SomnusError): void {
    this.#running.delete(job);
    job.child = undefined;
    if (this.#closed) job.settle({ error: closedError() });
    else if (job.begun) job.settle({ error: new SomnusError('unavailable', `${job.call} was interrupted: ${error.message}`, { details: { ...error.details, call: job.call, begun: true }, cause: error }) });
    else this.#queue.unshift(job);
  }

  #unqueue(job: PooledCall): boolean {
    const at = this.#queue.indexOf(job);
    if (at >= 0) this.#queue.splice(at, 1);
    return at >= 0;
  }
}

function closedError(): SomnusError {
  return new SomnusError('unavailable', 'The libvirt driver is closed', { details: { begun: false } });
}
