// Finds the programs that a command line runs, without running it: follows shells, pipes, substitutions, variables, and programs that
// start others (sudo, env, timeout, xargs …). Rules decide what a program does. Pure.
import { forEachChild, parse, type Command, type Pipeline, type SyntaxNode, type Word } from 'unbash';
import { unwrap } from './wrappers.ts';

/** A program that the line runs. */
export interface SeenCommand {
  /** Its name without a folder; for `python -m pytest`, `pytest`. Empty if it is known only at run time, as with `$TOOL`. */
  program: string;
  /** As written, with its folder. */
  path: string;
  args: readonly string[];
  /** Programs whose output it reads through a pipe, in order. */
  reads: readonly string[];
}

export interface SeenLine {
  commands: readonly SeenCommand[];
  /** Whether it runs code that it has just downloaded: `curl … | sh`, `bash <(curl …)`, `wget x.sh && sh x.sh`. */
  runsDownload: boolean;
  /** Whether it defines a function that starts itself in a pipe or in the background, as a fork bomb does. */
  multiplies: boolean;
  /** Whether the whole line was understood. */
  complete: boolean;
}

/** Nested command lines (`sh -c "sh -c …"`) are read to this depth. */
const DEEPEST = 8;
/** Longer lines are not read, because parsing blocks the event loop for a time proportional to the length. */
const LONGEST = 65_536;

const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);
const interpreters = new Set([...shells, 'python', 'python3', 'node', 'perl', 'ruby', 'php', 'deno', 'bun', 'Rscript', 'source', '.', 'eval']);
const downloaders = new Set(['curl', 'wget', 'aria2c', 'http', 'fetch', 'nc', 'ncat', 'socat', 'scp', 'ftp', 'lwp-request']);

/** @param command a command line for a shell, or a program with its arguments */
export function readCommand(command: string | readonly string[]): SeenLine {
  const reader = new Reader();
  if (typeof command === 'string') reader.line(command, [], 0);
  else reader.words(command, [], 0);
  return reader.seen();
}

class Reader {
  readonly #commands: SeenCommand[] = [];
  /** Names of files that the line has downloaded so far. */
  readonly #downloads = new Set<string>();
  #runsDownload = false;
  #multiplies = false;
  #complete = true;

  seen(): SeenLine {
    return { commands: this.#commands, runsDownload: this.#runsDownload, multiplies: this.#multiplies, complete: this.#complete };
  }

  line(text: string, reads: readonly string[], depth: number): void {
    if (depth > DEEPEST || text.length > LONGEST) {
      this.#complete = false;
      return;
    }
    const script = parse(text);
    if ((script.errors ?? []).length > 0) this.#complete = false;
    this.#visit(script, reads, depth);
  }

  /** Adds a program with its arguments, after the shell's word splitting. */
  words(words: readonly string[], reads: readonly string[], depth: number, fetchesCode = false): void {
    if (depth > DEEPEST) {
      this.#complete = false;
      return;
    }
    const found = unwrap(words);
    if (found.line !== undefined) this.line(found.line, reads, depth + 1);
    for (const inner of found.commands) this.words(inner, reads, depth + 1, fetchesCode);
    if (found.line !== undefined || found.commands.length > 0) {
      if (fetchesCode && shells.has(baseName(words[0] ?? ''))) this.#runsDownload = true;
      return;
    }
    const [path = '', ...args] = found.words;
    const program = baseName(path);
    this.#commands.push({ program, path, args, reads });
    this.#noteDownload(program, path, args, reads, fetchesCode);
  }

  #noteDownload(program: string, path: string, args: readonly string[], reads: readonly string[], fetchesCode: boolean): void {
    const script = args.find((arg) => !arg.startsWith('-'));
    const readsCode = interpreters.has(program) && (script === undefined || script === '/dev/stdin' || args.includes('-') || args.includes('-s')) && reads.some((name) => downloaders.has(name));
    if (readsCode || (fetchesCode && interpreters.has(program))) this.#runsDownload = true;
    if (this.#downloads.has(program) && path.includes('/')) this.#runsDownload = true;
    if (interpreters.has(program) && script !== undefined && this.#downloads.has(baseName(script))) this.#runsDownload = true;
    if (downloaders.has(program)) for (const file of downloadedFiles(args)) this.#downloads.add(file);
  }

  #visit(node: SyntaxNode, reads: readonly string[], depth: number): void {
    if (node.type === 'Pipeline') return this.#pipeline(node, reads, depth);
    if (node.type === 'Command') return this.#command(node, reads, depth);
    if (node.type === 'Function') {
      const name = node.name.value;
      const inner = new Reader();
      inner.#visitChildren(node, [], depth);
      if (inner.#commands.some((command) => command.program === name && command.reads.length > 0) || inner.#commands.filter(({ program }) => program === name).length > 1) this.#multiplies = true;
    }
    this.#visitChildren(node, reads, depth);
  }

  #visitChildren(node: SyntaxNode, reads: readonly string[], depth: number): void {
    forEachChild(node, (child) => this.#visit(child, reads, depth));
  }

  #pipeline(node: Pipeline, reads: readonly string[], depth: number): void {
    let before = reads;
    for (const command of node.commands) {
      const from = this.#commands.length;
      this.#visit(command, before, depth);
      before = [...before, ...this.#commands.slice(from).map(({ program }) => program)];
    }
  }

  #command(node: Command, reads: readonly string[], depth: number): void {
    const args = node.args.flatMap((arg) => (arg.type === 'Word' ? [arg] : []));
    let fetchesCode = false;
    forEachChild(node, (child) => {
      const from = this.#commands.length;
      this.#visitChildren(child, [], depth); // substitutions in its words
      if (child.type === 'Word' && this.#commands.slice(from).some(({ program }) => downloaders.has(program))) fetchesCode = true;
    });
    if (node.name === undefined) return; // only assignments or redirections
    this.words([wordText(node.name), ...node.args.map((arg) => (arg.type === 'Word' ? wordText(arg) : arg.text))], reads, depth, fetchesCode && args.length > 0);
  }
}

/** The text of the word; empty if it is known only at run time. */
function wordText(word: Word): string {
  const parts = word.parts ?? [];
  if (parts.length === 1 && ['SimpleExpansion', 'ParameterExpansion', 'CommandExpansion'].includes(parts[0]?.type ?? '')) return '';
  return word.value;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The names of the files that curl or wget writes. */
function downloadedFiles(args: readonly string[]): string[] {
  const output = args.findIndex((arg) => ['-o', '-O', '--output', '--output-document'].includes(arg));
  const named = output >= 0 ? args[output + 1] : undefined;
  const urls = args.filter((arg) => /^(?:https?|ftp):\/\//.test(arg)).map((url) => baseName(url.replace(/[?#].*$/, '')));
  return [...(named === undefined || named.startsWith('-') ? [] : [baseName(named)]), ...urls].filter((name) => name !== '');
}
