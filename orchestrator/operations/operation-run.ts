// One attempt at one operation: its steps in order, or their undos in reverse; each change is on the disk before the next begins. Once a step that commits is done the
// operation only goes forward. Who may attempt it, and when, is the engine's business; how a step is run and waited for is step-runner.ts's.
import { withDeadline } from '../../common/deadline.ts';
import { fromSerializedError, SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { BoundKind, BoundStep, OpenOperation } from './bound-kind.ts';
import type { FaultPoints } from './fault-points.ts';
import type { OperationStatus, OperationStep, OperationWarning } from './operation.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import { recordCancel, recordOperation, type OperationRecords } from './record-operation.ts';
import type { OperationRow } from './sqlite-operation-store.ts';
import { isStoreFull } from '../store/sqlite-store.ts';
import { StepRunner } from './step-runner.ts';

/** Attempts that may die with their process before it is undone instead of resumed; and undos, before they are given up. */
const MAX_CRASHES = 3;
/** For rebuilding the context, and for `succeed` and `fail`, which only touch records. */
const RECORD_TIMEOUT_MS = 60_000;
const PROGRESS_INTERVAL_MS = 200;

export interface RunDeps extends OperationRecords {
  log: Logger;
  now: () => Date;
  /** How long a step that was told to stop may take to do so, before that is reported. */
  stopGraceMs: number;
  /** Where tests stop an operation. */
  faults?: FaultPoints | undefined;
}

export class OperationRun {
  readonly #row: OperationRow;
  readonly #kind: BoundKind | undefined;
  readonly #deps: RunDeps;
  readonly #log: Logger;
  readonly #progress: ProgressThrottle;
  readonly #cancel = new AbortController();
  readonly #release = new AbortController();
  readonly #runner: StepRunner;
  /** Committed, or being undone: too late for a cancel. */
  #settling = false;

  constructor(row: OperationRow, kind: BoundKind | undefined, deps: RunDeps) {
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
   * Asks the running step to stop; what was done is then undone. Repeatable.
   * @throws SomnusError `invalid_state` when it has passed its point of no return or is being undone
   */
  cancel(actor: string | null): void {
    if (this.#row.cancelAsked) return;
    if (this.#settling) throw tooLate(this.#row);
    recordCancel(this.#deps, this.#row, actor);
    this.#cancel.abort(cancelled());
  }

  /** Stops the work in a way that leaves the row to be resumed. For the control plane's shutdown. */
  release(): void {
    this.#release.abort(new SomnusError('interrupted', 'Somnus is shutting down'));
  }

  /** Works until the operation has ended or was released. @throws when the store cannot be written: the row stays as it was, to be attempted again */
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
    if (!kind) return this.#end(new SomnusError('unsupported', `This version of Somnus does not know operations of kind ${row.kind}`, { hint: 'What it had done was left as it is.' }));

    const undoing = found.status === 'undoing' && row.error !== null ? fromSerializedError(row.error) : undefined;
    if (undoing && found.crashes >= MAX_CRASHES) return this.#end(withUndoFailure(undoing, 'all', crashedTooOften(found.crashes)));
    let opened: OpenOperation;
    try {
      opened = await this.#bounded(`Opening ${row.kind}`, async () => await kind.open(row.input, this.#deps.operations.view(row)));
    } catch (thrown) {
      this.#throwIfReleased();
      const error = toSomnusError(thrown);
      return this.#end(undoing ? withUndoFailure(undoing, 'open', error) : error);
    }
    const failure = undoing ?? this.#whyUndo(opened, kind, found) ?? await this.#forward(opened, found.resumed);
    if (failure) await this.#backward(opened, failure);
  }

  #claim(): void {
    const row = this.#row;
    const first = row.attempt === 0;
    row.attempt += 1;
    row.crashes += 1;
    row.startedAt ??= this.#deps.now().toISOString();
    if (row.status === 'queued') row.status = 'running';
    row.steps = this.#kind?.stepNames.map((name) => row.steps.find((step) => step.name === name) ?? pendingStep(name)) ?? row.steps;
    this.#record(first ? 'operation.started' : 'operation.resumed', { attempt: row.attempt });
  }

  /** Why an operation that was found so goes back instead of forward. One that has committed goes forward, whatever was asked of it. */
  #whyUndo(opened: OpenOperation, kind: BoundKind, found: { status: OperationStatus; crashes: number }): SomnusError | undefined {
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
    return kind.afterCrash === 'undo' && at < 0 ? new SomnusError('interrupted', 'Somnus was restarted while this ran') : undefined;
  }

  /** @returns the error, when it is to be undone */
  async #forward(opened: OpenOperation, resumed: boolean): Promise<SomnusError | undefined> {
    if (this.#committedStep(opened) >= 0) this.#commit();
    if (resumed) await this.#lookAgain(opened);
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
      Object.assign(record, { status: 'done', endedAt: this.#timestamp() }); // on the disk with the next step's beginning
      if (step.commits) this.#commit();
    }
    if (!this.#settling && this.#cancel.signal.aborted) return cancelled();
    this.#settling = true;
    this.#deps.operations.save(this.#row);
    await this.#complete(opened);
    return undefined;
  }

  /** After an interruption: what was done is done again where its effect has gone, unless the operation has committed since. */
  async #lookAgain(opened: OpenOperation): Promise<void> {
    const signal = AbortSignal.any([this.#cancel.signal, this.#release.signal]);
    const since = opened.steps.slice(this.#committedStep(opened) + 1);
    for (const [at, step] of since.entries()) {
      if (this.#stepRecord(step.name).status !== 'done') continue;
      const holds = await this.#runner.patiently(`Looking at what ${step.name} had done`, async () => await step.holds?.() ?? true, { forMs: Infinity, signal }).catch((error: unknown) => {
        this.#throwIfReleased();
        this.#log.warn({ event: 'operation.step_not_seen', step: step.name, err: error });
        return false; // to run it again tells why
      });
      if (holds) continue;
      for (const { name } of since.slice(at)) Object.assign(this.#stepRecord(name), pendingStep(name));
      this.#log.info({ event: 'operation.step_repeated', step: step.name });
      return this.#record('operation.step_repeated', { step: step.name });
    }
  }

  /** From here on it only goes forward. */
  #commit(): void {
    const row = this.#row;
    this.#settling = true;
    row.cancellable = false;
    if (!row.cancelAsked) return;
    Object.assign(row, { status: 'running', cancelAsked: false });
    this.#warn('cancel', new SomnusError('cancelled', 'The cancel came too late'));
  }

  /** Index of the last step done that commits; -1 when it can still go back. */
  #committedStep(opened: OpenOperation): number {
    return opened.steps.findLastIndex((step) => step.commits && this.#stepRecord(step.name).status === 'done');
  }

  /** Whether it has done what it was for: what is left only tidies up. */
  #isReached(opened: OpenOperation): boolean {
    return this.#committedStep(opened) === opened.steps.findLastIndex((step) => step.commits);
  }

  #skip(record: OperationStep, error: SomnusError): void {
    Object.assign(record, { status: 'failed', endedAt: this.#timestamp() });
    this.#log.warn({ event: 'operation.not_finished', step: record.name, err: error });
    this.#warn(record.name, error);
  }

  /** Kept in the result from the beginning, so that a crash does not lose it. */
  #warn(step: string, error: SomnusError): void {
    this.#row.result = { warnings: [...warningsIn(this.#row.result), { step, ...brief(error) }] };
  }

  /** Records what came of it. That cannot be undone into a failure: when it cannot be recorded, at least what there is now is. */
  async #complete(opened: OpenOperation): Promise<void> {
    const row = this.#row;
    const warnings = warningsIn(row.result);
    try {
      const result = await this.#runner.patiently(`Completing ${row.kind}`, async () => await this.#bounded(`Completing ${row.kind}`, async () => await opened.succeed()));
      const plain = JSON.parse(JSON.stringify(result ?? null)) as unknown; // what cannot be kept fails here, not in the row
      row.result = warnings.length === 0 ? plain : { ...(typeof plain === 'object' ? plain : { value: plain }), warnings };
    } catch (thrown) {
      this.#throwIfReleased();
      if (isStoreFull(thrown)) throw thrown; // it has succeeded, which is recorded when there is room
      const error = toSomnusError(thrown);
      this.#log.error({ event: 'operation.not_completed', err: error });
      return this.#end(await this.#recordFailure(opened, error));
    }
    this.#end(undefined);
  }

  /** Undoes every step that was begun since the point of no return; one that cannot be undone is recorded and does not keep the others from it. */
  async #backward(opened: OpenOperation, failure: SomnusError): Promise<void> {
    const row = this.#row;
    let error = failure;
    this.#settling = true;
    if (row.status !== 'undoing') {
      Object.assign(row, { status: 'undoing', error: error.toJSON(), crashes: 1, progress: null });
      this.#record('operation.undoing', { error: brief(error) });
    }
    for (const step of opened.steps.slice(this.#committedStep(opened) + 1).toReversed()) {
      const record = this.#stepRecord(step.name);
      if (record.status === 'pending' || record.status === 'undone' || !step.undo) continue;
      this.#throwIfReleased();
      try {
        await this.#runner.undo(step);
        record.status = 'undone';
        this.#record('operation.step_undone', { step: step.name });
      } catch (thrown) {
        this.#throwIfReleased();
        error = withUndoFailure(error, step.name, toSomnusError(thrown));
        Object.assign(row, { error: error.toJSON() });
        record.status = 'failed';
        this.#log.error({ event: 'operation.undo_failed', step: step.name, err: thrown });
        this.#record('operation.undo_failed', { step: step.name, error: brief(toSomnusError(thrown)) });
      } finally {
        this.#progress.clear();
      }
    }
    this.#end(await this.#recordFailure(opened, error));
  }

  /** @returns the error, with what the kind says to it */
  async #recordFailure(opened: OpenOperation, error: SomnusError): Promise<SomnusError> {
    try {
      const committed = this.#committedStep(opened) >= 0;
      const hint = await this.#bounded(`Recording the failure of ${this.#row.kind}`, async () => await opened.fail({ ...brief(error), committed }));
      return hint === undefined ? error : new SomnusError(error.code, error.message, { hint, details: error.details, cause: error.cause });
    } catch (thrown) {
      this.#throwIfReleased();
      this.#log.error({ event: 'operation.fail_failed', err: thrown });
      return withUndoFailure(error, 'fail', toSomnusError(thrown));
    }
  }

  /** Runs a step. One that commits and fails when its effect is there all the same is done: that cannot be undone. */
  async #perform(step: BoundStep, parent: AbortSignal): Promise<void> {
    const isThere = async (): Promise<boolean> => step.commits && step.holds !== undefined && await step.holds().catch(() => false);
    const wasThere = await isThere();
    try {
      await this.#runner.run(step, 'run', parent);
    } catch (thrown) {
      if (wasThere || !(await isThere())) throw thrown;
      this.#log.warn({ event: 'operation.step_done_anyway', step: step.name, err: thrown });
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
    } catch (error) { // the step must not fail of it
      this.#log.warn({ event: 'operation.progress_not_saved', err: error });
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

/** Why a cancel is refused. */
export function tooLate({ id, status, cancellable }: Pick<OperationRow, 'id' | 'status' | 'cancellable'>): SomnusError {
  const why = cancellable ? 'The operation is being undone already' : 'Too late: the operation has passed its point of no return and can only be completed';
  return new SomnusError('invalid_state', why, { hint: `See its result with \`somnus op show ${id}\`.`, details: { status } });
}

export function pendingStep(name: string): OperationStep {
  return { name, status: 'pending', startedAt: null, endedAt: null };
}

function crashedTooOften(times: number, step?: string): SomnusError {
  return new SomnusError('interrupted', `Somnus died ${times} times while this ran${step === undefined ? '' : `, the last time in ${step}`}`, { hint: 'The log of the control plane says why.' });
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

/** The same error, knowing also what could not be undone. */
function withUndoFailure(error: SomnusError, step: string, failure: SomnusError): SomnusError {
  const before = Array.isArray(error.details['undoFailures']) ? error.details['undoFailures'] as unknown[] : [];
  return new SomnusError(error.code, error.message, { hint: error.hint, details: { ...error.details, undoFailures: [...before, { step, ...brief(failure) }] }, cause: error.cause });
}
