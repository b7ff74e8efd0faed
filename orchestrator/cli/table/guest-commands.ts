// Commands that run programs, copy files and read the console of an environment.
import { actionContextValues } from '../../client/values.ts';
import { command, flag, group, list, many, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { paging } from './environment-commands.ts';
import { parseCount, parseDuration, parsePort } from '../parse-values.ts';

const name = (action?: 'exec') => one('NAME', 'name or id of the environment', { completes: 'environment', ...(action === undefined ? {} : { action }) });

export const guestCommands: readonly (Command | CommandGroup)[] = [
  command({
    name: 'exec', summary: 'run a command in an environment', passesCommand: true,
    description: 'Returns the exit code of the command (124 if --timeout ended it). Standard input is passed on when it is a pipe or a file, or with -i. '
      + 'Ctrl-C sends SIGINT to the command and its children; a second Ctrl-C sends SIGKILL. With -o json, prints one frame per line.',
    examples: [
      ['exec demo -- uname -a', ''],
      ["exec demo -- sh -c 'echo $HOME; exit 3'", 'use a shell explicitly'],
      ['exec -w /srv -e MODE=test --timeout 60 demo -- make test', ''],
      ['exec demo -- tar -cf - /etc >etc.tar', 'binary output'],
      ['exec demo -t -- htop', 'with a terminal'],
      ['exec demo --detach --name training -- python train.py', 'start a job that keeps running; see `somnus job`'],
    ],
    arguments: { name: name('exec'), command: many('CMD', 'program and its arguments') },
    options: {
      timeout: parsed('--timeout TIME', 'end the command after this time: 30, 90s, 5m', parseDuration),
      cwd: value('-w, --cwd FOLDER', 'working directory in the environment'),
      env: list('-e, --env KEY=VALUE', 'set an environment variable; can be repeated'),
      detach: flag('-d, --detach', 'start the command as a job that keeps running, and print its id; with -i or -t, callers who attach can send it input'),
      name: value('--name JOB', 'name of the job, with --detach'),
      interactive: flag('-i, --interactive', 'pass on standard input even from a terminal'),
      stdin: negatable('--stdin', 'pass on standard input that is a pipe or a file (default); --no-stdin does not read it'),
      tty: flag('-t, --tty', 'allocate a terminal of the same size as this one'),
    },
    load: async () => (await import('../commands/exec.ts')).exec,
  }),
  command({
    name: 'run', summary: 'run a command in the context that fits best', passesCommand: true,
    description: 'Somnus chooses where the command runs (VM, container, several agents, hybrid) from rules, the options below, past runs and the load of the VM, and records how it ended. --explain prints the decision without running the command. '
      + 'One argument is a command line for a shell; several are a program and its arguments. Standard input is empty. An untrusted command runs in the VM only with --in vm or --trusted.',
    examples: [
      ['run demo -- make test', ''],
      ["run demo --explain -- 'python prepare.py && python train.py && pytest'", 'show where it would run, and why'],
      ['run demo --heavy --reads /srv/in --writes /srv/out -- ./solve', 'describe the command'],
      ['run demo --in vm -- ./install.sh', 'choose the context'],
      ["run demo --reads /srv/in --writes /srv/out --prepare 'make -C /srv data' --check 'make -C /srv test' -- ./solve", 'prepare and check in the VM, compute in a container'],
    ],
    arguments: { name: name('exec'), command: many('CMD', 'program and its arguments, or one command line') },
    options: {
      explain: flag('--explain', 'print the decision without running the command'),
      in: value('--in CONTEXT', 'context to run it in; auto lets Somnus decide (default: auto)', { choices: ['auto', ...actionContextValues] }),
      timeout: parsed('--timeout TIME', 'end the command after this time: 30, 90s, 5m', parseDuration),
      cwd: value('-w, --cwd FOLDER', 'working directory in the environment'),
      env: list('-e, --env KEY=VALUE', 'set an environment variable; can be repeated'),
      language: value('--language NAME', 'programming language of a program that is run by its path'),
      gpu: flag('--gpu', 'the command needs a GPU'),
      heavy: flag('--heavy', 'the command needs a lot of CPU time or memory'),
      untrusted: flag('--untrusted', 'do not trust the command, whatever the rules say'),
      trusted: flag('--trusted', 'trust the command, whatever the rules say'),
      reads: list('--reads PATH', 'file or folder in the VM that the command reads; can be repeated'),
      writes: list('--writes PATH', 'file or folder that must be in the VM afterwards; can be repeated'),
      prepare: value('--prepare CMD', 'hybrid: command line to run in the VM before the files are copied'),
      check: value('--check CMD', 'hybrid: command line to run in the VM on the results; if it fails, the files are as they were before'),
      deadline: parsed('--deadline TIME', 'time within which the result is needed: 30, 90s, 5m', parseDuration),
    },
    load: async () => (await import('../commands/actions.ts')).runAction,
  }),
  group('action', 'list the commands that `somnus run` has run', [
    command({
      name: 'ls', summary: 'list the actions of an environment, newest first', quiet: true, description: 'With -q, prints only ids. Arguments and output are not kept.', examples: [['action ls demo', '']],
      arguments: { name: name() }, options: paging,
      load: async () => (await import('../commands/actions.ts')).listActions,
    }),
  ]),
  command({
    name: 'sh', aliases: ['shell', 'ssh'], summary: 'open a shell in an environment',
    description: 'Starts a login shell with a terminal. If standard input is not a terminal, the shell reads commands from it.',
    examples: [['sh demo', ''], ['sh demo <script.sh', 'run a script'], ['sh demo --session work', 'start a shell that keeps running, or attach to it; Ctrl-] detaches']],
    arguments: { name: name('exec') }, options: { session: value('--session SESSION', 'name of a shell that keeps running after you press Ctrl-] or disconnect, or the control plane restarts') },
    load: async () => (await import('../commands/exec.ts')).shell,
  }),
  group('job', 'manage jobs: programs that keep running after you disconnect', [
    command({
      name: 'ls', summary: 'list the jobs of an environment, newest first', quiet: true, description: 'Shows the progress of jobs that print it. With -q, prints only ids.', examples: [['job ls demo', '']],
      arguments: { name: name('exec') }, options: {},
      load: async () => (await import('../commands/jobs.ts')).listJobs,
    }),
    command({
      name: 'attach', summary: "follow a job's output and send it input",
      description: 'Ctrl-C detaches. If the job has a terminal, Ctrl-] detaches and Ctrl-C goes to the job. Detaching never ends the job. Returns the exit code of the job if it ends.',
      examples: [['job attach demo training', ''], ['job attach demo training --from 0', 'from the beginning']],
      arguments: { name: name('exec'), job: one('JOB', 'id or name of the job') },
      options: {
        from: parsed('--from BYTE', 'start at this byte of standard output instead of near its end', (typed) => parseCount(typed)),
        interactive: flag('-i, --interactive', 'send standard input, including its end, to a job without a terminal'),
      },
      load: async () => (await import('../commands/jobs.ts')).attachJob,
    }),
    command({
      name: 'logs', summary: 'print the output of a job',
      examples: [['job logs demo training', ''], ['job logs demo training -f', 'follow it until the job ends'], ['job logs demo training --stderr', '']],
      arguments: { name: name('exec'), job: one('JOB', 'id or name of the job') },
      options: { follow: flag('-f, --follow', 'follow new output until the job ends'), stderr: flag('--stderr', 'print standard error instead of standard output'), from: parsed('--from BYTE', 'start at this byte', (typed) => parseCount(typed)) },
      load: async () => (await import('../commands/jobs.ts')).jobLogs,
    }),
    command({
      name: 'stop', summary: 'stop a job: send TERM, and KILL after five seconds', quiet: true, examples: [['job stop demo training', '']],
      arguments: { name: name('exec'), job: one('JOB', 'id or name of the job') }, options: {},
      load: async () => (await import('../commands/jobs.ts')).stopJob,
    }),
    command({
      name: 'rm', summary: 'delete the record and output of a job that has ended', quiet: true, examples: [['job rm demo training', '']],
      arguments: { name: name('exec'), job: one('JOB', 'id or name of the job') }, options: {},
      load: async () => (await import('../commands/jobs.ts')).removeJob,
    }),
  ]),
  group('port', "publish an environment's ports on the host", [
    command({
      name: 'publish', summary: "publish an environment's port on the host's loopback", quiet: true,
      description: 'A connection to the port on the host then leads to the port in the environment, and wakes the environment if it is suspended or hibernated. The port stays published across restarts. With -q, prints only the port on the host.',
      examples: [['port publish demo 3000', ''], ['port publish demo 3000 --as 8080', 'at this port on the host']],
      arguments: { name: name(), port: one('PORT', 'port in the environment') }, options: { as: parsed('--as PORT', 'port on the host; by default, a free one', parsePort) },
      load: async () => (await import('../commands/ports.ts')).publishPort,
    }),
    command({
      name: 'ls', summary: 'list the published ports of an environment', quiet: true, examples: [['port ls demo', '']],
      arguments: { name: name() }, options: {},
      load: async () => (await import('../commands/ports.ts')).listPorts,
    }),
    command({
      name: 'rm', summary: 'stop publishing a port, and close its connections', quiet: true, examples: [['port rm demo 3000', '']],
      arguments: { name: name(), port: one('PORT', 'port in the environment') }, options: {},
      load: async () => (await import('../commands/ports.ts')).removePort,
    }),
  ]),
  command({
    name: 'open', summary: "print the URL of an environment's port", description: 'Publishes the port if it is not published yet.',
    examples: [['open demo:3000', '']],
    arguments: { place: one('NAME:PORT', 'environment, and the port in it') }, options: {},
    load: async () => (await import('../commands/ports.ts')).openPort,
  }),
  command({
    name: 'ssh-config', summary: 'print an entry for ~/.ssh/config', description: 'With it, ssh, scp, rsync, VS Code and JetBrains connect to somnus-NAME. Connections go through the control plane and wake the environment. Stores the key of the environment and its host key beside your API key.',
    examples: [['ssh-config demo >>~/.ssh/config', ''], ['ssh-config demo >demo.ssh; ssh -F demo.ssh somnus-demo', 'without changing ~/.ssh/config']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/ssh.ts')).sshConfig,
  }),
  command({
    name: 'ssh-proxy', summary: 'connect standard input and output to the SSH server of an environment', description: 'The ProxyCommand of `somnus ssh-config`. Wakes a suspended or hibernated environment.',
    examples: [['ssh-proxy demo', '']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/ssh.ts')).sshProxy,
  }),
  command({
    name: 'cp', summary: 'copy files and folders in, out or between environments', usage: '[options] SRC… DST',
    description: 'Works like docker cp: if DST is a folder or ends in /, SRC is copied into it; otherwise DST is replaced. SRC/. copies the content of SRC. Several SRC need a folder as DST. '
      + 'Relative paths in an environment start at /root. - is standard input or output. Write a local name that contains a colon as ./a:b.',
    examples: [
      ['cp data.csv demo:/srv/', 'into a folder'],
      ['cp project demo:', 'a folder into the home folder'],
      ['cp demo:/var/log ./logs', 'a folder out of it'],
      ['cp demo:/etc/hosts -', 'to standard output'],
      ['cp a.txt b.txt demo:/srv/', 'several files'],
      ['cp demo:/srv/data other:/srv/', 'from one environment to another'],
    ],
    arguments: { places: many('PLACE', 'one or more SRC, then DST: PATH, NAME:PATH or -', { completes: 'copy' }) },
    options: { recursive: flag('-r, --recursive', 'accepted for users of other tools: folders are always copied with their content') }, quiet: true,
    load: async () => (await import('../commands/copy.ts')).copy,
  }),
  group('session', 'show what happened in an environment since it was created', [
    command({
      name: 'show', summary: "show an environment's session", examples: [['session show demo', '']],
      arguments: { name: name() }, options: {},
      load: async () => (await import('../commands/sessions.ts')).showSession,
    }),
    command({
      name: 'log', summary: "list the entries of an environment's session", quiet: true, description: 'Shows the newest entries; with --all or --cursor, from the beginning. With -q, prints only cursors.',
      examples: [['session log demo', ''], ['session log demo --all', 'the whole session']],
      arguments: { name: name() }, options: paging,
      load: async () => (await import('../commands/sessions.ts')).sessionLog,
    }),
    command({
      name: 'export', summary: "write an environment's session to standard output", description: 'As one JSON object per line, or as Markdown.',
      examples: [['session export demo >demo.jsonl', ''], ['session export demo --format markdown >demo.md', '']],
      arguments: { name: name() }, options: { format: value('--format FORMAT', 'jsonl or markdown (default: jsonl)', { choices: ['jsonl', 'markdown'] }) },
      load: async () => (await import('../commands/sessions.ts')).exportSession,
    }),
    command({
      name: 'remember-actions', summary: 'remember actions as tool results in memory', description: 'Each action (`somnus run`) that ends is then remembered with its command and outcome, while memory is unlocked for the key that ran it. Secrets are redacted. Off by default.',
      examples: [['session remember-actions demo on', ''], ['session remember-actions demo off', '']],
      arguments: { name: name(), setting: one('SETTING', 'on or off', { choices: ['on', 'off'] }) }, options: {},
      load: async () => (await import('../commands/sessions.ts')).setSession,
    }),
  ]),
  command({
    name: 'logs', summary: 'show the journal or the console of an environment',
    description: 'The journal has what the kernel and services logged, with times in UTC. An environment that is not running shows its console, which is also kept across crashes, with the times at which Somnus saw each line. '
      + 'Removes control sequences (colors, cursor movement, titles) unless --raw is given.',
    examples: [['logs demo', 'the last 200 lines'], ['logs demo -f --tail 20', 'follow new lines'], ['logs demo --since 10m', 'the last ten minutes'], ['logs demo --console', 'the console of the VM']],
    arguments: { name: name() },
    options: {
      follow: flag('-f, --follow', 'follow new lines'),
      tail: parsed('-n, --tail LINES', 'show this many of the last lines', (typed) => parseCount(typed)),
      since: parsed('--since TIME', 'only lines of this time until now: 30, 90s, 10m, 2h', parseDuration),
      console: flag('--console', 'show the console instead of the journal'),
      raw: flag('--raw', 'print the console as the guest wrote it, with control sequences and without times'),
    },
    load: async () => (await import('../commands/logs.ts')).logs,
  }),
  command({
    name: 'health', summary: 'show what is wrong in an environment, why, and what to do',
    description: 'Asks the agent in the environment. The exit code is 1 if something needs attention or the agent does not answer.',
    examples: [['health demo', '']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/health.ts')).health,
  }),
  command({
    name: 'incidents', summary: 'show errors in the logs of an environment, with causes and fixes',
    description: 'Errors with the same message from the same place are one incident. An incident that another one caused names that one. --history lists the incidents that Somnus has stored for the environment, newest first, also while the environment is off; --all then prints every page.',
    examples: [['incidents demo', 'open incidents'], ['incidents demo --all', 'closed ones too'], ['incidents demo -f', 'follow new lines'], ['incidents demo --history', 'past incidents too']],
    arguments: { name: name() },
    options: { follow: flag('-f, --follow', 'follow incidents as they are opened, repeated and closed'), all: flag('--all', 'also show closed incidents; with --history, print every page'), history: flag('--history', 'show the incidents that are stored on the host'), limit: paging.limit, cursor: paging.cursor },
    load: async () => (await import('../commands/health.ts')).incidents,
  }),
  group('fix', 'fix incidents in an environment', [
    command({
      name: 'apply', summary: 'apply a fix for an incident',
      description: 'Where possible, the agent first checks that the cause exists, and verifies the result afterwards. The exit code is 1 if the fix did not help.',
      examples: [['fix apply demo inc_4f1c…', 'the first fix with a command'], ['fix apply demo inc_4f1c… --fix disk/journal', 'another one']],
      arguments: { name: name(), incident: one('INCIDENT', 'id of the incident; see `somnus incidents`') },
      options: { fix: value('--fix ID', "one of the incident's fixes (default: the first one with a command)"), snapshot: flag('--snapshot', 'take a snapshot first, and restore it if the fix fails or does not help') },
      load: async () => (await import('../commands/health.ts')).applyFix,
    }),
    command({
      name: 'ignore', description: 'The agent forgets the incident, and no longer opens one for the same message.', summary: 'mark an incident as not an error',
      examples: [['fix ignore demo inc_4f1c…', '']],
      arguments: { name: name(), incident: one('INCIDENT', 'id of the incident; see `somnus incidents`') }, options: {},
      load: async () => (await import('../commands/health.ts')).learnBenign,
    }),
    command({
      name: 'mode', summary: 'set which fixes the agent may apply',
      description: 'off: fixes are only shown. suggest: fixes are applied on request (default). act: the agent also applies safe fixes automatically, after a live check confirms the cause; when an incident stays open because of too little memory or disk, Somnus takes a snapshot and applies the next larger profile, and rolls back if that does not help.',
      examples: [['fix mode demo act', '']],
      arguments: { name: name(), mode: one('MODE', 'off, suggest or act') }, options: {},
      load: async () => (await import('../commands/health.ts')).setFixes,
    }),
  ]),
  command({
    name: 'upgrade-agent', summary: 'upgrade the agent of an environment to this version of Somnus, without a reboot',
    description: 'If the new agent is not ready within 30 seconds, the environment rolls back to the previous one, and the exit code is 1.',
    examples: [['upgrade-agent demo', ''], ['upgrade-agent demo --engine embedding', 'copy the model and classify by meaning']],
    arguments: { name: name() },
    options: { engine: value('--engine ENGINE', "how the agent classifies log lines: rules or embedding (about 70 MB of the environment's disk and 120 MB of its memory)", { choices: ['rules', 'embedding'] }) },
    load: async () => (await import('../commands/health.ts')).upgradeAgent,
  }),
  command({
    name: 'soft-reboot', summary: 'restart the watched processes of an environment without a reboot',
    description: "Restarts the units and processes that the environment's /etc/somnus/agent.json names. The exit code is 1 if one does not start again.",
    examples: [['soft-reboot demo', ''], ['soft-reboot demo --deadline 30', 'give them 30 seconds to stop']],
    arguments: { name: name() },
    options: { deadline: parsed('--deadline TIME', 'kill processes that have not stopped after this time: 10, 90s (default: 10)', parseDuration) },
    load: async () => (await import('../commands/health.ts')).softReboot,
  }),
];
