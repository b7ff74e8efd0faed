// Builds a commander program from the command table: parsing, help and usage errors.
import packageJson from '../../package.json' with { type: 'json' };
import { Argument as CommanderArgument, Command as CommanderCommand, InvalidArgumentError, Option as CommanderOption } from 'commander';
import { errorCodes, toSomnusError } from '../../common/errors.ts';
import { aliasesOf, type Argument, type Command, type CommandSection, type Option } from './command.ts';
import { formats, type Format } from './terminal/output.ts';

/** A parsed command line. */
export interface Invocation {
  command: Command;
  args: Record<string, unknown>;
  options: Record<string, unknown>;
  format: Format;
  quiet: boolean;
}

/** Parsing calls `onInvocation`. It throws CommanderError after help and for usage errors, whose text goes to `onUsageError`. */
export function buildProgram(table: readonly CommandSection[], events: { onInvocation: (invocation: Invocation) => void; onUsageError: (text: string) => void }): CommanderCommand {
  const program = new CommanderCommand('somnus')
    .description('Persistent virtual machines for AI agents.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: (text) => events.onUsageError(text) })
    .configureHelp({ styleTitle: (title) => title, subcommandDescription: (sub) => sub.summary() })
    .addHelpCommand(new CommanderCommand('help').argument('[COMMAND]').summary('help for a command').helpGroup(table.at(-1)?.title ?? ''))
    .addOption(formatOption())
    .addHelpText('after', '\nEvery command has examples: somnus COMMAND --help\nExit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 auth, 5 conflict, 6 timeout; exec and sh return the guest\'s.');
  for (const section of table) {
    program.commandsGroup(section.title);
    for (const entry of section.entries) {
      if (entry.kind === 'command') addCommand(program, entry, events.onInvocation);
      else {
        const parent = program.command(entry.name).aliases(aliasesOf(entry)).summary(entry.summary).description(entry.summary).helpCommand(false);
        for (const command of entry.commands) addCommand(parent, command, events.onInvocation);
      }
    }
  }
  return program;
}

function formatOption(): CommanderOption {
  return new CommanderOption('-o, --output <FORMAT>', 'output format').choices(formats);
}

function addCommand(parent: CommanderCommand, spec: Command, onInvocation: (invocation: Invocation) => void): void {
  const command = parent.command(spec.name).aliases(aliasesOf(spec)).summary(spec.summary).description(spec.description === undefined ? sentence(spec.summary) : `${sentence(spec.summary)} ${spec.description}`);
  const argumentKeys = Object.keys(spec.arguments);
  for (const argument of Object.values(spec.arguments)) command.addArgument(toArgument(argument));
  for (const option of Object.values(spec.options)) for (const one of toOptions(option)) command.addOption(one);
  command.addOption(formatOption());
  if (spec.quiet) command.option('-q, --quiet', 'print only the name or id');
  const examples = spec.examples.map(([line, does]) => [`  somnus ${line}`, does] as const);
  const widest = Math.max(...examples.map(([line]) => line.length));
  command.addHelpText('after', `\nExamples:\n${examples.map(([line, does]) => (does === '' ? line : `${line.padEnd(widest)}   # ${does}`)).join('\n')}`);
  if (spec.passesCommand) command.usage(`NAME [options] -- CMD…`);
  else if (spec.usage !== undefined) command.usage(spec.usage);
  command.action((...given: unknown[]) => {
    const { output, quiet, ...options } = command.optsWithGlobals<Record<string, unknown>>();
    onInvocation({
      command: spec,
      args: Object.fromEntries(argumentKeys.map((key, at) => [key, given[at]])),
      options: Object.fromEntries(Object.entries(spec.options).map(([key, option]) => [key, options[key] ?? defaultOf(option)])),
      format: output === 'json' ? 'json' : 'table',
      quiet: quiet === true,
    });
  });
}

function toArgument({ name, summary, arity, choices }: Argument<unknown>): CommanderArgument {
  const brackets = { one: `<${name}>`, many: `<${name}...>`, any: `[${name}...]` } as const;
  const argument = new CommanderArgument(brackets[arity], summary);
  return choices === undefined ? argument : argument.choices(choices);
}

function toOptions(option: Option<unknown>): CommanderOption[] {
  const { flags, summary, kind, choices } = option;
  const made = new CommanderOption(kind === 'value' || kind === 'list' ? flags.replace(/ (\S+)$/, ' <$1>') : flags, summary);
  // A flag can also be negated, for users who have it in an alias.
  if (kind === 'negatable' || kind === 'flag') return [made, new CommanderOption(flags.replace(/^.*--/, '--no-')).hideHelp()];
  const parse = (typed: string): unknown => checked(typed, option);
  if (kind === 'list') made.argParser((typed: string, before: unknown[] | undefined) => [...(before ?? []), parse(typed)]);
  else if (kind === 'value') made.argParser(parse);
  if (choices !== undefined) made.argChoices = [...choices];
  return [made];
}

function checked(typed: string, option: Option<unknown>): unknown {
  if (option.choices !== undefined && !option.choices.includes(typed)) throw new InvalidArgumentError(`Allowed choices are ${option.choices.join(', ')}.`);
  try {
    return option.parse === undefined ? typed : option.parse(typed);
  } catch (error) {
    const { code, message, hint } = toSomnusError(error);
    throw new InvalidArgumentError(hint === errorCodes[code].hint ? `${message}.` : `${message}. ${hint}`); // the hint of the code is for callers of the API
  }
}

function defaultOf(option: Option<unknown>): unknown {
  switch (option.kind) {
    case 'flag': return false;
    case 'negatable': return true;
    case 'list': return [];
    case 'value': return undefined;
  }
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
