// A guest in this process: programs and files made of streams, to test how the API uses them.
import { spawn } from 'node:child_process';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { untilAborted } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ExecExit, ExecRequest, GuestChannel, GuestFileInfo, GuestProcess, GuestSignal } from '../../../supervisor/guest/guest-channel.ts';

const CHUNK_BYTES = 65_536;

/** Produces `total` bytes on demand, and counts them. */
export function bytes(total: number, onChunk: (size: number) => void = () => {}, byte = 0x61): Readable {
  const chunk = Buffer.alloc(CHUNK_BYTES, byte);
  let left = total;
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      if (left <= 0) {
        this.push(null);
        return;
      }
      const next = left >= CHUNK_BYTES ? chunk : chunk.subarray(0, left);
      left -= next.length;
      onChunk(next.length);
      this.push(next);
    },
  });
}

/** Records what a fake program did and what was done to it. */
export class FakeProcess implements GuestProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  readonly signals: GuestSignal[] = [];
  readonly sizes: [number, number][] = [];
  producedBytes = 0;
  receivedBytes = 0;
  killed = false;
  readonly exit: Promise<ExecExit>;
  readonly #settle: (exit: ExecExit) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onKilled = Promise.withResolvers<void>();
  readonly whenKilled: Promise<void> = this.#onKilled.promise;
  /** Lets a program that does not read its input continue. */
  readonly wake = Promise.withResolvers<void>();

  readonly request: ExecRequest;

  constructor(request: ExecRequest, signal: AbortSignal | undefined) {
    this.request = request;
    const exit = Promise.withResolvers<ExecExit>();
    this.exit = exit.promise;
    this.exit.catch(() => {});
    this.#settle = exit.resolve;
    this.#reject = exit.reject;
    const [program, argument] = request.command;
    this.stdin = new Writable({ write: (chunk: Buffer, _encoding, done) => { this.receivedBytes += chunk.length; done(); } });
    this.stdout = Readable.from([]);
    this.stderr = Readable.from([]);
    const count = (size: number): void => { this.producedBytes += size; };
    let code = 0;
    switch (program) {
      case 'echo': this.stdout = Readable.from([Buffer.from(request.command.slice(1).join(' '))]); break;
      case 'cat': {
        const through = new PassThrough();
        this.stdin = through;
        this.stdout = through;
        break;
      }
      case '/bin/bash': break;
      case 'sh': { // scripts of ours, run on this host
        const child = spawn('sh', request.command.slice(1), { stdio: 'pipe' });
        [this.stdin, this.stdout, this.stderr] = [child.stdin, child.stdout, child.stderr];
        child.once('exit', (exitCode) => { code = exitCode ?? 128; });
        void this.whenKilled.then(() => child.kill('SIGKILL'));
        break;
      }
      case 'journalctl': {
        const lines = new PassThrough();
        lines.write('2026-01-02T03:04:05+00:00 kernel: hello\n');
        if (!request.command.includes('--follow')) lines.end();
        this.stdout = lines;
        break;
      }
      case 'both': this.stdout = Readable.from([Buffer.from('out')]); this.stderr = Readable.from([Buffer.from('err')]); code = 3; break;
      case 'chunks': this.stdout = Readable.from(request.command.slice(1).map((hex) => Buffer.from(hex, 'hex'))); break;
      case 'flood': this.stdout = bytes(Number(argument), count); break;
      case 'endless': this.stdout = bytes(Infinity, count); break;
      case 'big-chunk': this.stdout = Readable.from([Buffer.alloc(Number(argument), 0x62)]); break;
      case 'sleep': this.stdout = new PassThrough(); break;
      case 'deaf': {
        const out = new PassThrough();
        this.stdin = new Writable({ write: (chunk: Buffer, _encoding, done) => { void this.wake.promise.then(() => { this.receivedBytes += chunk.length; done(); }); } });
        this.stdin.once('finish', () => out.end());
        this.stdout = out;
        break;
      }
      case 'lost': this.stdout = new PassThrough(); this.#reject(new SomnusError('guest_unreachable', 'The connection is lost')); this.stdout.push('half'); this.stdout.push(null); break;
      default: throw new SomnusError('invalid_request', `${program} cannot be run`);
    }
    const ended = Promise.all([this.stdout, this.stderr].map(async (stream) => await new Promise<void>((resolve) => stream.once('close', resolve))));
    void ended.then(() => this.#settle({ code: this.killed ? 137 : code, signal: this.killed ? 'KILL' : null, timedOut: false }));
    signal?.addEventListener('abort', () => this.#kill(), { once: true });
  }

  async signal(name: GuestSignal): Promise<void> {
    this.signals.push(name);
    if (name === 'KILL' || name === 'INT') this.#kill();
  }

  resize(columns: number, rows: number): void {
    this.sizes.push([columns, rows]);
  }

  #kill(): void {
    this.killed = true;
    for (const stream of [this.stdout, this.stderr]) if (!stream.readableEnded && !stream.destroyed) endEarly(stream);
    this.#onKilled.resolve();
  }
}

/** Behaves like the guest's streams when their process is killed: buffered data still arrives, then the end. */
function endEarly(stream: Readable): void {
  if (stream instanceof PassThrough) {
    stream.end();
    return;
  }
  stream.push(null);
  stream.read(0);
}

export class FakeChannel implements GuestChannel {
  readonly processes: FakeProcess[] = [];
  readonly #waiting: ((process: FakeProcess) => void)[] = [];
  /** Content of written files. */
  readonly written = new Map<string, { sizeBytes: number; mode: number | undefined; whole: boolean }>();
  readonly onWriteBegun = Promise.withResolvers<void>();
  producedBytes = 0;
  /** All files that were or are being written. */
  takenBytes = 0;
  readonly onReadStopped = Promise.withResolvers<void>();

  /** The next program to be started. */
  async started(): Promise<FakeProcess> {
    return await new Promise((resolve) => { this.#waiting.push(resolve); });
  }

  async exec(request: ExecRequest, signal?: AbortSignal): Promise<FakeProcess> {
    const process = new FakeProcess(request, signal);
    this.processes.push(process);
    this.#waiting.shift()?.(process);
    return process;
  }

  async writeFile(path: string, content: Readable, options: { mode?: number | undefined }, signal?: AbortSignal): Promise<{ sizeBytes: number }> {
    let sizeBytes = 0;
    let whole = false;
    try {
      await untilAborted(pipeline(content, new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          sizeBytes += chunk.length;
          this.takenBytes += chunk.length;
          this.onWriteBegun.resolve();
          done();
        },
      })), signal); // the content is left to its owner
      whole = true;
    } finally {
      this.written.set(path, { sizeBytes, mode: options.mode, whole });
    }
    return { sizeBytes };
  }

  async readFile(path: string, signal?: AbortSignal): Promise<{ info: GuestFileInfo; content: Readable }> {
    const info = await this.stat(path);
    if (info === undefined) throw new SomnusError('not_found', `${path} does not exist`);
    const content = path === '/broken' ? Readable.from(broken()) : bytes(info.sizeBytes, (size) => { this.producedBytes += size; });
    signal?.addEventListener('abort', () => this.onReadStopped.resolve(), { once: true });
    return { info, content };
  }

  async unixSocket(): Promise<undefined> {
    return undefined;
  }

  async tcpSocket(): Promise<undefined> {
    return undefined;
  }

  async listen(): Promise<boolean> {
    return true;
  }

  async readTar(): Promise<Readable> {
    return bytes(1024);
  }

  async writeTar(path: string, content: Readable, signal?: AbortSignal): Promise<void> {
    await this.writeFile(path, content, {}, signal);
  }

  async stat(path: string): Promise<GuestFileInfo | undefined> {
    const size = /^\/size\/(\d+)$/.exec(path)?.[1];
    if (size === undefined && path !== '/broken') return undefined;
    return { type: 'file', sizeBytes: Number(size ?? 100), mode: 0o100644, modifiedMs: Date.UTC(2026, 0, 2) };
  }

  async agentGet(): Promise<{ status: number; body: unknown }> {
    return { status: 200, body: {} };
  }

  async close(): Promise<void> {}
}

async function* broken(): AsyncIterable<Buffer> {
  yield Buffer.from('half');
  throw new SomnusError('guest_unreachable', 'The connection is lost');
}
