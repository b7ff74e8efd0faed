import { expect, test } from 'vitest';
import { parseConfig } from '../../../common/config.ts';
import { processSettings } from '../../../common/process-settings.ts';
import { fileHeaders as apiFileHeaders } from '../../../orchestrator/api/answers.ts';
import { execStreams } from '../../../orchestrator/api/exec-protocol.ts';
import { apiUrl } from '../../../orchestrator/cli/api/api-address.ts';
import { aliasesOf, type Command } from '../../../orchestrator/cli/command.ts';
import { buildProgram, type Invocation } from '../../../orchestrator/cli/commander-program.ts';
import { complete } from '../../../orchestrator/cli/completion/complete.ts';
import { fileHeaders } from '../../../orchestrator/cli/copy/guest-files.ts';
import { streams } from '../../../orchestrator/cli/exec/ws-exec-session.ts';
import { commandTable } from '../../../orchestrator/cli/table/command-table.ts';

const commands: (readonly [line: string, command: Command])[] = commandTable.flatMap(({ entries }) => entries).flatMap((entry) =>
  entry.kind === 'command' ? [[entry.name, entry] as const] : entry.commands.map((command) => [`${entry.name} ${command.name}`, command] as const));

function invoke(...argv: string[]): Invocation {
  let invocation: Invocation | undefined;
  buildProgram(commandTable, { onInvocation: (found) => { invocation = found; }, onUsageError: () => {} }).parse(argv, { from: 'user' });
  if (invocation === undefined) throw new Error('nothing was invoked');
  return invocation;
}

test('All documented commands exist', () => {
  expect(commands.map(([line]) => line).toSorted()).toEqual([
    'secret set', 'secret ls', 'secret rm', 'secret grant', 'secret revoke', 'ssh-config', 'ssh-proxy', 'user ls', 'user rm', 'create', 'ls', 'show', 'start', 'stop', 'restart', 'suspend', 'resume', 'hibernate', 'wake', 'rm', 'undelete', 'set', 'exec', 'run', 'action ls', 'artifact cat', 'artifact create', 'artifact diff', 'artifact ls', 'artifact restore', 'artifact result', 'artifact rm', 'artifact run', 'artifact runs', 'artifact search', 'artifact share', 'artifact show', 'artifact undelete', 'artifact unshare', 'artifact update', 'artifact versions', 'job ls', 'job attach', 'job logs', 'job stop', 'job rm', 'port publish', 'port ls', 'port rm', 'open', 'session show', 'session log', 'session export', 'session remember-actions', 'audit ls', 'audit verify', 'audit export', 'browse', 'sh', 'cp', 'logs', 'health', 'incidents', 'fix apply', 'fix ignore', 'fix mode', 'soft-reboot', 'upgrade-agent', 'top',
    'fork', 'snapshot create', 'snapshot ls', 'snapshot show', 'snapshot set', 'snapshot restore', 'snapshot diff', 'snapshot check', 'snapshot rm', 'snapshot undelete',
    ...['start', 'ls', 'show', 'tasks', 'messages', 'send', 'publish', 'files', 'cat', 'result', 'cancel', 'rm'].map((name) => `collab ${name}`),
    'op ls', 'op show', 'op wait', 'op cancel', 'events', 'key create', 'key ls', 'key rm', 'doctor', 'read', 'research fetch', 'research ls', 'research text', 'research archive', 'research search', 'research rm', 'research fact-check', 'research papers', 'research run', 'research runs', 'research report', 'research remember', 'research rm-run', 'workflow add', 'workflow ls', 'workflow show', 'workflow export', 'workflow rm', 'recover', 'up', 'down', 'status',
    'image build', 'image ls', 'image rm', 'quarantine ls', 'quarantine take', 'quarantine adopt', 'quarantine rm', 'clock accept', 'pool show', 'pool grow', 'pack ls', 'pack show', 'pack install', 'pack uninstall', 'pack verify', 'pack history', 'pack return', 'pack create', 'pack rm', 'profile ls', 'profile show', 'profile apply', 'profile auto', 'completion', 'version',
    ...['remember', 'recall', 'sessions', 'context', 'ls', 'show', 'history', 'edit', 'forget', 'status', 'setup', 'unlock', 'lock', 'rotate', 'recovery-key', 'key-file', 'add-space', 'rm-space',
      'stats', 'compact', 'rebuild', 'consolidate', 'reload', 'file', 'backup', 'restore', 'export', 'import', 'token', 'training'].map((name) => `memory ${name}`),
  ].toSorted());
});

test.each([
  [['delete', 'demo'], 'rm'], [['list'], 'ls'], [['shell', 'demo'], 'sh'], [['ssh', 'demo'], 'sh'], [['snap', 'delete', 'demo', 's1'], 'rm'], [['key', 'list'], 'ls'],
])('%j is understood as another name', (argv, name) => {
  expect(invoke(...argv).command.name).toBe(name);
});

test('No alias names two commands', () => {
  const taken = [commandTable.flatMap(({ entries }) => entries), ...commandTable.flatMap(({ entries }) => entries).flatMap((entry) => (entry.kind === 'group' ? [entry.commands] : []))]
    .map((siblings) => siblings.flatMap((entry) => [entry.name, ...aliasesOf(entry)]));
  for (const names of taken) expect(names).toEqual([...new Set(names)]);
});

test.each(commands)('`somnus %s` shows its usage', (line, { examples }) => {
  expect(examples.some(([example]) => example.startsWith(line))).toBe(true);
});

/** A value that a parsed option accepts. */
const sample = (flags: string): string => (flags.endsWith(' SIZE') ? '70G' : '70');

test.each(commands)('The options of `somnus %s` arrive under the names that its code reads', (line, command) => {
  const given = Object.entries(command.options).flatMap(([, option]) => {
    const { flags, kind, choices } = option;
    const long = /--[a-z-]+/.exec(flags)?.[0] ?? '';
    if (kind === 'flag') return [long];
    if (kind === 'negatable') return [long.replace('--', '--no-')];
    return [long, choices?.[0] ?? (option.parse === undefined ? 'text' : sample(option.flags))];
  });
  const positionals = Object.values(command.arguments).map(({ choices }) => choices?.[0] ?? 'word');
  const { args, options } = invoke(...line.split(' '), ...given, '--', ...positionals);
  for (const [key, option] of Object.entries(command.options)) {
    const { kind, choices } = option;
    const expected = kind === 'flag' ? true : kind === 'negatable' ? false : kind === 'list' ? [choices?.[0] ?? 'text'] : option.parse?.(sample(option.flags)) ?? choices?.[0] ?? 'text';
    expect(options[key], key).toEqual(expected);
  }
  for (const [key, { arity, choices }] of Object.entries(command.arguments)) expect(args[key], key).toEqual(arity === 'one' ? choices?.[0] ?? 'word' : ['word']);
});

test('Omitted options have their defaults, and -o json works before and after the command', () => {
  expect(invoke('create', 'a')).toMatchObject({ options: { wait: true, label: [], profile: undefined }, format: 'table', quiet: false });
  expect(invoke('-o', 'json', 'ls')).toMatchObject({ format: 'json' });
  expect(invoke('ls', '-qo', 'json')).toMatchObject({ format: 'json', quiet: true });
  expect(invoke('create', 'a', '--wait').options['wait']).toBe(true);
});

test('After -- nothing is an option of somnus', () => {
  expect(invoke('exec', 'demo', '--timeout', '5', '--', 'ls', '-o', 'json', '--', '-x')).toMatchObject({
    args: { name: 'demo', command: ['ls', '-o', 'json', '--', '-x'] }, options: { timeout: 5000 }, format: 'table',
  });
});

test('What the CLI knows without loading the schemas matches the schemas', () => {
  expect(fileHeaders).toEqual(apiFileHeaders);
  expect(streams).toEqual(execStreams);
});

test('The address without a configuration file is the configuration\'s default', async () => {
  const { host, port } = parseConfig('', 'none').api;
  expect(await apiUrl({ ...processSettings({}), configFile: '/nonexistent' })).toBe(`http://${host}:${port}`);
});

test('Every word of a command line is completed from the table', async () => {
  const words = async (...typed: string[]): Promise<string[]> => (await complete(commandTable, typed, async () => await Promise.reject(new Error('no API')))).map(({ word }) => word);
  expect(await words('s')).toEqual(['show', 'start', 'stop', 'suspend', 'set', 'snapshot', 'sh', 'ssh-config', 'ssh-proxy', 'session', 'soft-reboot', 'status', 'secret']);
  expect(await words('op', '')).toEqual(['ls', 'show', 'wait', 'cancel']);
  expect(await words('create', 'x', '--net')).toEqual(['--network']);
  expect(await words('create', 'x', '--network', '')).toEqual(['open', 'packages', 'none']);
  expect(await words('stop', '--no')).toEqual(['--no-wait']);
  expect(await words('ls', '-o', 'j')).toEqual(['json']);
  expect(await words('completion', 'z')).toEqual(['zsh']);
  expect(await words('show', '')).toEqual([]);
  expect(await words('cp', 'x')).toEqual([':nospace', ':files']);
  expect(await words('exec', 'a', '--', 'l')).toEqual([':files']);
  expect(await words('nonsense', '')).toEqual([]);
});
