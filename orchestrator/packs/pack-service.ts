// The operations on packs for the API. The implementation is pack-manager.ts.
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { SnapshotAccepted } from '../snapshots/snapshot-service.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { AvailablePack, CreatePack, InstalledPack, InstallPacks, PackChangeAnswer, ReturnToEntry, ShownPack, ShownPackEntry, VerifyPacks } from './pack-schemas.ts';

/** `ref` is the name or id of an environment. Each change is refused before anything is done: not_found, invalid_state, operation_in_progress, unsupported, quota_exceeded. */
export interface PackService {
  available(): Promise<AvailablePack[]>;
  /** @throws not_found naming the nearest known one */
  get(name: string): Promise<ShownPack>;
  /** @throws invalid_request with the lines; name_taken */
  create(caller: Caller, request: CreatePack): Promise<ShownPack>;
  /** What is installed stays. @throws not_found, invalid_state */
  remove(caller: Caller, name: string): Promise<void>;
  installed(caller: Caller, ref: string): InstalledPack[];
  install(caller: Caller, ref: string, request: InstallPacks, idempotencyKey?: string): Promise<PackChangeAnswer>;
  uninstall(caller: Caller, ref: string, name: string, idempotencyKey?: string): Promise<PackChangeAnswer>;
  /** Runs the checks of packs that are installed. */
  verify(caller: Caller, ref: string, request: VerifyPacks, idempotencyKey?: string): Promise<Operation>;
  /** Oldest first. */
  history(caller: Caller, ref: string, query: PageQuery): Page<ShownPackEntry>;
  /** Restores the snapshot of an entry. */
  returnTo(caller: Caller, ref: string, request: ReturnToEntry, idempotencyKey?: string): Promise<SnapshotAccepted>;
}
