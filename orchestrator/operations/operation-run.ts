// One attempt at one operation: its steps in order, or their undos in reverse. Each change is on disk before the next starts. After a commit step the
// operation can only be completed. The engine decides who may attempt it and when; step-runner.ts runs a single step.
import { withDeadline } from '../../common/deadline.ts';
import { fromSerializedError, SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { FaultPoints } from './fault-points.ts';
import { openOperation, type OpenOperation, type OpenStep } from './open-operation.ts';
import { stepsOf, type OperationKind, type OperationStatus, type OperationStep, type OperationWarning } from './operation.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import { recordCancel, recordOperation, type OperationRecords } from './record-operation.ts';
import type { OperationRow } from './sqlite-operation-store.ts';
import { isStoreFull } from '../store/sqlite-store.ts';
import { StepRunner } from './step-runner.ts';

/** Attempts that may crash the process before the operation is undone instead of resumed, or its undo is abandoned. */
const MAX_CRASHES = 3;
/** For rebuilding the context, and for `succeed` and `fail`, which only change records. */
const RECORD_TIMEOUT_MS = 60_000;
const PROGRESS_INTERVAL_MS = 200;

export interface RunDeps extends OperationRecords {
  log: Logger;
  now: () => Date;
  /** How long a step that was asked to stop may take before that is reported. */
  stopGraceMs: number;
  /** Where tests stop an operation. */
  faults?: FaultPoints | undefined;
}

export class OperationRun {
  readonly #row: OperationRow;
  readonly #kind: OperationKind | undefined;
  readonly #deps: RunDeps;
  readonly #log: Logger;
  readonly #progress: ProgressThrottle;
  readonly #cancel = new AbortController();
  readonly #release = new AbortController();
  readonly #runner: StepRunner;
  /** Committed, or being undone: too late for a cancel. */
  #settling = false;

  constructor(row: OperationRow, kind: OperationKind | undefined, deps: RunDeps) {
    this.#row = row;
    this.#kind = kind;
    this.#deps = deps;
    this.#log = deps.log.child({ operationId: row.id, kind: row.kind });
    this.#progress = new ProgressThrottle((progress) => this.#saveProgress(progress), PROGRESS_INTERVAL_MS);
    this.#runner = new StepRunner({
      kind: row.kind, log: this.#log, stopGraceMs: deps.stopGraceMs, release: this.#release.signal, faults: deps.faults,
      report: (step, { message = '', percent = null }) => this.#progress.report({ step, message, percent }),
    });
  }

  /**
   * Asks the running step to stop; completed steps are then undone. Repeatable.
   * @throws SomnusError `invalid_state` after its commit step or while it is being undone
   */
  cancel(actor: string | null): void {
    if (this.#row.cancelAsked) return;
    if (this.#settling) throw tooLate(this.#row);
    recordCancel(this.#deps, this.#row, actor);
    this.#cancel.abort(cancelled());
  }

  /** Stops the work so that it can be resumed later. For the control plane's shutdown. */
  release(): void {
    this.#release.abort(new SomnusError('interrupted', 'Somnus is shutting down'));
  }

  /** Works until the operation has ended or was released. @throws when the store cannot be written: the row is unchanged, to be attempted again */
  async drive(): Promise<void> {
    try {
      await this.#attempt();
    } catch (thrown) {
      if (thrown !== this.#release.signal.reason) throw thrown;
      this.#row.crashes -= 1;
      this.#deps.operations.save(this.#row);
      this.#log.info({ event: 'operation.released' });
    } finally {
      this.#progress.clear();
    }
  }

  async #attempt(): Promise<void> {
    const row = this.#row;
    const kind = this.#kind;
    const found = { status: row.status, crashes: row.crashes, resumed: row.attempt > 0 };
    this.#claim();
    if (!kind) return this.#end(new SomnusError('unsupported', `This version of Somnus does not know operations of kind ${row.kind}`, { hint: 'Its completed steps were not undone.' }));

    const undoing = found.status === 'undoing' && row.error !== null ? fromSerializedError(row.error) : undefined;
    if (undoing && found.crashes >= MAX_CRASHES) return this.#end(withUndoFailure(undoing, 'all', crashedTooOften(found.crashes)));
    let opened: OpenOperation;
    try {
      opened = await this.#bounded(`Opening ${row.kind}`, async () => await openOperation(kind, row.input, this.#deps.operations.view(row)));
    } catch (thrown) {
      this.#throwIfReleased();
      const error = toSomnusError(thrown);
      return this.#end(undoing ? withUndoFailure(undoing, 'open', error) : error);
    }
    const failure = undoing ?? this.#undoReason(opened, kind, found) ?? await this.#forward(opened, found.resumed);
    if (failure) await this.#backward(opened, failure);
  }

  #claim(): void {
    const row = this.#row;
    const first = row.attempt === 0;
    row.attempt += 1;
    row.crashes += 1;
    row.startedAt ??= this.#deps.now().toISOString();
    if (row.status === 'queued') row.status = 'running';
    const steps = this.#kind && stepsOf(this.#kind, row.input);
    row.steps = steps?.map(({ name }) => row.steps.find((step) => step.name === name) ?? pendingStep(name)) ?? row.steps;
    this.#record(first ? 'operation.started' : 'operation.resumed', { attempt: row.attempt });
  }

  /** Why an operation is undone instead of continued. After a commit step it always continues. */
  #undoReason(opened: OpenOperation, kind: OperationKind, found: { status: OperationStatus; crashes: number }): SomnusError | undefined {
    const row = this.#row;
    const at = this.#committedStep(opened);
    if (at < 0 && row.cancelAsked) return cancelled();
    if (found.status !== 'running') return undefined;
    const interrupted = row.steps.find((step) => step.status === 'running');
    if (found.crashes >= MAX_CRASHES) {
      const error = crashedTooOften(found.crashes, interrupted?.name);
      if (!this.#isReached(opened)) return error;
      if (interrupted) this.#skip(interrupted, error);
    }
    return kind.afterCrash === 'undo' && at < 0 ? new SomnusError('interrupted', 'Somnus was restarted during this operation') : undefined;
  }

  /** @returns the error, if it is to be undone */
  async #forward(opened: OpenOperation, resumed: boolean): Promise<SomnusError | undefined> {
    if (this.#committedStep(opened) >= 0) this.#commit();
    if (resumed) await this.#repeatLostSteps(opened);
    for (const [at, step] of opened.steps.entries()) {
      const record = this.#stepRecord(step.name);
      const reached = this.#isReached(opened);
      if (record.status === 'done' || (reached && record.status === 'failed')) continue;
      if (!this.#settling && this.#cancel.signal.aborted) return cancelled();
      this.#throwIfReleased();
      Object.assign(record, { status: 'running', startedAt: this.#timestamp(), endedAt: null });
      this.#row.progress = { step: step.name, message: '', percent: null };
      this.#record('operation.step', { step: step.name, number: at + 1, of: opened.steps.length });
      try {
        await this.#perform(step, this.#settling ? this.#release.signal : AbortSignal.any([this.#cancel.signal, this.#release.signal]));
      } catch (thrown) {
        const stopped = !this.#settling && this.#cancel.signal.aborted;
        if (!stopped) this.#throwIfReleased();
        const error = stopped ? cancelled() : toSomnusError(thrown);
        if (reached) {
          this.#skip(record, error);
          continue;
        }
        Object.assign(record, { status: 'failed', endedAt: this.#timestamp() });
        return error;
      }
      Object.assign(record, { status: 'done', endedAt: this.#timestamp() }); // written to disk when the next step starts
      if (step.commits) this.#commit();
    }
    if (!this.#settling && this.#cancel.signal.aborted) return cancelled();
    this.#settling = true;
    this.#deps.operations.save(this.#row);
    await this.#complete(opened);
    return undefined;
  }

  /** After an interruption: repeats completed steps whose effect is gone, unless the operation has committed or reached a savepoint since. */
  async #repeatLostSteps(opened: OpenOperation): Promise<void> {
    const signal = AbortSignal.any([this.#cancel.signal, this.#release.signal]);
    const since = opened.steps.slice(this.#keptStep(opened) + 1);
    for (const [at, step] of since.entries()) {
      if (this.#stepRecord(step.name).status !== 'done') continue;
      const holds = await this.#runner.patiently(`Checking the effect of ${step.name}`, async () => await step.holds?.() ?? true, { forMs: Infinity, signal }).catch((error: unknown) => {
        this.#throwIfReleased();
        this.#log.warn({ event: 'operation.step-not-seen', step: step.name, err: error });
        return false; // running it again shows why
      });
      if (holds) continue;
      for (const { name } of since.slice(at)) Object.assign(this.#stepRecord(name), pendingStep(name));
      this.#log.info({ event: 'operation.step-repeated', step: step.name });
      return this.#record('operation.step-repeated', { step: step.name });
    }
  }

  /** From here on the operation can only be completed. */
  #commit(): void {
    const row = this.#row;
    this.#settling = true;
    row.cancellable = false;
    if (!row.cancelAsked) return;
    Object.assign(row, { status: 'running', cancelAsked: false });
    this.#warn('cancel', new SomnusError('cancelled', 'The cancel came too late'));
  }

  /** Index of the last completed commit step; -1 when it can still be undone. */
  #committedStep(opened: OpenOperation): number {
    return opened.steps.findLastIndex((step) => step.commits && this.#stepRecord(step.name).status === 'done');
  }

  /** Index of the last completed commit step or savepoint: it and the steps before it are not undone. -1 when all can be. */
  #keptStep(opened: OpenOperation): number {
    return opened.steps.findLastIndex((step) => (step.commits || step.savepoint) && this.#stepRecord(step.name).status === 'done');
  }

  /** Whether it has reached its goal, so that only cleanup is left. */
  #isReached(opened: OpenOperation): boolean {
    return this.#committedStep(opened) === opened.steps.findLastIndex((step) => step.commits);
  }

  #skip(record: OperationStep, error: SomnusError): void {
    Object.assign(record, { status: 'failed', endedAt: this.#timestamp() });
    this.#log.warn({ event: 'operation.not-finished', step: record.name, err: error });
    this.#warn(record.name, error);
  }

  /** Stored in the result at once, so that a crash does not lose it. */
  #warn(step: string, error: SomnusError): void {
    this.#row.result = { warnings: [...warningsIn(this.#row.result), { step, ...brief(error) }] };
  }

  /** Records the outcome. A failure here is not undone: it at least records the present state. */
  async #complete(opened: OpenOperation): Promise<void> {
    const row = this.#row;
    const warnings = warningsIn(row.result);
    try {
      const result = await this.#runner.patiently(`Completing ${row.kind}`, async () => await this.#bounded(`Completing ${row.kind}`, async () => await opened.succeed()));
      const plain = JSON.parse(JSON.stringify(result ?? null)) as unknown; // a result that cannot be stored fails here, not when the row is written
      row.result = warnings.length === 0 ? plain : { ...(typeof plain === 'object' ? plain : { value: plain }), warnings };
    } catch (thrown) {
      this.#throwIfReleased();
      if (isStoreFull(thrown)) throw thrown; // it has succeeded, which is recorded when there is space
      const error = toSomnusError(thrown);
      this.#log.error({ event: 'operation.not-completed', err: error });
      return this.#end(await this.#recordFailure(opened, error));
    }
    this.#end(undefined);
  }

  /** Undoes every step started since the last commit step or savepoint. A failed undo is recorded and does not stop the others. */
  async #backward(opened: OpenOperation, failure: SomnusError): Promise<void> {
    const row = this.#row;
    let error = failure;
    this.#settling = true;
    if (row.status !== 'undoing') {
      Object.assign(row, { status: 'undoing', error: error.toJSON(), crashes: 1, progress: null });
      this.#record('operation.undoing', { error: brief(error) });
    }
    for (const step of opened.steps.slice(this.#keptStep(opened) + 1).toReversed()) {
      const record = this.#stepRecord(step.name);
      if (record.status === 'pending' || record.status === 'undone' || !step.undo) continue;
      this.#throwIfReleased();
      try {
        await this.#runner.undo(step);
        record.status = 'undone';
        this.#record('operation.step-undone', { step: step.name });
      } catch (thrown) {
        this.#throwIfReleased();
        error = withUndoFailure(error, step.name, toSomnusError(thrown));
        Object.assign(row, { error: error.toJSON() });
        record.status = 'failed';
        this.#log.error({ event: 'operation.undo-failed', step: step.name, err: thrown });
        this.#record('operation.undo-failed', { step: step.name, error: brief(toSomnusError(thrown)) });
      } finally {
        this.#progress.clear();
      }
    }
    this.#end(await this.#recordFailure(opened, error));
  }

  /** @returns the error, with the hint from the kind */
  async #recordFailure(opened: OpenOperation, error: SomnusError): Promise<SomnusError> {
    try {
      const committed = this.#committedStep(opened) >= 0;
      const hint = await this.#bounded(`Recording the failure of ${this.#row.kind}`, async () => await opened.fail({ ...brief(error), kind: this.#row.kind, committed }));
      return hint === undefined ? error : new SomnusError(error.code, error.message, { hint, details: error.details, cause: error.cause });
    } catch (thrown) {
      this.#throwIfReleased();
      this.#log.error({ event: 'operation.fail-failed', err: thrown });
      return withUndoFailure(error, 'fail', toSomnusError(thrown));
    }
  }

  /** Runs a step. A commit step that fails although its effect is in place counts as done, since it cannot be undone. */
  async #perform(step: OpenStep, parent: AbortSignal): Promise<void> {
    const isInPlace = async (): Promise<boolean> => step.commits && step.holds !== undefined && await step.holds().catch(() => false);
    const wasInPlace = await isInPlace();
    try {
      await this.#runner.run(step, 'run', parent);
    } catch (thrown) {
      if (wasInPlace || !(await isInPlace())) throw thrown;
      this.#log.warn({ event: 'operation.step-done-anyway', step: step.name, err: thrown });
    } finally {
      this.#progress.clear();
    }
  }

  async #bounded<T>(what: string, work: () => Promise<T>): Promise<T> {
    return await withDeadline(what, RECORD_TIMEOUT_MS, this.#release.signal, work);
  }

  #end(error: SomnusError | undefined): void {
    const row = this.#row;
    const failed: OperationStatus = row.cancelAsked ? 'cancelled' : 'failed';
    Object.assign(row, { status: error ? failed : 'succeeded', error: error?.toJSON() ?? null, progress: null, endedAt: this.#timestamp() });
    const warnings = error ? [] : warningsIn(row.result);
    this.#record(`operation.${row.status}`, { ...(error ? { error: brief(error) } : {}), ...(warnings.length > 0 ? { warnings } : {}) });
    const durationMs = Date.parse(row.endedAt ?? '') - Date.parse(row.createdAt);
    if (row.status === 'failed') this.#log.warn({ event: 'operation.failed', durationMs, err: error });
    else this.#log.info({ event: `operation.${row.status}`, durationMs });
  }

  #saveProgress(progress: NonNullable<OperationRow['progress']>): void {
    this.#row.progress = progress;
    try {
      this.#record('operation.progress', progress);
    } catch (error) { // this must not fail the step
      this.#log.warn({ event: 'operation.progress-not-saved', err: error });
    }
  }

  #record(type: string, data: Record<string, unknown>): void {
    recordOperation(this.#deps, this.#row, type, data);
  }

  #stepRecord(name: string): OperationStep {
    const record = this.#row.steps.find((step) => step.name === name);
    if (!record) throw new SomnusError('internal', `${this.#row.kind} has no step ${name}`);
    return record;
  }

  #throwIfReleased(): void {
    this.#release.signal.throwIfAborted();
  }

  #timestamp(): string {
    return this.#deps.now().toISOString();
  }
}

/** The error for a cancel that comes too late. */
export function tooLate({ id, status, cancellable }: Pick<OperationRow, 'id' | 'status' | 'cancellable'>): SomnusError {
  const why = cancellable ? 'The operation is already being undone' : 'Too late to cancel: the operation can only be completed';
  return new SomnusError('invalid_state', why, { hint: `See its result with \`somnus op show ${id}\`.`, details: { status } });
}

export function pendingStep(name: string): OperationStep {
  return { name, status: 'pending', startedAt: null, endedAt: null };
}

function crashedTooOften(times: number, step?: string): SomnusError {
  return new SomnusError('interrupted', `Somnus crashed ${times} times during this operation${step === undefined ? '' : `, the last time in ${step}`}`, { hint: 'See the log of the control plane.' });
}

function cancelled(): SomnusError {
  return new SomnusError('cancelled', 'The operation was cancelled');
}

function warningsIn(result: unknown): OperationWarning[] {
  return (result as { warnings?: OperationWarning[] } | null)?.warnings ?? [];
}

function brief(error: SomnusError): { code: string; message: string } {
  return { code: error.code, message: error.message };
}

/** The same error with an additional undo failure. */
function withUndoFailure(error: SomnusError, step: string, failure: SomnusError): SomnusError {
  const before = Array.isArray(error.details['undoFailures']) ? error.details['undoFailures'] as unknown[] : [];
  return new SomnusError(error.code, error.message, { hint: error.hint, details: { ...error.details, undoFailures: [...before, { step, ...brief(failure) }] }, cause: error.cause });
}
