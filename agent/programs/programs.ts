// Starts programs, keeps their records and output in files, and finds them again after a restart of the holder.
//
// A program writes to its files itself, so it keeps running when nothing reads them or the holder ends. Files only grow at their end, so an offset always refers to the same byte.
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ProgramRecord, ProgramRequest } from '../contract/programs.ts';
import { bootId, childOf, startTicks, terminalOf } from './processes.ts';

export type StreamName = 'stdout' | 'stderr';

/** How many ended programs are kept with their output, and for how long. */
const KEPT = { programs: 100, forMs: 7 * 86_400_000 };
/** When a stream has more output than this, its oldest part is freed, in steps. */
const OUTPUT = { keptBytes: 1 << 30, stepBytes: 64 << 20 };
const LOOK_MS = 2000;
const END_AFTER_MS = 5000;
const TAIL_BYTES = 1024;
const WORD_CHARACTERS = 512;

interface Saved extends Omit<ProgramRecord, 'stdoutBytes' | 'stderrBytes' | 'stdoutTail' | 'stderrTail'> {
  pid: number;
  ticks: string | null;
  boot: string;
  /** Offset of the first byte of each stream that is still kept. */
  keptFrom: Record<StreamName, number>;
}

export class Programs {
  readonly #folder: string;
  readonly #boot = bootId();
  readonly #held = new Map<string, Program>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads the records that an earlier holder left. */
  adopt(): void {
    for (const id of readdirSync(this.#folder)) {
      try {
        this.#held.set(id, new Program(join(this.#folder, id), JSON.parse(readFileSync(join(this.#folder, id, 'record.json'), 'utf8')) as Saved, this.#boot));
      } catch {
        rmSync(join(this.#folder, id), { recursive: true, force: true }); // its start was interrupted
      }
    }
  }

  /** Starts a program. Repeatable: an existing program is not started again. */
  start(id: string, request: ProgramRequest): Program {
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    this.#forgetOld();
    const folder = join(this.#folder, id);
    mkdirSync(folder, { mode: 0o700 });
    const program = Program.start(folder, id, request, this.#boot);
    this.#held.set(id, program);
    return program;
  }

  get(id: string): Program | undefined {
    return this.#held.get(id);
  }

  /** Oldest first. */
  all(): Program[] {
    return [...this.#held.values()].toSorted((a, b) => a.saved.startedMs - b.saved.startedMs);
  }

  /** Deletes a program that has ended, with its output. */
  remove(program: Program): void {
    program.dispose();
    this.#held.delete(program.saved.id);
    rmSync(program.folder, { recursive: true, force: true });
  }

  #forgetOld(): void {
    const ended = this.all().filter(({ saved }) => saved.status !== 'running');
    const old = ended.filter(({ saved }, at) => at < ended.length - KEPT.programs || (saved.endedMs ?? saved.startedMs) < Date.now() - KEPT.forMs);
    for (const program of old) this.remove(program);
  }
}

/** Emits `ended`. */
export class Program extends EventEmitter {
  readonly folder: string;
  readonly saved: Saved;
  #child: ChildProcess | undefined;
  readonly #look: NodeJS.Timeout;

  /** Represents a program that has already been started. */
  constructor(folder: string, saved: Saved, boot: string, child?: ChildProcess) {
    super();
    this.setMaxListeners(0);
    this.folder = folder;
    this.saved = saved;
    this.#child = child;
    this.#look = setInterval(() => this.#lookAfter(), LOOK_MS);
    if (child === undefined && saved.status === 'running' && (saved.boot !== boot || startTicks(saved.pid) !== saved.ticks)) this.#end({ status: 'lost', exitCode: null, signal: null });
    if (saved.status !== 'running') this.dispose();
  }

  static start(folder: string, id: string, request: ProgramRequest, boot: string): Program {
    const output = openSync(join(folder, 'stdout'), 'a', 0o600);
    const errors = openSync(join(folder, 'stderr'), 'a', 0o600);
    const [program = '', ...args] = request.tty === null ? request.command : terminalCommand(request.command, request.tty);
    const child = spawn(program, args, {
      cwd: request.cwd ?? process.env['HOME'] ?? '/root', env: { ...process.env, ...(request.tty === null ? {} : { TERM: request.tty.term }), ...request.env }, detached: true,
      stdio: [request.stdin || request.tty !== null ? 'pipe' : 'ignore', output, errors],
    });
    closeSync(output);
    const saved: Saved = {
      id, name: request.name, command: request.command.slice(0, 64).map((word) => word.slice(0, WORD_CHARACTERS)), tty: request.tty !== null, status: 'running', exitCode: null, signal: null, startedMs: Date.now(), endedMs: null,
      pid: child.pid ?? 0, ticks: child.pid === undefined ? null : startTicks(child.pid) ?? null, boot, keptFrom: { stdout: 0, stderr: 0 },
    };
    const held = new Program(folder, saved, boot, child);
    held.#save();
    child.stdin?.on('error', () => {}); // a program may ignore its input
    child.once('error', (error: NodeJS.ErrnoException) => {
      writeFileSync(errors, `${missingFolder(request.cwd) ?? `${program}: ${error.code === 'ENOENT' ? 'not found' : error.message}`}\n`);
      closeSync(errors);
      held.#end({ status: 'ended', exitCode: error.code === 'ENOENT' && missingFolder(request.cwd) === undefined ? 127 : 126, signal: null });
    });
    child.once('spawn', () => closeSync(errors));
    child.once('exit', (code, signal) => held.#end({ status: 'ended', exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal: signal === null ? null : signal.replace(/^SIG/, '') }));
    return held;
  }

  /** Undefined if it takes no input: it was started without, has closed it, or was started by an earlier holder. */
  get stdin(): Writable | undefined {
    const stdin = this.#child?.stdin ?? undefined;
    return stdin?.writable === true ? stdin : undefined;
  }

  get running(): boolean {
    return this.saved.status === 'running';
  }

  record(): ProgramRecord {
    const { pid: _pid, ticks: _ticks, boot: _boot, keptFrom: _keptFrom, ...rest } = this.saved;
    return { ...rest, stdoutBytes: this.size('stdout'), stderrBytes: this.size('stderr'), stdoutTail: this.#tail('stdout'), stderrTail: this.#tail('stderr') };
  }

  path(stream: StreamName): string {
    return join(this.folder, stream);
  }

  size(stream: StreamName): number {
    try {
      return statSync(this.path(stream)).size;
    } catch {
      return 0;
    }
  }

  /** Signals the process group of the program, or the one in its terminal. */
  signal(name: NodeJS.Signals): void {
    if (!this.running) return;
    const { pid, tty } = this.saved;
    const inner = tty ? childOf(pid) : undefined;
    for (const group of inner === undefined ? [pid] : name === 'SIGKILL' ? [inner, pid] : [inner]) {
      try {
        process.kill(-group, name);
      } catch {
        // it has just ended
      }
    }
  }

  /** Sends TERM, and KILL after five seconds. Repeatable. */
  end(): void {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), END_AFTER_MS);
    this.once('ended', () => clearTimeout(timer));
  }

  /** Sets the size of its terminal; the kernel notifies the program. */
  resize(columns: number, rows: number): void {
    const child = this.saved.tty ? childOf(this.saved.pid) : undefined;
    const terminal = child === undefined ? undefined : terminalOf(child);
    if (terminal !== undefined) spawn('stty', ['-F', terminal, 'cols', String(columns), 'rows', String(rows)], { stdio: 'ignore' }).on('error', () => {});
  }

  dispose(): void {
    clearInterval(this.#look);
  }

  /** Detects the end of a program that an earlier holder started, and frees old output. */
  #lookAfter(): void {
    if (this.#child === undefined && startTicks(this.saved.pid) !== this.saved.ticks) this.#end({ status: 'lost', exitCode: null, signal: null });
    for (const stream of ['stdout', 'stderr'] as const) {
      const free = this.size(stream) - OUTPUT.keptBytes - this.saved.keptFrom[stream];
      if (free < OUTPUT.stepBytes) continue;
      const length = Math.floor(free / 4096) * 4096;
      spawn('fallocate', ['--punch-hole', '--offset', String(this.saved.keptFrom[stream]), '--length', String(length), this.path(stream)], { stdio: 'ignore' }).on('error', () => {});
      this.saved.keptFrom[stream] += length;
      this.#save();
    }
  }

  #end(how: Pick<Saved, 'status' | 'exitCode' | 'signal'>): void {
    if (!this.running) return;
    Object.assign(this.saved, how, { endedMs: Date.now() });
    this.dispose();
    this.#save();
    this.emit('ended');
  }

  #save(): void {
    const file = join(this.folder, 'record.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.saved), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  #tail(stream: StreamName): string {
    try {
      const file = openSync(this.path(stream), 'r');
      try {
        const from = Math.max(0, fstatSync(file).size - TAIL_BYTES);
        const bytes = Buffer.alloc(TAIL_BYTES);
        return bytes.toString('utf8', 0, readSync(file, bytes, 0, TAIL_BYTES, from));
      } finally {
        closeSync(file);
      }
    } catch {
      return '';
    }
  }
}

function missingFolder(cwd: string | null): string | undefined {
  if (cwd === null) return undefined;
  try {
    return statSync(cwd).isDirectory() ? undefined : `${cwd} is not a folder`;
  } catch {
    return `${cwd} does not exist`;
  }
}

/** script(1) runs a command line in its own terminal and passes on its exit code. */
function terminalCommand(command: readonly string[], { columns, rows }: NonNullable<ProgramRequest['tty']>): string[] {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '--quiet', '--return', '--flush', '--echo', 'always', '--command', `stty cols ${columns} rows ${rows}; exec ${words}`, '/dev/null'];
}
