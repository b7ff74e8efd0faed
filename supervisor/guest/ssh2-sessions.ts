// SSH sessions on the one connection to a VM: opened when needed, counted, and queued when there are too many. Does not know what runs in them.
import type { Duplex } from 'node:stream';
import type { PseudoTtyOptions } from 'ssh2';
import { sleep, throwIfAborted, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { boundedText } from './bounded-text.ts';
import { KeptLink } from './kept-link.ts';
import { isPosixShell, scriptCommand } from './remote-command.ts';
import { SessionSlots } from './session-slots.ts';
import type { SftpSession } from './sftp-session.ts';
import { connectSsh2, type Ssh2Link, type Ssh2LinkOptions } from './ssh2-link.ts';
import { Ssh2Process } from './ssh2-process.ts';

/** Maximum number of sessions; more programs wait in a queue. The image's sshd allows 1000; a server that allows fewer is retried. */
const SESSIONS = { programs: 128, control: 16 };
/** Sessions kept open for processes that ended programs left running, so that these can keep writing to their streams. Beyond it the oldest is closed. */
const MOST_LEFT = 256;
const SESSION_WAIT_MS = 60_000;
const CONTROL_COMMAND_TIMEOUT_MS = 60_000;
const CONTROL_OUTPUT_BYTES = 1_048_576;

/** The result of a control command. */
export interface ControlCommandResult { code: number; stdout: string; stderr: string }
export type RunControlCommand = (command: string) => Promise<ControlCommandResult>;

export interface Ssh2SessionsOptions extends Ssh2LinkOptions {
  /** Runs on each new connection before anything else. @returns the path of the login shell */
  prepare: (run: RunControlCommand) => Promise<string>;
  connected: () => void;
  lost: (error: SomnusError) => void;
}

class PreparedLink {
  readonly link: Ssh2Link;
  readonly #posixShell: boolean;

  constructor(link: Ssh2Link, shell: string) {
    this.link = link;
    this.#posixShell = isPosixShell(shell);
  }

  get lost(): SomnusError | undefined { return this.link.lost; }
  destroy(error: SomnusError): void { this.link.destroy(error); }
  /** Returns a POSIX command line in the form that the login shell needs. */
  lineFor(command: string): string { return this.#posixShell ? command : scriptCommand(command, []); }
}

export class Ssh2Sessions {
  readonly #options: Ssh2SessionsOptions;
  readonly #kept: KeptLink<PreparedLink>;
  readonly #slots = new SessionSlots(SESSIONS);
  /** Ended programs whose channel is still held by a process in the guest, oldest first. */
  readonly #left = new Set<Ssh2Process>();
  #sftp: SftpSession | undefined;

  constructor(options: Ssh2SessionsOptions) {
    this.#options = options;
    this.#kept = new KeptLink((signal) => this.#connect(signal));
  }

  get used(): number { return this.#slots.used; }
  get connected(): boolean { return this.#kept.current !== undefined; }

  async connect(signal?: AbortSignal): Promise<void> {
    await this.#kept.get(signal);
  }

  /**
   * Starts a program. Calls `abandoned` if the program may have been started although this throws.
   * @throws guest_unreachable, unavailable, cancelled
   */
  async program(command: string, pty: PseudoTtyOptions | undefined, signal: AbortSignal | undefined, abandoned: () => void): Promise<Ssh2Process> {
    const release = await this.#slots.acquire('program', signal);
    try {
      const prepared = await this.#kept.get(signal);
      const process = await openProcess(prepared.link, prepared.lineFor(command), pty, signal, abandoned, () => this.#closeOldest());
      process.ended.then(() => this.#keepChannel(process), () => {}).finally(release);
      return process;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Runs a control command to its end, even when programs use all their sessions. @throws guest_unreachable, unavailable, timeout, cancelled */
  async controlCommand(command: string, input = '', signal?: AbortSignal): Promise<ControlCommandResult> {
    const release = await this.#slots.acquire('control', signal);
    try {
      const { link } = await this.#kept.get(signal);
      return await runControlCommand(link, command, input, signal);
    } finally {
      release();
    }
  }

  /** Opens a connection to a port on the guest's loopback; undefined when nothing listens there. The signal ends it. */
  async tcp(port: number, signal: AbortSignal): Promise<Duplex | undefined> {
    const { link } = await this.#kept.get(signal);
    return await endedBy(signal, link.openTcp(port));
  }

  /** Opens a connection to a Unix socket in the guest; undefined when nothing listens there. The signal ends it. */
  async unix(path: string, signal: AbortSignal): Promise<Duplex | undefined> {
    const { link } = await this.#kept.get(signal);
    return await endedBy(signal, link.openUnix(path));
  }

  /** Has sshd listen on a port of the guest's loopback for this connection. @returns whether it has just begun; undefined if sshd refuses */
  async listen(port: number, accept: (socket: Duplex) => void, signal: AbortSignal): Promise<boolean | undefined> {
    const { link } = await this.#kept.get(signal);
    if (link.listensOn(port)) return false;
    return await untilAborted(link.listen(port, accept), signal) ? true : undefined;
  }

  /**
   * Starts an SFTP session, which does not count as a session of a program. It is ended when a program needs its place, or when another one is
   * started. @returns undefined if sshd allows none now @throws guest_unreachable, unavailable (no SFTP there), cancelled
   */
  async sftp(signal: AbortSignal): Promise<SftpSession | undefined> {
    const { link } = await this.#kept.get(signal);
    const opening = link.openSftp();
    try {
      const session = await untilAborted(opening, signal);
      this.#sftp?.end();
      this.#sftp = session;
      return session;
    } catch (error) {
      opening.then((late) => late?.end(), () => {});
      throw error;
    }
  }

  close(error: SomnusError): void {
    this.#slots.refuseAll(error);
    this.#kept.close(error);
  }

  #keepChannel(process: Ssh2Process): void {
    this.#left.add(process);
    void process.closed.then(() => this.#left.delete(process));
    if (this.#left.size > MOST_LEFT) this.#closeOldest();
  }

  #closeOldest(): void {
    const [oldest] = this.#left;
    if (oldest === undefined) return this.#sftp?.end();
    this.#left.delete(oldest);
    oldest.hangUp();
  }

  async #connect(signal: AbortSignal): Promise<PreparedLink> {
    const link = await connectSsh2(this.#options, signal);
    try {
      const shell = await this.#options.prepare((command) => runControlCommand(link, command, '', signal));
      link.onLost(this.#options.lost);
      this.#options.connected();
      return new PreparedLink(link, shell);
    } catch (error) {
      link.destroy(toSomnusError(error));
      throw error;
    }
  }
}

async function runControlCommand(link: Ssh2Link, command: string, input: string, signal: AbortSignal | undefined): Promise<ControlCommandResult> {
  return await withDeadline('A control command in the VM', CONTROL_COMMAND_TIMEOUT_MS, signal, async (deadline) => {
    const process = await openProcess(link, command, undefined, deadline, () => {});
    deadline.addEventListener('abort', () => process.discard(), { once: true });
    process.stdin.end(input);
    const [end, stdout, stderr] = await Promise.all([process.ended, boundedText(process.stdout, CONTROL_OUTPUT_BYTES), boundedText(process.stderr, CONTROL_OUTPUT_BYTES)]);
    return { code: end.code, stdout, stderr };
  });
}

async function openProcess(link: Ssh2Link, command: string, pty: PseudoTtyOptions | undefined, signal: AbortSignal | undefined, abandoned: () => void, freeSession = (): void => {}): Promise<Ssh2Process> {
  const giveUpAt = performance.now() + SESSION_WAIT_MS;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    throwIfAborted(signal);
    const opening = link.openProgram(command, pty, (channel) => {
      const process = new Ssh2Process(channel, async () => await link.roundTrip());
      const unsubscribe = link.onLost((error) => process.fail(error));
      void process.closed.then(unsubscribe);
      return process;
    });
    try {
      const process = await untilAborted(opening, signal);
      if (process) return process;
    } catch (error) {
      abandoned();
      opening.then((late) => late?.discard(), () => {});
      throw error;
    }
    freeSession();
    if (performance.now() > giveUpAt) throw new SomnusError('unavailable', 'The VM\'s SSH server allows no further session');
    await sleep(pauseMs, signal);
  }
}

async function endedBy(signal: AbortSignal, opening: Promise<Duplex | undefined>): Promise<Duplex | undefined> {
  signal.addEventListener('abort', () => { opening.then((socket) => socket?.destroy(), () => {}); }, { once: true });
  return await untilAborted(opening, signal);
}
