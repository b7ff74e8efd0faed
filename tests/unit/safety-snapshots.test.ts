// Safety snapshots are only kept for a while, and are then removed like any other snapshot.
import { expect, test } from 'vitest';
import { newId } from '../../common/ids.ts';
import { SnapshotManager, type SnapshotManagerDeps } from '../../orchestrator/snapshots/snapshot-manager.ts';
import type { SnapshotRecord } from '../../orchestrator/snapshots/sqlite-snapshots.ts';
import { openWorkshop, scratchFolder } from '../support/operations.ts';

const NOW = new Date('2026-06-15T00:00:00.000Z');
const daysAgo = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();

function snapshot(name: string, days: number, change: Partial<SnapshotRecord> = {}): SnapshotRecord & { operationId: string | null } {
  return {
    id: newId('snap', NOW.getTime() - days * 86_400_000), environmentId: 'env_a', name, description: '', state: 'ready', parent: null, memory: true, safety: true, packStep: false, packEntry: null, vcpus: 1, memoryMiB: 512,
    damage: null, checksumAt: null, checkedAt: null, createdAt: daysAgo(days), removedAt: null, purgeAt: null, operationId: null, ...change,
  };
}

test('the newest three of an environment stay while they are younger than seven days; a user\'s own stay forever', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const all = [snapshot('mine', 300, { safety: false }), snapshot('ancient', 8), snapshot('fourth', 6), snapshot('third', 3), snapshot('second', 2), snapshot('first', 1)];
  const changed: SnapshotRecord[] = [];
  const deps = {
    store: shop.store, events: shop.events, records: { all: () => [{ id: 'env_a', name: 'a', owner: 'usr_a', state: 'running', operationId: null }] },
    snapshots: { all: () => all, update: (record: SnapshotRecord) => { changed.push(record); } }, removedDays: 2, safety: { count: 3, days: 7 }, packCount: 2,
  };
  await new SnapshotManager(deps as unknown as SnapshotManagerDeps).removeOldAutomatic(NOW);
  expect(changed.map(({ name }) => name).toSorted()).toEqual(['ancient', 'fourth']);
  for (const record of changed) expect(record).toMatchObject({ state: 'removed', removedAt: NOW.toISOString(), purgeAt: daysAgo(-2) });
});
