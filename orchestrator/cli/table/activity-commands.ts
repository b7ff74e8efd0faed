// The command table: operations and events.
import { command, flag, group, many, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const operation = { completes: 'operation' } as const;

/** As the API takes them; a test holds them to its schema. */
export const operationStatuses = ['queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled'] as const;

export const activityCommands: readonly (Command | CommandGroup)[] = [
  group('op', 'operations: changes that take time', [
    command({
      name: 'ls', summary: 'list operations, newest first', quiet: true, description: '-q prints ids alone.',
      examples: [['op ls', ''], ['op ls --status running', 'what is at work'], ['op ls --target demo', 'on one environment']],
      arguments: {},
      options: {
        status: value('--status STATUS', 'only with this status', { choices: operationStatuses }),
        kind: value('--kind KIND', 'only of this kind, such as environment.create'),
        target: value('--target NAME', 'only on this', { completes: 'environment' }),
        ...paging,
      },
      load: async () => (await import('../commands/operations.ts')).listOperations,
    }),
    command({
      name: 'show', summary: 'show an operation and its steps', examples: [['op show op_01k8…', '']],
      arguments: { id: one('ID', 'id of the operation', operation) }, options: {},
      load: async () => (await import('../commands/operations.ts')).showOperation,
    }),
    command({
      name: 'wait', summary: 'wait until operations have ended', quiet: true,
      description: 'Shows their steps; the exit code says how they ended. Ctrl-C ends the waiting alone.',
      examples: [['op wait op_01k8…', ''], ['op wait op_01k8… --timeout 5m', 'exit code 6 when it takes longer']],
      arguments: { ids: many('ID', 'ids of operations', operation) },
      options: { timeout: parsed('--timeout TIME', 'wait at most so long: 30, 90s, 5m', parseDuration) },
      load: async () => (await import('../commands/operations.ts')).waitForOperations,
    }),
    command({
      name: 'cancel', summary: 'end an operation and undo what it did', quiet: true, examples: [['op cancel op_01k8…', '']],
      arguments: { id: one('ID', 'id of the operation', operation) },
      options: { wait: negatable('--wait', 'wait until it has ended (the default)') },
      load: async () => (await import('../commands/operations.ts')).cancelOperation,
    }),
  ]),
  command({
    name: 'events', summary: 'what happened',
    description: 'Oldest first: after --since, else the newest. -f goes on with what comes, also over restarts of the control plane. -o json prints one event a line.',
    examples: [['events', 'the newest'], ['events -f', 'and what comes'], ['events -f --type environment. -o json', 'one kind, for programs'], ['events --since CURSOR --all', 'everything after an event']],
    arguments: {},
    options: {
      follow: flag('-f, --follow', 'go on with what comes'),
      since: value('--since CURSOR', 'only what came after the event with this cursor'),
      type: value('--type TYPE', 'only this type; with a trailing dot all that begin so'),
      subject: value('--subject ID', 'only about the object with this id'),
      limit: parsed('--limit N', 'at most so many at once (1 to 500)', (typed) => parseCount(typed, 1)),
      all: flag('--all', 'every page'),
    },
    load: async () => (await import('../commands/events.ts')).events,
  }),
];
