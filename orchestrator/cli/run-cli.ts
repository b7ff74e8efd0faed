// Turns a command line into an exit code: parses, runs the command, reports failures. main.ts is the process around it.
import { getSystemErrorMessage } from 'node:util';
import { CommanderError } from 'commander';
import { stretchDeadlines } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { ProcessSettings } from '../../common/process-settings.ts';
import { apiKey, apiUrl, deadlineScale } from './api/api-address.ts';
import { ApiClient } from './api/api-client.ts';
import { isNamed, type Cli } from './command.ts';
import { buildProgram, type Invocation } from './commander-program.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { separateCommand } from './separate-command.ts';
import { commandTable } from './table/command-table.ts';
import { Output } from './terminal/output.ts';
import { sanitize } from './terminal/sanitize.ts';

/** Called by the scripts of `somnus completion`; not for users. */
const completeWord = '__complete';

export async function runCli(argv: readonly string[], settings: ProcessSettings): Promise<number> {
  let client: ApiClient | undefined;
  const api = async (): Promise<ApiClient> => {
    if (client) return client;
    stretchDeadlines(await deadlineScale(settings));
    return client = new ApiClient(await apiUrl(settings), await apiKey(settings));
  };
  if (argv[0] === completeWord) return await printCompletions(argv.slice(1), api);
  const invocation = parse(argv);
  if (typeof invocation === 'number') return invocation;
  const out = new Output(invocation);
  const cli: Cli = { settings, out, api };
  try {
    return (await invocation.command.run(cli, invocation.args, invocation.options)) ?? exitCodes.ok;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EPIPE') return exitCodes.brokenPipe;
    const error = ofTheConnection(thrown) ?? ofThisMachine(thrown) ?? toSomnusError(thrown);
    out.failure(error);
    return exitCodeOf[error.code];
  }
}

async function printCompletions(words: readonly string[], api: () => Promise<ApiClient>): Promise<number> {
  const { complete } = await import('./completion/complete.ts');
  for (const { word, summary } of await complete(commandTable, words, api)) process.stdout.write(`${sanitize(word)}${summary ? `\t${sanitize(summary)}` : ''}\n`);
  return exitCodes.ok;
}

/** Returns an exit code when there is nothing to run: help was shown, or the usage is wrong. */
function parse(argv: readonly string[]): Invocation | number {
  let invocation: Invocation | undefined;
  let usageError = '';
  const program = buildProgram(neededOf(commandTable, argv[0]), { onInvocation: (found) => { invocation = found; }, onUsageError: (text) => { usageError += text; } });
  try {
    program.parse(separateCommand(commandTable, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok;
    const words = argv.filter((word) => !word.startsWith('-'));
    if (usageError === '') return showHelp(program, words);
    const [message = '', ...more] = usageError.replace(/^error: /, '').trim().split('\n');
    new Output({ format: asksForJson(argv) ? 'json' : 'table', quiet: false })
      .failure(new SomnusError('invalid_request', message, { hint: [...more, `See \`somnus ${helpFor(words)}--help\`.`].join(' ') }));
    return exitCodes.usage;
  }
  return invocation ?? exitCodes.ok;
}

/** The entry that the first word names, since building all commands takes time; the whole table for any other word. */
function neededOf(table: typeof commandTable, word: string | undefined): typeof commandTable {
  const section = table.find(({ entries }) => entries.some((entry) => isNamed(entry, word)));
  return section === undefined ? table : [{ ...section, entries: section.entries.filter((entry) => isNamed(entry, word)) }];
}

/** `somnus` alone shows help; a group alone lacks its command. */
function showHelp(program: ReturnType<typeof buildProgram>, words: readonly string[]): number {
  const group = program.commands.find((command) => command.name() === words[0] || command.aliases().includes(words[0] ?? ''));
  if (group === undefined) {
    process.stdout.write(program.helpInformation());
    return exitCodes.ok;
  }
  process.stderr.write(group.helpInformation());
  return exitCodes.usage;
}

/** The words that name a known command, for the hint. */
function helpFor(words: readonly string[]): string {
  const entry = commandTable.flatMap(({ entries }) => entries).find((each) => isNamed(each, words[0]));
  if (entry === undefined) return '';
  const command = entry.kind === 'group' ? entry.commands.find((each) => isNamed(each, words[1])) : undefined;
  return `${entry.name} ${command === undefined ? '' : `${command.name} `}`;
}

function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, at) => /^(-o=?|--output=)json$/.test(word) || (word === 'json' && ['-o', '--output'].includes(argv[at - 1] ?? '')));
}

/** A stream from the API that was cut off. */
function ofTheConnection(thrown: unknown): SomnusError | undefined {
  const { code = '' } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof SomnusError || !['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) return undefined;
  return new SomnusError('unavailable', 'Lost the connection to the control plane', { hint: 'See `somnus status`; then try again.', cause: thrown });
}

/** The error message for a failure with a local file; undefined for anything else. */
function ofThisMachine(thrown: unknown): SomnusError | undefined {
  const { errno, path, code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof SomnusError || errno === undefined) return undefined;
  const message = `${path === undefined ? '' : `${path}: `}${getSystemErrorMessage(errno)}`;
  return new SomnusError(code === 'ENOENT' ? 'not_found' : 'command_failed', message, { hint: '', cause: thrown });
}
