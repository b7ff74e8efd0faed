// Starts programs, keeps their records and output in files, and finds them again after a restart of the holder.
//
// A program writes to its files itself, so it keeps running when nothing reads them or the holder ends. Files only grow at their end, so an offset always refers to the same byte.
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ProgramRecord, ProgramRequest } from '../contract/programs.ts';
import { bootId, childOf, leaderWritingTo, startTicks, terminalOf } from './processes.ts';

export type StreamName = 'stdout' | 'stderr';

export interface Limits {
  /** Maximum number of programs that run at a time. */
  running: number;
  /** How many ended programs are kept with their output, for how long, and with how much output together. The program that ended last is kept whatever its size. */
  ended: { programs: number; forMs: number; bytes: number };
  /** When a stream has more output than `keptBytes`, its oldest part is freed, in steps. */
  output: { keptBytes: number; stepBytes: number };
  checkMs: number;
}

const GIB = 1024 ** 3;
const limitsOfGuests: Limits = { running: 500, ended: { programs: 100, forMs: 7 * 86_400_000, bytes: 4 * GIB }, output: { keptBytes: GIB, stepBytes: GIB / 16 }, checkMs: 2000 };
const END_AFTER_MS = 5000;
const TAIL_BYTES = 1024;
/** How much of a command a record contains. */
const COMMAND = { words: 32, characters: 128 };
/** Freed parts begin and end at pages. */
const PAGE_BYTES = 4096;

/** Thrown when a program cannot be started for a reason that the caller can remove. */
export class Refused extends Error {}

interface Saved extends Omit<ProgramRecord, 'stdoutBytes' | 'stderrBytes' | 'stdoutTail' | 'stderrTail'> {
  pid: number;
  ticks: string | null;
  boot: string;
  /** Offset of the first byte of each stream that is still kept. */
  keptFrom: Record<StreamName, number>;
}

export class Programs {
  readonly #folder: string;
  readonly #limits: Limits;
  readonly #boot = bootId();
  readonly #held = new Map<string, Program>();

  constructor(folder: string, limits: Limits = limitsOfGuests) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Reads the records that an earlier holder left. */
  adopt(): void {
    for (const id of readdirSync(this.#folder)) {
      const folder = join(this.#folder, id);
      try {
        this.#held.set(id, new Program(folder, JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8')) as Saved, this.#boot, this.#limits));
      } catch (error) {
        if (!existsSync(join(folder, 'record.json'))) discard(folder); // its start was interrupted, so no caller knows of it
        else process.stderr.write(`The record of ${id} cannot be read: ${(error as Error).message}\n`);
      }
    }
  }

  /** Repeatable: an existing program is not started again, and no second program with the same name is started while the first runs. @throws Refused */
  start(id: string, request: ProgramRequest): Program {
    const known = this.#held.get(id) ?? (request.name === null ? undefined : this.all().find(({ saved, running }) => running && saved.name === request.name));
    if (known !== undefined) return known;
    this.#forgetOld();
    if (this.all().filter(({ running }) => running).length >= this.#limits.running) throw new Refused(`${this.#limits.running} programs are already running`);
    const folder = join(this.#folder, id);
    mkdirSync(folder, { mode: 0o700 });
    try {
      const program = Program.start(folder, id, request, this.#boot, this.#limits);
      this.#held.set(id, program);
      return program;
    } catch (error) {
      discard(folder);
      const { code, message } = error as NodeJS.ErrnoException;
      throw code === 'ENOSPC' || code === 'EDQUOT' || code === 'E2BIG' || code === 'ERR_INVALID_ARG_VALUE' ? new Refused(`The program cannot be started: ${message}`) : error;
    }
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
    const { programs, forMs, bytes } = this.#limits.ended;
    const ended = this.all().filter(({ running }) => !running).toSorted((a, b) => (b.saved.endedMs ?? 0) - (a.saved.endedMs ?? 0));
    let kept = 0;
    for (const [at, program] of ended.entries()) {
      kept += program.keptBytes;
      if (at >= programs || (program.saved.endedMs ?? program.saved.startedMs) < Date.now() - forMs || (at > 0 && kept > bytes)) this.remove(program);
    }
  }
}

/** Kills the program that still writes its output to the folder, if any, and deletes the folder. */
function discard(folder: string): void {
  const leader = leaderWritingTo(join(folder, 'stdout'));
  if (leader !== undefined) kill(leader, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

function kill(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // it has just ended
  }
}

/** Emits `ended`. */
export class Program extends EventEmitter {
  readonly folder: string;
  readonly saved: Saved;
  #child: ChildProcess | undefined;
  readonly #limits: Limits;
  readonly #timer: NodeJS.Timeout;
  /** Whether the record on disk lacks a change, because the disk was full. */
  #unsaved = false;

  /** For a program that already runs or ran. */
  constructor(folder: string, saved: Saved, boot: string, limits: Limits, child?: ChildProcess) {
    super();
    this.setMaxListeners(0);
    this.folder = folder;
    this.saved = saved;
    this.#child = child;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#check(), limits.checkMs);
    if (child === undefined && saved.status === 'running' && (saved.boot !== boot || startTicks(saved.pid) !== saved.ticks)) this.#end({ status: 'lost', exitCode: null, signal: null });
    if (saved.status !== 'running' && !this.#unsaved) this.dispose();
  }

  /** @throws when the program cannot be recorded; then it does not run, and the caller deletes the folder */
  static start(folder: string, id: string, request: ProgramRequest, boot: string, limits: Limits): Program {
    const output = openSync(join(folder, 'stdout'), 'a', 0o600);
    let errors: number | undefined;
    let child: ChildProcess;
    try {
      errors = openSync(join(folder, 'stderr'), 'a', 0o600);
      const [program = '', ...args] = request.tty === null ? request.command : terminalCommand(request.command, request.tty);
      child = spawn(program, args, {
        cwd: request.cwd ?? process.env['HOME'] ?? '/root', env: { ...process.env, ...(request.tty === null ? {} : { TERM: request.tty.term }), ...request.env }, detached: true,
        stdio: [request.stdin || request.tty !== null ? 'pipe' : 'ignore', output, errors],
      });
    } finally {
      closeSync(output);
      if (errors !== undefined) closeSync(errors); // the program has its own
    }
    child.stdin?.on('error', () => {}); // a program may close its input
    const saved: Saved = {
      id, name: request.name, command: request.command.slice(0, COMMAND.words).map((word) => word.slice(0, COMMAND.characters)), tty: request.tty !== null, status: 'running', exitCode: null, signal: null, startedMs: Date.now(), endedMs: null,
      pid: child.pid ?? 0, ticks: child.pid === undefined ? null : startTicks(child.pid) ?? null, boot, keptFrom: { stdout: 0, stderr: 0 },
    };
    const held = new Program(folder, saved, boot, limits, child);
    child.once('error', (error: NodeJS.ErrnoException) => held.#notStarted(error, request));
    child.once('exit', (code, signal) => held.#end({ status: 'ended', exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal: signal === null ? null : signal.replace(/^SIG/, '') }));
    try {
      held.#write();
    } catch (error) {
      held.signal('SIGKILL');
      held.dispose();
      throw error;
    }
    return held;
  }

  /** How much of its output is kept. */
  get keptBytes(): number {
    return (['stdout', 'stderr'] as const).reduce((sum, stream) => sum + this.size(stream) - this.saved.keptFrom[stream], 0);
  }

  /** Undefined if the program takes no input: it was started without, has closed it, or an earlier holder started it. */
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
    const { pid, tty, ticks } = this.saved;
    if (!this.running || pid === 0 || (this.#child === undefined && startTicks(pid) !== ticks)) return; // another process may have its process id by now
    const inner = tty ? childOf(pid) : undefined;
    for (const group of inner === undefined ? [pid] : name === 'SIGKILL' ? [inner, pid] : [inner]) kill(group, name);
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
    clearInterval(this.#timer);
  }

  /** Notices the end of a program that an earlier holder started, frees old output, and saves a record that could not be saved while the disk was full. */
  #check(): void {
    if (this.running && this.#child === undefined && startTicks(this.saved.pid) !== this.saved.ticks) this.#end({ status: 'lost', exitCode: null, signal: null });
    if (this.#unsaved) this.#save();
    if (this.running) for (const stream of ['stdout', 'stderr'] as const) this.#free(stream);
    else if (!this.#unsaved) this.dispose();
  }

  #free(stream: StreamName): void {
    const { keptBytes, stepBytes } = this.#limits.output;
    const free = this.size(stream) - keptBytes - this.saved.keptFrom[stream];
    if (free < stepBytes) return;
    const end = this.saved.keptFrom[stream] + Math.floor(free / PAGE_BYTES) * PAGE_BYTES;
    this.saved.keptFrom[stream] = end; // before the bytes are freed, so that no reader takes the hole for output
    this.#save();
    spawn('fallocate', ['--punch-hole', '--offset', '0', '--length', String(end), this.path(stream)], { stdio: 'ignore' }).on('error', () => {}); // always from the start of the file, so that the next call also frees what a failed one did not
  }

  #notStarted(error: NodeJS.ErrnoException, { command: [program = ''], cwd }: ProgramRequest): void {
    const why = missingFolder(cwd) ?? `${program}: ${error.code === 'ENOENT' ? 'not found' : error.message}`;
    try {
      writeFileSync(this.path('stderr'), `${why}\n`);
    } catch {
      // the exit code also says so
    }
    this.#end({ status: 'ended', exitCode: error.code === 'ENOENT' && missingFolder(cwd) === undefined ? 127 : 126, signal: null });
  }

  #end(how: Pick<Saved, 'status' | 'exitCode' | 'signal'>): void {
    if (!this.running) return;
    Object.assign(this.saved, how, { endedMs: Date.now() });
    this.#save();
    if (!this.#unsaved) this.dispose();
    this.emit('ended');
  }

  /** Never throws: if the disk is full, tries again later. */
  #save(): void {
    try {
      this.#write();
      this.#unsaved = false;
    } catch {
      this.#unsaved = true;
    }
  }

  #write(): void {
    const path = join(this.folder, 'record.json');
    const file = openSync(`${path}.new`, 'w', 0o600);
    try {
      writeFileSync(file, JSON.stringify(this.saved));
      fsyncSync(file); // otherwise a crash of the guest can leave an empty record
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
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
