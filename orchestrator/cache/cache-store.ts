// What the cache needs from its disk and from a user's key.
import type { CacheNamespace, CachePriority } from './cache-policy.ts';

export interface StoredEntry {
  /** Random, so it reveals nothing about the key. */
  id: string;
  namespace: CacheNamespace;
  priority: CachePriority;
  /** The owner of the content, whose key encrypts the payload. */
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
  /** Entries of one owner, or without an owner. */
  load(owner: string | undefined): StoredEntry[];
  close(): void;
}

/** Encrypts a user's entries. Undefined while the user is locked: then the entry is kept in memory only, or not read. */
export interface UserSealer {
  seal(userId: string, plain: Buffer, context: string): Buffer | undefined;
  unseal(userId: string, sealed: Buffer, context: string): Buffer | undefined;
}
