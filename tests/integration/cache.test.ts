import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { evictions, worth } from '../../orchestrator/cache/cache-policy.ts';
import { SqliteCacheStore } from '../../orchestrator/cache/sqlite-cache-store.ts';
import { SystemCache } from '../../orchestrator/cache/system-cache.ts';
import { UserKeys } from '../../orchestrator/memory/process/user-keys.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';

const log = createLogger({ level: 'silent' });
const text = (value: string): Buffer => Buffer.from(value);

describe('The value of a cache entry', () => {
  test('rises with priority and use, falls with age and size', () => {
    const plain = { priority: 'MEDIUM', bytes: 1000, hits: 2, usedAtMs: 0 } as const;
    const than = worth(plain, 60_000);
    expect(worth({ ...plain, priority: 'HIGH' }, 60_000)).toBeGreaterThan(than);
    expect(worth({ ...plain, hits: 20 }, 60_000)).toBeGreaterThan(than);
    expect(worth({ ...plain, bytes: 100_000 }, 60_000)).toBeLessThan(than);
    expect(worth(plain, 600_000)).toBeLessThan(than);
    expect(evictions([{ ...plain, priority: 'CRITICAL' }], 10, 0)).toBeUndefined();
  });
});

describe('The cache', () => {
  let folder: MemoryFolder;
  let cache: SystemCache;
  let now: number;
  const keys = new UserKeys();
  const unlocked = (): void => keys.add(USER.user, folder.service.spaces.get(USER.user).keys.cacheKey());
  const open = (budgetBytes = 100_000): SystemCache => new SystemCache({ store: SqliteCacheStore.open(folder.dir, log), sealer: keys, budgetBytes, log, now: () => now });
  beforeEach(async () => {
    now = Date.parse('2026-01-01T00:00:00Z');
    folder = await memoryFolder();
    await folder.service.setUp(USER, SECRET);
    unlocked();
    cache = open();
  });
  afterEach(async () => {
    cache.close();
    await folder[Symbol.asyncDispose]();
  });

  test('returns what was put, only to its owner, until it expires', () => {
    cache.put('MODEL', 'q', text('public'));
    cache.put('USER', 'q', text('private'), { owner: USER.user, ttlMs: 1000 });
    expect(cache.get('MODEL', 'q')?.toString()).toBe('public');
    expect(cache.get('USER', 'q')).toBeUndefined();
    expect(cache.get('USER', 'q', 'usr_other')).toBeUndefined();
    expect(cache.get('USER', 'q', USER.user)?.toString()).toBe('private');
    now += 1000;
    expect(cache.get('USER', 'q', USER.user)).toBeUndefined();
    expect(cache.figures().USER).toMatchObject({ entries: 0, hits: 1, misses: 3 });
  });

  test('stays within its budget and never evicts critical entries', () => {
    cache.put('SYSTEM', 'critical', Buffer.alloc(20_000), { priority: 'CRITICAL' });
    cache.put('GLOBAL', 'used', Buffer.alloc(5000), { priority: 'HIGH' });
    for (let i = 0; i < 100; i += 1) {
      now += 1000;
      cache.get('GLOBAL', 'used');
      cache.put('RESEARCH', `page ${i}`, Buffer.alloc(5000), { priority: 'LOW' });
      expect(cache.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(cache.get('SYSTEM', 'critical')).toBeDefined();
    expect(cache.get('GLOBAL', 'used')).toBeDefined();
    expect(cache.get('RESEARCH', 'page 99')).toBeDefined();
    expect(cache.figures().RESEARCH.evictions).toBeGreaterThan(80);
    expect(() => cache.put('GLOBAL', 'huge', Buffer.alloc(60_000))).toThrow(expect.objectContaining({ code: 'too_large' }));
    for (let i = 0; i < 3; i += 1) cache.put('SYSTEM', `more ${i}`, Buffer.alloc(24_000), { priority: 'CRITICAL' });
    expect(() => cache.put('SYSTEM', 'too much', Buffer.alloc(24_000), { priority: 'CRITICAL' })).toThrow(expect.objectContaining({ code: 'quota_exceeded' }));
  });

  test('drops entries whose dependencies changed, and entries that depend on those', () => {
    cache.put('ARTIFACT', 'result', text('1'), { dependsOn: ['artifact:7'] });
    cache.put('SESSION', 'summary', text('2'), { dependsOn: ['ARTIFACT:result'] });
    cache.put('SESSION', 'other', text('3'), { dependsOn: ['artifact:8'] });
    expect(cache.invalidate('artifact:7')).toBe(2);
    expect(cache.get('SESSION', 'summary')).toBeUndefined();
    expect(cache.get('SESSION', 'other')?.toString()).toBe('3');
  });

  test('is warm after a restart; a user\'s part once they unlock it, and sealed on disk', async () => {
    cache.put('GLOBAL', 'shared', text('for all'), { dependsOn: ['x'] });
    cache.put('RESEARCH', 'xylocanary key', text('xylocanary page'), { owner: USER.user });
    cache.close();
    expect(() => execFileSync('grep', ['-rlia', 'xylocanary', folder.dir])).toThrow();
    await folder.service.lock(USER);
    keys.remove(USER.user);
    cache = open();
    cache.warm(USER.user);
    expect(cache.get('GLOBAL', 'shared')?.toString()).toBe('for all');
    expect(cache.get('RESEARCH', 'xylocanary key', USER.user)).toBeUndefined();
    await folder.service.unlock(USER, { secret: SECRET });
    unlocked(); // the same key as before
    cache.warm(USER.user);
    expect(cache.get('RESEARCH', 'xylocanary key', USER.user)?.toString()).toBe('xylocanary page');
    cache.cool(USER.user);
    expect(cache.get('RESEARCH', 'xylocanary key', USER.user)).toBeUndefined();
    expect(cache.invalidate('x')).toBe(1);
  });
});
