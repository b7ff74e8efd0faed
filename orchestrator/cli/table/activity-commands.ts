// Commands for operations and events.
import { operationStatusValues } from '../../client/values.ts';
import { command, flag, group, many, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const operation = { completes: 'operation' } as const;

export const activityCommands: readonly (Command | CommandGroup)[] = [
  group('op', 'manage operations: changes that take time', [
    command({
      name: 'ls', summary: 'list operations, newest first', quiet: true, description: 'With -q, prints only ids.',
      examples: [['op ls', ''], ['op ls --status running', 'running operations'], ['op ls --target demo', 'operations on one environment']],
      arguments: {},
      options: {
        status: value('--status STATUS', 'only operations with this status', { choices: operationStatusValues }),
        kind: value('--kind KIND', 'only operations of this kind, such as environment.create'),
        target: value('--target NAME', 'only operations on this environment', { completes: 'environment' }),
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
      name: 'wait', summary: 'wait for operations to end', quiet: true,
      description: 'Shows their steps. The exit code shows how they ended. Ctrl-C stops waiting and leaves the operations running.',
      examples: [['op wait op_01k8…', ''], ['op wait op_01k8… --timeout 5m', 'exit code 6 if it takes longer']],
      arguments: { ids: many('ID', 'ids of operations', operation) },
      options: { timeout: parsed('--timeout TIME', 'wait at most this long: 30, 90s, 5m', parseDuration) },
      load: async () => (await import('../commands/operations.ts')).waitForOperations,
    }),
    command({
      name: 'cancel', summary: 'cancel an operation and undo its steps', quiet: true, examples: [['op cancel op_01k8…', '']],
      arguments: { id: one('ID', 'id of the operation', { ...operation, action: 'cancel' }) },
      options: { wait: negatable('--wait', 'wait until the operation has ended (default)') },
      load: async () => (await import('../commands/operations.ts')).cancelOperation,
    }),
  ]),
  command({
    name: 'events', summary: 'show events',
    description: 'Prints what changed, in sentences: the newest events, or those after --since, oldest first. -f follows new events, also across restarts of the control plane. '
      + 'With -o json, prints every event as one line of JSON, also the steps of operations, which --type operation. shows as sentences.',
    examples: [['events', 'the newest events'], ['events -f', 'follow new events'], ['events --subject demo', 'what happened to one environment'], ['events -f --type environment. -o json', 'events of environments, as JSON'], ['events --since CURSOR --all', 'all events after this one']],
    arguments: {},
    options: {
      follow: flag('-f, --follow', 'follow new events'),
      since: value('--since CURSOR', 'only events after this cursor'),
      type: value('--type TYPE', 'only events of this type; with a trailing dot, all types that begin with it'),
      subject: value('--subject NAME', 'only events about the object with this name or id', { completes: 'environment' }),
      limit: parsed('--limit N', 'number of events in a page (1 to 500)', (typed) => parseCount(typed, 1)),
      all: flag('--all', 'print every page'),
    },
    load: async () => (await import('../commands/events.ts')).events,
  }),
];
