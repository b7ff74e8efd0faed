// What a CLI command consists of: its entry in the command table, and the types that its arguments and options pass to its code.
import type { LifecycleAction } from '../../supervisor/domain/states.ts';
import type { ProcessSettings } from '../../common/process-settings.ts';
import type { ApiClient } from './api/api-client.ts';
import type { Output } from './terminal/output.ts';

/** What every command gets. */
export interface Cli {
  readonly settings: ProcessSettings;
  readonly out: Output;
  /** The API, with the address and key from the settings. */
  api(): Promise<ApiClient>;
}

/** What the shell can complete for an argument or an option's value. */
export type Completes = 'environment' | 'artifact' | 'snapshot' | 'operation' | 'profile' | 'pack' | 'installed-pack' | 'image' | 'key' | 'workflow' | 'own workflow' | 'collaboration' | 'file' | 'copy';

interface Completing<T extends string = string> {
  completes?: Completes;
  /** The action that the command does: only environments, snapshots and operations that it applies to are offered. */
  action?: LifecycleAction | 'cancel';
  choices?: readonly T[];
}

/** A positional argument whose value is a `T`. */
export interface Argument<T> extends Completing {
  name: string;
  summary: string;
  arity: 'one' | 'many' | 'any';
  /** Never set: carries the type. */
  readonly valueType?: T;
}

/** An option whose value is a `T`. `flags` as commander writes them: `-f, --follow` or `--profile NAME`. */
export interface Option<T> extends Completing {
  flags: string;
  summary: string;
  kind: 'flag' | 'value' | 'list' | 'negatable';
  /** Parses the typed value. @throws SomnusError naming what is expected */
  parse?(typed: string): unknown;
  readonly valueType?: T;
}

type Values<R> = { [K in keyof R]: R[K] extends Argument<infer T> | Option<infer T> ? T : never };
type Arguments = Readonly<Record<string, Argument<unknown>>>;
type Options = Readonly<Record<string, Option<unknown>>>;

/** The code of a command. Returns an exit code when it is not 0. */
export type Run<A extends Arguments, O extends Options> = (cli: Cli, args: Values<A>, options: Values<O>) => Promise<number | void>;

interface CommandTexts {
  name: string;
  /** Other names that users know from similar tools. Every `ls` and `rm` has some: see `aliasesOf`. */
  aliases?: readonly string[];
  summary: string;
  /** More than the summary. */
  description?: string;
  /** Command lines without `somnus`, each with what it does. */
  examples: readonly (readonly [line: string, does: string])[];
  /** Whether there is -q (print less). What it prints then is only the name, or the description says it. */
  quiet?: boolean;
}

export interface Command extends CommandTexts {
  kind: 'command';
  arguments: Arguments;
  options: Options;
  /** The last argument is a command line: options after it belong to it, as after `--`. */
  passesCommand?: boolean;
  /** The words after the command's name in its usage line, if its arguments alone do not say it. */
  usage?: string;
  run(cli: Cli, args: Record<string, unknown>, options: Record<string, unknown>): Promise<number | void>;
}

/** Commands in a group: `somnus key ls`. */
export interface CommandGroup {
  kind: 'group';
  name: string;
  aliases?: readonly string[];
  summary: string;
  commands: readonly Command[];
}

export interface CommandSection {
  title: string;
  entries: readonly (Command | CommandGroup)[];
}

/** Describes a command. Its code is loaded when it runs. */
export function command<const A extends Arguments, const O extends Options>(
  spec: CommandTexts & { arguments: A; options: O; passesCommand?: boolean; usage?: string; load(): Promise<Run<A, O>> },
): Command {
  return {
    ...spec,
    kind: 'command',
    run: async (cli, args, options) => {
      const run = await spec.load();
      return await run(cli, args as Values<A>, options as Values<O>);
    },
  };
}

export function group(name: string, summary: string, commands: readonly Command[], aliases: readonly string[] = []): CommandGroup {
  return { kind: 'group', name, aliases, summary, commands };
}

export function one(name: string, summary: string, more: Completing = {}): Argument<string> {
  return { name, summary, arity: 'one', ...more };
}

export function many(name: string, summary: string, more: Completing = {}): Argument<string[]> {
  return { name, summary, arity: 'many', ...more };
}

/** Any number of values, also none. */
export function any(name: string, summary: string, more: Completing = {}): Argument<string[]> {
  return { name, summary, arity: 'any', ...more };
}

export function flag(flags: string, summary: string): Option<boolean> {
  return { flags, summary, kind: 'flag' };
}

/** With choices, the value is one of them. */
export function value<const T extends string = string>(flags: string, summary: string, more: Completing<T> = {}): Option<T | undefined> {
  return { flags, summary, kind: 'value', ...more };
}

export function parsed<T>(flags: string, summary: string, parse: (typed: string) => T): Option<T | undefined> {
  return { flags, summary, kind: 'value', parse };
}

export function list<const T extends string = string>(flags: string, summary: string, more: Completing<T> = {}): Option<T[]> {
  return { flags, summary, kind: 'list', ...more };
}

/** On unless `--no-…` is set; `flags` is the positive form. */
export function negatable(flags: string, summary: string): Option<boolean> {
  return { flags, summary, kind: 'negatable' };
}

const commonAliases: Readonly<Record<string, readonly string[]>> = { ls: ['list'], rm: ['delete'] };

/** The other names of a command or group. */
export function aliasesOf({ name, aliases = [] }: { name: string; aliases?: readonly string[] | undefined }): readonly string[] {
  return [...(commonAliases[name] ?? []), ...aliases];
}

/** Whether a word names this command or group. */
export function isNamed(entry: { name: string; aliases?: readonly string[] | undefined }, word: string | undefined): boolean {
  return word !== undefined && (entry.name === word || aliasesOf(entry).includes(word));
}
