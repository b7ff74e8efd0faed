// The command table: the host, the control plane, and what belongs to them.
import { command, flag, group, list, many, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

/** As the API takes them; a test holds them to its schema. */
export const keyScopes = ['read', 'write', 'admin'] as const;

const image = { completes: 'image' } as const;
const key = { completes: 'key' } as const;

export const hostCommands: readonly (Command | CommandGroup)[] = [
  command({
    name: 'up', summary: 'start the control plane', description: 'Returns when it serves; does nothing when it does already. Needs root.',
    examples: [['up', ''], ['up --foreground', 'for systemd: becomes the control plane']],
    arguments: {}, options: { foreground: flag('--foreground', 'stay in this process instead of starting another') },
    load: async () => (await import('../commands/up.ts')).up,
  }),
  command({
    name: 'down', summary: 'end the control plane', description: 'In order, and returns when it has ended. VMs run on.', examples: [['down', '']],
    arguments: {}, options: {},
    load: async () => (await import('../commands/down.ts')).down,
  }),
  command({
    name: 'status', summary: 'how the control plane and its host are', description: 'Exit code 1 when the control plane does not run.',
    examples: [['status', ''], ['status -o json', 'with version, pid, dataDir, accel, url, keyFile']],
    arguments: {}, options: {},
    load: async () => (await import('../commands/status.ts')).status,
  }),
  command({
    name: 'doctor', summary: 'what this host has and lacks, with fixes',
    description: 'Works with and without a running control plane. Exit code 1 when something that is needed is missing. --probe boots a guest under KVM first, whatever earlier probes found. --fix shows what no record knows, and records without a VM, and asks what is to become of each; with --yes what can come back does, and nothing is deleted.',
    examples: [['doctor', ''], ['doctor -o json', ''], ['doctor --probe', 'try KVM now'], ['doctor --fix', 'decide about each'], ['doctor --fix --yes', 'bring back what can come back']],
    arguments: {}, options: { probe: flag('--probe', 'try KVM now'), fix: flag('--fix', 'resolve what is in quarantine'), yes: flag('--yes', 'do not ask: bring back, keep, never delete') },
    load: async () => (await import('../commands/status.ts')).doctor,
  }),
  group('quarantine', 'what no record knows: found by reconciliation, never deleted by itself', [
    command({
      name: 'ls', summary: 'list it', quiet: true, description: '-q prints ids alone.', examples: [['quarantine ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/quarantine.ts')).listQuarantine,
    }),
    command({
      name: 'take', summary: 'put all that no record knows into quarantine now', description: 'For when most VMs of this host are unknown to the database, which are otherwise left alone: `somnus doctor` says so. They are put to sleep; nothing is deleted.',
      examples: [['quarantine take', '']], arguments: {}, options: { yes: flag('--yes', 'do not ask') },
      load: async () => (await import('../commands/quarantine.ts')).take,
    }),
    command({
      name: 'adopt', summary: 'bring it back as your own', quiet: true, description: 'A VM comes back stopped, or asleep when its memory was saved, with its snapshots; a snapshot goes back to its environment.',
      examples: [['quarantine adopt quar_01k8…', 'under its name, or the next free one'], ['quarantine adopt quar_01k8… --name mine', '']],
      arguments: { id: one('ID', 'as `somnus quarantine ls` shows it') }, options: { name: value('--name NEW', 'what to call it') },
      load: async () => (await import('../commands/quarantine.ts')).adopt,
    }),
    command({
      name: 'rm', summary: 'delete it for good', quiet: true, examples: [['quarantine rm quar_01k8…', '']],
      arguments: { id: one('ID', 'as `somnus quarantine ls` shows it') }, options: { yes: flag('--yes', 'do not ask') },
      load: async () => (await import('../commands/quarantine.ts')).remove,
    }),
  ]),
  group('clock', 'the clock of the host, by which things expire', [
    command({
      name: 'accept', summary: 'trust the clock after a jump', description: 'After a jump nothing is deleted for its age until the clock has run steadily for a day; `somnus doctor` says so. When the date is right, this ends the wait.',
      examples: [['clock accept', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/clock.ts')).acceptClock,
    }),
  ]),
  group('pool', 'the storage pool, where disks and memory are', [
    command({
      name: 'show', summary: 'size and space', examples: [['pool show', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/pool.ts')).showPool,
    }),
    command({
      name: 'grow', summary: 'make it larger', examples: [['pool grow 200G', 'to 200 GiB'], ['pool grow +50G', 'by 50 GiB']],
      arguments: { size: one('SIZE', 'new size in GiB, such as 200G or 1T; what to add with +') }, options: {},
      load: async () => (await import('../commands/pool.ts')).growPool,
    }),
  ]),
  group('image', 'guest images, which environments are made from', [
    command({
      name: 'build', summary: 'build the image that the recipe says now', description: 'Quick when it is built already.', quiet: true, examples: [['image build', '']],
      arguments: {}, options: { wait: negatable('--wait', 'wait until it is built and show the steps (the default); --no-wait prints the operation and returns') },
      load: async () => (await import('../commands/images.ts')).buildImage,
    }),
    command({
      name: 'ls', summary: 'list images', quiet: true, examples: [['image ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/images.ts')).listImages,
    }),
    command({
      name: 'rm', summary: 'remove images', description: 'Environments made from them keep their disks.', quiet: true, examples: [['image rm VERSION', '']],
      arguments: { versions: many('VERSION', 'versions, as `somnus image ls` shows them', image) }, options: {},
      load: async () => (await import('../commands/images.ts')).removeImages,
    }),
  ]),
  group('profile', 'profiles: named hardware shapes', [
    command({
      name: 'ls', summary: 'list profiles', quiet: true, examples: [['profile ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/profiles.ts')).listProfiles,
    }),
    command({
      name: 'show', summary: 'show a profile', examples: [['profile show coding', '']],
      arguments: { name: one('NAME', 'name of the profile', { completes: 'profile' }) }, options: {},
      load: async () => (await import('../commands/profiles.ts')).showProfile,
    }),
    command({
      name: 'apply', summary: 'give an environment another profile', quiet: true,
      description: 'What can change while it runs changes at once, the rest at its next start. All or nothing: when a part is not possible, nothing changes.',
      examples: [['profile apply demo research', 'more memory, while it runs'], ['profile apply demo idle --dry-run', 'what would change at once, what at the next start, and why']],
      arguments: { name: one('NAME', 'name or id of the environment', { completes: 'environment' }), profile: one('PROFILE', 'name of the profile', { completes: 'profile' }) },
      options: {
        dryRun: flag('--dry-run', 'say what would become of each part, and change nothing'),
        wait: negatable('--wait', 'wait until it is done and show its steps (the default); --no-wait prints the operation and returns'),
      },
      load: async () => (await import('../commands/profiles.ts')).applyProfile,
    }),
  ]),
  group('key', 'API keys', [
    command({
      name: 'create', summary: 'make a key', description: 'Prints the key, this once, on standard output. A key of one environment can remove it, but not purge it unless --may-purge is given.',
      examples: [
        ['key create laptop', 'may read and write what is yours'],
        ['key create agent --environment demo --expires-in-days 30', 'reaches one environment'],
        ['key create ops --scope admin --user ops', 'for another user'],
      ],
      arguments: { name: one('NAME', 'what to call it') },
      options: {
        scope: list('--scope SCOPE', 'read, write or admin; can be repeated (read and write when left out)', { choices: keyScopes }),
        user: value('--user USER', 'for another user; made when there is none (admins only)'),
        environment: value('--environment NAME', 'the only environment it reaches', { completes: 'environment' }),
        mayPurge: flag('--may-purge', 'with --environment: may destroy it, its snapshots and its present (restore --no-safety) for good; without it, what the key removes can be brought back'),
        expiresInDays: parsed('--expires-in-days N', 'valid so many days', (typed) => parseCount(typed, 1)),
      },
      quiet: true,
      load: async () => (await import('../commands/keys.ts')).createKey,
    }),
    command({
      name: 'ls', summary: 'list keys', quiet: true, examples: [['key ls', '']], arguments: {}, options: paging,
      load: async () => (await import('../commands/keys.ts')).listKeys,
    }),
    command({
      name: 'rm', summary: 'revoke keys, at once and for good', quiet: true, examples: [['key rm key_01k8…', '']],
      arguments: { ids: many('ID', 'ids of keys', key) }, options: {},
      load: async () => (await import('../commands/keys.ts')).removeKeys,
    }),
  ]),
  group('user', 'users: who has keys', [
    command({
      name: 'ls', summary: 'list users', quiet: true, description: 'A user is made with the first key: `somnus key create NAME --user USER`. Needs an admin key.', examples: [['user ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/users.ts')).listUsers,
    }),
    command({
      name: 'rm', summary: 'remove a user and revoke their keys', quiet: true,
      description: 'Refused while the user owns environments, unless --remove-environments is given. Memory stays, sealed, unless --shred-memory is given. A key made for the same name brings the user back.',
      examples: [['user rm alice', ''], ['user rm alice --remove-environments', 'their environments can be brought back for some days'], ['user rm alice --shred-memory --yes', 'with all of their memory, for good']],
      arguments: { name: one('USER', 'name or id, as `somnus user ls` shows it') },
      options: { removeEnvironments: flag('--remove-environments', 'remove their environments, too'), shredMemory: flag('--shred-memory', 'destroy all of their memory, for good'), yes: flag('-y, --yes', 'do not ask') },
      load: async () => (await import('../commands/users.ts')).removeUser,
    }),
  ]),
  command({
    name: 'completion', summary: 'completion for a shell',
    examples: [
      ['completion bash >/etc/bash_completion.d/somnus', ''],
      ["completion zsh >\"${fpath[1]}/_somnus\"", ''],
      ['completion fish >~/.config/fish/completions/somnus.fish', ''],
    ],
    arguments: { shell: one('SHELL', 'bash, zsh or fish', { choices: ['bash', 'zsh', 'fish'] }) }, options: {},
    load: async () => (await import('../commands/completion.ts')).completion,
  }),
  command({
    name: 'version', summary: 'versions of this command and of the control plane', examples: [['version', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/status.ts')).version,
  }),
];
