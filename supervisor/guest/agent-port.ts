// The host's end of a VM's virtio-serial port: requests to the agent and its answers, one JSON object per line, over the unix socket that QEMU
// listens on. Connects on first use, and again whenever QEMU, the agent or this control plane has been replaced. The guest is not trusted: lines are
// bounded and validated.
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { portMethods, PortEvent, PortResponse, type AgentStatus, type PortMethod, type PortParams, type PortResult } from '../../agent/contract.ts';
import { sleep, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError, type ErrorCode } from '../../common/errors.ts';
import { LineSplitter } from '../../common/line-splitter.ts';
import type { Logger } from '../../common/log.ts';
import { connectToSocket } from '../host/untrusted-files.ts';
import { printable } from './bounded-text.ts';
import { limitRate } from './guest-flow.ts';

export interface AgentPortOptions {
  /** QEMU's socket; it does not have to exist yet. */
  socketPath: string;
  log: Logger;
}

export interface WaitOptions { timeoutMs: number; signal?: AbortSignal | undefined }

/** Delays between attempts to reach the socket. */
const RETRY_MS = { first: 50, longest: 1000 };
const STATUS_TIMEOUT_MS = 10_000;
/** The agent's longest answer is a few kilobytes, and it sends little that was not requested. */
const LONGEST_LINE_BYTES = 131_072;
const RATE = { burstBytes: 524_288, bytesPerSecond: 131_072 };
/** Error codes that an agent may pass on to the host; any other becomes `internal`. */
const agentCodes: readonly ErrorCode[] = ['invalid_request', 'not_found', 'unsupported', 'invalid_state', 'timeout', 'unavailable'];

interface PendingCall { socket: Socket; resolve: (result: unknown) => void; reject: (error: SomnusError) => void }

export class AgentPort {
  readonly #options: AgentPortOptions;
  readonly #closing = new AbortController();
  readonly #calls = new Map<number, PendingCall>();
  readonly #listeners = new Set<(status: AgentStatus) => void>();
  #lastStatus: AgentStatus | undefined;
  #connection: Promise<Socket> | undefined;
  // Starts at a random number, so that an answer to an earlier control plane's request does not match one of ours.
  #lastId = randomInt(2 ** 31);
  #garbled = 0;

  constructor(options: AgentPortOptions) {
    this.#options = options;
  }

  /** Waits until QEMU accepts the connection, whether or not the agent answers. @throws timeout, cancelled */
  async connect({ timeoutMs, signal }: WaitOptions): Promise<void> {
    await withDeadline('The port to the agent', timeoutMs, this.#unlessClosed(signal), async (deadline) => { await this.#connect(deadline); });
  }

  /** Asks the agent for its status. @throws as `call` */
  async status(options: WaitOptions = { timeoutMs: STATUS_TIMEOUT_MS }): Promise<AgentStatus> {
    return await this.call('status', {}, options);
  }

  /**
   * Sends a request to the agent; waits up to the deadline for QEMU and the agent to appear. Whether the request can be repeated depends on the
   * method.
   * @throws timeout, cancelled; guest_unreachable when the connection breaks before the answer; the agent's error (its message comes from the guest)
   */
  async call<M extends PortMethod>(method: M, params: PortParams<M>, { timeoutMs, signal }: WaitOptions): Promise<PortResult<M>> {
    return await withDeadline(`The agent's answer to ${method}`, timeoutMs, this.#unlessClosed(signal), async (deadline) => {
      const socket = await this.#connect(deadline);
      const id = this.#lastId += 1;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      this.#calls.set(id, { socket, resolve, reject });
      socket.write(`${JSON.stringify({ id, method, params })}\n`);
      const result = portMethods[method].result.safeParse(await untilAborted(promise, deadline).finally(() => this.#calls.delete(id)));
      if (!result.success) throw new SomnusError('guest_unreachable', `The agent's answer to ${method} is not valid: ${printable(result.error.issues[0]?.message ?? '')}`, { cause: result.error });
      return result.data as PortResult<M>;
    });
  }

  /** The agent's latest status since this port was created; undefined if it has sent none. */
  get lastStatus(): AgentStatus | undefined {
    return this.#lastStatus;
  }

  /** Calls the listener for each status the agent sends, requested or not, while the port is connected. */
  onStatus(listener: (status: AgentStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns the first status that satisfies the predicate. Stays connected while it waits, through restarts of QEMU and the agent. @throws timeout, cancelled */
  async waitUntil(predicate: (status: AgentStatus) => boolean, { timeoutMs, signal }: WaitOptions): Promise<AgentStatus> {
    return await withDeadline('The agent in the VM', timeoutMs, this.#unlessClosed(signal), async (deadline) => {
      const { promise, resolve } = Promise.withResolvers<AgentStatus>();
      const unsubscribe = this.onStatus((status) => { if (predicate(status)) resolve(status); });
      const asking = new AbortController();
      this.#askRepeatedly(AbortSignal.any([deadline, asking.signal])).catch(() => {}); // ends together with the wait
      return await untilAborted(promise, deadline).finally(() => {
        unsubscribe();
        asking.abort();
      });
    });
  }

  /** Ends the connection and all waits permanently. Repeatable. */
  async close(): Promise<void> {
    this.#closing.abort(new SomnusError('guest_unreachable', 'The port to the agent was closed'));
    (await this.#connection?.catch(() => undefined))?.destroy();
  }

  /** Polls the status. The agent also sends it when a host connects and when readiness changes; polling covers whatever was lost. */
  async #askRepeatedly(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.status({ timeoutMs: STATUS_TIMEOUT_MS, signal }).catch(() => {});
      await sleep(1000, signal);
    }
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    for (let pauseMs = RETRY_MS.first; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS.longest)) {
      this.#connection ??= this.#open();
      try {
        return await untilAborted(this.#connection, signal);
      } catch {
        await sleep(pauseMs, signal); // throws if the signal ended the wait
      }
    }
  }

  async #open(): Promise<Socket> {
    const socket = await connectToSocket(this.#options.socketPath).catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    const lines = new LineSplitter(LONGEST_LINE_BYTES);
    socket.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) this.#receive(line);
    });
    limitRate(socket, RATE);
    socket.on('error', () => {}); // `close` below reports it
    socket.once('close', () => {
      this.#connection = undefined;
      for (const call of this.#calls.values()) {
        if (call.socket === socket) call.reject(new SomnusError('guest_unreachable', 'The connection to the agent broke before its answer'));
      }
    });
    socket.write('\n'); // ends a partial line that an earlier control plane may have left
    return socket;
  }

  /** Handles any line: the rest of a line whose start was lost, answers to an earlier control plane, or whatever the guest sends. */
  #receive(line: string | undefined): void {
    const message = line === undefined ? undefined : parseLine(line);
    if (message === undefined) {
      this.#garbled += 1;
      if (this.#garbled === 1) this.#options.log.debug({ event: 'guest.agent-line-ignored', line: printable(line ?? 'too long', 80) });
      return;
    }
    if ('event' in message) {
      this.#notify(message.status);
      return;
    }
    const call = this.#calls.get(message.id);
    if (!call) return;
    if ('error' in message) {
      call.reject(agentError(message.error));
      return;
    }
    call.resolve(message.result);
    const status = portMethods.status.result.safeParse(message.result);
    if (status.success) this.#notify(status.data);
  }

  #notify(status: AgentStatus): void {
    this.#lastStatus = status;
    for (const listener of this.#listeners) listener(status);
  }

  #unlessClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }
}

function parseLine(line: string): PortEvent | PortResponse | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const event = PortEvent.safeParse(value);
    return event.success ? event.data : PortResponse.safeParse(value).data;
  } catch {
    return undefined;
  }
}

function agentError({ code, message }: { code: string; message: string }): SomnusError {
  return new SomnusError(agentCodes.find((known) => known === code) ?? 'internal', `The agent in the VM: ${printable(message)}`, { hint: 'See `somnus logs NAME`.', details: { agentCode: printable(code, 64) } });
}
