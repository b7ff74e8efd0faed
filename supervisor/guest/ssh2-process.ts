// A program in a guest, seen through its SSH channel: three streams with back-pressure and an exit. ssh2-channel.ts ends it.
//
// sshd closes a channel only when no process in the guest holds its streams any more, and background processes that a program leaves behind do hold
// them. So the end of the program is tracked separately from the end of the channel: when all its output has arrived, its streams end here, and later
// data on the channel is discarded.
import { constants } from 'node:os';
import { PassThrough, Writable, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import type { SomnusError } from '../../common/errors.ts';
import { unreachable } from './ssh2-link.ts';

/** How long the channel of an ended program may take to close normally, as it does when nothing is left running. */
const CLOSE_MS = 50;
/**
 * Between two of its answers, sshd reads at least 16 KiB from each stream while the window is open, and a stream in the guest holds about 200 KiB:
 * after this many pairs of answers all of the program's output has arrived, even if processes it left behind keep writing.
 */
const MOST_ROUNDS = 64;

/** How a program ended, as reported by sshd. */
export interface ProcessEnd { code: number; signal: string | null }

export class Ssh2Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when all output has been passed on. Rejects with `guest_unreachable` when the connection is lost first. */
  readonly ended: Promise<ProcessEnd>;
  /** Settles when the program itself has ended; its output may still be in transit. */
  readonly exited: Promise<void>;
  /** Settles when the channel has closed: nothing in the guest holds the streams any more, or the connection is lost. */
  readonly closed: Promise<void>;
  readonly #channel: ClientChannel;
  readonly #outputs: PassThrough[];
  readonly #pendingWrites = new Set<(error?: Error) => void>();
  readonly #end = Promise.withResolvers<ProcessEnd>();
  #settled = false;
  readonly #gone: () => void;
  #receivedBytes = 0;

  /** `roundTrip` settles when sshd has answered a request that follows everything sent so far. */
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
    this.ended.catch(() => {}); // callers that do not await it get the streams' errors
    for (const stream of [stdout, stderr, this.stdin]) stream.on('error', () => {}); // an unobserved stream must not crash the process
    // Output that a reader no longer wants is discarded, so that the program does not block.
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
      const timer = setTimeout(() => { this.#finishOutput(processEnd(code, signal), roundTrip).catch(() => {}); }, CLOSE_MS); // the loss of the connection is reported elsewhere
      void gone.promise.then(() => clearTimeout(timer));
    });
    channel.once('close', (code?: number | null, signal?: string) => {
      this.#closeStdin();
      this.#gone();
      if (code === undefined) closed.reject(unreachable('The VM\'s SSH server ended the session without reporting how the program ended', 'lost'));
      else closed.resolve(processEnd(code, signal));
    });
    const errorsRead = new Promise<void>((resolve) => { channel.stderr.once('close', resolve); });
    Promise.all([closed.promise, errorsRead]).then(([end]) => this.#settle(() => this.#end.resolve(end)), (error: SomnusError) => this.fail(error));
  }

  /** Ends all streams with this error because the connection is lost. */
  fail(error: SomnusError): void {
    this.#gone();
    this.#settle(() => this.#end.reject(error));
    for (const stream of [...this.#outputs, this.stdin]) if (!stream.closed) stream.destroy(error);
    for (const done of this.#pendingWrites) done(error);
  }

  resize(columns: number, rows: number): void {
    if (!this.#settled) this.#channel.setWindow(rows, columns, 0, 0);
  }

  /** Closes the channel, whether or not anything in the guest still holds the streams. */
  hangUp(): void {
    this.#channel.close();
  }

  /** Closes the channel and discards the remaining output. */
  discard(): void {
    this.hangUp();
    for (const stream of [...this.#outputs, this.stdin]) stream.destroy();
  }

  /** Waits until all output of the ended program has arrived, then ends its streams; processes it left running keep the channel. */
  async #finishOutput(end: ProcessEnd, roundTrip: () => Promise<void>): Promise<void> {
    this.#closeStdin();
    for (let rounds = 0; rounds < MOST_ROUNDS && !this.#settled; rounds += 1) {
      await this.#drained(); // otherwise the window might be closed
      const before = this.#receivedBytes;
      // What sshd reads together with the first request is sent before the answer to the second.
      await roundTrip();
      await roundTrip();
      if (this.#receivedBytes === before) break;
    }
    await this.#drained();
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

  /** Settles when the reader has taken everything received, up to what the outputs buffer. */
  async #drained(): Promise<void> {
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

  /** Returns our own stream in front of ssh2's, which drops the callback of a write when the channel has closed. */
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

  /** Discards unread input, because the program has ended. Not an error: a program does not have to read its input. */
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
 * Makes both output streams of a channel share one window correctly. The SSH protocol has one window for both, and ssh2 reopens it when either has
 * space: a reader of only one of them would let the other grow without limit. Here the window stays closed while either is full. ssh2 also ignores a
 * server that exceeds the window; here that ends the connection, through the error that ssh2 makes of the exception.
 */
function shareWindow(channel: ClientChannel, onReceived: (bytes: number) => void): void {
  const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;
  const couple = (stream: Readable, other: Readable): void => {
    const push = stream.push.bind(stream);
    const read = stream._read.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (Buffer.isBuffer(chunk)) onReceived(chunk.length);
      if (stream.readableLength > 4 * stream.readableHighWaterMark) throw new Error('the VM sent more than the window allows');
      return push(chunk, encoding) && !isFull(other);
    };
    stream._read = (size: number) => { if (!isFull(other)) read(size); };
  };
  couple(channel, channel.stderr);
  couple(channel.stderr, channel);
}
