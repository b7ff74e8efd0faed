// A kind of operation with its input and context types hidden, so that the engine can hold kinds of any type.
import { SomnusError } from '../../common/errors.ts';
import type { Step, StepRun } from '../../common/step.ts';
import type { LaneName } from './lanes.ts';
import type { FailedOperation, Operation, OperationKind } from './operation.ts';

export interface BoundStep {
  name: string;
  timeoutMs: number;
  run(step: StepRun): Promise<void>;
  undo: ((step: StepRun) => Promise<void>) | undefined;
  commits: boolean;
  holds: (() => Promise<boolean>) | undefined;
}

/** The steps of one attempt with their context. */
export interface OpenOperation {
  steps: readonly BoundStep[];
  succeed(): Promise<unknown>;
  fail(failed: FailedOperation): Promise<string | undefined>;
}

export interface BoundKind {
  kind: string;
  stepNames: readonly string[];
  afterCrash: 'resume' | 'undo';
  cancellable: boolean;
  lane: LaneName;
  /** Checks a request's input. @throws SomnusError `invalid_request` */
  check(input: unknown): unknown;
  open(input: unknown, operation: Operation): Promise<OpenOperation>;
}

export function bindKind<Input, Context>(kind: OperationKind<Input, Context>): BoundKind {
  const stepNames = kind.steps.map((step) => step.name);
  if (new Set(stepNames).size !== stepNames.length) throw new SomnusError('internal', `${kind.kind} has two steps with the same name`);
  return {
    kind: kind.kind,
    stepNames,
    afterCrash: kind.afterCrash,
    cancellable: kind.cancellable,
    lane: kind.lane ?? 'vms',
    check(input) {
      const parsed = kind.input.safeParse(input);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new SomnusError('invalid_request', `${kind.kind}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, { cause: parsed.error });
    },
    async open(input, operation) {
      const parsed = kind.input.safeParse(input);
      if (!parsed.success) {
        throw new SomnusError('unsupported', `This version cannot continue the stored ${kind.kind}`, { hint: 'Start it again.', cause: parsed.error });
      }
      const context = await kind.open(parsed.data, operation);
      const needs = (step: Step<Context>): boolean => step.when?.(context) ?? true;
      const commits = kind.steps.map((step) => (typeof step.commits === 'function' ? step.commits(context) : step.commits === true));
      return {
        steps: kind.steps.map((step, at) => ({
          name: step.name,
          timeoutMs: step.timeoutMs,
          run: async (run) => { if (needs(step)) await step.run(context, run); },
          undo: step.undo && (async (run) => { if (needs(step)) await step.undo?.(context, run); }),
          commits: commits[at] === true || (at === kind.steps.length - 1 && !commits.includes(true)),
          holds: step.holds && (async () => !needs(step) || (await step.holds?.(context) ?? true)),
        })),
        succeed: async () => await kind.succeed?.(context),
        fail: async (failed) => await kind.fail?.(context, failed) ?? undefined,
      };
    },
  };
}
