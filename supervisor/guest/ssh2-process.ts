// A program in a guest, seen through its SSH channel: three streams with back-pressure and an exit. Ending it is ssh2-channel.ts's task.
//
// sshd closes a channel only when nobody in the guest holds its streams any more, and what a program leaves running in the background holds them. So the end of the
// program is told apart from the end of the channel: when all that it wrote has come, its streams end here, and the channel is read away for as long as it stays open.
import { constants } from 'node:os';
import { PassThrough, Writable, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import type { SomnusError } from '../../common/errors.ts';
import { unreachable } from './ssh2-link.ts';

/** How long the channel of a program that has ended may take to close by itself, as it does when nothing is left running. */
const CLOSE_MS = 50;
/**
 * sshd takes at least one read of 16 KiB from each stream between two of its answers while the window is open, and a stream in the guest holds some 200 KiB: after so
 * many pairs of answers all that the program wrote has come, whatever those that it left behind go on writing.
 */
const MOST_ROUNDS = 64;

/** How a program ended, as sshd tells it. */
export interface ProcessEnd { code: number; signal: string | null }

export class Ssh2Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when all output has been handed on. Rejects with `guest_unreachable` when the connection is lost first. */
  readonly ended: Promise<ProcessEnd>;
  /** Settles when the program itself has ended; its output may still be on its way. */
  readonly exited: Promise<void>;
  /** Settles when the channel has closed: nothing in the guest holds the streams any more, or nobody can be told. */
  readonly closed: Promise<void>;
  readonly #channel: ClientChannel;
  readonly #outputs: PassThrough[];
  readonly #pendingWrites = new Set<(error?: Error) => void>();
  readonly #end = Promise.withResolvers<ProcessEnd>();
  #settled = false;
  readonly #gone: () => void;
  #receivedBytes = 0;

  /** `roundTrip` settles when sshd has answered something that was asked after all that it was sent before. */
  constructor(channel: ClientChannel, roundTrip: () => Promise<void>) {
    this.#channel = channel;
    shareWindow(channel, (bytes) => { this.#receivedBytes += bytes; });
    const stdout = channel.pipe(new PassThrough());
    const stderr = channel.stderr.pipe(new PassThrough());
    this.stdout = stdout;
    this.stderr = stderr;
    this.#outputs = [stdout, stderr];
    this.stdin = this.#makeStdin();
    this.ended = this.#end.promise;
    this.ended.catch(() => {}); // those who care look at it; for others the streams' errors are enough
    for (const stream of [stdout, stderr, this.stdin]) stream.on('error', () => {}); // a stream that nobody looks at must not end the process
    // What a reader no longer wants is thrown away, so that the program does not stand still.
    stdout.once('close', () => channel.resume());
    stderr.once('close', () => channel.stderr.resume());
    const closed = Promise.withResolvers<ProcessEnd>();
    const exited = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.resolve;
    this.closed = gone.promise;
    this.exited = exited.promise;
    channel.once('exit', (code: number | null, signal?: string) => {
      exited.resolve();
      const timer = setTimeout(() => { this.#leaveOthers(processEnd(code, signal), roundTrip).catch(() => {}); }, CLOSE_MS); // a loss of the connection is told elsewhere
      void gone.promise.then(() => clearTimeout(timer));
    });
    channel.once('close', (code?: number | null, signal?: string) => {
      this.#closeStdin();
      this.#gone();
      if (code === undefined) closed.reject(unreachable('The VM\'s SSH server ended the session without saying how the program ended', 'lost'));
      else closed.resolve(processEnd(code, signal));
    });
    const errorsRead = new Promise<void>((resolve) => { channel.stderr.once('close', resolve); });
    Promise.all([closed.promise, errorsRead]).then(([end]) => this.#settle(() => this.#end.resolve(end)), (error: SomnusError) => this.fail(error));
  }

  /** The connection is gone: all streams end with this error. */
  fail(error: SomnusError): void {
    this.#gone();
    this.#settle(() => this.#end.reject(error));
    for (const stream of [...this.#outputs, this.stdin]) if (!stream.closed) stream.destroy(error);
    for (const done of this.#pendingWrites) done(error);
  }

  resize(columns: number, rows: number): void {
    if (!this.#settled) this.#channel.setWindow(rows, columns, 0, 0);
  }

  /** Hangs up, whether or not anything still holds the streams in the guest. */
  hangUp(): void {
    this.#channel.close();
  }

  /** Nobody will look at it: hangs up and reads away what still comes. */
  discard(): void {
    this.hangUp();
    for (const stream of [...this.#outputs, this.stdin]) stream.destroy();
  }

  /** Waits until all that the ended program wrote has come, then ends its streams; what it left running keeps the channel. */
  async #leaveOthers(end: ProcessEnd, roundTrip: () => Promise<void>): Promise<void> {
    this.#closeStdin();
    for (let rounds = 0; rounds < MOST_ROUNDS && !this.#settled; rounds += 1) {
      await this.#handedOn(); // else the window might be shut
      const before = this.#receivedBytes;
      // What sshd reads beside the first question is sent before the answer to the second.
      await roundTrip();
      await roundTrip();
      if (this.#receivedBytes === before) break;
    }
    await this.#handedOn();
    if (this.#settled) return;
    const [stdout, stderr] = this.#outputs;
    for (const [source, output] of [[this.#channel, stdout], [this.#channel.stderr, stderr]] as const) {
      if (output === undefined) continue;
      source.unpipe(output);
      output.end();
      source.resume();
    }
    this.#settle(() => this.#end.resolve(end));
  }

  /** Settles when whatever has come was taken by the reader, up to what the outputs hold for it. */
  async #handedOn(): Promise<void> {
    while (!this.#settled && (this.#channel.readableLength > 0 || this.#channel.stderr.readableLength > 0)) {
      const full = this.#outputs.filter((output) => output.writableNeedDrain && !output.destroyed);
      if (full.length === 0) await setImmediate();
      else await anyEvent(full, ['drain', 'close']);
    }
  }

  #settle(how: () => void): void {
    this.#settled = true;
    how();
  }

  /** Our own stream before ssh2's, which forgets the callback of a write once the channel is closed. */
  #makeStdin(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        const done = (error?: Error | null): void => {
          if (this.#pendingWrites.delete(done)) callback(error);
        };
        this.#pendingWrites.add(done);
        if (!this.#settled) this.#channel.write(chunk, done);
      },
      final: (callback) => {
        if (!this.#settled) this.#channel.end();
        callback();
      },
    });
  }

  /** The program is gone: what it has not read is of no use. No error: a program need not read its input. */
  #closeStdin(): void {
    this.stdin.destroy();
    this.#pendingWrites.clear();
  }
}

async function anyEvent(streams: readonly PassThrough[], events: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const stream of streams) for (const event of events) stream.on(event, resolve);
  await promise;
  for (const stream of streams) for (const event of events) stream.off(event, resolve);
}

function processEnd(code: number | null, signal: string | undefined): ProcessEnd {
  if (code !== null) return { code, signal: null };
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
  return { code: 128 + number, signal: signal?.replace(/^SIG/, '') ?? null };
}

/**
 * Both output streams of a channel share one window of the SSH protocol, and ssh2 opens it again when either has room: a reader that takes only one of
 * them would let the other grow without end. Here the window stays shut while either is full. Nor does ssh2 mind a server that ignores the window; here that
 * ends the connection, by the error that ssh2 makes of what is thrown.
 */
function shareWindow(channel: ClientChannel, onReceived: (bytes: number) => void): void {
  const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;
  const couple = (stream: Readable, other: Readable): void => {
    const push = stream.push.bind(stream);
    const read = stream._read.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (Buffer.isBuffer(chunk)) onReceived(chunk.length);
      if (stream.readableLength > 4 * stream.readableHighWaterMark) throw new Error('the VM sends more than it was allowed to');
      return push(chunk, encoding) && !isFull(other);
    };
    stream._read = (size: number) => { if (!isFull(other)) read(size); };
  };
  couple(channel, channel.stderr);
  couple(channel.stderr, channel);
}
