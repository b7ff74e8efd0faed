// The operation as users see it, and the definition of a kind of operation.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import type { Step } from '../../common/step.ts';
import { PageQuery } from '../store/page.ts';
import type { LaneName } from './lanes.ts';

export const OperationStatus = z.enum(['queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled']);
export type OperationStatus = z.infer<typeof OperationStatus>;
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
  kind: z.string().meta({ description: 'For example environment.create.' }),
  status: OperationStatus,
  owner: z.string(),
  target: z.strictObject({ type: z.string(), id: z.string(), name: z.string() }).nullable(),
  steps: z.array(OperationStep),
  progress: z.strictObject({ step: z.string(), message: z.string(), percent: z.number().nullable() }).nullable(),
  result: z.unknown().nullable().meta({ description: 'Depends on the kind. Its `warnings` list what could not be finished after the operation could no longer be undone.' }),
  error: Problem.nullable(),
  attempt: z.int().meta({ description: 'Increases each time a restart of Somnus resumes it.' }),
  cancellable: z.boolean().meta({ description: 'Also false when it can no longer be undone.' }),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type Operation = z.infer<typeof Operation>;

export const OperationQuery = PageQuery.extend({
  status: OperationStatus.optional(),
  kind: z.string().max(100).optional().meta({ description: 'For example environment.create.' }),
  target: z.string().max(100).optional().meta({ description: 'Name or id of the object that the operations change.' }),
});
export type OperationQuery = z.infer<typeof OperationQuery>;

/** Something that a successful operation could not finish. */
export const OperationWarning = z.strictObject({ step: z.string(), code: z.string(), message: z.string() });
export type OperationWarning = z.infer<typeof OperationWarning>;

/** How an operation failed. */
export interface FailedOperation {
  kind: string;
  code: string;
  message: string;
  /** It had passed a commit step: not everything was undone, so its target may be neither unchanged nor as requested. */
  committed: boolean;
}

/**
 * A kind of operation: a short list of named steps over a context that can be rebuilt from the row alone.
 * Input is stored as JSON. Whatever a later step needs from an earlier one must be in files or records, not in memory.
 */
export interface OperationKind<Input = unknown, Context = unknown> {
  kind: string;
  input: z.ZodType<Input>;
  /** Rebuilds the context of the steps; called once per attempt. */
  open(input: Input, operation: Operation): Promise<Context>;
  /** Always the same, or derived from the input alone. */
  steps: readonly Step<Context>[] | ((input: Input) => readonly Step<Context>[]);
  /** Called when all steps are done; returns the operation's result. Called again when something it needs is unavailable. Its failure undoes nothing. */
  succeed?(context: Context): Promise<unknown>;
  /** Called once after the undos of a failure or cancel: updates the record to the present state. May return the error's hint: the present state and the next step. */
  fail?(context: Context, failed: FailedOperation): Promise<string | undefined | void>;
  /** What a restart of the control plane does with a running operation. */
  afterCrash: 'resume' | 'undo';
  /** False if it can never be cancelled. */
  cancellable: boolean;
  /** Slow background work does not run in the lane of VMs (the default), where it would delay users' operations. */
  lane?: LaneName;
}

/** The steps of an operation with this stored input; undefined when the input is of another version. */
export function stepsOf<Input, Context>({ steps, input: schema }: Pick<OperationKind<Input, Context>, 'steps' | 'input'>, input: unknown): readonly Step<Context>[] | undefined {
  if (typeof steps !== 'function') return steps;
  const parsed = schema.safeParse(input);
  return parsed.success ? steps(parsed.data) : undefined;
}
