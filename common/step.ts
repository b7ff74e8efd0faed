// The unit of durable work: a named step that can be repeated, and undone until the operation has passed its point of no return.
import type { Logger } from './log.ts';

export interface StepProgress {
  /** One short line for people: what is being waited for. */
  message?: string;
  /** 0–100 within this step, when it is known. */
  percent?: number;
}

/** What the engine hands to each step. */
export interface StepRun {
  /** Fires on cancel and when the step's deadline passes. */
  signal: AbortSignal;
  log: Logger;
  progress(progress: StepProgress): void;
}

/**
 * One step of an operation on context `C`. `run` must be safe to repeat from any point of an earlier, interrupted run: look first, then act.
 * `undo` must be safe when `run` never started or stopped halfway. A step without `undo` changes nothing that outlives a failure.
 */
export interface Step<C> {
  name: string;
  timeoutMs: number;
  run(context: C, step: StepRun): Promise<void>;
  undo?(context: C, step: StepRun): Promise<void>;
  /**
   * Whether the operation cannot go back once this step is done: from then on it is not cancelled, and neither this step nor an earlier one is undone. What follows
   * the last such step only tidies up: a failure there is reported as a warning of an operation that succeeded. Without any, the last step is it.
   */
  commits?: boolean | ((context: C) => boolean);
  /**
   * Whether the effect of a `run` that was completed is still there: asked when an interrupted operation is resumed, perhaps after a reboot of the host. When it is
   * gone, this step and all that follow are run again. Left out by steps whose effect lasts, such as a file. Also asked of a step that commits, when it has failed: an
   * effect that is there all the same cannot be undone, so the step counts as done. @throws unavailable when that cannot be found out now
   */
  holds?(context: C): Promise<boolean>;
}
