// One child process of the driver, as the driver sees it: start, one call at a time, liveness checks, end. The driver decides what to do when it
// ends.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stretched } from '../../common/deadline.ts';
import { SomnusError, fromSerializedError } from '../../common/errors.ts';
import type { CallName, ChildSettings, FromChild, ToChild } from './libvirt-protocol.ts';
import type { LifecycleEvent } from './vm-driver.ts';

const program = fileURLToPath(new URL('libvirt-child.ts', import.meta.url));

/** Node and the libraries load in 0.2 s; longer on a busy host. */
const START_TIMEOUT_MS = 20_000;
/** A living child reports within a millisecond that it has begun a call, or answers a ping. */
const SIGN_OF_LIFE_MS = 3_000;
const STDERR_KEPT = 2_000;

export interface CallJob {
  call: CallName;
  params: unknown;
  /** Set once the child has reported that it is calling libvirt. */
  begun: boolean;
  settle(outcome: { result: unknown } | { error: SomnusError }): void;
}

export interface ChildEnd {
  error: SomnusError;
  job: CallJob | undefined;
  /** Whether it ended before it was connected, so that another child would fail too. False if it was killed from outside. */
  couldNotConnect: boolean;
}

export interface ChildListener {
  onConnected(): void;
  onLifecycle(event: LifecycleEvent): void;
  /** The child has become idle. */
  onIdle(): void;
  /** The child has ended; `job` is its unfinished call, not yet settled. Called exactly once, after everything else. */
  onEnd(end: ChildEnd): void;
}

export class LibvirtChildHandle {
  readonly #process: ChildProcess;
  readonly #listener: ChildListener;
  #connected = false;
  #job: CallJob | undefined;
  #callId = 0;
  #lost: SomnusError | undefined;
  #stderr = '';
  /** Running while a sign of life is expected. */
  #lifeTimer: NodeJS.Timeout | undefined;
  #idleSinceMs = Date.now();
  readonly ended: Promise<void>;

  constructor(settings: ChildSettings, listener: ChildListener) {
    this.#listener = listener;
    this.#process = fork(program, [JSON.stringify(settings)], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => { this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT); });
    this.#process.on('message', (message) => this.#receive(message as FromChild));
    this.#process.on('error', (error) => { this.#lost ??= new SomnusError('unavailable', `The libvirt process cannot be started or reached: ${error.message}`, { cause: error }); });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    let ended = false;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (ended) return;
      ended = true;
      clearTimeout(this.#lifeTimer);
      const job = this.#job;
      this.#job = undefined;
      this.#listener.onEnd({ error: this.#lost ?? this.#endError(signal ?? `exit code ${code}`), job, couldNotConnect: !this.#connected && (this.#lost !== undefined || signal === null) });
      resolve();
    };
    // The last messages may arrive after `exit` and before `close`; there is no `close` when this side disconnected.
    this.#process.on('exit', (code, signal) => { if (!this.#process.connected) end(code, signal); });
    this.#process.on('close', end);
    if (this.#process.pid === undefined) setImmediate(end, null, null);
    this.#expectSignOfLife(START_TIMEOUT_MS);
  }

  get pid(): number | undefined { return this.#process.pid; }
  get isIdle(): boolean { return this.#connected && this.#job === undefined && this.#process.connected; }
  get isStarting(): boolean { return !this.#connected; }
  get idleMs(): number { return this.isIdle ? Date.now() - this.#idleSinceMs : 0; }

  run(job: CallJob): void {
    this.#job = job;
    this.#callId += 1;
    this.#send({ kind: 'call', id: this.#callId, call: job.call, params: job.params });
    this.#expectSignOfLife(SIGN_OF_LIFE_MS);
  }

  /** Pings an idle child, and kills it if it does not answer. */
  probe(): void {
    if (!this.isIdle || this.#lifeTimer !== undefined) return;
    this.#send({ kind: 'ping' });
    this.#expectSignOfLife(SIGN_OF_LIFE_MS);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Disconnects from an idle child so that it exits, and kills it if it does not. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.kill(), this.#job === undefined ? 1_000 : 0);
    await this.ended;
    clearTimeout(timer);
  }

  #receive(message: FromChild): void {
    this.#signOfLife();
    switch (message.kind) {
      case 'connected':
        this.#connected = true;
        this.#listener.onConnected();
        this.#listener.onIdle();
        break;
      case 'lost':
        this.#lost = fromSerializedError(message.error);
        break;
      case 'begun':
        if (this.#job && message.id === this.#callId) this.#job.begun = true;
        break;
      case 'done':
        this.#finish(message.id, { result: message.result });
        break;
      case 'refused':
        this.#finish(message.id, { error: fromSerializedError(message.error) });
        break;
      case 'lifecycle':
        this.#listener.onLifecycle(message.event);
        break;
      case 'pong':
        break;
    }
  }

  #finish(id: number, outcome: Parameters<CallJob['settle']>[0]): void {
    if (id !== this.#callId || this.#job === undefined) return;
    const job = this.#job;
    this.#job = undefined;
    this.#idleSinceMs = Date.now();
    job.settle(outcome);
    this.#listener.onIdle();
  }

  #send(message: ToChild): void {
    this.#process.send(message, (error) => {
      if (error) this.kill(); // the channel is closed, so the child has ended or is of no use
    });
  }

  #expectSignOfLife(withinMs: number): void {
    clearTimeout(this.#lifeTimer);
    const timer = setTimeout(() => {
      setImmediate(() => { if (this.#lifeTimer === timer) this.kill(); }); // after pending messages have been read, in case it was this process that was delayed
    }, stretched(withinMs));
    this.#lifeTimer = timer;
  }

  #signOfLife(): void {
    clearTimeout(this.#lifeTimer);
    this.#lifeTimer = undefined;
  }

  #endError(how: string): SomnusError {
    const stderr = this.#stderr.trim();
    return new SomnusError('unavailable', `The libvirt process ended (${how})`, { details: stderr === '' ? {} : { stderr } });
  }
}
