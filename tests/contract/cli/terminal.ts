// A terminal with a program in it, for tests of terminal-only behavior.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

export class Terminal implements AsyncDisposable {
  /** Everything shown so far. */
  screen = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #isOver = false;
  #news = Promise.withResolvers<void>();

  constructor(commandLine: readonly string[], env: Record<string, string>) {
    this.#child = spawn('python3', [join(import.meta.dirname, 'run-in-pty.py'), ...commandLine], { env: { TERM: 'xterm-256color', ...env }, stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.screen += chunk.toString();
      this.#news.resolve();
    });
    this.#ended = once(this.#child, 'close').then(([code]) => {
      this.#isOver = true;
      this.#news.resolve();
      return code as number | null;
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  resize(columns: number, rows: number): void {
    (this.#child.stdio[3] as Writable).write(`${columns} ${rows}\n`);
  }

  /** Settles once this is shown, ignoring colors, after the previous match. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const shown = stripVTControlCharacters(this.screen);
      const match = pattern.exec(shown);
      if (match !== null) {
        this.screen = shown.slice(match.index + match[0].length);
        return match[0];
      }
      if (this.#isOver) throw new Error(`ended without showing ${String(pattern)}: ${shown}`);
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  async exitCode(): Promise<number | null> {
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
