// One child process of the driver, as the driver sees it: start, one call at a time, sign of life, end. What to do when it ends is the driver's.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stretched } from '../../common/deadline.ts';
import { SomnusError, fromSerializedError } from '../../common/errors.ts';
import type { CallName, ChildSettings, FromChild, ToChild } from './libvirt-protocol.ts';
import type { LifecycleEvent } from './vm-driver.ts';

const program = fileURLToPath(new URL('libvirt-child.ts', import.meta.url));

/** Node and the libraries load in 0.2 s; a host that is busy takes longer. */
const START_TIMEOUT_MS = 20_000;
/** A living child says within a millisecond that it has begun a call, or that it is there. */
const SIGN_OF_LIFE_MS = 3_000;
const STDERR_KEPT = 2_000;

export interface CallJob {
  call: CallName;
  params: unknown;
  /** Set once the child has said that it calls libvirt. */
  begun: boolean;
  settle(outcome: { result: unknown } | { error: SomnusError }): void;
}

export interface ChildEnd {
  error: SomnusError;
  job: CallJob | undefined;
  /** It gave up before it was connected, so another would too. Not when somebody killed it. */
  couldNotConnect: boolean;
}

export interface ChildListener {
  onConnected(): void;
  onLifecycle(event: LifecycleEvent): void;
  /** The child has nothing to do any more. */
  onIdle(): void;
  /** It has ended; `job` is what it was at, and is not settled. Told exactly once, after everything else. */
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
  /** Runs while a sign of life is owed. */
  #patience: NodeJS.Timeout | undefined;
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
    let told = false;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (told) return;
      told = true;
      clearTimeout(this.#patience);
      const job = this.#job;
      this.#job = undefined;
      this.#listener.onEnd({ error: this.#lost ?? this.#endError(signal ?? `exit code ${code}`), job, couldNotConnect: !this.#connected && (this.#lost !== undefined || signal === null) });
      resolve();
    };
    // Its last messages may come after its exit, and before `close`; there is no `close` when it was us who disconnected.
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

  /** Asks an idle child for a sign of life, and kills it when none comes. */
  probe(): void {
    if (!this.isIdle || this.#patience !== undefined) return;
    this.#send({ kind: 'ping' });
    this.#expectSignOfLife(SIGN_OF_LIFE_MS);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Lets an idle child end by itself, and makes it if it does not. */
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
      if (error) this.kill(); // the channel is gone: so is the child, or it is of no use
    });
  }

  #expectSignOfLife(withinMs: number): void {
    clearTimeout(this.#patience);
    const patience = setTimeout(() => {
      setImmediate(() => { if (this.#patience === patience) this.kill(); }); // not before what has arrived is read: it may be us who were held up
    }, stretched(withinMs));
    this.#patience = patience;
  }

  #signOfLife(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #endError(how: string): SomnusError {
    const said = this.#stderr.trim();
    return new SomnusError('unavailable', `The libvirt process ended (${how})`, { details: said === '' ? {} : { stderr: said } });
  }
}
