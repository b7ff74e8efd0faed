// Decides what the cache keeps when it is full: names, priorities, and the value of an entry. Pure.
import { z } from 'zod';

export const CacheNamespace = z.enum(['GLOBAL', 'SESSION', 'USER', 'VM', 'ARTIFACT', 'MODEL', 'RESEARCH', 'SYSTEM']);
export type CacheNamespace = z.infer<typeof CacheNamespace>;

/** CRITICAL is never evicted. The others are evicted in reverse order, weighted by use, age and size. */
export const CachePriority = z.enum(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'TEMPORARY']);
export type CachePriority = z.infer<typeof CachePriority>;

export interface EntryUse {
  priority: CachePriority;
  bytes: number;
  hits: number;
  usedAtMs: number;
}

const PRIORITY_WORTH: Record<CachePriority, number> = { CRITICAL: Infinity, HIGH: 8, MEDIUM: 4, LOW: 2, TEMPORARY: 1 };
const FRESH_MS = 60_000;
const LARGE_BYTES = 16_384;

/** The value of keeping an entry: higher if important and often used, lower the longer it was unused and the larger it is. */
export function worth(entry: EntryUse, nowMs: number): number {
  const age = 1 + Math.max(0, nowMs - entry.usedAtMs) / FRESH_MS;
  return PRIORITY_WORTH[entry.priority] * (1 + Math.log2(1 + entry.hits)) / (age * (1 + entry.bytes / LARGE_BYTES) ** 0.5);
}

/** Selects the entries to evict so that `toFree` bytes are free, least valuable first; undefined when the critical ones alone are too large. */
export function evictions<E extends EntryUse>(entries: Iterable<E>, toFree: number, nowMs: number): E[] | undefined {
  const rated = [...entries].filter((entry) => entry.priority !== 'CRITICAL').map((entry) => ({ entry, worth: worth(entry, nowMs) })).toSorted((a, b) => a.worth - b.worth);
  const gone: E[] = [];
  let freed = 0;
  for (const { entry } of rated) {
    if (freed >= toFree) break;
    gone.push(entry);
    freed += entry.bytes;
  }
  return freed >= toFree ? gone : undefined;
}
