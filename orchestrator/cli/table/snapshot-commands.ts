// Commands for snapshots and forks.
import type { LifecycleAction } from '../../../supervisor/domain/states.ts';
import { any, command, flag, group, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const name = (action?: LifecycleAction) => one('NAME', 'name or id of the environment', { completes: 'environment', ...(action === undefined ? {} : { action }) });
const snapshot = () => one('SNAP', 'name or id of the snapshot, or latest', { completes: 'snapshot' });
const wait = () => negatable('--wait', 'wait for the operation and show its steps (default); --no-wait prints the operation and returns');
const load = async () => await import('../commands/snapshots.ts');

export const snapshotCommands: readonly (Command | CommandGroup)[] = [
  group('snapshot', 'manage snapshots', [
    command({
      name: 'create', summary: 'take a snapshot', quiet: true,
      description: 'Saves disk and memory while the VM keeps running. Without SNAP, the name is snap1, snap2 and so on.',
      examples: [['snapshot create demo', ''], ['snapshot create demo before-upgrade --description "all tests pass"', ''], ['snapshot create demo --disk-only', 'smaller; a restore boots from it']],
      arguments: { name: name('snapshot'), snapshot: any('[SNAP]', 'name of the snapshot') },
      options: { diskOnly: flag('--disk-only', 'save the disk without memory; file systems are frozen during the snapshot'), description: value('--description TEXT', 'description of the snapshot'), wait: wait() },
      load: async () => (await load()).createSnapshot,
    }),
    command({
      name: 'ls', summary: 'list snapshots as a tree', quiet: true, description: 'OWN is the space that purging a snapshot frees; it shares the rest of SIZE with others. With -q, prints only names.',
      examples: [['snapshot ls demo', ''], ['snapshot ls demo --removed', 'snapshots that `snapshot undelete` can restore']],
      arguments: { name: name() }, options: { removed: flag('--removed', 'list removed snapshots'), ...paging },
      load: async () => (await load()).listSnapshots,
    }),
    command({
      name: 'show', summary: 'show a snapshot', examples: [['snapshot show demo snap1', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: {},
      load: async () => (await load()).showSnapshot,
    }),
    command({
      name: 'restore', summary: 'restore a snapshot', quiet: true,
      description: 'The environment keeps its name, id and addresses. The present is saved as a safety snapshot first, and restored if the operation fails.',
      examples: [['snapshot restore demo snap1', ''], ['snapshot restore demo latest', 'the newest one that you took'], ['snapshot restore demo snap1 --no-safety', 'without saving the current state'], ['snapshot restore demo snap1 --disk-only', 'boot from its disk instead of loading its memory']],
      arguments: { name: name('restore'), snapshot: snapshot() },
      options: { safety: negatable('--safety', 'save the current state as a safety snapshot (default)'), diskOnly: flag('--disk-only', 'boot from its disk instead of loading its memory'), wait: wait() },
      load: async () => (await load()).restoreSnapshot,
    }),
    command({
      name: 'diff', summary: 'list the files that differ between two snapshots',
      description: 'A small VM reads both disks. Without TO, compares with the present disk. A is added, C is changed, D is removed.',
      examples: [['snapshot diff demo before', 'what has changed since'], ['snapshot diff demo before after', '']],
      arguments: { name: name(), snapshot: snapshot(), to: any('[TO]', 'name or id of the other snapshot', { completes: 'snapshot' }) }, options: {},
      load: async () => (await load()).diffSnapshots,
    }),
    command({
      name: 'check', summary: 'verify a snapshot against its checksums', quiet: true,
      description: 'Reads the whole snapshot. Somnus also does this by itself from time to time. A damaged snapshot is marked, never deleted.',
      examples: [['snapshot check demo snap1', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: { wait: wait() },
      load: async () => (await load()).checkSnapshot,
    }),
    command({
      name: 'rm', summary: 'remove a snapshot; `snapshot undelete` restores it', quiet: true,
      description: 'Snapshots can be removed in any order. --purge deletes permanently and frees the space.',
      examples: [['snapshot rm demo snap1', ''], ['snapshot rm demo snap1 --purge', 'delete permanently'], ['snapshot rm demo snap1 --with-children', 'also remove its descendants']],
      arguments: { name: name(), snapshot: snapshot() },
      options: { purge: flag('--purge', 'delete permanently'), withChildren: flag('--with-children', 'also remove its descendants'), wait: wait() },
      load: async () => (await load()).removeSnapshot,
    }),
    command({
      name: 'undelete', summary: 'restore a removed snapshot', quiet: true, examples: [['snapshot undelete demo snap1', '']],
      arguments: { name: name(), snapshot: { ...snapshot(), action: 'undelete' } }, options: {},
      load: async () => (await load()).undeleteSnapshot,
    }),
    command({
      name: 'set', summary: 'rename or describe a snapshot', quiet: true, examples: [['snapshot set demo snap1 --name good', ''], ['snapshot set demo good --description "the last that worked"', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: { name: value('--name NEW', 'new name'), description: value('--description TEXT', 'description of the snapshot') },
      load: async () => (await load()).setSnapshot,
    }),
  ], ['snap', 'snapshots']),
  command({
    name: 'fork', summary: 'create an environment from a running one or from a snapshot', quiet: true,
    description: 'The fork continues where the source was, with its own name, addresses and keys. The source keeps running. With --count N, creates NEW-1 to NEW-N.',
    examples: [['fork demo other', 'from its present state'], ['fork demo other --from snap1', 'from a snapshot'], ['fork demo try --count 3', 'try-1, try-2 and try-3']],
    arguments: { name: name('fork'), newName: one('NEW', 'name of the new environment') },
    options: {
      from: value('--from SNAP', 'fork this snapshot', { completes: 'snapshot' }), count: parsed('--count N', 'number of forks (1 to 64)', (typed) => parseCount(typed, 1)),
      diskOnly: flag('--disk-only', 'boot from the disk instead of loading the memory'), wait: wait(),
    },
    load: async () => (await load()).fork,
  }),
];
