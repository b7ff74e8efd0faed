// The channel into one VM over one persistent SSH connection. Ensures that no program outlives its caller's request, whatever happens to the
// connection. guest-files.ts transfers files.
import { randomBytes } from 'node:crypto';
import type { Duplex, Readable } from 'node:stream';
import { sleep, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { AGENT_HTTP_PORT } from '../../agent/contract.ts';
import { httpGet } from './agent-http.ts';
import { printable } from './bounded-text.ts';
import type { ExecExit, ExecRequest, GuestChannel, GuestFileInfo, GuestProcess } from './guest-channel.ts';
import { GuestFiles } from './guest-files.ts';
import { endCommand, forgetCommand, prepareCommand, recordFile, signalCommand } from './program-records.ts';
import { programCommand, scriptCommand, shellQuote } from './remote-command.ts';
import { SftpWriter } from './sftp-writer.ts';
import { unreachable, type Ssh2LinkOptions } from './ssh2-link.ts';
import type { Ssh2Process } from './ssh2-process.ts';
import { Ssh2Sessions, type RunControlCommand } from './ssh2-sessions.ts';

export interface Ssh2ChannelOptions extends Ssh2LinkOptions {
  environmentId: string;
  /**
   * Random, and the same for all channels of one run of the control plane. Programs that another run started for this environment and that still run
   * are ended on connecting, because their caller is gone.
   */
  runId: string;
}

/** The kernel accepts at most 128 KiB as one argument, and the whole line is one argument; longer lines go through a file. */
const MAX_LINE_BYTES = 96 * 1024;
/** How long to retry clean-up in a VM that cannot be reached. */
const PERSIST_FOR_MS = 600_000;
/** How long a program's streams may stay open after its group has ended. */
const HANG_UP_AFTER_MS = 2000;
/** Number of programs of an earlier run that are ended at a time; any more that the guest names are ended on a later connection. */
const LEFT_PROGRAMS = 256;
/** Number and age at which records of ended programs are removed. */
const FORGET = { count: 64, afterMs: 2000 };

export class Ssh2Channel implements GuestChannel {
  readonly #options: Ssh2ChannelOptions;
  readonly #log: Logger;
  readonly #sessions: Ssh2Sessions;
  readonly #files: GuestFiles;
  readonly #closing = new AbortController();
  readonly #closeListeners = new Set<(error: SomnusError) => void>();
  /** Distinguishes this channel's programs from those of another channel to the same VM. */
  readonly #series = randomBytes(4).toString('hex');
  #programs = 0;
  readonly #ending = new Set<string>();
  #forgettable: string[] = [];
  #forgetTimer: NodeJS.Timeout | undefined;

  constructor(options: Ssh2ChannelOptions) {
    this.#options = options;
    this.#log = options.log.child({ environmentId: options.environmentId });
    const small = new SftpWriter(async (signal) => await this.#sessions.sftp(signal));
    this.#files = new GuestFiles((request, signal) => this.exec(request, signal), (file, signal) => small.write(file, signal), (what, work) => { void this.#persist(what, work); });
    this.#sessions = new Ssh2Sessions({
      ...options,
      prepare: (run) => this.#prepare(run),
      connected: () => this.#log.debug({ event: 'guest.connected' }),
      lost: (error) => {
        this.#log.info({ event: 'guest.connection-lost', reason: error.message });
        for (const listener of this.#closeListeners) listener(error);
      },
    });
  }

  /** Connects now rather than on first use. @throws guest_unreachable with details.reason `connect`, `host_key` or `authentication` */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.#sessions.connect(signal);
  }

  /** Calls the listener for each loss of the connection; the next use reconnects. */
  onClose(listener: (error: SomnusError) => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** SSH sessions in use. */
  get sessions(): number {
    return this.#sessions.used;
  }

  async exec(request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess> {
    const id = `${this.#options.environmentId}.${this.#options.runId}.${this.#series}-${this.#programs += 1}`;
    const line = programCommand(request, recordFile(id));
    const command = Buffer.byteLength(line) <= MAX_LINE_BYTES ? line : await this.#upload(id, line, signal);
    const { tty } = request;
    const pty = tty && { cols: tty.columns, rows: tty.rows, term: tty.term, width: 0, height: 0 };
    const process = await this.#sessions.program(command, pty, signal, () => { void this.#end(id); });
    return this.#supervise(id, request, process, signal);
  }

  async writeFile(path: string, content: Readable, options: { mode?: number | undefined }, signal?: AbortSignal): Promise<{ sizeBytes: number }> {
    return await this.#files.write(path, content, options, signal);
  }

  async readFile(path: string, signal?: AbortSignal): Promise<{ info: GuestFileInfo; content: Readable }> {
    return await this.#files.read(path, signal);
  }

  async readTar(path: string, signal?: AbortSignal): Promise<Readable> {
    return await this.#files.readTar(path, signal);
  }

  async writeTar(path: string, content: Readable, signal?: AbortSignal): Promise<void> {
    await this.#files.writeTar(path, content, signal);
  }

  async stat(path: string): Promise<GuestFileInfo | undefined> {
    return await this.#files.stat(path);
  }

  async unixSocket(path: string, signal: AbortSignal): Promise<Duplex | undefined> {
    return await this.#sessions.unix(path, signal);
  }

  async tcpSocket(port: number, signal: AbortSignal): Promise<Duplex | undefined> {
    return await this.#sessions.tcp(port, signal);
  }

  async listen(port: number, accept: (socket: Duplex) => void, signal: AbortSignal): Promise<boolean | undefined> {
    return await this.#sessions.listen(port, accept, signal);
  }

  /** @throws guest_unreachable (including when nothing listens on the agent's port), timeout */
  async agentGet(path: string, timeoutMs: number): Promise<{ status: number; body: unknown }> {
    return await withDeadline(`The agent's answer to GET ${path}`, timeoutMs, undefined, async (signal) => {
      const stream = await this.#sessions.tcp(AGENT_HTTP_PORT, signal);
      if (!stream) throw new SomnusError('guest_unreachable', 'The agent in the VM is not listening');
      return await httpGet(stream, path, signal);
    });
  }

  /** Ends the connection permanently. Programs keep running in the VM, without their streams. Repeatable. */
  async close(): Promise<void> {
    const error = unreachable('The channel to the VM was closed', 'closed');
    clearTimeout(this.#forgetTimer);
    this.#closing.abort(error);
    this.#sessions.close(error);
  }

  async #prepare(run: RunControlCommand): Promise<string> {
    const { environmentId, runId } = this.#options;
    const { code, stdout, stderr } = await run(prepareCommand(environmentId, runId));
    if (code !== 0) throw unreachable(`The VM cannot be prepared for programs: ${printable(stderr)}`, 'connect');
    const [shell = '', ...left] = stdout.trimEnd().split('\n');
    for (const id of left.filter((name) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(name)).slice(0, LEFT_PROGRAMS - this.#ending.size)) void this.#endLeft(id);
    return shell;
  }

  #supervise(id: string, { timeoutMs }: ExecRequest, process: Ssh2Process, signal: AbortSignal | undefined): GuestProcess {
    let timedOut = false;
    let running = true;
    let exited = false;
    const endNow = async (finish: () => void): Promise<void> => {
      if (exited) return finish(); // programs it left behind must not be ended with it
      await this.#end(id);
      await Promise.race([sleep(HANG_UP_AFTER_MS), process.ended.catch(() => {})]);
      finish();
    };
    const onTimeout = (): void => {
      timedOut = running;
      void endNow(() => process.hangUp()); // processes that have left the group may still hold the streams
    };
    const onAbort = (): void => { void endNow(() => process.discard()); }; // there may be no reader any more
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs).unref();
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });

    void process.exited.then(() => {
      running = false;
      exited = true;
      clearTimeout(timer);
    });
    const exit = process.ended.then((end): ExecExit => {
      running = false;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#forgetLater(id);
      return { code: timedOut ? 124 : end.code, signal: end.signal, timedOut };
    });
    // After the connection is lost the program may keep running, so its timeout and signal stay in effect.
    exit.catch(() => { running = false; });
    return {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      exit,
      signal: async (name) => {
        if (running) await this.#sessions.controlCommand(signalCommand(id, name));
      },
      resize: (columns, rows) => process.resize(columns, rows),
    };
  }

  async #endLeft(id: string): Promise<void> {
    if (this.#ending.has(id)) return;
    this.#ending.add(id);
    await this.#end(id).finally(() => this.#ending.delete(id));
  }

  /** Ends a program and its group. Never throws. */
  async #end(id: string): Promise<void> {
    await this.#persist(`ending ${id}`, async () => {
      const { code } = await this.#sessions.controlCommand(endCommand(id));
      if (code === 0) this.#log.info({ event: 'guest.program-ended', program: id });
      else this.#log.warn({ event: 'guest.program-not-found', program: id, code });
      this.#forgetLater(id);
    });
  }

  /** Retries until it works, since an unreachable VM may become reachable later. Never throws. */
  async #persist(what: string, work: () => Promise<void>): Promise<void> {
    const giveUpAt = performance.now() + PERSIST_FOR_MS;
    for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 30_000)) {
      try {
        await work();
        return;
      } catch (error) {
        if (!isTransient(error) || this.#closing.signal.aborted || performance.now() > giveUpAt) {
          this.#log.warn({ event: 'guest.given-up', what, error: (error as Error).message });
          return;
        }
        await sleep(pauseMs, this.#closing.signal).catch(() => {});
      }
    }
  }

  /** Removes records of ended programs in batches, with a delay. */
  #forgetLater(id: string): void {
    this.#forgettable.push(id);
    clearTimeout(this.#forgetTimer);
    if (this.#forgettable.length >= FORGET.count) void this.#forget();
    else this.#forgetTimer = setTimeout(() => { void this.#forget(); }, FORGET.afterMs).unref();
  }

  async #forget(): Promise<void> {
    if (!this.#sessions.connected) return; // not worth a connection; the end of the next program triggers it again
    const ids = this.#forgettable.splice(0);
    try {
      await this.#sessions.controlCommand(forgetCommand(ids.map(recordFile)));
    } catch (error) {
      this.#log.debug({ event: 'guest.records-kept', count: ids.length, error: (error as Error).message });
    }
  }

  /** Writes a long command line to a file, and returns a short one that reads it. */
  async #upload(id: string, line: string, signal: AbortSignal | undefined): Promise<string> {
    const file = `${recordFile(id)}.sh`;
    const { code, stderr } = await this.#sessions.controlCommand(scriptCommand('cat >"$1"', [file]), `rm -f ${shellQuote(file)}; ${line}\n`, signal);
    if (code !== 0) throw new SomnusError('unavailable', `The VM cannot store the command: ${printable(stderr)}`);
    return `. ${shellQuote(file)}`;
  }
}

/** Whether a retry may succeed. */
function isTransient(error: unknown): boolean {
  return error instanceof SomnusError && ['guest_unreachable', 'unavailable', 'timeout'].includes(error.code);
}
