// What the doors (API, dashboard, MCP) can do with environments. The implementation is environments.ts.
import { z } from 'zod';
import type { Readable } from 'node:stream';
import type { PlainAction } from '../../supervisor/domain/states.ts';
import { environmentStates } from '../../supervisor/domain/states.ts';
import type { ExecRequest, GuestChannel, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import { PageQuery, type Page } from '../store/page.ts';
import type { CreateEnvironment, Environment, EnvironmentStats, StopRequest, UpdateEnvironment } from './environment.ts';

export const EnvironmentQuery = PageQuery.extend({
  state: z.enum(environmentStates).optional(),
  profile: z.string().optional(),
  name: z.string().optional().meta({ description: 'Only names that contain this.' }),
  label: z.string().optional().meta({ description: 'key or key=value.' }),
  removed: z.enum(['exclude', 'include', 'only']).default('exclude'),
});
export type EnvironmentQuery = z.infer<typeof EnvironmentQuery>;

export interface ChangeOptions {
  /** The same key with the same request gives the first answer again. */
  idempotencyKey?: string | undefined;
}

/** An accepted change: slow ones carry the operation to follow, quick ones are done. */
export interface Accepted { environment: Environment; operation: Operation | null }

/**
 * Every method sees only what the caller may see: somebody else's environment is `not_found`.
 * Names and ids both work as `ref`.
 */
export interface EnvironmentService {
  /** @throws name_taken, insufficient_memory, insufficient_space, invalid_request (unknown profile), unsupported — before anything is made */
  create(caller: Caller, request: CreateEnvironment, options?: ChangeOptions): Promise<Accepted>;
  list(caller: Caller, query: EnvironmentQuery): Promise<Page<Environment>>;
  get(caller: Caller, ref: string): Promise<Environment>;
  /** @throws precondition_failed when `ifVersion` is not the current version */
  update(caller: Caller, ref: string, request: UpdateEnvironment, ifVersion?: number): Promise<Environment>;
  /** @throws invalid_state naming the available actions; operation_in_progress naming the operation */
  perform(caller: Caller, action: PlainAction, ref: string, options?: ChangeOptions & Partial<StopRequest> & { purge?: boolean }): Promise<Accepted>;
  exec(caller: Caller, ref: string, request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess>;
  /** For files. @throws invalid_state when it does not run */
  channel(caller: Caller, ref: string): Promise<GuestChannel>;
  stats(caller: Caller, ref: string, sinceMs?: number): Promise<EnvironmentStats>;
  /** The VM's console, from its end; `follow` goes on with what comes. */
  consoleLog(caller: Caller, ref: string, options: { tailBytes: number; follow: boolean }, signal?: AbortSignal): Promise<Readable>;
}
