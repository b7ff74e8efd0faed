// The operations on snapshots for the API. The implementation is snapshot-manager.ts.
import type { Environment } from '../environments/environment-schemas.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { Page } from '../store/page.ts';
import type { CreateSnapshot, ForkEnvironment, RestoreSnapshot, Snapshot, SnapshotDiff, SnapshotQuery, UpdateSnapshot } from './snapshot-schemas.ts';

/** An accepted change; `operation` is null when it is done, `snapshot` when it no longer exists. */
export interface SnapshotAccepted { snapshot: Snapshot | null; operation: Operation | null }
export interface ForkAccepted { environments: Environment[]; operation: Operation }

/**
 * Every method only sees what the caller may see. `ref` (an environment) and `snapshotRef` (one of its snapshots) are names or ids.
 * Each change is refused before anything is created: not_found, invalid_state, operation_in_progress, name_taken, insufficient_memory, insufficient_space, quota_exceeded.
 */
export interface SnapshotService {
  create(caller: Caller, ref: string, request: CreateSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted>;
  /** Oldest first. */
  list(caller: Caller, ref: string, query: SnapshotQuery): Promise<Page<Snapshot>>;
  get(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot>;
  update(caller: Caller, ref: string, snapshotRef: string, request: UpdateSnapshot): Promise<Snapshot>;
  /** Removes it, or with `purge` permanently deletes it. */
  remove(caller: Caller, ref: string, snapshotRef: string, options: { purge: boolean; withChildren: boolean; idempotencyKey?: string | undefined }): Promise<SnapshotAccepted>;
  undelete(caller: Caller, ref: string, snapshotRef: string): Promise<Snapshot>;
  /** Reads all of it and compares it with its checksums. */
  check(caller: Caller, ref: string, snapshotRef: string, idempotencyKey?: string): Promise<SnapshotAccepted>;
  restore(caller: Caller, ref: string, snapshotRef: string, request: RestoreSnapshot, idempotencyKey?: string): Promise<SnapshotAccepted>;
  /** The files that differ on the disks of two snapshots, or of one and the environment (`to` undefined). Takes seconds. */
  diff(caller: Caller, ref: string, snapshotRef: string, to: string | undefined, signal: AbortSignal): Promise<SnapshotDiff>;
  /** @throws forbidden for keys limited to one environment */
  fork(caller: Caller, ref: string, request: ForkEnvironment, idempotencyKey?: string): Promise<ForkAccepted>;
}
