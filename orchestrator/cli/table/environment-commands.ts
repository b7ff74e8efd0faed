// The command table: environments and their life.
import { any, command, flag, list, many, negatable, one, parsed, value, type Command } from '../command.ts';
import { parseCount } from '../parse-values.ts';

const environment = { completes: 'environment' } as const;
const name = () => one('NAME', 'name or id of the environment', environment);
const names = () => many('NAME', 'names or ids of environments', environment);
const wait = () => negatable('--wait', 'wait until it is done and show its steps (the default); --no-wait prints the operation and returns');

/** States and policies as the API takes them; a test holds them to its schemas. */
export const states = ['creating', 'stopped', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'hibernated', 'waking', 'restoring', 'failed', 'removing', 'removed'] as const;
export const networkPolicies = ['open', 'packages', 'none'] as const;
export const restartPolicies = ['always', 'on-failure', 'never'] as const;

export const paging = {
  all: flag('--all', 'every page'),
  limit: parsed('--limit N', 'at most so many (1 to 500)', (typed) => parseCount(typed, 1)),
  cursor: value('--cursor CURSOR', 'go on after an earlier page'),
};

type SimpleAction = 'start' | 'suspend' | 'resume' | 'hibernate' | 'wake' | 'undelete';

function action(verb: SimpleAction, summary: string, description: string, examples: Command['examples']): Command {
  return command({
    name: verb, summary, description, examples, quiet: true,
    arguments: { names: names() }, options: { wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).act(verb),
  });
}

export const environmentCommands: readonly Command[] = [
  command({
    name: 'create', summary: 'make an environment and start it', quiet: true,
    description: 'Names have lower-case letters, digits and dashes. -q prints its name alone.',
    examples: [
      ['create demo', 'a computer with the default profile'],
      ['create lab --profile research --network packages', 'more power, and only package hosts in reach'],
      ['create ci --label team=web --no-wait -o json', 'prints the operation at once'],
    ],
    arguments: { name: one('NAME', 'name of the new environment') },
    options: {
      profile: value('--profile PROFILE', 'hardware shape; see `somnus profile ls`', { completes: 'profile' }),
      network: value('--network POLICY', 'what it may reach: open, packages or none', { choices: networkPolicies }),
      restart: value('--restart POLICY', 'whether it is started again when it ended by itself: always, on-failure or never', { choices: restartPolicies }),
      label: list('--label KEY=VALUE', 'a label; can be repeated'),
      wait: wait(),
    },
    load: async () => (await import('../commands/create.ts')).create,
  }),
  command({
    name: 'ls', summary: 'list environments', quiet: true, description: '-q prints names alone.',
    examples: [['ls', 'what there is'], ['ls --state running -q', 'names of those that run'], ['ls --label team=web', 'with this label'], ['ls --removed', 'what `undelete` can bring back']],
    arguments: {},
    options: {
      state: value('--state STATE', 'only in this state', { choices: states }),
      profile: value('--profile PROFILE', 'only with this profile', { completes: 'profile' }),
      name: value('--name TEXT', 'only with this in the name'),
      label: value('--label KEY[=VALUE]', 'only with this label'),
      removed: flag('--removed', 'those that were removed'),
      ...paging,
    },
    load: async () => (await import('../commands/environments.ts')).listEnvironments,
  }),
  command({
    name: 'show', summary: 'show an environment', examples: [['show demo', 'all about it'], ['show demo -o json', 'as the API says it']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/environments.ts')).showEnvironment,
  }),
  action('start', 'boot', 'Boots environments that are stopped.', [['start demo', ''], ['start a b c', 'at the same time']]),
  command({
    name: 'stop', summary: 'shut down', description: 'Asks the guest to shut down; what does not obey in time is switched off.', quiet: true,
    examples: [['stop demo', 'in order'], ['stop demo --force', 'power off, at once']],
    arguments: { names: names() },
    options: { force: flag('--force', 'power off at once, without asking the guest'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).actWithForce('stop'),
  }),
  command({
    name: 'restart', summary: 'shut down and boot', quiet: true,
    examples: [['restart demo', 'in order'], ['restart demo --force', 'like the reset button']],
    arguments: { names: names() },
    options: { force: flag('--force', 'power off at once, without asking the guest'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).actWithForce('restart'),
  }),
  action('suspend', 'pause; memory stays in RAM', 'Stands still at once, and goes on with `resume`.', [['suspend demo', '']]),
  action('resume', 'go on after suspend', 'Goes on where it stood.', [['resume demo', '']]),
  action('hibernate', 'put memory on disk and free the RAM', 'Running programs go on with `wake`, also after the host was switched off.', [['hibernate demo', '']]),
  action('wake', 'go on after hibernate', 'Running programs go on where they were.', [['wake demo', '']]),
  command({
    name: 'rm', summary: 'remove; `undelete` brings it back', quiet: true,
    description: 'A removed environment can be brought back for some days. --purge deletes disk and memory at once and for good; on a terminal it asks first, without one it needs --yes.',
    examples: [['rm demo', 'can be brought back'], ['rm demo --purge --yes', 'gone for good, without a question']],
    arguments: { names: names() },
    options: { purge: flag('--purge', 'delete for good, at once'), yes: flag('-y, --yes', 'do not ask'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).remove,
  }),
  action('undelete', 'bring a removed environment back', 'It comes back stopped, with its disk.', [['ls --removed', 'what there is to bring back'], ['undelete demo', '']]),
  command({
    name: 'set', summary: 'rename, change network, restart policy or labels', quiet: true,
    examples: [
      ['set demo --name web', 'another name'],
      ['set demo --network none', 'nothing in reach, from now on'],
      ['set demo --label team=web --unlabel old', 'other labels stay'],
    ],
    arguments: { name: name() },
    options: {
      name: value('--name NEW', 'the new name'),
      network: value('--network POLICY', 'open, packages or none', { choices: networkPolicies }),
      restart: value('--restart POLICY', 'always, on-failure or never', { choices: restartPolicies }),
      label: list('--label KEY=VALUE', 'set a label; can be repeated'),
      unlabel: list('--unlabel KEY', 'take a label away; can be repeated'),
    },
    load: async () => (await import('../commands/environments.ts')).setEnvironment,
  }),
  command({
    name: 'top', summary: 'what environments use of the host',
    description: 'Updates on a terminal until q or Ctrl-C; elsewhere and with -o json it prints once.',
    examples: [['top', ''], ['top -o json', 'one reading']],
    arguments: { names: any('NAME', 'these alone', environment) }, options: {},
    load: async () => (await import('../commands/top.ts')).top,
  }),
];
