// The host's end of a virtio-serial port that carries lines: requests and the guest's answers, matched by id, over the unix socket that QEMU listens
// on. Connects on first use, and again whenever QEMU, the program in the guest or this control plane has been replaced. The guest is not trusted:
// lines are bounded.
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { sleep, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { LineSplitter } from '../../common/line-splitter.ts';
import { connectToSocket } from '../host/untrusted-files.ts';
import { limitRate } from './guest-flow.ts';

export interface WaitOptions { timeoutMs: number; signal?: AbortSignal | undefined }

export interface LinePortOptions<Answer> {
  /** QEMU's socket; it does not have to exist yet. */
  socketPath: string;
  /** The program at the other end, for errors. */
  program: string;
  /** Reads a line; undefined stands for one that was too long. @returns the answer in it, if it is one */
  receive(line: string | undefined): { id: number; answer: Answer } | undefined;
}

/** Delays between attempts to reach the socket. */
const RETRY_MS = { first: 50, longest: 1000 };
/** The longest answer is a few kilobytes, and the guest sends little that was not requested. */
const LONGEST_LINE_BYTES = 131_072;
const RATE = { burstBytes: 524_288, bytesPerSecond: 131_072 };

interface PendingCall<Answer> { socket: Socket; resolve: (answer: Answer) => void; reject: (error: SomnusError) => void }

export class LinePort<Answer> {
  readonly #options: LinePortOptions<Answer>;
  readonly #closing = new AbortController();
  readonly #calls = new Map<number, PendingCall<Answer>>();
  #connection: Promise<Socket> | undefined;
  // Starts at a random number, so that an answer to an earlier control plane's request does not match one of ours.
  #lastId = randomInt(2 ** 31);

  constructor(options: LinePortOptions<Answer>) {
    this.#options = options;
  }

  /** Waits until QEMU accepts the connection, whether or not the guest answers. @throws timeout, cancelled */
  async connect({ timeoutMs, signal }: WaitOptions): Promise<void> {
    await withDeadline(`The port to the ${this.#options.program}`, timeoutMs, this.unlessClosed(signal), async (deadline) => { await this.#connect(deadline); });
  }

  /**
   * Sends the line that `request` makes of an id; waits up to the deadline for QEMU and the guest to appear.
   * @throws timeout, cancelled; guest_unreachable when the connection breaks before the answer
   */
  async ask(what: string, request: (id: number) => string, { timeoutMs, signal }: WaitOptions): Promise<Answer> {
    return await withDeadline(`The ${this.#options.program}'s answer to ${what}`, timeoutMs, this.unlessClosed(signal), async (deadline) => {
      const socket = await this.#connect(deadline);
      const id = this.#lastId += 1;
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      this.#calls.set(id, { socket, resolve, reject });
      socket.write(`${request(id)}\n`);
      return await untilAborted(promise, deadline).finally(() => this.#calls.delete(id));
    });
  }

  /** Ends the connection and all waits permanently. Repeatable. */
  async close(): Promise<void> {
    this.#closing.abort(new SomnusError('guest_unreachable', `The port to the ${this.#options.program} was closed`));
    (await this.#connection?.catch(() => undefined))?.destroy();
  }

  unlessClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
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
        if (call.socket === socket) call.reject(new SomnusError('guest_unreachable', `The connection to the ${this.#options.program} broke before its answer`));
      }
    });
    socket.write('\n'); // ends a partial line that an earlier control plane may have left
    return socket;
  }

  /** Handles any line: the rest of a line whose start was lost, answers to an earlier control plane, or whatever the guest sends. */
  #receive(line: string | undefined): void {
    const received = this.#options.receive(line);
    if (received) this.#calls.get(received.id)?.resolve(received.answer);
  }
}
