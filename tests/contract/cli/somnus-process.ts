// Runs the real `somnus` command as a process, as a shell would.
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { RUN_ID } from '../../support/clean-up.ts';

const program = resolve(import.meta.dirname, '../../../orchestrator/cli/main.ts');
/** A home folder without key file or configuration; compiled code is cached for the next command of these tests. */
const home = mkdtempSync(join(tmpdir(), 'somnus-cli-home-'));

export interface Result { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

export interface RunOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

export class Somnus {
  readonly #env: Record<string, string>;

  constructor(env: Record<string, string>) {
    this.#env = env;
  }

  /** The environment of the process: only PATH is inherited. */
  environment(extra: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '', HOME: home, NODE_COMPILE_CACHE: join(home, 'cache'), SOMNUS_CONFIG: join(home, 'none.yaml'), LANG: 'C.UTF-8', [RUN_ID]: process.env[RUN_ID] ?? '',
      ...this.#env, ...extra,
    };
  }

  /** Program and arguments, for tests that start it in another way. */
  commandLine(...args: string[]): [string, ...string[]] {
    return [process.execPath, program, ...args];
  }

  start(args: readonly string[], options: RunOptions = {}): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [program, ...args], { env: this.environment(options.env), stdio: 'pipe' });
    child.stdin.on('error', () => {}); // a process that ends early stops reading
    if (options.input !== undefined) child.stdin.end(options.input);
    return child;
  }

  /** Runs it to its end, without input by default. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    return await finished(this.start(args, { input: '', ...options }));
  }

  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '-o', 'json']);
    if (code !== 0) throw new Error(`somnus ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Runs a line of bash in which `somnus` is the command. */
  async bash(line: string): Promise<Result> {
    const quoted = this.commandLine().map((word) => `'${word}'`).join(' ');
    const child = spawn('bash', ['-c', `somnus() { ${quoted} "$@"; }\n${line}`], { env: this.environment(), stdio: 'pipe' });
    child.stdin.end();
    return await finished(child);
  }
}

export async function finished(child: ChildProcess): Promise<Result> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout), child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}

/** Settles once the stream has printed this; returns all output until then. */
export async function said(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  let heard = '';
  return await new Promise((resolvePromise, reject) => {
    const onData = (chunk: Buffer | string): void => {
      heard += chunk.toString();
      if (!pattern.test(heard)) return;
      stream.off('data', onData);
      resolvePromise(heard);
    };
    stream.on('data', onData);
    stream.once('end', () => reject(new Error(`ended without ${String(pattern)}: ${heard}`)));
  });
}
