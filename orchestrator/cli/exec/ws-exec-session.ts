// A command or a job in a guest, over the API's WebSocket: bytes in both directions with back-pressure, signals, terminal size, exit code.
// run-in-guest.ts connects it to the user's terminal and signals.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import { stretched } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ExecExit, GuestSignal } from '../../../supervisor/guest/guest-channel.ts';
import type { ExecFrame } from '../../client/schema.d.ts';
import type { ExecControl } from '../../api/exec-protocol.ts';
import { problemError, type WebSocketTarget } from '../api/api-client.ts';
import type { ByteSink } from '../terminal/byte-sink.ts';

/** First byte of binary messages, as in exec-protocol.ts, whose schemas are slow to load. */
export const streams = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** Output buffered here while the sinks are slow, before the server is asked to buffer its own. */
const mostHeldBytes = 1024 * 1024;
const handshakeMs = 30_000;
const pingMs = 15_000;
const closeMs = 2000;

export interface ExecOutput {
  stdout: ByteSink;
  stderr: ByteSink;
  /** Called when standard output accepts no more because its reader is gone. */
  brokenPipe(): void;
  started?(): void;
}

export class WsExecSession {
  /** Settles once all output is written. @throws SomnusError as the API refused the command; `unavailable` when the connection was lost */
  readonly exit: Promise<ExecExit>;
  readonly #socket: WebSocket;
  readonly #output: ExecOutput;
  readonly #settle: { resolve(exit: ExecExit): void; reject(error: SomnusError): void };
  readonly #pings: NodeJS.Timeout;
  /** Also settles when the command was refused. */
  readonly #opened = Promise.withResolvers<void>();
  #written = Promise.resolve();
  #heldBytes = 0;
  /** Pending while the guest's program reads slower than input arrives. */
  #inputAllowed = Promise.withResolvers<void>();
  #pongSeen = true;
  /** Whether the API answers pings: after the program has started, and unless it holds our input back. */
  #answers = false;
  #broken = false;
  /** The last frame has arrived; output may still have to be written. */
  #ended = false;

  /** `request` is the first message that the path expects. */
  constructor(target: WebSocketTarget, request: object, output: ExecOutput) {
    const { promise, resolve, reject } = Promise.withResolvers<ExecExit>();
    this.exit = promise;
    this.#settle = { resolve, reject };
    this.#output = output;
    this.#inputAllowed.resolve();
    this.#socket = new WebSocket(target.url, { headers: target.headers, perMessageDeflate: false, handshakeTimeout: stretched(handshakeMs) });
    this.#socket.once('open', () => {
      this.#socket.send(JSON.stringify(request));
      this.#opened.resolve();
    });
    this.#socket.on('message', (data, isBinary) => (isBinary ? this.#onBytes(bytesOf(data)) : this.#onFrame(bytesOf(data))));
    this.#socket.once('unexpected-response', (upgrade, response: IncomingMessage) => {
      void target.refused(response).then(reject).finally(() => upgrade.destroy());
    });
    this.#socket.on('error', (error) => reject(target.failed(error)));
    this.#socket.on('pong', () => { this.#pongSeen = true; });
    this.#socket.once('close', () => {
      clearInterval(this.#pings);
      this.#opened.resolve();
      if (!this.#ended) reject(lost());
    });
    this.#pings = setInterval(() => this.#checkAlive(), stretched(pingMs));
  }

  /** Sends all of `input`, then end of file. Settles when all is sent, or when nothing more can be sent. */
  async sendInput(input: Readable): Promise<void> {
    await this.#opened.promise;
    for await (const chunk of input as AsyncIterable<Buffer>) {
      await this.#inputAllowed.promise;
      if (!(await this.#send(Buffer.concat([Buffer.of(streams.stdin), chunk])))) return;
    }
    await this.#control({ type: 'eof' });
  }

  signal(signal: GuestSignal): void {
    void this.#control({ type: 'signal', signal });
  }

  resize(columns: number, rows: number): void {
    void this.#control({ type: 'resize', columns, rows });
  }

  /** Disconnects; the API then ends a command that is still running, but not a job. Repeatable. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) {
      this.#socket.terminate(); // nothing more to send
      return;
    }
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#socket.once('close', resolve);
    const timer = setTimeout(() => this.#socket.terminate(), closeMs);
    this.#socket.resume();
    this.#socket.close();
    await closed;
    clearTimeout(timer);
  }

  #onBytes(bytes: Buffer): void {
    if (bytes[0] === streams.stdout) this.#pass(this.#output.stdout, bytes.subarray(1), () => this.#output.brokenPipe());
    else if (bytes[0] === streams.stderr) this.#pass(this.#output.stderr, bytes.subarray(1), () => {});
  }

  /** Writes bytes to a sink; pauses the socket while too much waits there. */
  #pass(sink: ByteSink, bytes: Buffer, onBroken: () => void): void {
    if (this.#broken) return;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > mostHeldBytes) this.#socket.pause();
    const before = this.#written;
    const written = sink.write(bytes).catch(() => {
      if (sink === this.#output.stdout && !this.#broken) {
        this.#broken = true;
        onBroken();
      }
    }).finally(() => {
      this.#heldBytes -= bytes.length;
      if (this.#heldBytes <= mostHeldBytes / 2 && this.#socket.isPaused) this.#socket.resume();
    });
    this.#written = before.then(async () => await written);
  }

  #onFrame(text: Buffer): void {
    this.#pongSeen = true;
    const frame = parseFrame(text);
    if (frame.type === 'started') {
      this.#answers = true;
      this.#output.started?.();
    }
    if (frame.type === 'stdin') this.#answers = frame.flow === 'resume';
    if (frame.type === 'stdin' && frame.flow === 'pause') this.#inputAllowed = Promise.withResolvers();
    if (frame.type === 'stdin' && frame.flow === 'resume') this.#inputAllowed.resolve();
    if (frame.type !== 'exit' && frame.type !== 'error') return;
    this.#ended = true;
    void this.#written.then(() => {
      if (frame.type === 'exit') this.#settle.resolve(frame.exit);
      else this.#settle.reject(problemError(frame.problem));
    });
  }

  async #control(control: ExecControl): Promise<boolean> {
    return await this.#send(JSON.stringify(control));
  }

  /** False when disconnected. */
  async #send(data: Buffer | string): Promise<boolean> {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    return await new Promise((resolve) => this.#socket.send(data, (error) => resolve(error == null)));
  }

  /** Detects a connection that died silently, unless either side has paused it. */
  #checkAlive(): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.isPaused) return;
    if (!this.#answers) {
      this.#pongSeen = true;
      return;
    }
    if (!this.#pongSeen) {
      this.#socket.terminate();
      return;
    }
    this.#pongSeen = false;
    this.#socket.ping();
  }
}

function parseFrame(text: Buffer): ExecFrame {
  try {
    return JSON.parse(text.toString()) as ExecFrame;
  } catch {
    return { type: 'error', problem: { type: '', title: '', status: 0, code: 'internal', detail: 'The API sent a message that is not JSON', hint: 'The versions of the CLI and the control plane may differ; see `somnus version`.' } };
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function lost(): SomnusError {
  return new SomnusError('unavailable', 'The connection was lost before the command ended', { hint: 'The request may or may not have been carried out; see `somnus status`.', details: { connection: 'lost' } });
}
