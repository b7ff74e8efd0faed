// The unit of durable work: a named step that can be repeated, and taken back.
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
}
