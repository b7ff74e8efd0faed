// Starts and talks to a driver. It is confined, because it processes hostile pages: it has no network, only the connection to the browser that it is given, and owns no files. What it says is parsed, and bounded.
import { spawn, type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline, type Duplex } from 'node:stream';
import { withDeadline } from '../../../common/deadline.ts';
import { fromSerializedError, SomnusError } from '../../../common/errors.ts';
import { LineSplitter } from '../../../common/line-splitter.ts';
import { confined } from '../../reading/documents/confined-process.ts';
import type { BrowserAct } from '../browser-act.ts';
import { FromDriver, type DriverAnswer, type RememberedTabs, type ToDriver } from './driver-protocol.ts';

const root = resolve(import.meta.dirname, '../../..');
/** Playwright looks at these when it is loaded, to detect containers and WSL. */
const lookedAt = ['/proc/version', '/proc/sys/fs/binfmt_misc/WSLInterop', '/run/WSL', '/.dockerenv', '/run/.containerenv', '/proc/self/cgroup', '/proc/self/mountinfo', '/etc/os-release'];
/** The driver ends when it has used this much time of a processor; the next act starts another one. */
const limits = { memoryMiB: 2048, cpuSeconds: 3600 };
const LONGEST_LINE_BYTES = 32 * 1024 * 1024;
const START_MS = 60_000;
/** How long a driver may take to give up an act. */
const GRACE_MS = 10_000;

export interface DriverOptions {
  /** The connection to the debugging port; the driver owns it. */
  connection: Duplex;
  /** The path of the browser's WebSocket. */
  socketPath: string;
  /** The folder in the guest where the browser puts downloads. */
  downloads: string;
  restore: boolean;
  tabs: RememberedTabs | undefined;
  /** Called for each document that a tab shows. @throws to have the tab closed */
  onVisited(url: string, address: string | null): void;
}

interface Pending { begun: boolean; resolve(answer: DriverAnswer): void; reject(error: SomnusError): void; readFile(path: string): Promise<Buffer> }

/** The driver ended before it started an act, which can be done by another one. */
export class NotBegun extends Error {}

export class DriverProcess {
  readonly #child: ChildProcess;
  readonly #options: DriverOptions;
  readonly #pending = new Map<number, Pending>();
  /** Pages that may not be shown. Numbers are not used again. */
  readonly #refused = new Set<number>();
  readonly #ready = Promise.withResolvers<void>();
  #last = 0;
  #ended: SomnusError | undefined;
  #stderr = '';

  private constructor(options: DriverOptions) {
    this.#options = options;
    const readable = [...[...new Set([root, realpathSync(join(root, 'node_modules'))])].map((folder) => `${folder}/*`), ...lookedAt].map((path) => `--allow-fs-read=${path}`);
    const node = ['--permission', ...readable, '--max-old-space-size=768', '--no-warnings', join(import.meta.dirname, 'playwright-main.ts')];
    const [command, ...args] = confined(process.execPath, node, limits);
    this.#child = spawn(command!, args, { cwd: '/', env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent' }, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    this.#listen(options.connection);
  }

  /** @throws unavailable when the driver cannot be started or the browser does not answer; timeout, cancelled */
  static async start(options: DriverOptions, signal: AbortSignal): Promise<DriverProcess> {
    const driver = new DriverProcess(options);
    try {
      const { socketPath, downloads, restore, tabs } = options;
      driver.#send({ start: { socketPath, downloads, restore, tabs } });
      await withDeadline('Starting the browser driver', START_MS, signal, async () => await driver.#ready.promise);
      return driver;
    } catch (error) {
      driver.end();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Does one act. A driver that gives up neither at its deadline nor when asked to is ended.
   * @throws NotBegun; what the act throws; timeout, cancelled; unavailable when the driver or the browser ended meanwhile
   */
  async act(act: BrowserAct, readFile: (path: string) => Promise<Buffer>, signal: AbortSignal): Promise<DriverAnswer> {
    if (this.#ended !== undefined) throw new NotBegun();
    const id = this.#last += 1;
    const { promise, resolve: succeed, reject } = Promise.withResolvers<DriverAnswer>();
    const pending: Pending = { begun: false, resolve: succeed, reject, readFile };
    this.#pending.set(id, pending);
    let late = setTimeout(() => this.#giveUp(new SomnusError('timeout', `\`${act.act}\` took longer than ${act.timeoutMs / 1000} s, and did not stop`)), act.timeoutMs + GRACE_MS);
    const onAbort = (): void => {
      this.#send({ cancel: id });
      clearTimeout(late);
      late = setTimeout(() => this.#giveUp(new SomnusError('cancelled', 'The act was cancelled')), GRACE_MS);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#send({ id, act });
    if (signal.aborted) onAbort();
    try {
      return await promise;
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      throw pending.begun || this.isAlive ? thrown : new NotBegun();
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
    }
  }

  /** Ends the driver; the browser continues. Repeatable. */
  end(): void {
    this.#giveUp(new SomnusError('unavailable', 'The browser driver was ended'));
  }

  #giveUp(error: SomnusError): void {
    this.#fail(error);
    this.#child.kill('SIGKILL');
  }

  #fail(error: SomnusError): void {
    this.#ended ??= error;
    this.#ready.reject(this.#ended);
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
    this.#options.connection.destroy();
  }

  #listen(connection: Duplex): void {
    const { stdin, stdout, stderr, stdio } = this.#child;
    const browser = stdio[3] as Duplex;
    this.#ready.promise.catch(() => {}); // reported to who waits for it
    this.#child.once('error', (cause) => this.#fail(new SomnusError('unavailable', 'The browser driver cannot be started', { cause })));
    this.#child.once('close', () => this.#fail(new SomnusError('unavailable', `The connection to the browser was lost${this.#stderr === '' ? '' : `: ${this.#stderr}`}`, { hint: 'The next act connects again, and opens the tabs again if the browser has ended.' })));
    stdin?.on('error', () => {}); // `close` follows
    stderr?.on('data', (chunk: Buffer) => { this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(0, 500).replaceAll(/\p{Cc}+/gu, ' '); });
    pipeline(connection, browser, () => {});
    pipeline(browser, connection, () => {});
    const splitter = new LineSplitter(LONGEST_LINE_BYTES);
    stdout?.on('data', (chunk: Buffer) => { for (const line of splitter.push(chunk)) this.#receive(line); });
  }

  #receive(line: string | undefined): void {
    if (this.#ended !== undefined) return;
    let message: FromDriver;
    try {
      message = FromDriver.parse(JSON.parse(line ?? ''));
    } catch (cause) {
      this.#giveUp(new SomnusError('unavailable', 'The browser driver sent an invalid answer', { cause }));
      return;
    }
    if ('ready' in message) this.#ready.resolve();
    else if ('begun' in message) this.#begin(message.begun);
    else if ('visited' in message) this.#check(message.visited);
    else if ('wantFile' in message) void this.#sendFile(message.wantFile, message.path);
    else if ('answer' in message) this.#pending.get(message.id)?.resolve(message.answer);
    else this.#pending.get(message.id)?.reject(fromSerializedError(message.error));
  }

  #begin(id: number): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.begun = true;
  }

  #check({ page, url, address }: { page: number; url: string; address: string | null }): void {
    if (this.#refused.has(page)) return; // it is being closed, and what it did before may be reported late
    try {
      this.#options.onVisited(url, address);
    } catch {
      this.#refused.add(page);
      this.#send({ closePage: page });
    }
  }

  async #sendFile(file: number, path: string): Promise<void> {
    const [acting] = this.#pending.values();
    try {
      if (acting === undefined) throw new SomnusError('invalid_request', 'No act needs a file');
      this.#send({ file, content: (await acting.readFile(path)).toString('base64') });
    } catch (error) {
      this.#send({ file, problem: (error as Error).message });
    }
  }

  #send(message: ToDriver): void {
    if (this.#ended === undefined) this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}
