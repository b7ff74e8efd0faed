// Commands for collaborations: work that several environments do together.
import { collaborationStatusValues } from '../../client/values.ts';
import { command, flag, group, list, negatable, one, parsed, value, type CommandGroup } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const collab = () => one('COLLAB', 'name or id of the collaboration', { completes: 'collaboration' });

export const collaborationCommands: readonly CommandGroup[] = [
  group('collab', 'have several environments work on one task', [
    command({
      name: 'start', summary: 'start a collaboration', quiet: true, usage: '--task TEXT --with NAME,… [options]',
      description: 'A plan (YAML or JSON) lists sub-tasks: commands, which run in the VMs of the members, or questions for their agents. It can also have the other fields of `POST /v1/collaborations`, such as `synthesis`, `attempts` and `leaseSeconds`. '
        + 'Without a plan, the agent of each member is asked the task. With -q, prints only the name of the collaboration.',
      examples: [
        ['collab start --task "Review the design in /srv/design.md" --with a,b,c -f', 'ask the agents of three environments, and follow their work'],
        ['collab start --task "Count words" --with a,b,c --plan words.yaml', 'sub-tasks from a plan'],
        ['collab start --task "Write the report" --with a:writer,b:reviewer --plan report.yaml', 'members with roles'],
      ],
      arguments: {},
      options: {
        task: value('--task TEXT', 'what the members do together (required, unless the plan has it)'),
        with: list('--with NAME[:ROLE]', 'members, separated by commas; can be repeated', { completes: 'environment' }),
        plan: value('--plan FILE', 'a plan in YAML or JSON; - reads it from standard input', { completes: 'file' }),
        name: value('--name COLLAB', 'name of the collaboration'),
        synthesis: value('--synthesis HOW', 'how answers become the result', { choices: ['merge', 'vote', 'model'] }),
        deadline: parsed('--deadline TIME', 'fail if it has not ended after this time: 90s, 10m, 2h', parseDuration),
        attempts: parsed('--attempts N', 'how often a sub-task is tried', (typed) => parseCount(typed, 1)),
        network: negatable('--network', 'let the members reach each other over the network while it is running (default)'),
        follow: flag('-f, --follow', 'follow it until it ends, then print its result; the exit code is 1 if it fails'),
      },
      load: async () => (await import('../commands/collaborations.ts')).startCollaboration,
    }),
    command({
      name: 'ls', summary: 'list collaborations, newest first', quiet: true, examples: [['collab ls', ''], ['collab ls --status running', '']],
      arguments: {}, options: { ...paging, status: value('--status STATUS', 'only collaborations with this status', { choices: collaborationStatusValues }) },
      load: async () => (await import('../commands/collaborations.ts')).listCollaborations,
    }),
    command({
      name: 'show', summary: 'show a collaboration', examples: [['collab show words', ''], ['collab show words -f', 'follow it until it ends']],
      arguments: { collab: collab() }, options: { follow: flag('-f, --follow', 'follow it until it ends') },
      load: async () => (await import('../commands/collaborations.ts')).showCollaboration,
    }),
    command({
      name: 'tasks', summary: 'list the sub-tasks of a collaboration', quiet: true, description: 'With -q, prints only names.', examples: [['collab tasks words', ''], ['collab tasks words --answers', 'with their answers']],
      arguments: { collab: collab() }, options: { ...paging, answers: flag('--answers', 'print the answers') },
      load: async () => (await import('../commands/collaborations.ts')).listTasks,
    }),
    command({
      name: 'messages', summary: 'list the messages of a collaboration, oldest first', examples: [['collab messages words', '']],
      arguments: { collab: collab() }, options: paging,
      load: async () => (await import('../commands/collaborations.ts')).listMessages,
    }),
    command({
      name: 'send', summary: 'send a message to the members of a collaboration', examples: [['collab send words "The corpus is in /srv."', 'to all members'], ['collab send words --to a "Start with part one."', 'to one member']],
      arguments: { collab: collab(), text: one('TEXT', 'the message') }, options: { to: value('--to NAME', 'the member that gets it', { completes: 'environment' }) },
      load: async () => (await import('../commands/collaborations.ts')).sendMessage,
    }),
    command({
      name: 'publish', summary: "publish a file of a member's shared folder to the other members", description: 'The file is below /somnus/shared/COLLAB in the member. If another member has published a newer version, the file is kept beside it as PATH.conflict-MEMBER.',
      examples: [['collab publish words a draft.md', '/somnus/shared/words/draft.md in the environment a']],
      arguments: { collab: collab(), member: one('MEMBER', 'the member that has the file', { completes: 'environment' }), path: one('PATH', 'path below its shared folder') }, options: {},
      load: async () => (await import('../commands/collaborations.ts')).publishFile,
    }),
    command({
      name: 'files', summary: 'list the shared files of a collaboration', quiet: true, description: 'With -q, prints only paths.', examples: [['collab files words', '']],
      arguments: { collab: collab() }, options: paging,
      load: async () => (await import('../commands/collaborations.ts')).listFiles,
    }),
    command({
      name: 'cat', summary: 'write a shared file to standard output', examples: [['collab cat words draft.md >draft.md', '']],
      arguments: { collab: collab(), path: one('PATH', 'path in the shared folder') }, options: {},
      load: async () => (await import('../commands/collaborations.ts')).printFile,
    }),
    command({
      name: 'result', summary: 'print the result of a collaboration', examples: [['collab result words', ''], ['collab result words --wait >result.txt', 'wait for it first']],
      arguments: { collab: collab() }, options: { wait: flag('--wait', 'wait until the collaboration has ended') },
      load: async () => (await import('../commands/collaborations.ts')).printResult,
    }),
    command({
      name: 'cancel', summary: 'cancel a collaboration and end the jobs of its sub-tasks', quiet: true, examples: [['collab cancel words', '']],
      arguments: { collab: collab() }, options: {},
      load: async () => (await import('../commands/collaborations.ts')).cancelCollaboration,
    }),
    command({
      name: 'rm', summary: 'delete a collaboration that has ended, with its answers and messages', quiet: true, examples: [['collab rm words', '']],
      arguments: { collab: collab() }, options: {},
      load: async () => (await import('../commands/collaborations.ts')).removeCollaboration,
    }),
  ], ['collaboration']),
];
