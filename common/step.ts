// The unit of durable work: a named step that can be repeated, and undone until the operation has passed its commit step.
import type { Logger } from './log.ts';

export interface StepProgress {
  /** One short line for people that says what the step is waiting for. */
  message?: string;
  /** 0–100 within this step, if known. */
  percent?: number;
}

/** What the engine passes to each step. */
export interface StepRun {
  /** Fires on cancel and when the step's deadline passes. */
  signal: AbortSignal;
  log: Logger;
  progress(progress: StepProgress): void;
}

/**
 * One step of an operation on context `C`. `run` must be safe to repeat after an earlier run was interrupted at any point: check first, then act.
 * `undo` must be safe when `run` never started or stopped halfway. A step without `undo` changes nothing that outlives a failure.
 */
export interface Step<C> {
  name: string;
  /** Of `run`; `undo` has at least a minute. */
  timeoutMs: number;
  run(context: C, step: StepRun): Promise<void>;
  /** Whether the operation needs this step; omitted: always. One that is not needed counts as done at once. Asked again at each attempt, so it depends on the context alone. */
  when?(context: C): boolean;
  undo?(context: C, step: StepRun): Promise<void>;
  /**
   * Whether the operation can no longer go back once this step is done: from then on it cannot be cancelled, and neither this step nor an earlier one
   * is undone. Steps after the last commit step only clean up: if one fails, the operation succeeds with a warning. If no step commits, the last step
   * counts as the commit step.
   */
  commits?: boolean | ((context: C) => boolean);
  /**
   * Whether what is done so far is kept once this step is done: when a later step fails or the operation is cancelled, only the steps after it are
   * undone. Unlike after a commit step, the operation can still be cancelled.
   */
  savepoint?: boolean | ((context: C) => boolean);
  /**
   * Whether the effect of a completed `run` is still in place. Called when an interrupted operation is resumed, perhaps after a reboot of the host:
   * if the effect is gone, this step and all later steps run again. Steps with a lasting effect, such as a file, omit it. Also called when a commit
   * step has failed: an effect that is in place anyway cannot be undone, so the step counts as done. @throws unavailable when this cannot be
   * determined now
   */
  holds?(context: C): Promise<boolean>;
}
