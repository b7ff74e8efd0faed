// Memory follows restores and forks: the notices of snapshot operations, and what memory does with them. No VMs.
import { describe, expect, test } from 'vitest';
import { newId } from '../../common/ids.ts';
import type { VmHost } from '../../supervisor/vms/vm.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../orchestrator/environments/sqlite-environments.ts';
import type { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import type { Operation, OperationKind } from '../../orchestrator/operations/operation.ts';
import { registerSnapshotKinds } from '../../orchestrator/snapshots/snapshot-kinds.ts';
import { SqliteSnapshots } from '../../orchestrator/snapshots/sqlite-snapshots.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';
import { scratchMemory, type ScratchMemory } from '../support/memory.ts';
import { alice, log } from '../support/operations.ts';

const AT = '2026-01-01T00:00:00.000Z';

function environment(name: string, networkIndex: number): EnvironmentRecord {
  return {
    id: newId('env'), name, owner: alice.user, state: 'stopped', stateReason: null, pausedBy: null, presentSnapshotId: null, restartPolicy: 'on-failure', lastWords: null, desiredState: 'stopped', operationId: null, profile: 'idle', network: 'none', image: 'i', ip: '10.0.0.1', mac: '02:00:00:00:00:01',
    vcpus: 1, memoryMiB: 512, diskGiB: 4, snapshotId: null, packEntry: null, bootId: null, labels: {}, createdAt: AT, updatedAt: AT, startedAt: null, removedAt: null, purgeAt: null, version: 1, networkIndex,
  };
}

/** The kinds of operation on snapshots with real records; only the host is missing. */
function snapshotKinds(scratch: ScratchMemory) {
  const [environments, snapshots] = [new SqliteEnvironments(scratch.store), new SqliteSnapshots(scratch.store)];
  const [origin, twin] = [environment('origin', 1), environment('twin', 2)];
  const snapshotId = newId('snap');
  for (const one of [origin, twin]) environments.insert(one);
  snapshots.insert({ id: snapshotId, environmentId: origin.id, name: 's1', description: '', state: 'ready', parent: null, memory: false, safety: false, packStep: false, packEntry: null, vcpus: 1, memoryMiB: 512, damage: null, checksumAt: null, checkedAt: null, createdAt: AT, removedAt: null, purgeAt: null });
  const kinds = new Map<string, OperationKind<never, unknown>>();
  const host = { driver: { find: async () => ({ state: 'running' }) }, pool: { folders: { environment: () => scratch.dataDir } }, guests: { port: () => ({ status: async () => ({ bootId: 'boot' }) }) }, keysDir: scratch.dataDir, runDir: scratch.dataDir, log } as unknown as VmHost;
  registerSnapshotKinds({ register: (kind) => void kinds.set(kind.kind, kind as unknown as OperationKind<never, unknown>) }, { store: scratch.store, environments, snapshots, events: scratch.events, host, memory: scratch.notices });
  /** What the engine does after all steps. */
  const succeed = async (kind: string, input: unknown): Promise<void> => {
    const found = kinds.get(kind)!;
    await found.succeed?.(await found.open(input as never, { id: newId('op') } as Operation));
  };
  return {
    origin, twin, environments,
    restore: async () => await succeed('snapshot.restore', { environmentId: origin.id, snapshotId, safetyId: null, memory: false, before: 'stopped' }),
    fork: async (from: string | null = snapshotId) => await succeed('environment.fork', { environmentId: origin.id, snapshotId: from, memory: false, wasRunning: false, forkIds: [twin.id] }),
  };
}

const markers = async ({ parts: { memory } }: ScratchMemory): Promise<[environment: string | undefined, text: string][]> =>
  (await (await memory.service()).list(alice, { type: 'system_event' })).items.map(({ environmentId, text }) => [environmentId, text]);

describe('Notices of snapshots', () => {
  test('a restore and a fork add one marker each, once', async () => {
    await using scratch = scratchMemory();
    const memory = await scratch.parts.memory.service();
    const { origin, twin, restore, fork } = snapshotKinds(scratch);
    await memory.setUp(alice, SECRET);
    await restore();
    await fork();
    for (const _ of [1, 2]) {
      expect(await markers(scratch)).toEqual([
        [twin.id, 'The VM was forked from another VM\'s state at 2026-01-01T00:00:00.000Z, from the snapshot s1.'],
        [origin.id, 'The VM was rolled back to the snapshot s1 of 2026-01-01T00:00:00.000Z. What was learned since is still remembered, but the VM does not contain it.'],
      ]);
    }
    await restore(); // restoring the same snapshot again is a new event
    expect(await markers(scratch)).toHaveLength(3);
  });

  test('locked memory applies them at unlock, before it is read', async () => {
    await using scratch = scratchMemory();
    const memory = await scratch.parts.memory.service();
    const { origin, restore, fork } = snapshotKinds(scratch);
    await memory.setUp(alice, SECRET);
    await memory.lock(alice);
    await restore();
    await fork(null);
    await expect(memory.list(alice, {})).rejects.toMatchObject({ code: 'locked' });
    expect(scratch.notices.of(alice.user).map(({ kind }) => kind)).toEqual(['rollback', 'fork']);
    await memory.unlock(alice, { secret: SECRET });
    expect(scratch.notices.of(alice.user)).toEqual([]);
    expect((await markers(scratch)).map(([id]) => id === origin.id)).toEqual([false, true]);
  });

  test('events from before the memory was set up, and of removed environments, are not applied', async () => {
    await using scratch = scratchMemory();
    const memory = await scratch.parts.memory.service();
    const { origin, environments, restore } = snapshotKinds(scratch);
    await restore();
    await memory.setUp(alice, SECRET);
    expect(await markers(scratch)).toEqual([]);
    await memory.lock(alice);
    await restore();
    environments.delete(origin.id);
    await memory.unlock(alice, { secret: SECRET });
    expect(await markers(scratch)).toEqual([]);
  });
});

describe('What memory does with them', () => {
  /** A memory whose clock the test sets, in minutes. */
  async function story(policy: MemoryConfig['session']['onSnapshot']) {
    let now = 0;
    const at = (minutes: number): string => new Date(Date.parse(AT) + minutes * 60_000).toISOString();
    const folder: MemoryFolder = await memoryFolder({ now: () => Date.parse(at(now)), config: { session: { onSnapshot: policy } } });
    await folder.service.setUp(USER, SECRET);
    return {
      folder, at,
      learn: async (minutes: number, text: string): Promise<void> => {
        now = minutes;
        await folder.service.remember(USER, { text, environmentId: 'env_a' });
      },
      restored: (minutes: number, takenAt: number) => {
        now = minutes + 30; // reported later than it happened
        return folder.service.afterSnapshot(USER.user, { kind: 'rollback', id: `evt_${minutes}`, environmentId: 'env_a', snapshot: `of ${takenAt}`, takenAt: at(takenAt), at: at(minutes) });
      },
      known: (environmentId = 'env_a', service: MemoryService = folder.service): string[] => service.list(USER, { environmentId, type: 'document' }).items.map(({ text }) => text).toReversed(),
    };
  }

  test('a full space applies them all the same', async () => {
    await using folder = await memoryFolder({ config: { storage: { maxMemories: 1 } } });
    await folder.service.setUp(USER, SECRET);
    await folder.service.remember(USER, { text: 'All that there is room for.' });
    expect(folder.service.afterSnapshot(USER.user, { kind: 'rollback', id: 'evt_1', environmentId: 'env_a', snapshot: 's1', takenAt: AT, at: AT }).marker).toMatch(/^mem_/);
  });

  test('stay: keeps everything', async () => {
    const { folder, learn, restored, known } = await story('stay');
    await using _ = folder;
    await learn(1, 'early');
    await learn(3, 'late');
    expect(restored(4, 2)).toMatchObject({ hidden: 0, shown: 0, copied: 0 });
    expect(known()).toEqual(['early', 'late']);
  });

  test('roll back: keeps what the VM has experienced, however it was restored, back and forth', async () => {
    const { folder, learn, restored, known } = await story('roll_back');
    await using _ = folder;
    await learn(10, 'first');
    await learn(30, 'abandoned');
    expect(restored(40, 20)).toMatchObject({ hidden: 1, shown: 0 });
    expect(restored(40, 20)).toMatchObject({ hidden: 0, shown: 0 }); // the same event again
    await learn(50, 'second try');
    expect(known()).toEqual(['first', 'second try']);
    restored(60, 39); // the safety snapshot from before the first restore
    expect(known()).toEqual(['first', 'abandoned']);
    await learn(70, 'after all');
    restored(80, 55); // and back to the second attempt
    expect(known()).toEqual(['first', 'second try']);
    const service = await folder.restart();
    await service.unlock(USER, { secret: SECRET });
    expect(known('env_a', service)).toEqual(['first', 'second try']);
  });

  test('branch: a fork gets its own copies, once, and neither conversation repeats its turns', async () => {
    const { folder, at, learn, known } = await story('branch');
    await using _ = folder;
    const { service } = folder;
    await learn(10, 'shared');
    await service.remember(USER, { type: 'conversation', text: 'We call it the workshop.', environmentId: 'env_a' });
    await learn(30, 'too late');
    const fork = { kind: 'fork', id: 'evt_f', environmentId: 'env_a', forkId: 'env_b', snapshot: null, takenAt: at(20), at: at(40) } as const;
    expect(service.afterSnapshot(USER.user, fork)).toMatchObject({ copied: 2 });
    expect(service.afterSnapshot(USER.user, fork)).toMatchObject({ copied: 0 });
    expect(known('env_b')).toEqual(['shared']);
    expect((await service.context(USER, { environmentId: 'env_a' })).text.match(/workshop/g)).toHaveLength(1);
    service.forget(USER, { environmentId: 'env_a' });
    expect(known('env_b')).toEqual([]);
  });
});
