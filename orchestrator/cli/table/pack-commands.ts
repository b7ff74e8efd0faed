// Commands for capability packs.
import { any, command, flag, group, many, negatable, one, value, type CommandGroup } from '../command.ts';
import { paging } from './environment-commands.ts';

const environment = (action?: 'exec' | 'restore') => one('NAME', 'name or id of the environment', { completes: 'environment', ...(action === undefined ? {} : { action }) });
const wait = () => negatable('--wait', 'wait for the operation and show its steps (default); --no-wait prints the operation and returns');
const load = async () => await import('../commands/packs.ts');

export const packCommands: readonly CommandGroup[] = [
  group('pack', 'install capability packs', [
    command({
      name: 'ls', summary: 'list packs, or those of an environment', quiet: true, description: 'With -q, prints only names.',
      examples: [['pack ls', 'packs that can be installed'], ['pack ls -e demo', 'what demo has']],
      arguments: {}, options: { environment: value('-e, --environment NAME', 'the packs of this environment', { completes: 'environment' }) },
      load: async () => (await load()).listPacks,
    }),
    command({
      name: 'show', summary: 'show a pack and its steps', examples: [['pack show web-development', '']],
      arguments: { pack: one('PACK', 'name of the pack', { completes: 'pack' }) }, options: {},
      load: async () => (await load()).showPack,
    }),
    command({
      name: 'install', summary: 'install packs in a running environment', quiet: true,
      description: 'Also installs the packs that they depend on. Each step is followed by its check and a snapshot. When a step or check fails, the VM returns to the snapshot before it; a corrected pack continues there. A version that is installed already is not installed again.',
      examples: [['pack install demo base-tools', ''], ['pack install demo data-analysis browser-research', 'several packs']],
      arguments: { name: environment('exec'), packs: many('PACK', 'names of packs', { completes: 'pack' }) }, options: { wait: wait() },
      load: async () => (await load()).installPacks,
    }),
    command({
      name: 'uninstall', summary: 'uninstall a pack', quiet: true, description: 'Runs the steps that the installed version has for its removal, each with a snapshot.',
      examples: [['pack uninstall demo web-development', '']],
      arguments: { name: environment('exec'), pack: one('PACK', 'name of the pack', { completes: 'installed-pack' }) }, options: { wait: wait() },
      load: async () => (await load()).uninstallPack,
    }),
    command({
      name: 'verify', summary: 'run the checks of installed packs', description: 'Without PACK, of all. The exit code is 1 if a check fails.',
      examples: [['pack verify demo', ''], ['pack verify demo base-tools', 'only this pack']],
      arguments: { name: environment('exec'), packs: any('PACK', 'names of packs', { completes: 'installed-pack' }) }, options: { wait: wait() },
      load: async () => (await load()).verifyPacks,
    }),
    command({
      name: 'history', summary: 'list what was installed in an environment, when and by which key', quiet: true,
      description: 'An entry with * is part of the present state. With -q, prints only the numbers.',
      examples: [['pack history demo', '']],
      arguments: { name: environment() }, options: { ...paging },
      load: async () => (await load()).packHistory,
    }),
    command({
      name: 'return', summary: 'return to an entry of the pack history', quiet: true,
      description: 'Restores the snapshot of the entry. The present is saved as a safety snapshot first. Later entries stay in the history, and can be returned to as well.',
      examples: [['pack return demo 3', '']],
      arguments: { name: environment('restore'), entry: one('ENTRY', 'number of the entry; see `somnus pack history`') },
      options: { safety: negatable('--safety', 'save the current state as a safety snapshot (default)'), wait: wait() },
      load: async () => (await load()).returnToEntry,
    }),
    command({
      name: 'create', summary: 'add a pack from a file, or from the pack.yaml in a folder', quiet: true,
      description: 'The pack is checked first, and errors name the lines. All users of this host can then install it.',
      examples: [['pack create ./pack.yaml', ''], ['pack create ./my-pack --replace', 'a corrected version']],
      arguments: { path: one('FILE|DIR', 'a pack.yaml, or the folder that contains it', { completes: 'file' }) }, options: { replace: flag('--replace', 'replace a pack that you added under the same name') },
      load: async () => (await load()).createPack,
    }),
    command({
      name: 'rm', summary: 'remove a pack that was added', quiet: true, description: 'Environments keep what is installed, and can still verify and uninstall it.',
      examples: [['pack rm my-pack', '']],
      arguments: { pack: one('PACK', 'name of the pack', { completes: 'pack' }) }, options: {},
      load: async () => (await load()).removePack,
    }),
  ], ['packs']),
];
