// What memory needs from the rest of the control plane. Benchmarks do not provide it.
import type { NewEvent } from '../events/event.ts';
import type { IdempotentRequest } from '../operations/sqlite-idempotency.ts';
import type { SnapshotEvent } from './snapshot-policy.ts';

export interface MemoryPlane {
  events: { append(event: NewEvent): void };
  idempotency: { onceAsync<T>(request: IdempotentRequest, work: () => Promise<T>): Promise<T> };
  idle: { noteUse(): void; noteChange(userId: string): void };
  /** Restores and forks that memory has not applied yet. */
  notices: { of(owner: string): SnapshotEvent[]; remove(id: string): void; clear(owner: string): void };
  /** The users whose entries in the system cache can be encrypted and decrypted. */
  cache: {
    /** Each user has a separate key, used only for the cache. */
    unlocked(userId: string, key: Buffer): void;
    locked(userId: string): void;
    destroyed(userId: string): void;
  };
}
