// Runs one step or its undo with a deadline. Returns only when it has ended, since nothing may start while a step is still running.
import { sleep, throwIfAborted, withDeadline } from '../../common/deadline.ts';
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { StepProgress, StepRun } from '../../common/step.ts';
import type { FaultPoints } from './fault-points.ts';
import type { OpenStep } from './open-operation.ts';

/** How long to wait for an unavailable service of the host, such as a libvirtd that is being restarted. */
const PATIENCE_MS = 60_000;
const TRY_AGAIN_MS = 500;
/** An undo has at least this long: what made a step miss a short deadline would make its undo miss the same one, and leave the state in between. */
const UNDO_AT_LEAST_MS = 60_000;

export interface StepRunnerOptions {
  kind: string;
  log: Logger;
  /** How long a step that was asked to stop may take before that is reported. */
  stopGraceMs: number;
  /** Fires when this process is to end; only this ends the wait for a step that does not stop. */
  release: AbortSignal;
  faults: FaultPoints | undefined;
  report(step: string, progress: StepProgress): void;
}

export class StepRunner {
  readonly #options: StepRunnerOptions;

  constructor(options: StepRunnerOptions) {
    this.#options = options;
  }

  /**
   * Returns when the step is done, also if it finished in spite of a cancel or after its deadline.
   * @throws what the step throws; timeout; what `parent` was aborted with. The step has ended then, unless this process is to end.
   */
  async run(step: OpenStep, direction: 'run' | 'undo', parent: AbortSignal): Promise<void> {
    const what = direction === 'run' ? step.name : `Undoing ${step.name}`;
    const timeoutMs = direction === 'run' ? step.timeoutMs : Math.max(step.timeoutMs, UNDO_AT_LEAST_MS);
    const log = this.#options.log.child({ step: step.name, direction });
    let over = false;
    let working: Promise<void> | undefined;
    try {
      await withDeadline(what, timeoutMs, parent, async (signal) => {
        working = this.#work(step, direction, { signal, log, progress: (progress) => { if (!over) this.#options.report(what, progress); } });
        await working;
      });
    } catch (thrown) {
      if (working === undefined || !(await this.#isDone(working, what, log))) throw thrown;
    } finally {
      over = true;
    }
  }

  /** Undoes a step. Waits while a service of the host is unavailable, because a partial undo leaves things behind. */
  async undo(step: OpenStep): Promise<void> {
    await this.patiently(`Undoing ${step.name}`, async () => await this.run(step, 'undo', this.#options.release));
  }

  /** Repeats `work` while what it needs is not available. */
  async patiently<T>(what: string, work: () => Promise<T>, { forMs = PATIENCE_MS, signal = this.#options.release }: { forMs?: number; signal?: AbortSignal } = {}): Promise<T> {
    const until = performance.now() + forMs;
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        const error = toSomnusError(thrown);
        throwIfAborted(signal);
        if (error.code !== 'unavailable' || performance.now() > until) throw thrown;
        this.#options.log.warn({ event: 'operation.waits', what, err: error });
        this.#options.report(what, { message: `waiting: ${error.message}` });
        await sleep(TRY_AGAIN_MS, signal);
      }
    }
  }

  async #work(step: OpenStep, direction: 'run' | 'undo', run: StepRun): Promise<void> {
    const { faults, kind } = this.#options;
    const point = { kind, step: step.name, direction } as const;
    await faults?.reached({ ...point, when: 'before' }, run.signal);
    await step[direction]?.(run);
    await faults?.reached({ ...point, when: 'after' }, run.signal);
  }

  /** Waits without limit until it has ended; only a restart of Somnus ends the wait. @returns whether it succeeded */
  async #isDone(working: Promise<void>, what: string, log: Logger): Promise<boolean> {
    const { stopGraceMs, release } = this.#options;
    const ended = working.then(() => true, () => false);
    const inTime = await endsWithin(ended, stopGraceMs);
    if (inTime !== undefined) return inTime;
    log.error({ event: 'operation.step-does-not-stop' });
    this.#options.report(what, { message: 'waiting for the step to stop; nothing is undone until it has stopped or Somnus was restarted' });
    const { promise: released, resolve } = Promise.withResolvers<boolean>();
    const onRelease = (): void => resolve(false);
    release.addEventListener('abort', onRelease, { once: true });
    if (release.aborted) onRelease();
    return await Promise.race([ended, released]).finally(() => release.removeEventListener('abort', onRelease));
  }
}

/** @returns undefined when it does not end in time */
async function endsWithin(ended: Promise<boolean>, withinMs: number): Promise<boolean | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([ended, sleep(withinMs, timer.signal).then(() => undefined)]);
  } finally {
    timer.abort();
  }
}
