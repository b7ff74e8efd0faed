// Commands for the control plane, the host, images, profiles, keys and users.
import { keyScopeValues, secretProviderValues } from '../../client/values.ts';
import { command, flag, group, list, many, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const image = { completes: 'image' } as const;
const key = { completes: 'key' } as const;

export const hostCommands: readonly (Command | CommandGroup)[] = [
  command({
    name: 'up', summary: 'start the control plane', description: 'Returns when the API answers. Does nothing if the control plane is running. Needs root.',
    examples: [['up', ''], ['up --foreground', 'for systemd']],
    arguments: {}, options: { foreground: flag('--foreground', 'run in this process instead of in the background') },
    load: async () => (await import('../commands/up.ts')).up,
  }),
  command({
    name: 'down', summary: 'stop the control plane', description: 'Returns when the control plane has stopped. VMs keep running.', examples: [['down', '']],
    arguments: {}, options: {},
    load: async () => (await import('../commands/down.ts')).down,
  }),
  command({
    name: 'status', summary: 'show the state of the control plane and its host', description: 'The exit code is 1 if the control plane is not running.',
    examples: [['status', ''], ['status -o json', 'with version, pid, dataDir, accel, url, keyFile']],
    arguments: {}, options: {},
    load: async () => (await import('../commands/status.ts')).status,
  }),
  command({
    name: 'doctor', summary: 'check this host and suggest fixes',
    description: 'Works whether or not the control plane is running. The exit code is 1 if a required part is missing. --probe boots a test guest under KVM, whatever earlier probes found. --fix then runs `somnus recover`.',
    examples: [['doctor', ''], ['doctor -o json', ''], ['doctor --probe', 'test KVM now'], ['doctor --fix', 'then run `somnus recover`']],
    arguments: {}, options: { probe: flag('--probe', 'test KVM now'), fix: flag('--fix', 'run `somnus recover` afterwards'), yes: flag('--yes', 'with --fix: do not ask; restore or keep, never delete') },
    load: async () => (await import('../commands/doctor.ts')).doctor,
  }),
  command({
    name: 'read', summary: 'show a page or document as Markdown',
    description: 'Reads web pages, PDF, Office files (docx, xlsx, pptx, odt), EPUB, feeds, sitemaps, tables, JSON, XML and text, and images if tesseract is installed. Shows only the main content of a web page, without menus and notices. '
      + 'Works whether or not the control plane is running. With -o json, also prints the title, authors, dates, headings, references and captions.',
    examples: [['read report.pdf', ''], ['read page.html --url https://example.org/page', 'with absolute links'], ['read - <notes.docx', 'standard input'], ['read feed.xml -o json', 'the entries of a feed']],
    arguments: { file: one('FILE', 'the document, or - for standard input', { completes: 'file' }) },
    options: { url: value('--url URL', 'address of the document, to resolve its links'), type: value('--type TYPE', 'media type that the server declared; used only for text formats') },
    load: async () => (await import('../commands/read.ts')).read,
  }),
  command({
    name: 'recover', summary: 'restore VMs that no record knows',
    description: 'Lists VMs without a record and records without a VM, for example after the database was lost, and asks what to do with each. With --yes it restores what it can and deletes nothing.',
    examples: [['recover', 'ask what to do with each'], ['recover --yes', 'restore what can be restored']],
    arguments: {}, options: { yes: flag('--yes', 'do not ask; restore or keep, never delete') },
    load: async () => (await import('../commands/recover.ts')).recover,
  }),
  group('quarantine', 'manage VMs and files that no record knows', [
    command({
      name: 'ls', summary: 'list items in quarantine', quiet: true, description: 'With -q, prints only ids.', examples: [['quarantine ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/quarantine.ts')).listQuarantine,
    }),
    command({
      name: 'take', summary: 'quarantine everything that no record knows', description: 'Use this when `somnus doctor` reports that most VMs of this host are unknown to the database. Running VMs are hibernated; nothing is deleted.',
      examples: [['quarantine take', '']], arguments: {}, options: { yes: flag('--yes', 'do not ask for confirmation') },
      load: async () => (await import('../commands/quarantine.ts')).take,
    }),
    command({
      name: 'adopt', summary: 'restore an item and own it', quiet: true, description: 'A VM is restored with its snapshots: hibernated if its memory was saved, otherwise stopped. A snapshot is restored to its environment.',
      examples: [['quarantine adopt quar_01k8…', 'with its old name, or a free one like it'], ['quarantine adopt quar_01k8… --name mine', '']],
      arguments: { id: one('ID', 'id from `somnus quarantine ls`') }, options: { name: value('--name NEW', 'new name') },
      load: async () => (await import('../commands/quarantine.ts')).adopt,
    }),
    command({
      name: 'rm', summary: 'delete an item permanently', quiet: true, examples: [['quarantine rm quar_01k8…', '']],
      arguments: { id: one('ID', 'id from `somnus quarantine ls`') }, options: { yes: flag('--yes', 'do not ask for confirmation') },
      load: async () => (await import('../commands/quarantine.ts')).remove,
    }),
  ]),
  group('clock', 'manage the clock that decides what expires', [
    command({
      name: 'accept', summary: 'trust the clock after a jump', description: 'After the clock jumps, nothing expires or is deleted for its age until the clock has been steady for a day. If the date is right, this command ends the wait.',
      examples: [['clock accept', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/clock.ts')).acceptClock,
    }),
  ]),
  group('pool', 'manage the storage pool', [
    command({
      name: 'show', summary: 'show the size and free space of the pool', examples: [['pool show', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/pool.ts')).showPool,
    }),
    command({
      name: 'grow', summary: 'enlarge the pool', examples: [['pool grow 200G', 'to 200 GiB'], ['pool grow +50G', 'by 50 GiB']],
      arguments: { size: one('SIZE', 'new size, such as 200G or 1T, or +50G to add to it') }, options: {},
      load: async () => (await import('../commands/pool.ts')).growPool,
    }),
  ]),
  group('image', 'manage guest images', [
    command({
      name: 'build', summary: 'build the guest image from its recipe', description: 'Returns at once if the image is up to date.', quiet: true, examples: [['image build', '']],
      arguments: {}, options: { wait: negatable('--wait', 'wait for the build and show its steps (default); --no-wait prints the operation and returns') },
      load: async () => (await import('../commands/images.ts')).buildImage,
    }),
    command({
      name: 'ls', summary: 'list images', quiet: true, examples: [['image ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/images.ts')).listImages,
    }),
    command({
      name: 'rm', summary: 'remove images', description: 'Environments made from them keep their disks.', quiet: true, examples: [['image rm VERSION', '']],
      arguments: { versions: many('VERSION', 'versions from `somnus image ls`', image) }, options: {},
      load: async () => (await import('../commands/images.ts')).removeImages,
    }),
  ]),
  group('profile', 'manage profiles: named amounts of vCPUs, memory and disk', [
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
      name: 'apply', summary: 'change the profile of an environment', quiet: true,
      description: 'Changes take effect at once where the running VM allows it, and otherwise at its next start. If one change is not possible, nothing changes.',
      examples: [['profile apply demo research', 'more memory while it runs'], ['profile apply demo idle --dry-run', 'show what would change, when and why']],
      arguments: { name: one('NAME', 'name or id of the environment', { completes: 'environment', action: 'profile' }), profile: one('PROFILE', 'name of the profile', { completes: 'profile' }) },
      options: {
        dryRun: flag('--dry-run', 'show what would change without changing anything'),
        wait: negatable('--wait', 'wait for the operation and show its steps (default); --no-wait prints the operation and returns'),
      },
      load: async () => (await import('../commands/profiles.ts')).applyProfile,
    }),
    command({
      name: 'auto', summary: 'change the profile of an environment automatically',
      description: 'Applies a larger profile after a minute without enough memory or vCPUs, and a smaller one after half an hour of idleness. Events give the reason. Without options, shows the current limits.',
      examples: [['profile auto demo --from idle --to research', ''], ['profile auto demo', 'show the limits'], ['profile auto demo --off', 'keep the profile']],
      arguments: { name: one('NAME', 'name or id of the environment', { completes: 'environment' }) },
      options: {
        from: value('--from PROFILE', 'smallest profile', { completes: 'profile' }),
        to: value('--to PROFILE', 'largest profile', { completes: 'profile' }),
        off: flag('--off', 'turn it off and keep the current profile'),
      },
      load: async () => (await import('../commands/profiles.ts')).autoscaleProfile,
    }),
  ]),
  group('audit', 'show who requested which change', [
    command({
      name: 'ls', summary: 'list audit entries, oldest first', quiet: true, description: 'Lists every request that changes something or runs a program, with its key, path and outcome, but never its content. Admins see all entries; other users see their own. With -q, prints only numbers.',
      examples: [['audit ls', ''], ['audit ls --action removeEnvironment --all', 'who removed environments'], ['audit ls --target /demo/', 'requests about one environment']],
      arguments: {},
      options: { action: value('--action ID', 'only requests with this operation id of the API, such as runAction'), target: value('--target TEXT', 'only requests whose path contains this text'), ...paging },
      load: async () => (await import('../commands/audit.ts')).listAudit,
    }),
    command({
      name: 'verify', summary: 'verify that the audit log has not been altered', description: 'The exit code is 1 if it has. Prints the hash of the last entry. Keep this hash elsewhere: a later check with --head detects whether entries have been cut off at the end.',
      examples: [['audit verify', ''], ['audit verify --head HASH', 'also check that the log still contains this entry']],
      arguments: {}, options: { head: value('--head HASH', 'hash that an earlier verification printed') },
      load: async () => (await import('../commands/audit.ts')).verifyAudit,
    }),
    command({
      name: 'export', summary: 'print audit entries as JSON, one per line', examples: [['audit export >audit.jsonl', ''], ['audit export --since 1200', 'entries after number 1200']],
      arguments: {}, options: { since: value('--since N', 'only entries after this number') },
      load: async () => (await import('../commands/audit.ts')).exportAudit,
    }),
  ]),
  group('key', 'manage API keys', [
    command({
      name: 'create', summary: 'create an API key', description: 'Prints the key to standard output; it cannot be shown again. A key that is limited to one environment can remove it, but can purge it only with --may-purge.',
      examples: [
        ['key create laptop', 'read and write your own environments'],
        ['key create agent --environment demo --expires-in-days 30', 'limited to one environment'],
        ['key create ops --scope admin --user ops', 'for another user'],
      ],
      arguments: { name: one('NAME', 'name of the key') },
      options: {
        scope: list('--scope SCOPE', 'read, write or admin; can be repeated (default: read and write)', { choices: keyScopeValues }),
        user: value('--user USER', 'create the key for this user, and the user if needed (admins only)'),
        environment: value('--environment NAME', 'limit the key to this environment', { completes: 'environment' }),
        mayPurge: flag('--may-purge', 'with --environment: allow purging the environment and its snapshots, and restoring without a safety snapshot'),
        expiresInDays: parsed('--expires-in-days N', 'days until the key expires', (typed) => parseCount(typed, 1)),
      },
      quiet: true,
      load: async () => (await import('../commands/keys.ts')).createKey,
    }),
    command({
      name: 'ls', summary: 'list keys', quiet: true, examples: [['key ls', '']], arguments: {}, options: paging,
      load: async () => (await import('../commands/keys.ts')).listKeys,
    }),
    command({
      name: 'rm', summary: 'revoke keys permanently', quiet: true, examples: [['key rm agent', 'by name, if only one valid key has it'], ['key rm key_01k8…', 'by id']],
      arguments: { ids: many('KEY', 'names or ids of keys', key) }, options: {},
      load: async () => (await import('../commands/keys.ts')).removeKeys,
    }),
  ]),
  group('secret', 'let environments use services without having their keys', [
    command({
      name: 'set', summary: 'create or replace a secret', quiet: true,
      description: 'Stores the key of a service on this host, encrypted. Programs in environments to which it is granted reach the service at http://127.0.0.1:7777/gateway/NAME/ in their VM; the host adds the key, which is never in the VM. '
        + 'Reads the key from standard input, or asks for it. Replacing a secret keeps its grants, sets its usage to zero and ends open requests. Other addresses than the provider\'s need an admin key.',
      examples: [
        ['secret set claude --provider anthropic <key.txt', ''],
        ['secret set gpt --provider openai --requests 10000', 'with a budget'],
        ["secret set search --base-url https://api.example.com --header X-Api-Key --method GET --path '/search*'", 'another service'],
        ["secret set local --base-url http://127.0.0.1:8000 --header 'Authorization: Bearer' --allow-private", 'a service on this host'],
      ],
      arguments: { name: one('NAME', 'name of the secret') },
      options: {
        provider: value('--provider PROVIDER', 'anthropic, openai or generic (default)', { choices: secretProviderValues }),
        baseUrl: value('--base-url URL', "address of the service, if it is not the provider's (admins only)"),
        header: value('--header HEADER', "header for the key, such as X-Api-Key or 'Authorization: Bearer'"),
        method: list('--method METHOD', 'allow this method; can be repeated (default: GET and POST)', { choices: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const }),
        path: list('--path PATH', 'allow this path below the address, or with * at its end all that begin with it; can be repeated (default: /v1/*)'),
        perMinute: parsed('--per-minute N', 'maximum number of requests per minute (default: 60)', (typed) => parseCount(typed, 1)),
        requests: parsed('--requests N', 'maximum number of requests', (typed) => parseCount(typed, 1)),
        bytes: parsed('--bytes N', 'maximum number of bytes in both directions', (typed) => parseCount(typed, 1)),
        allowPrivate: flag('--allow-private', 'allow http, this host and private networks as the address (admins only)'),
        valueFile: value('--value-file FILE', 'read the key from this file; - is standard input'),
      },
      load: async () => (await import('../commands/secrets.ts')).setSecret,
    }),
    command({
      name: 'ls', summary: 'list your secrets, without their keys', quiet: true, examples: [['secret ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/secrets.ts')).listSecrets,
    }),
    command({
      name: 'rm', summary: 'permanently remove a secret', description: 'Also ends its open requests.', quiet: true, examples: [['secret rm claude', '']], arguments: { name: one('NAME', 'name of the secret') }, options: {},
      load: async () => (await import('../commands/secrets.ts')).removeSecret,
    }),
    command({
      name: 'grant', summary: 'allow an environment to use a secret', description: 'Forks of the environment may not use it until it is granted to them.', quiet: true, examples: [['secret grant claude demo', '']],
      arguments: { name: one('NAME', 'name of the secret'), environment: one('ENVIRONMENT', 'name or id of the environment', { completes: 'environment' }) }, options: {},
      load: async () => (await import('../commands/secrets.ts')).grantSecret,
    }),
    command({
      name: 'revoke', summary: 'no longer allow an environment to use a secret', description: 'Also ends the open requests of the environment.', quiet: true, examples: [['secret revoke claude demo', '']],
      arguments: { name: one('NAME', 'name of the secret'), environment: one('ENVIRONMENT', 'name or id of the environment', { completes: 'environment' }) }, options: {},
      load: async () => (await import('../commands/secrets.ts')).revokeSecret,
    }),
  ]),
  group('user', 'manage users', [
    command({
      name: 'ls', summary: 'list users', quiet: true, description: 'A user is created with their first key: `somnus key create NAME --user USER`. Needs an admin key.', examples: [['user ls', '']], arguments: {}, options: {},
      load: async () => (await import('../commands/users.ts')).listUsers,
    }),
    command({
      name: 'rm', summary: 'remove a user and revoke their keys', quiet: true,
      description: 'Fails if the user owns environments, unless --remove-environments is given. Their encrypted memory is kept unless --shred-memory is given. Creating a key for the same name restores the user.',
      examples: [['user rm alice', ''], ['user rm alice --remove-environments', 'their environments can be restored for some days'], ['user rm alice --shred-memory --yes', 'and destroy their memory permanently']],
      arguments: { name: one('USER', 'name or id from `somnus user ls`') },
      options: { removeEnvironments: flag('--remove-environments', 'also remove their environments'), shredMemory: flag('--shred-memory', 'permanently destroy their memory'), yes: flag('-y, --yes', 'do not ask for confirmation') },
      load: async () => (await import('../commands/users.ts')).removeUser,
    }),
  ]),
  command({
    name: 'completion', summary: 'print a completion script for a shell',
    examples: [
      ['completion bash >/etc/bash_completion.d/somnus', ''],
      ["completion zsh >\"${fpath[1]}/_somnus\"", ''],
      ['completion fish >~/.config/fish/completions/somnus.fish', ''],
    ],
    arguments: { shell: one('SHELL', 'bash, zsh or fish', { choices: ['bash', 'zsh', 'fish'] }) }, options: {},
    load: async () => (await import('../commands/completion.ts')).completion,
  }),
  command({
    name: 'version', summary: 'show the versions of this command and of the control plane', examples: [['version', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/status.ts')).version,
  }),
];
