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

describe('Consolidation when idle', () => {
  test('waits until memory has not been used for a while, and is not repeated until something changes', async () => {
    await using folder = await memoryFolder();
    await twins(folder);
    let now = 0;
    const idle = new IdleConsolidation({ service: () => folder.service, log, now: () => now });
    const shown = (): number => folder.service.list(USER).items.length;
    idle.noteChange(USER.user);
    now = 9 * MINUTES;
    await idle.look();
    expect(shown()).toBe(2);
    idle.noteUse();
    now = 18 * MINUTES;
    await idle.look();
    expect(shown()).toBe(2);
    now = 20 * MINUTES;
    await idle.look();
    expect(shown()).toBe(1);
    expect(folder.service.undoConsolidation(USER)).toEqual({ restored: 1 });
    now = 60 * MINUTES;
    await idle.look();
    expect(shown()).toBe(2);
    idle.noteChange(USER.user); // what was undone is not merged again
    now = 120 * MINUTES;
    await idle.look();
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
    await idle.look();
    await folder.service.unlock(USER, { secret: SECRET });
    expect(folder.service.list(USER).items).toHaveLength(2);
    idle.noteChange(USER.user);
    now = 120 * MINUTES;
    await idle.look();
    expect(folder.service.list(USER).items).toHaveLength(1);
  });
});
