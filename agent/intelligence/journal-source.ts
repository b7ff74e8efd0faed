// Follows the journal, and with it the kernel's log, through journalctl: from the entry after the last one it has read, or from its time when that
// entry is gone. The first time, it finds the journal's end, and reads nothing until its caller has saved that. Restarts journalctl when it exits.
import { spawn, type ChildProcess } from 'node:child_process';
import { LineSplitter } from '../../common/line-splitter.ts';
import { plainText } from '../errors/reading/plain-text.ts';
import { JOURNAL_FIELDS, readJournalEntry, type JournalEntry } from './journal-entry.ts';

/** The last entry that was read. */
export interface JournalPosition { cursor: string; atUs: number }

export interface JournalSourceOptions {
  /** Where an earlier process stopped; without one, only new entries are read. */
  position: JournalPosition | undefined;
  /** Called when there was no position and the journal's end has been found. Nothing is read until it resolves; it must not reject. */
  onFirstPosition: () => Promise<void>;
  take: (entry: JournalEntry) => void;
  /** The program; tests replace it. */
  program?: readonly [command: string, ...args: string[]];
  retryMs?: { first: number; longest: number };
}

const MAX_ENTRY_BYTES = 1_048_576;
/** After this many exits without an entry, the cursor is assumed to be gone. */
const FAILURES_UNTIL_CURSOR_IS_GONE = 2;

export class JournalSource {
  readonly #options: JournalSourceOptions;
  readonly #retryMs: { first: number; longest: number };
  #position: JournalPosition | undefined;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #problem: string | undefined;
  #dropped = 0;
  #stopped = false;

  constructor(options: JournalSourceOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#retryMs = options.retryMs ?? { first: 1000, longest: 30_000 };
  }

  get position(): JournalPosition | undefined {
    return this.#position;
  }

  /** Why the journal is not being read; undefined while it is being read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The number of entries that were too long to read. */
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    if (this.#position === undefined) this.#findEnd();
    else this.#follow(this.#position);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  #findEnd(): void {
    this.#run(['--lines=1'], (line) => {
      const last = line === undefined ? undefined : readJournalEntry(line);
      this.#position = last && { cursor: last.cursor, atUs: last.atUs };
    }, async (reason) => {
      if (this.#position === undefined) return this.#startLater(reason);
      await this.#options.onFirstPosition();
      if (!this.#stopped) this.start();
    });
  }

  #follow({ cursor, atUs }: JournalPosition): void {
    const from = this.#failures >= FAILURES_UNTIL_CURSOR_IS_GONE ? `--since=@${(atUs / 1e6).toFixed(6)}` : `--after-cursor=${cursor}`;
    let entries = 0;
    this.#run(['--follow', from], (line) => {
      entries += 1;
      this.#receive(line);
    }, (reason) => {
      if (entries === 0) this.#failures += 1;
      this.#startLater(reason);
    });
  }

  /** @param onLine gets undefined for a line that is too long */
  #run(options: readonly string[], onLine: (line: string | undefined) => void, onEnd: (reason: string) => void | Promise<void>): void {
    const [command, ...args] = this.#options.program ?? ['journalctl'];
    const child = spawn(command, [...args, ...options, '--quiet', '--merge', '--all', '--output=json', `--output-fields=${JOURNAL_FIELDS.join(',')}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const lines = new LineSplitter(MAX_ENTRY_BYTES);
    let reason = '';
    const ended = (why: string): void => {
      if (this.#child !== child || this.#stopped) return;
      this.#child = undefined;
      void onEnd(why);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) onLine(line);
      // Yields to the event loop: with many lines, libuv would otherwise keep reading without a pause.
      child.stdout.pause();
      setImmediate(() => child.stdout.resume());
    });
    child.stderr.on('data', (chunk: Buffer) => { reason = plainText(chunk.toString('utf8')).trim().split('\n').at(-1)?.slice(0, 200) ?? ''; });
    child.on('spawn', () => { this.#problem = undefined; });
    child.on('error', (error) => ended(error.message));
    child.on('close', (code) => ended(reason === '' ? `journalctl exited with code ${code}` : reason));
  }

  #receive(line: string | undefined): void {
    if (line === undefined) {
      this.#dropped += 1;
      return;
    }
    const entry = readJournalEntry(line);
    if (entry === undefined) return;
    // When reading by time, the last known entry may be repeated.
    const again = this.#failures >= FAILURES_UNTIL_CURSOR_IS_GONE && this.#position !== undefined && entry.atUs <= this.#position.atUs;
    if (again) return;
    this.#position = { cursor: entry.cursor, atUs: entry.atUs };
    this.#failures = 0;
    this.#options.take(entry);
  }

  #startLater(problem: string): void {
    this.#problem = problem;
    const { first, longest } = this.#retryMs;
    this.#timer = setTimeout(() => this.start(), Math.min(first * 2 ** Math.max(0, this.#failures - 1), longest));
  }
}
