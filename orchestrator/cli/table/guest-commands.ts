// The command table: what happens inside an environment.
import { command, flag, list, many, negatable, one, parsed, value, type Command } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';

const name = () => one('NAME', 'name or id of the environment', { completes: 'environment' });

export const guestCommands: readonly Command[] = [
  command({
    name: 'exec', summary: 'run a command in an environment', passesCommand: true,
    description: 'The exit code is the command\'s (124 when --timeout ended it). Standard input is passed on when it is a pipe or a file, or with -i. '
      + 'Ctrl-C sends INT to the command and all it started, a second one KILL. -o json prints one frame a line.',
    examples: [
      ['exec demo -- uname -a', ''],
      ["exec demo -- sh -c 'echo $HOME; exit 3'", 'a shell where one is wanted'],
      ['exec demo --cwd /srv --env MODE=test --timeout 60 -- make test', ''],
      ['exec demo -- tar -cf - /etc >etc.tar', 'bytes as they are'],
      ['exec demo -t -- htop', 'with a terminal'],
    ],
    arguments: { name: name(), command: many('CMD', 'program and arguments, passed as they are') },
    options: {
      timeout: parsed('--timeout TIME', 'end it after so long: 30, 90s, 5m', parseDuration),
      cwd: value('--cwd FOLDER', 'folder in the environment to run it in'),
      env: list('--env KEY=VALUE', 'a variable; can be repeated'),
      interactive: flag('-i, --interactive', 'pass standard input on, also from a terminal'),
      stdin: negatable('--stdin', 'pass on standard input that is a pipe or a file (the default); --no-stdin leaves it alone'),
      tty: flag('-t, --tty', 'a terminal in the environment, as large as this one'),
    },
    load: async () => (await import('../commands/exec.ts')).exec,
  }),
  command({
    name: 'sh', summary: 'a shell in an environment',
    description: 'A login shell with a real terminal. Where standard input is no terminal, the shell reads its commands from it.',
    examples: [['sh demo', ''], ['sh demo <script.sh', 'runs a script']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/exec.ts')).shell,
  }),
  command({
    name: 'cp', summary: 'copy files and folders in or out',
    description: 'Works like docker cp: a file or folder goes inside a target that is a folder (or ends in /), else takes its place; SRC/. copies what is in SRC. '
      + 'Relative paths in an environment start at /root. - is standard input or output. A local name with a colon is written ./a:b.',
    examples: [
      ['cp data.csv demo:/srv/', 'into a folder'],
      ['cp project demo:', 'a folder, into the home folder'],
      ['cp demo:/var/log ./logs', 'and back'],
      ['cp demo:/etc/hosts -', 'to standard output'],
    ],
    arguments: { source: one('SRC', 'PATH, NAME:PATH or -', { completes: 'copy' }), destination: one('DST', 'NAME:PATH, PATH or -', { completes: 'copy' }) },
    options: {}, quiet: true,
    load: async () => (await import('../commands/copy.ts')).copy,
  }),
  command({
    name: 'logs', summary: 'the console of an environment',
    description: 'What the guest could do to a terminal (colours, cursor, titles) is taken out unless --raw is given.',
    examples: [['logs demo', 'the last 200 lines'], ['logs demo -f --tail 20', 'and what comes']],
    arguments: { name: name() },
    options: {
      follow: flag('-f, --follow', 'go on with what comes'),
      tail: parsed('--tail LINES', 'begin with the last so many lines', (typed) => parseCount(typed)),
      raw: flag('--raw', 'bytes as the guest wrote them'),
    },
    load: async () => (await import('../commands/logs.ts')).logs,
  }),
];
