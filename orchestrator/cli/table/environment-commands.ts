// Commands that create, list, change and remove environments.
import type { LifecycleAction } from '../../../supervisor/domain/states.ts';
import { environmentStateValues, networkPolicyValues, restartPolicyValues } from '../../client/values.ts';
import { any, command, flag, list, many, negatable, one, parsed, value, type Command } from '../command.ts';
import { parseCount, parseDiskSize, parseMemorySize } from '../parse-values.ts';

const environment = { completes: 'environment' } as const;
const name = () => one('NAME', 'name or id of the environment', environment);
const names = (action: LifecycleAction) => many('NAME', 'names or ids of environments', { ...environment, action });
const wait = () => negatable('--wait', 'wait for the operation and show its steps (default); --no-wait prints the operation and returns');

export const paging = {
  all: flag('--all', 'print every page'),
  limit: parsed('--limit N', 'number of items in a page (1 to 500)', (typed) => parseCount(typed, 1)),
  cursor: value('--cursor CURSOR', 'start after this page'),
};

type SimpleAction = 'start' | 'suspend' | 'resume' | 'hibernate' | 'wake' | 'undelete';

function action(verb: SimpleAction, summary: string, description: string, examples: Command['examples']): Command {
  return command({
    name: verb, summary, description, examples, quiet: true,
    arguments: { names: names(verb) }, options: { wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).lifecycleCommand(verb),
  });
}

export const environmentCommands: readonly Command[] = [
  command({
    name: 'create', summary: 'create an environment and start it', quiet: true,
    description: 'A name consists of lowercase letters, digits and dashes. With -q, prints only the name.',
    examples: [
      ['create demo', 'with the default profile'],
      ['create lab --profile research --network packages', 'a larger VM that can reach package hosts only'],
      ['create big --cpus 4 --memory 8G --disk 60G', 'the default profile with another size'],
      ['create web --packs web-development', 'install packs too, with a snapshot after each step'],
      ['create copy --from demo/snap1', 'from a snapshot of another environment, like `fork`'],
      ['create ci --label team=web --no-wait -o json', 'print the operation and return'],
    ],
    arguments: { name: one('NAME', 'name of the new environment') },
    options: {
      profile: value('--profile PROFILE', 'vCPUs, memory and disk; see `somnus profile ls`', { completes: 'profile' }),
      cpus: parsed('--cpus N', "number of vCPUs, instead of the profile's", (typed) => parseCount(typed, 1)),
      memory: parsed('--memory SIZE', "memory, instead of the profile's: 512M, 2G", parseMemorySize),
      disk: parsed('--disk SIZE', "size of the disk, instead of the profile's: 30G", parseDiskSize),
      from: value('--from NAME/SNAP', 'a snapshot of another environment; without /SNAP, its present state', { completes: 'environment' }),
      cold: flag('--cold', 'boot the image, even if there is a template'),
      network: value('--network POLICY', 'network policy: open, packages or none', { choices: networkPolicyValues }),
      restart: value('--restart POLICY', 'when to restart the VM after it ends by itself: always, on-failure or never', { choices: restartPolicyValues }),
      packs: value('--packs PACK,PACK', 'packs to install; see `somnus pack ls`', { completes: 'pack' }),
      onFailure: value('--on-failure WHAT', 'when a pack cannot be installed: keep the environment as after the last step that succeeded (default), or remove all', { choices: ['keep', 'remove'] }),
      label: list('--label KEY=VALUE', 'a label; can be repeated'),
      wait: wait(),
    },
    load: async () => (await import('../commands/create.ts')).create,
  }),
  command({
    name: 'ls', summary: 'list environments', quiet: true, description: 'With -q, prints only names.',
    examples: [['ls', 'all environments'], ['ls --state running -q', 'names of running environments'], ['ls --label team=web', 'environments with this label'], ['ls --removed', 'environments that `undelete` can restore']],
    arguments: {},
    options: {
      state: value('--state STATE', 'only environments in this state', { choices: environmentStateValues }),
      profile: value('--profile PROFILE', 'only environments with this profile', { completes: 'profile' }),
      name: value('--name TEXT', 'only environments with this text in their name'),
      label: value('--label KEY[=VALUE]', 'only environments with this label'),
      removed: flag('--removed', 'list removed environments'),
      ...paging,
    },
    load: async () => (await import('../commands/environments.ts')).listEnvironments,
  }),
  command({
    name: 'show', summary: 'show an environment', examples: [['show demo', 'state, resources, addresses'], ['show demo -o json', 'the same as JSON']],
    arguments: { name: name() }, options: {},
    load: async () => (await import('../commands/environments.ts')).showEnvironment,
  }),
  action('start', 'boot a stopped environment', 'Boots the VM from its disk.', [['start demo', ''], ['start a b c', 'several at once']]),
  command({
    name: 'stop', summary: 'shut down an environment', description: 'Asks the guest to shut down, and powers the VM off if it does not in time.', quiet: true,
    examples: [['stop demo', 'shut down'], ['stop demo --force', 'power off at once']],
    arguments: { names: names('stop') },
    options: { force: flag('--force', 'power off at once without a shutdown'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).lifecycleCommandWithForce('stop'),
  }),
  command({
    name: 'restart', summary: 'shut down an environment and boot it again', quiet: true,
    examples: [['restart demo', ''], ['restart demo --force', 'power off instead of a shutdown']],
    arguments: { names: names('restart') },
    options: { force: flag('--force', 'power off at once without a shutdown'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).lifecycleCommandWithForce('restart'),
  }),
  action('suspend', 'pause an environment; its memory stays in RAM', 'Pauses all vCPUs at once. `resume` continues.', [['suspend demo', '']]),
  action('resume', 'continue a suspended environment', 'Programs continue where they were.', [['resume demo', '']]),
  action('hibernate', 'save memory to disk and free the RAM', 'Programs continue after `wake`, even if the host was rebooted.', [['hibernate demo', '']]),
  action('wake', 'continue a hibernated environment', 'Programs continue where they were.', [['wake demo', '']]),
  command({
    name: 'rm', summary: 'remove an environment; `undelete` restores it', quiet: true,
    description: 'A removed environment can be restored for some days. --purge deletes its disk and memory permanently: it asks first on a terminal, and needs --yes elsewhere.',
    examples: [['rm demo', 'can be undone with `undelete`'], ['rm demo --purge --yes', 'delete permanently without asking']],
    arguments: { names: names('remove') },
    options: { purge: flag('--purge', 'delete permanently'), yes: flag('-y, --yes', 'do not ask for confirmation'), wait: wait() },
    load: async () => (await import('../commands/lifecycle.ts')).remove,
  }),
  action('undelete', 'restore a removed environment', 'The environment is stopped and has its disk.', [['ls --removed', 'environments that can be restored'], ['undelete demo', '']]),
  command({
    name: 'set', summary: 'change the name, network policy, restart policy or labels', quiet: true,
    examples: [
      ['set demo --name web', 'rename'],
      ['set demo --network none', 'cut it off from the network'],
      ['set demo --label team=web --unlabel old', 'set one label and remove another'],
    ],
    arguments: { name: name() },
    options: {
      name: value('--name NEW', 'new name'),
      network: value('--network POLICY', 'open, packages or none', { choices: networkPolicyValues }),
      restart: value('--restart POLICY', 'always, on-failure or never', { choices: restartPolicyValues }),
      label: list('--label KEY=VALUE', 'set a label; can be repeated'),
      unlabel: list('--unlabel KEY', 'remove a label; can be repeated'),
    },
    load: async () => (await import('../commands/environments.ts')).setEnvironment,
  }),
  command({
    name: 'top', summary: 'show resource use of environments',
    description: 'Refreshes on a terminal until q or Ctrl-C. Elsewhere, and with -o json, prints once.',
    examples: [['top', ''], ['top -o json', 'one reading']],
    arguments: { names: any('NAME', 'only these environments', environment) }, options: {},
    load: async () => (await import('../commands/top.ts')).top,
  }),
];
