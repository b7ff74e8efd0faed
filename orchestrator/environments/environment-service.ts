// The operations on environments for the API. The implementation is environment-manager.ts.
import { z } from 'zod';
import type { Readable } from 'node:stream';
import type { PlainAction } from '../../supervisor/domain/states.ts';
import type { ExecRequest, GuestChannel, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ConsoleLogOptions } from '../../supervisor/vms/console-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import { PageQuery, type Page } from '../store/page.ts';
import { EnvironmentState, type CreateEnvironment, type Environment, type EnvironmentStats, type StopRequest, type UpdateEnvironment } from './environment-schemas.ts';

export const EnvironmentQuery = PageQuery.extend({
  state: EnvironmentState.optional(),
  profile: z.string().optional(),
  name: z.string().optional().meta({ description: 'Only names that contain this text.' }),
  label: z.string().optional().meta({ description: 'Only environments with this label: key or key=value.' }),
  removed: z.enum(['exclude', 'include', 'only']).default('exclude'),
});
export type EnvironmentQuery = z.infer<typeof EnvironmentQuery>;

export interface ChangeOptions {
  /** The same key with the same request returns the first answer again. */
  idempotencyKey?: string | undefined;
}

/** An accepted change: slow ones have an operation to follow, fast ones are done. */
export interface Accepted { environment: Environment; operation: Operation | null }

/**
 * Every method only sees what the caller may see: another user's environment is `not_found`.
 * `ref` is a name or an id.
 */
export interface EnvironmentService {
  /** @throws name_taken, insufficient_memory, insufficient_space, invalid_request (unknown profile), unsupported — before anything is created */
  create(caller: Caller, request: CreateEnvironment, options?: ChangeOptions): Promise<Accepted>;
  list(caller: Caller, query: EnvironmentQuery): Promise<Page<Environment>>;
  get(caller: Caller, ref: string): Promise<Environment>;
  /** @throws precondition_failed when `ifVersion` is not the current version */
  update(caller: Caller, ref: string, request: UpdateEnvironment, ifVersion?: number): Promise<Environment>;
  /** @throws invalid_state naming the available actions; operation_in_progress naming the operation */
  perform(caller: Caller, action: PlainAction, ref: string, options?: ChangeOptions & Partial<StopRequest> & { purge?: boolean }): Promise<Accepted>;
  exec(caller: Caller, ref: string, request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess>;
  /** For files. @throws invalid_state when it is not running */
  channel(caller: Caller, ref: string): Promise<GuestChannel>;
  stats(caller: Caller, ref: string, sinceMs?: number): Promise<EnvironmentStats>;
  /** The VM's console, starting near its end; with `follow`, continues with new output. */
  consoleLog(caller: Caller, ref: string, options: ConsoleLogOptions, signal?: AbortSignal): Promise<Readable>;
}
