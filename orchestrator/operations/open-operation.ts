// One attempt at an operation: the steps of its kind, bound to the context that was rebuilt from the row.
import { SomnusError } from '../../common/errors.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { stepsOf, type FailedOperation, type Operation, type OperationKind } from './operation.ts';

export interface OpenStep {
  name: string;
  timeoutMs: number;
  run(step: StepRun): Promise<void>;
  undo: ((step: StepRun) => Promise<void>) | undefined;
  commits: boolean;
  savepoint: boolean;
  holds: (() => Promise<boolean>) | undefined;
}

export interface OpenOperation {
  steps: readonly OpenStep[];
  succeed(): Promise<unknown>;
  fail(failed: FailedOperation): Promise<string | undefined>;
}

/** @throws SomnusError `unsupported` when the stored input is of another version; what the kind's `open` throws */
export async function openOperation<Input, Context>(kind: OperationKind<Input, Context>, input: unknown, operation: Operation): Promise<OpenOperation> {
  const parsed = kind.input.safeParse(input);
  if (!parsed.success) throw new SomnusError('unsupported', `This version cannot continue the stored ${kind.kind}`, { hint: 'Start it again.', cause: parsed.error });
  const context = await kind.open(parsed.data, operation);
  const needs = (step: Step<Context>): boolean => step.when?.(context) ?? true;
  const steps = stepsOf(kind, input) ?? [];
  const decide = (rule: boolean | ((context: Context) => boolean) | undefined): boolean => (typeof rule === 'function' ? rule(context) : rule === true);
  const commits = steps.map((step) => decide(step.commits));
  return {
    steps: steps.map((step, at) => ({
      name: step.name,
      timeoutMs: step.timeoutMs,
      run: async (run) => { if (needs(step)) await step.run(context, run); },
      undo: step.undo && (async (run) => { if (needs(step)) await step.undo?.(context, run); }),
      commits: commits[at] === true || (at === steps.length - 1 && !commits.includes(true)),
      savepoint: decide(step.savepoint),
      holds: step.holds && (async () => !needs(step) || (await step.holds?.(context) ?? true)),
    })),
    succeed: async () => await kind.succeed?.(context),
    fail: async (failed) => await kind.fail?.(context, failed) ?? undefined,
  };
}
