// One attempt at one operation: its steps in order, or their undos in reverse; each change is on the disk before the next begins.
// Who may attempt it, and when, is the engine's business.
import { sleep, withDeadline } from '../../common/deadline.ts';
import { fromSerializedError, SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { StepProgress, StepRun } from '../../common/step.ts';
import type { BoundKind, BoundStep, OpenOperation } from './bound-kind.ts';
import type { OperationStatus, OperationStep } from './operation.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import { recordCancel, recordOperation, type OperationRecords } from './record-operation.ts';
import type { OperationRow } from './sqlite-operation-store.ts';

/** Attempts that may die with their process before it is undone instead of resumed; and undos, before they are given up. */
const MAX_CRASHES = 3;
/** For rebuilding the context, and for `succeed` and `fail`, which only touch records. */
const RECORD_TIMEOUT_MS = 60_000;
const PROGRESS_INTERVAL_MS = 200;
const UNDO_PATIENCE_MS = 60_000;
const UNDO_AGAIN_MS = 500;

export interface RunDeps extends OperationRecords {
  log: Logger;
  now: () => Date;
  /** How long a step that was told to stop may take to do so, before the undos begin beside it. */
  stopGraceMs: number;
}

export class OperationRun {
  readonly #row: OperationRow;
  readonly #kind: BoundKind | undefined;
  readonly #deps: RunDeps;
  readonly #log: Logger;
  readonly #progress: ProgressThrottle;
  readonly #cancel = new AbortController();
  readonly #release = new AbortController();
  /** Past its steps: too late for a cancel. */
  #settling = false;

  constructor(row: OperationRow, kind: BoundKind | undefined, deps: RunDeps) {
    this.#row = row;
    this.#kind = kind;
    this.#deps = deps;
    this.#log = deps.log.child({ operationId: row.id, kind: row.kind });
    this.#progress = new ProgressThrottle((progress) => this.#saveProgress(progress), PROGRESS_INTERVAL_MS);
  }

  /**
   * Asks the running step to stop; what was done is then undone. Repeatable.
   * @throws SomnusError `invalid_state` when its steps are done or it is being undone
   */
  cancel(actor: string | null): void {
    if (this.#row.cancelAsked) return;
    if (this.#settling) {
      throw new SomnusError('invalid_state', 'Too late: the operation is already coming to its end', { hint: `See how it ends with \`somnus op show ${this.#row.id}\`.`, details: { status: this.#row.status } });
    }
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
    const found = { status: row.status, crashes: row.crashes };
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
    const failure = undoing ?? whyUndo(row, kind, found) ?? await this.#forward(opened);
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

  /** @returns the error, when it is to be undone */
  async #forward(opened: OpenOperation): Promise<SomnusError | undefined> {
    const signal = AbortSignal.any([this.#cancel.signal, this.#release.signal]);
    for (const [at, step] of opened.steps.entries()) {
      const record = this.#stepRecord(step.name);
      if (record.status === 'done') continue;
      if (this.#cancel.signal.aborted) return cancelled();
      this.#throwIfReleased();
      Object.assign(record, { status: 'running', startedAt: this.#timestamp(), endedAt: null });
      this.#row.progress = { step: step.name, message: '', percent: null };
      this.#record('operation.step', { step: step.name, number: at + 1, of: opened.steps.length });
      try {
        await this.#perform(step, 'run', signal);
      } catch (thrown) {
        if (!this.#cancel.signal.aborted) this.#throwIfReleased();
        Object.assign(record, { status: 'failed', endedAt: this.#timestamp() });
        return this.#cancel.signal.aborted ? cancelled() : toSomnusError(thrown);
      }
      Object.assign(record, { status: 'done', endedAt: this.#timestamp() }); // on the disk with the next step's beginning
    }
    if (this.#cancel.signal.aborted) return cancelled();
    this.#settling = true;
    this.#deps.operations.save(this.#row);
    try {
      const result = await this.#bounded(`Completing ${this.#row.kind}`, async () => await opened.succeed());
      this.#row.result = JSON.parse(JSON.stringify(result ?? null)); // what cannot be kept fails here, not in the row
    } catch (thrown) {
      this.#throwIfReleased();
      return toSomnusError(thrown);
    }
    this.#end(undefined);
    return undefined;
  }

  /** Undoes every step that was begun; one that cannot be undone is recorded and does not keep the others from it. */
  async #backward(opened: OpenOperation, failure: SomnusError): Promise<void> {
    const row = this.#row;
    let error = failure;
    this.#settling = true;
    if (row.status !== 'undoing') {
      Object.assign(row, { status: 'undoing', error: error.toJSON(), crashes: 1, progress: null });
      this.#record('operation.undoing', { error: brief(error) });
    }
    for (const step of opened.steps.toReversed()) {
      const record = this.#stepRecord(step.name);
      if (record.status === 'pending' || record.status === 'undone' || !step.undo) continue;
      this.#throwIfReleased();
      try {
        await this.#undo(step);
        record.status = 'undone';
        this.#record('operation.step_undone', { step: step.name });
      } catch (thrown) {
        this.#throwIfReleased();
        error = withUndoFailure(error, step.name, toSomnusError(thrown));
        Object.assign(row, { error: error.toJSON() });
        record.status = 'failed';
        this.#log.error({ event: 'operation.undo_failed', step: step.name, err: thrown });
        this.#record('operation.undo_failed', { step: step.name, error: brief(toSomnusError(thrown)) });
      }
    }
    try {
      await this.#bounded(`Recording the failure of ${row.kind}`, async () => await opened.fail(error));
    } catch (thrown) {
      this.#throwIfReleased();
      this.#log.error({ event: 'operation.fail_failed', err: thrown });
      error = withUndoFailure(error, 'fail', toSomnusError(thrown));
    }
    this.#end(error);
  }

  /** Undoes a step; when a service of the host is away, such as a libvirtd that is being restarted, it is waited for: half an undo leaves litter. */
  async #undo(step: BoundStep): Promise<void> {
    const until = performance.now() + UNDO_PATIENCE_MS;
    for (;;) {
      try {
        return await this.#perform(step, 'undo', this.#release.signal);
      } catch (thrown) {
        const error = toSomnusError(thrown);
        this.#throwIfReleased();
        if (error.code !== 'unavailable' || performance.now() > until) throw thrown;
        this.#log.warn({ event: 'operation.undo_waits', step: step.name, err: error });
        await sleep(UNDO_AGAIN_MS, this.#release.signal).catch(() => this.#throwIfReleased());
      }
    }
  }

  /** Runs a step or its undo; when it was told to stop, waits until it has. */
  async #perform(step: BoundStep, direction: 'run' | 'undo', parent: AbortSignal): Promise<void> {
    const what = direction === 'run' ? step.name : `Undoing ${step.name}`;
    const log = this.#log.child({ step: step.name, direction });
    let over = false;
    let working: Promise<void> | undefined;
    try {
      await withDeadline(what, step.timeoutMs, parent, async (signal) => {
        const run: StepRun = { signal, log, progress: (progress) => { if (!over) this.#report(what, progress); } };
        working = step[direction]?.(run);
        await working;
      });
    } catch (thrown) {
      if (working && !await settles(working, this.#deps.stopGraceMs)) log.error({ event: 'operation.step_does_not_stop' });
      throw thrown;
    } finally {
      over = true;
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
    this.#record(`operation.${row.status}`, error ? { error: brief(error) } : {});
    const durationMs = Date.parse(row.endedAt ?? '') - Date.parse(row.createdAt);
    if (row.status === 'failed') this.#log.warn({ event: 'operation.failed', durationMs, err: error });
    else this.#log.info({ event: `operation.${row.status}`, durationMs });
  }

  #report(step: string, progress: StepProgress): void {
    this.#progress.report({ step, message: progress.message ?? '', percent: progress.percent ?? null });
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

export function pendingStep(name: string): OperationStep {
  return { name, status: 'pending', startedAt: null, endedAt: null };
}

/** Why an operation that was found so goes back instead of on. */
function whyUndo(row: OperationRow, kind: BoundKind, found: { status: OperationStatus; crashes: number }): SomnusError | undefined {
  if (row.cancelAsked) return cancelled();
  if (found.status !== 'running') return undefined;
  if (found.crashes >= MAX_CRASHES) return crashedTooOften(found.crashes, row.steps.find((step) => step.status === 'running')?.name);
  return kind.afterCrash === 'undo' ? new SomnusError('interrupted', 'Somnus was restarted while this ran') : undefined;
}

function crashedTooOften(times: number, step?: string): SomnusError {
  return new SomnusError('interrupted', `Somnus died ${times} times while this ran${step === undefined ? '' : `, the last time in ${step}`}`, { hint: 'The log of the control plane says why.' });
}

function cancelled(): SomnusError {
  return new SomnusError('cancelled', 'The operation was cancelled');
}

function brief(error: SomnusError): { code: string; message: string } {
  return { code: error.code, message: error.message };
}

/** The same error, knowing also what could not be undone. */
function withUndoFailure(error: SomnusError, step: string, failure: SomnusError): SomnusError {
  const before = Array.isArray(error.details['undoFailures']) ? error.details['undoFailures'] as unknown[] : [];
  return new SomnusError(error.code, error.message, { hint: error.hint, details: { ...error.details, undoFailures: [...before, { step, ...brief(failure) }] }, cause: error.cause });
}

async function settles(work: Promise<void>, withinMs: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([work.then(() => true, () => true), sleep(withinMs, timer.signal).then(() => false)]);
  } finally {
    timer.abort();
  }
}
