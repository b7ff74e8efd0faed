import { describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { IdleConsolidation } from '../../orchestrator/memory/idle-consolidation.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';

const log = createLogger({ level: 'silent' });
const MINUTES = 60_000;

/** A memory with two texts that say the same, stored while duplicates were allowed. */
async function twins(folder: MemoryFolder): Promise<void> {
  await folder.service.setUp(USER, SECRET);
  folder.service.reload({ ...folder.config, retrieval: { ...folder.config.retrieval, duplicateOverlap: 1 } });
  for (const end of ['', ' again']) await folder.service.remember(USER, { text: `The greenhouse heating was repaired by Olaf before the first frost and no one helped${end}` });
  folder.service.reload(folder.config);
}

describe('Idle spaces', () => {
  test('are locked after the configured time; private ones also by default', async () => {
    let now = 0;
    await using folder = await memoryFolder({ now: () => now, config: { privacy: { lockAfterIdleMinutes: 120 } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.createPrivateSpace(USER, 'diary', SECRET);
    const unlocked = (): string[] => service.status(USER).filter((space) => space.unlocked).map(({ name }) => name);
    now = 59 * MINUTES;
    await service.lockIdle();
    expect(unlocked()).toEqual(['main', 'diary']);
    now = 61 * MINUTES;
    await service.lockIdle();
    expect(unlocked()).toEqual(['main']);
    service.list(USER); // used again
    now = 180 * MINUTES;
    await service.lockIdle();
    expect(unlocked()).toEqual(['main']);
    now = 182 * MINUTES;
    await service.lockIdle();
    expect(unlocked()).toEqual([]);
  });

  test('drop their content when all together exceed the budget, stay unlocked, and answer as before', async () => {
    let now = 0;
    await using folder = await memoryFolder({ now: () => now, config: { performance: { memoryBudgetMiB: 2 } } });
    const { service } = folder;
    const users = ['usr_a', 'usr_b', 'usr_c'].map((user) => ({ ...USER, user }));
    for (const user of users) {
      now += 10 * MINUTES;
      await service.setUp(user, SECRET);
      await service.rememberAll(user, Array.from({ length: 1000 }, (_, n) => ({ type: 'conversation' as const, text: `Parcel ${n} of ${user.user} went from the harbor to the depot on the early lorry.` })));
      await service.lock(user); // packs what was stored
      await service.unlock(user, { secret: SECRET });
    }
    expect(service.spaces.loaded().map(({ row }) => row.userId)).not.toContain('usr_a');
    expect(service.spaces.unlocked()).toHaveLength(3);
    now += 10 * MINUTES;
    expect((await service.recall(users[0]!, { query: 'parcel 777' })).hits[0]?.memory.text).toContain('Parcel 777 of usr_a');
    expect(service.spaces.loaded().map(({ row }) => row.userId)).not.toContain('usr_b');
    expect(service.spaces.get('usr_b').book.size).toBeGreaterThanOrEqual(1000);
  });
});

describe('Consolidation when idle', () => {
  test('waits until memory has not been used for a while, and is not repeated until something changes', async () => {
    await using folder = await memoryFolder();
    await twins(folder);
    let now = 0;
    const idle = new IdleConsolidation({ service: () => folder.service, log, now: () => now });
    const shown = (): number => folder.service.list(USER).items.length;
    idle.noteChange(USER.user);
    now = 9 * MINUTES;
    await idle.check();
    expect(shown()).toBe(2);
    idle.noteUse();
    now = 18 * MINUTES;
    await idle.check();
    expect(shown()).toBe(2);
    now = 20 * MINUTES;
    await idle.check();
    expect(shown()).toBe(1);
    expect(folder.service.undoConsolidation(USER)).toEqual({ restored: 1 });
    now = 60 * MINUTES;
    await idle.check();
    expect(shown()).toBe(2);
    idle.noteChange(USER.user); // what was undone is not merged again
    now = 120 * MINUTES;
    await idle.check();
    expect(shown()).toBe(2);
  });

  test('skips locked memory, and continues afterwards', async () => {
    await using folder = await memoryFolder();
    await twins(folder);
    let now = 0;
    const idle = new IdleConsolidation({ service: () => folder.service, log, now: () => now });
    idle.noteChange(USER.user);
    await folder.service.lock(USER);
    now = 60 * MINUTES;
    await idle.check();
    await folder.service.unlock(USER, { secret: SECRET });
    expect(folder.service.list(USER).items).toHaveLength(2);
    idle.noteChange(USER.user);
    now = 120 * MINUTES;
    await idle.check();
    expect(folder.service.list(USER).items).toHaveLength(1);
  });
});
