// What the cache needs of its disk and of a user's key.
import type { CacheNamespace, CachePriority } from './cache-policy.ts';

export interface StoredEntry {
  /** Random: says nothing about the key. */
  id: string;
  namespace: CacheNamespace;
  priority: CachePriority;
  /** Whose content it is; the payload is then sealed with that user's key. */
  owner: string | undefined;
  expiresAtMs: number | undefined;
  hits: number;
  usedAtMs: number;
  /** Key, dependencies and value. */
  payload: Buffer;
}

export interface CacheStore {
  /** Writes and removes in one transaction. */
  apply(changed: readonly StoredEntry[], removedIds: readonly string[]): void;
  /** Entries of one owner, or of nobody. */
  load(owner: string | undefined): StoredEntry[];
  close(): void;
}

/** Seals what belongs to a user. Undefined while the user is locked: then the entry stays in memory alone, or is not read. */
export interface UserSealer {
  seal(userId: string, plain: Buffer, context: string): Buffer | undefined;
  unseal(userId: string, sealed: Buffer, context: string): Buffer | undefined;
}
