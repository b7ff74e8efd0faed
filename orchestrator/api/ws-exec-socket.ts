// A guest process over one WebSocket: data in both directions, terminal size, signals, half-close. exec-protocol.ts defines the messages.
import type { RawData, WebSocket } from 'ws';
import { withDeadline } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { ExecExit, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import { EXEC_MESSAGE_BYTES, ExecControl, execStreams, type ExecFrame } from './exec-protocol.ts';
import { relayOutput } from './exec-relay.ts';
import { isKeyEnd, untilKeyEnds } from './key-watch.ts';
import { toProblem } from './problem.ts';
import { parseJson, validate } from './request-input.ts';

const FIRST_MESSAGE_MS = 10_000;
/** Limits for standard input that the program has not read: above the first the client is asked to pause, above the second it is not read from. */
const STDIN_ASK_BYTES = EXEC_MESSAGE_BYTES;
const STDIN_STOP_BYTES = 4 * EXEC_MESSAGE_BYTES;

const CLOSE_NORMAL = 1000;
const CLOSE_POLICY = 1008;

/** Starts or finds the process. The request is the first message and has not been validated. */
export type StartProcess = (request: unknown, signal: AbortSignal) => Promise<GuestProcess>;

/** Serves the socket until the process ends, the client disconnects or `ending` fires; the latter two fire the signal of the process. Never throws. */
export async function serveExecSocket(socket: WebSocket, start: StartProcess, options: { requestId: string; ending: AbortSignal; log: Logger }): Promise<void> {
  const { requestId, ending, log } = options;
  const gone = new AbortController();
  const onEnding = (): void => gone.abort(ending.reason);
  ending.addEventListener('abort', onEnding);
  socket.once('close', () => {
    ending.removeEventListener('abort', onEnding);
    gone.abort(new SomnusError('cancelled', 'The client disconnected'));
  });
  socket.on('error', (error) => log.debug({ event: 'api.websocket-failed', requestId, err: error }, 'A WebSocket connection failed')); // `close` follows
  const messages = new Inbox(socket);
  let code = CLOSE_NORMAL;
  try {
    const exit = await untilKeyEnds(run(socket, messages, start, gone), ending);
    await sendFrame(socket, { type: 'exit', exit });
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (isKeyEnd(error)) code = CLOSE_POLICY;
    if (error.code === 'internal' && !gone.signal.aborted) log.error({ event: 'api.failed', requestId, code: error.code, err: error }, error.message);
    await sendFrame(socket, { type: 'error', problem: toProblem(error, requestId) }).catch(() => {}); // the connection is gone
  }
  messages.deliver(() => {}); // keeps reading, because the client's close frame is still to come
  socket.close(code);
}

async function run(socket: WebSocket, messages: Inbox, start: StartProcess, gone: AbortController): Promise<ExecExit> {
  const request = parseJson(await withDeadline('Receiving the request', FIRST_MESSAGE_MS, gone.signal, () => messages.first));
  const process = await start(request, gone.signal);
  process.stdin.on('error', () => {}); // a program may ignore its input
  await sendFrame(socket, { type: 'started' });
  // An invalid message ends the process, and the client gets the message's error.
  let refused: SomnusError | undefined;
  const stdin = new Stdin(process, socket);
  messages.deliver((data, isBinary) => {
    try {
      if (isBinary) stdin.write(data);
      else control(process, stdin, validate('body', ExecControl, parseJson(data)));
    } catch (thrown) {
      refused ??= toSomnusError(thrown);
      gone.abort(refused);
    }
  });
  try {
    const exit = await relayOutput(process, async (stream, chunk) => {
      for (let at = 0; chunk !== null && at < chunk.length; at += EXEC_MESSAGE_BYTES) {
        await sendBytes(socket, execStreams[stream], chunk.subarray(at, at + EXEC_MESSAGE_BYTES));
      }
    });
    if (refused) throw refused;
    return exit;
  } catch (thrown) {
    throw refused ?? thrown;
  }
}

function control(process: GuestProcess, stdin: Stdin, message: ExecControl): void {
  switch (message.type) {
    case 'eof': return stdin.end();
    case 'resize': return process.resize(message.columns, message.rows);
    case 'signal': process.signal(message.signal).catch(() => {}); // an unreachable guest shows when the process ends
  }
}

/** Standard input with a limit on what waits for the program. */
class Stdin {
  readonly #process: GuestProcess;
  readonly #socket: WebSocket;
  #held = false;

  constructor(process: GuestProcess, socket: WebSocket) {
    this.#process = process;
    this.#socket = socket;
    process.stdin.on('drain', () => this.#release());
    process.stdin.once('close', () => this.#release());
  }

  /** @throws invalid_request for a stream other than standard input, or after its end */
  write(message: Buffer): void {
    const { stdin } = this.#process;
    if (message[0] !== execStreams.stdin) throw new SomnusError('invalid_request', `Binary messages must begin with ${execStreams.stdin}, the number of standard input`);
    if (stdin.writableEnded) throw new SomnusError('invalid_request', 'Standard input has already ended');
    if (stdin.destroyed) return; // the program no longer reads
    stdin.write(message.subarray(1));
    if (stdin.writableLength >= STDIN_ASK_BYTES && !this.#held) {
      this.#held = true;
      void sendFrame(this.#socket, { type: 'stdin', flow: 'pause' }).catch(() => {}); // a broken socket is reported elsewhere
    }
    if (stdin.writableLength >= STDIN_STOP_BYTES) this.#socket.pause();
  }

  end(): void {
    this.#process.stdin.end();
  }

  #release(): void {
    this.#socket.resume();
    if (!this.#held) return;
    this.#held = false;
    void sendFrame(this.#socket, { type: 'stdin', flow: 'resume' }).catch(() => {});
  }
}

/** Buffers all but the first message until `deliver` is called. */
class Inbox {
  readonly first: Promise<Buffer>;
  readonly #waiting: [Buffer, boolean][] = [];
  #take: ((data: Buffer, isBinary: boolean) => void) | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.first = promise;
    let started = false;
    socket.on('message', (raw: RawData, isBinary) => {
      const data = raw as Buffer; // binaryType is nodebuffer
      if (this.#take) return this.#take(data, isBinary);
      if (started) {
        this.#waiting.push([data, isBinary]);
        return;
      }
      started = true;
      socket.pause(); // until the process has started
      if (isBinary) reject(new SomnusError('invalid_request', 'The first message must be the request, as JSON text'));
      else resolve(data);
    });
  }

  deliver(take: (data: Buffer, isBinary: boolean) => void): void {
    for (const [data, isBinary] of this.#waiting.splice(0)) take(data, isBinary);
    this.#take = take;
    this.#socket.resume();
  }
}

/** Settles when the bytes have left this process, which creates the back-pressure. */
async function sendBytes(socket: WebSocket, stream: number, bytes: Buffer): Promise<void> {
  const message = Buffer.allocUnsafe(bytes.length + 1);
  message[0] = stream;
  bytes.copy(message, 1);
  await send(socket, message, true);
}

async function sendFrame(socket: WebSocket, frame: ExecFrame): Promise<void> {
  await send(socket, JSON.stringify(frame), false);
}

async function send(socket: WebSocket, data: Buffer | string, binary: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.send(data, { binary }, (error) => { if (error) reject(error); else resolve(); });
  await promise;
}
