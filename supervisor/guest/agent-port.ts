// The host's end of a VM's port to the agent: requests and answers as one JSON object per line (agent/contract.ts), and the statuses that the agent
// sends by itself. The guest is not trusted: what it sends is validated.
import { portMethods, PortEvent, PortResponse, type AgentStatus, type PortMethod, type PortParams, type PortResult } from '../../agent/contract.ts';
import { sleep, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError, type ErrorCode } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { printable } from './bounded-text.ts';
import { LinePort, type WaitOptions } from './line-port.ts';

export interface AgentPortOptions {
  /** QEMU's socket; it does not have to exist yet. */
  socketPath: string;
  log: Logger;
}

const STATUS_TIMEOUT_MS = 10_000;
/** Error codes that an agent may pass on to the host; any other becomes `internal`. */
const agentCodes: readonly ErrorCode[] = ['invalid_request', 'not_found', 'unsupported', 'invalid_state', 'timeout', 'unavailable'];

export class AgentPort {
  readonly #options: AgentPortOptions;
  readonly #port: LinePort<PortResponse>;
  readonly #listeners = new Set<(status: AgentStatus) => void>();
  #lastStatus: AgentStatus | undefined;
  #garbled = 0;

  constructor(options: AgentPortOptions) {
    this.#options = options;
    this.#port = new LinePort({ socketPath: options.socketPath, program: 'agent', receive: (line) => this.#receive(line) });
  }

  /** Waits until QEMU accepts the connection, whether or not the agent answers. @throws timeout, cancelled */
  async connect(options: WaitOptions): Promise<void> {
    await this.#port.connect(options);
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
  async call<M extends PortMethod>(method: M, params: PortParams<M>, options: WaitOptions): Promise<PortResult<M>> {
    const answer = await this.#port.ask(method, (id) => JSON.stringify({ id, method, params }), options);
    if ('error' in answer) throw agentError(answer.error);
    const result = portMethods[method].result.safeParse(answer.result);
    if (!result.success) throw new SomnusError('guest_unreachable', `The agent's answer to ${method} is not valid: ${printable(result.error.issues[0]?.message ?? '')}`, { cause: result.error });
    return result.data as PortResult<M>;
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
    return await withDeadline('The agent in the VM', timeoutMs, this.#port.unlessClosed(signal), async (deadline) => {
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
    await this.#port.close();
  }

  /** Polls the status. The agent also sends it when a host connects and when readiness changes; polling covers whatever was lost. */
  async #askRepeatedly(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.status({ timeoutMs: STATUS_TIMEOUT_MS, signal }).catch(() => {});
      await sleep(1000, signal);
    }
  }

  #receive(line: string | undefined): { id: number; answer: PortResponse } | undefined {
    const message = line === undefined ? undefined : parseLine(line);
    if (message === undefined) {
      this.#garbled += 1;
      if (this.#garbled === 1) this.#options.log.debug({ event: 'guest.agent-line-ignored', line: printable(line ?? 'too long', 80) });
      return undefined;
    }
    if ('event' in message) {
      this.#notify(message.status);
      return undefined;
    }
    const status = 'result' in message ? portMethods.status.result.safeParse(message.result) : undefined;
    if (status?.success) this.#notify(status.data);
    return { id: message.id, answer: message };
  }

  #notify(status: AgentStatus): void {
    this.#lastStatus = status;
    for (const listener of this.#listeners) listener(status);
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
