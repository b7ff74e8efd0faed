// What memory needs from the rest of the control plane. A benchmark has none of it.
import type { NewEvent } from '../events/event.ts';
import type { IdempotentRequest } from '../operations/sqlite-idempotency.ts';
import type { SnapshotEvent } from './snapshot-policy.ts';

export interface MemoryPlane {
  events: { append(event: NewEvent): void };
  idempotency: { onceAsync<T>(request: IdempotentRequest, work: () => Promise<T>): Promise<T> };
  idle: { noteUse(): void; noteChange(userId: string): void };
  /** Restores and forks that memory has not applied yet. */
  notices: { of(owner: string): SnapshotEvent[]; remove(id: string): void; clear(owner: string): void };
  /** Whose entries of the system cache can be encrypted and decrypted. */
  cache: {
    /** The key is the user's own, for the cache only. */
    unlocked(userId: string, key: Buffer): void;
    locked(userId: string): void;
    destroyed(userId: string): void;
  };
}
