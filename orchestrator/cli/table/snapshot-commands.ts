// The command table: snapshots, and environments made of them.
import { any, command, flag, group, negatable, one, parsed, value, type Command, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const name = () => one('NAME', 'name or id of the environment', { completes: 'environment' });
const snapshot = () => one('SNAP', 'name or id of the snapshot', { completes: 'snapshot' });
const wait = () => negatable('--wait', 'wait until it is done and show its steps (the default); --no-wait prints the operation and returns');
const load = async () => await import('../commands/snapshots.ts');

export const snapshotCommands: readonly (Command | CommandGroup)[] = [
  group('snapshot', 'points in time to go back to', [
    command({
      name: 'create', summary: 'take a snapshot', quiet: true,
      description: 'Disk and memory; the VM runs on. Without SNAP it is named snap1, snap2 and so on.',
      examples: [['snapshot create demo', ''], ['snapshot create demo before-upgrade --description "all tests pass"', ''], ['snapshot create demo --disk-only', 'smaller; restoring it boots']],
      arguments: { name: name(), snapshot: any('[SNAP]', 'its name') },
      options: { diskOnly: flag('--disk-only', 'without memory; file systems are frozen meanwhile'), description: value('--description TEXT', 'what it is for'), wait: wait() },
      load: async () => (await load()).createSnapshot,
    }),
    command({
      name: 'ls', summary: 'the tree of snapshots', quiet: true, description: 'OWN is what purging a snapshot gives back; the rest of its SIZE it shares. -q prints names alone.',
      examples: [['snapshot ls demo', ''], ['snapshot ls demo --removed', 'what `snapshot undelete` can bring back']],
      arguments: { name: name() }, options: { removed: flag('--removed', 'those that were removed'), ...paging },
      load: async () => (await load()).listSnapshots,
    }),
    command({
      name: 'show', summary: 'show a snapshot', examples: [['snapshot show demo snap1', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: {},
      load: async () => (await load()).showSnapshot,
    }),
    command({
      name: 'restore', summary: 'go back to a snapshot', quiet: true,
      description: 'The environment keeps its name, id and addresses. The present is kept as a snapshot first, and comes back by itself when anything fails.',
      examples: [['snapshot restore demo snap1', ''], ['snapshot restore demo snap1 --no-safety', 'give the present up'], ['snapshot restore demo snap1 --disk-only', 'boot from its disk, although it has memory']],
      arguments: { name: name(), snapshot: snapshot() },
      options: { safety: negatable('--safety', 'keep the present as a snapshot (the default)'), diskOnly: flag('--disk-only', 'boot from its disk'), wait: wait() },
      load: async () => (await load()).restoreSnapshot,
    }),
    command({
      name: 'check', summary: 'read all of a snapshot and compare it with its checksums', quiet: true,
      description: 'Somnus does so by itself now and then. One that is damaged is marked and never deleted.',
      examples: [['snapshot check demo snap1', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: { wait: wait() },
      load: async () => (await load()).checkSnapshot,
    }),
    command({
      name: 'rm', summary: 'remove a snapshot; `snapshot undelete` brings it back', quiet: true,
      description: 'Any can be removed, in any order. --purge frees its space at once and for good.',
      examples: [['snapshot rm demo snap1', ''], ['snapshot rm demo snap1 --purge', 'for good'], ['snapshot rm demo snap1 --with-children', 'and all that came of it']],
      arguments: { name: name(), snapshot: snapshot() },
      options: { purge: flag('--purge', 'delete for good, at once'), withChildren: flag('--with-children', 'and all that came of it'), wait: wait() },
      load: async () => (await load()).removeSnapshot,
    }),
    command({
      name: 'undelete', summary: 'bring a removed snapshot back', quiet: true, examples: [['snapshot undelete demo snap1', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: {},
      load: async () => (await load()).undeleteSnapshot,
    }),
    command({
      name: 'set', summary: 'rename or describe a snapshot', quiet: true, examples: [['snapshot set demo snap1 --name good', ''], ['snapshot set demo good --description "the last that worked"', '']],
      arguments: { name: name(), snapshot: snapshot() }, options: { name: value('--name NEW', 'the new name'), description: value('--description TEXT', 'what it is for') },
      load: async () => (await load()).setSnapshot,
    }),
  ]),
  command({
    name: 'fork', summary: 'make a new environment from one that runs, or from a snapshot', quiet: true,
    description: 'It goes on where its twin was, under its own name, addresses and keys. The source keeps running. With --count N: NEW-1 to NEW-N.',
    examples: [['fork demo other', 'from the present'], ['fork demo other --from snap1', 'from a snapshot'], ['fork demo try --count 3', 'try-1, try-2 and try-3']],
    arguments: { name: name(), newName: one('NEW', 'name of the new environment') },
    options: {
      from: value('--from SNAP', 'from this snapshot', { completes: 'snapshot' }), count: parsed('--count N', 'so many (1 to 64)', (typed) => parseCount(typed, 1)),
      diskOnly: flag('--disk-only', 'boot from the disk'), wait: wait(),
    },
    load: async () => (await load()).fork,
  }),
];
