// What the doors can do with snapshots. The implementation is snapshots.ts.
import type { Environment } from '../environments/environment.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { Page } from '../store/page.ts';
import type { CreateSnapshot, ForkEnvironment, RestoreSnapshot, Snapshot, SnapshotQuery, UpdateSnapshot } from './snapshot.ts';

/** An accepted change; `operation` is null when it is done, `snapshot` when there is none any more. */
export interface SnapshotAccepted { snapshot: Snapshot | null; operation: Operation | null }
export interface ForkAccepted { environments: Environment[]; operation: Operation }

/**
 * Every method sees only what the caller may see. Names and ids both work as `ref` (an environment) and `snapshotRef` (one of its snapshots).
 * Each change is refused before anything is made: not_found, invalid_state, operation_in_progress, name_taken, insufficient_memory, insufficient_space, quota_exceeded.
 */
export interface SnapshotService {
  create(caller: Caller, ref: string, request: CreateSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted>;
  /** Oldest first. */
  list(caller: Caller, ref: string, query: SnapshotQuery): Promise<Page<Snapshot>>;
  get(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot>;
  update(caller: Caller, ref: string, snapshotRef: string, request: UpdateSnapshot): Promise<Snapshot>;
  /** To the trash, or with `purge` for good. */
  remove(caller: Caller, ref: string, snapshotRef: string, options: { purge: boolean; withChildren: boolean; idempotencyKey?: string | undefined }): Promise<SnapshotAccepted>;
  undelete(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot>;
  /** Reads all of it and compares it with its checksums. */
  check(caller: Caller, ref: string, snapshotRef: string, idempotencyKey?: string): Promise<SnapshotAccepted>;
  restore(caller: Caller, ref: string, snapshotRef: string, request: RestoreSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted>;
  /** @throws forbidden for keys of one environment */
  fork(caller: Caller, ref: string, request: ForkEnvironment, idempotencyKey?: string): Promise<ForkAccepted>;
}
