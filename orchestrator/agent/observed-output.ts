// Passes on a program's output and keeps its end: if the program fails, the agent in its VM reads that like a log.
import { PassThrough, type Readable } from 'node:stream';
import type { ExecRequest, GuestProcess } from '../../supervisor/guest/guest-channel.ts';

/** The end of a failed program's output. */
export interface FailedCommand { program: string; output: string }

/** Bytes kept of each stream: enough for a traceback and some lines before it. */
const KEPT_BYTES = 8192;

/** Returns the same process. Output of a terminal, or of a program that its caller or its timeout ended, is not reported. */
export function observeOutput(request: ExecRequest, process: GuestProcess, failed: (command: FailedCommand) => void): GuestProcess {
  if (request.tty !== undefined) return process;
  const [stdout, stderr] = [new Tail(process.stdout), new Tail(process.stderr)];
  process.exit.then(({ code, signal, timedOut }) => {
    if (code !== 0 && signal === null && !timedOut) failed({ program: programOf(request), output: `${stdout.text()}\n${stderr.text()}` });
  }, () => {}); // a lost connection is reported elsewhere
  return {
    stdin: process.stdin, stdout: stdout.output, stderr: stderr.output, exit: process.exit,
    signal: async (name) => await process.signal(name),
    resize: (columns, rows) => process.resize(columns, rows),
  };
}

/** A stream with back-pressure whose last bytes are kept. */
class Tail {
  readonly output = new PassThrough();
  #kept: Buffer = Buffer.alloc(0);

  constructor(source: Readable) {
    this.output.on('close', () => source.destroy());
    source.on('error', (error) => this.output.destroy(error));
    source.on('data', (chunk: Buffer) => { this.#kept = Buffer.concat([this.#kept, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES); });
    source.pipe(this.output);
  }

  /** Drops an incomplete first line. */
  text(): string {
    const text = this.#kept.toString('utf8');
    return this.#kept.length < KEPT_BYTES ? text : text.slice(text.indexOf('\n') + 1);
  }
}

/** The name of the program, or the first word of a line for a shell. */
function programOf({ command: [program = '', option = '', line = ''] }: ExecRequest): string {
  const first = /^-l?c$/.test(option) ? line.trim().split(/\s+/)[0] ?? '' : program;
  return (first.split('/').at(-1) ?? first).replaceAll(/[^\w.+-]/g, '').slice(0, 60) || 'command';
}
