// The agent's side of the embedding engine: starts its process, sends it entries, and restarts it when it exits. While it does not answer, the rules classify.
import { spawn, type ChildProcess } from 'node:child_process';
import type { LogEntry } from '../errors/reading/log-entry.ts';
import type { Verdict } from '../errors/verdict.ts';

/** JSON has no undefined: a missing level or cause is omitted. */
export interface EngineRequest { id: number; entry: LogEntry }
export type EngineAnswer = { ready: true } | { id: number; verdict: Verdict | null };

export interface EngineProcessOptions {
  /** Program and arguments. */
  command: readonly [program: string, ...args: string[]];
  log: (message: string) => void;
  retryMs?: { first: number; longest: number };
  answersWithinMs?: number;
}

/** On an emulated CPU, one text takes tenths of a second. */
const ANSWERS_WITHIN_MS = 20_000;

/** Unless this threshold is fixed (mallopt(3)), glibc keeps large freed blocks for later use: 60 MB after the model has been loaded. */
const RETURNS_FREED_MEMORY = { MALLOC_MMAP_THRESHOLD_: '131072' };

export class EngineProcess {
  readonly #options: EngineProcessOptions;
  readonly #waiting = new Map<number, (verdict: Verdict | undefined) => void>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #problem: string | undefined = 'The embedding engine is starting';
  #failures = 0;
  #lastId = 0;
  #stopped = false;

  constructor(options: EngineProcessOptions) {
    this.#options = options;
  }

  /** Whether it has loaded its model. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Its process, once it has loaded its model. */
  get pid(): number | undefined {
    return this.#ready ? this.#child?.pid : undefined;
  }

  /** Why the rules are classifying; undefined while the engine is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(): void {
    const [program, ...args] = this.#options.command;
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ...RETURNS_FREED_MEMORY } });
    this.#child = child;
    let reason = '';
    child.stderr?.on('data', (chunk: Buffer) => { reason = (reason + chunk.toString('utf8')).slice(-2000); });
    child.on('message', (answer: EngineAnswer) => {
      if ('ready' in answer) {
        this.#ready = true;
        this.#failures = 0;
        this.#problem = undefined;
      } else {
        this.#settle(answer.id, answer.verdict ?? undefined);
      }
    });
    child.on('error', (error) => this.#ended(child, error.message));
    child.on('close', (code) => this.#ended(child, /^\w*Error: .*$/m.exec(reason)?.[0] ?? `it exited with code ${code}`));
  }

  /** Returns undefined when the engine cannot answer now; the rules then classify. Never throws. */
  async classify(entry: LogEntry): Promise<Verdict | undefined> {
    if (!this.#ready || this.#child === undefined) return undefined;
    const id = this.#lastId += 1;
    const { promise, resolve } = Promise.withResolvers<Verdict | undefined>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(() => this.#settle(id, undefined), this.#options.answersWithinMs ?? ANSWERS_WITHIN_MS);
    this.#child.send({ id, entry } satisfies EngineRequest, (error) => { if (error) this.#settle(id, undefined); });
    return await promise.finally(() => clearTimeout(timer));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#ready = false;
    this.#child?.kill('SIGKILL');
    for (const id of this.#waiting.keys()) this.#settle(id, undefined);
  }

  #settle(id: number, verdict: Verdict | undefined): void {
    this.#waiting.get(id)?.(verdict);
    this.#waiting.delete(id);
  }

  #ended(child: ChildProcess, reason: string): void {
    if (this.#child !== child || this.#stopped) return;
    this.#child = undefined;
    this.#ready = false;
    this.#problem = `The embedding engine is not running: ${reason}`;
    for (const id of this.#waiting.keys()) this.#settle(id, undefined);
    const { first, longest } = this.#options.retryMs ?? { first: 5000, longest: 600_000 };
    this.#timer = setTimeout(() => this.start(), Math.min(first * 2 ** this.#failures, longest)).unref();
    this.#failures += 1;
    if (this.#failures === 1) this.#options.log(this.#problem);
  }
}
