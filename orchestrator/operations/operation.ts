// The operation as users see it, and what a kind of operation is made of.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import type { Step } from '../../common/step.ts';
import { PageQuery } from '../store/page.ts';
import type { LaneName } from './lanes.ts';

export const operationStatuses = ['queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof operationStatuses)[number];
export const finalStatuses: readonly OperationStatus[] = ['succeeded', 'failed', 'cancelled'];

export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  hint: z.string(),
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

export const OperationStep = z.strictObject({
  name: z.string(),
  status: z.enum(['pending', 'running', 'done', 'failed', 'undone']),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type OperationStep = z.infer<typeof OperationStep>;

export const Operation = z.strictObject({
  id: idSchema('op'),
  kind: z.string().meta({ description: 'Such as environment.create.' }),
  status: z.enum(operationStatuses),
  owner: z.string(),
  target: z.strictObject({ type: z.string(), id: z.string(), name: z.string() }).nullable(),
  steps: z.array(OperationStep),
  progress: z.strictObject({ step: z.string(), message: z.string(), percent: z.number().nullable() }).nullable(),
  result: z.unknown().nullable().meta({ description: 'Depends on the kind. `warnings` in it lists what could not be finished after the point of no return.' }),
  error: Problem.nullable(),
  attempt: z.int().meta({ description: 'Grows when a restart resumed it.' }),
  cancellable: z.boolean().meta({ description: 'False also when it has passed its point of no return.' }),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type Operation = z.infer<typeof Operation>;

export const OperationQuery = PageQuery.extend({
  status: z.enum(operationStatuses).optional(),
  kind: z.string().max(100).optional().meta({ description: 'Such as environment.create.' }),
  target: z.string().max(100).optional().meta({ description: 'Name or id of what they work on.' }),
});
export type OperationQuery = z.infer<typeof OperationQuery>;

/** Something that an operation could not finish although it succeeded. */
export const OperationWarning = z.strictObject({ step: z.string(), code: z.string(), message: z.string() });
export type OperationWarning = z.infer<typeof OperationWarning>;

/** How an operation ended that did not succeed. */
export interface FailedOperation {
  code: string;
  message: string;
  /** It had passed a point of no return: not all of it was undone, so what it worked on may be neither as before nor as wanted. */
  committed: boolean;
}

/**
 * A kind of operation: a short list of named steps over a context that can be rebuilt from the row alone.
 * Input is stored as JSON; whatever a later step needs of an earlier one must be in the world (files, records), not in memory.
 */
export interface OperationKind<Input, Context> {
  kind: string;
  input: z.ZodType<Input>;
  /** Rebuilds what the steps work on; called once per attempt. */
  open(input: Input, operation: Operation): Promise<Context>;
  steps: readonly Step<Context>[];
  /** Called when all steps are done; what it returns is the operation's result. Called again when it could not reach what it needs. Its failure undoes nothing. */
  succeed?(context: Context): Promise<unknown>;
  /** Called once after the undos when it failed or was cancelled: sets the record to what is true now. May return the error's hint: what there is now and what to do next. */
  fail?(context: Context, failed: FailedOperation): Promise<string | undefined | void>;
  /** What a restart of the control plane does with one that was running. */
  afterCrash: 'resume' | 'undo';
  /** False when it cannot be cancelled at all. */
  cancellable: boolean;
  /** Slow background work does not run in the lane of VMs (the default), where it would delay users' own operations. */
  lane?: LaneName;
}
