// Durable work: accepts operations, makes sure that each is attempted by one worker at a time until it has ended, and lets callers
// follow and cancel them. The rows are the truth. Only the process that opened the database works on them, so an unfinished
// row that is not running here is waiting for a worker, whatever its status. Recovery needs nothing else.
import { sleep } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import type { Caller } from '../keys/caller.ts';
import type { WorkSource } from '../queue/work-source.ts';
import type { Page } from '../store/page.ts';
import type { LaneEngine, UnfinishedOperation } from './lanes.ts';
import type { FaultPoints } from './fault-points.ts';
import { finalStatuses, stepsOf, type Operation, type OperationKind, type OperationQuery } from './operation.ts';
import { OperationRun, pendingStep, tooLate, type RunDeps } from './operation-run.ts';
import { recordCancel, recordOperation, type OperationRecords } from './record-operation.ts';
import type { OperationRow } from './sqlite-operation-store.ts';

export interface SubmitOperation {
  kind: string;
  input: unknown;
  /** Id of the user that owns it. */
  owner: string;
  /** Id of the API key that requested it; null for Somnus itself. */
  actor: string | null;
  /** The object it changes; only one unfinished operation can hold it. */
  target: Operation['target'];
  /** Ids of other objects that it holds until it has ended. */
  alsoHolds?: readonly string[];
}

export interface EngineOptions extends OperationRecords {
  log: Logger;
  now?: () => Date;
  stopGraceMs?: number;
  /** Where tests stop operations. */
  faults?: FaultPoints | undefined;
}

/** How long `cancel` waits for the undo of an operation that had not started. */
const CANCEL_WAIT_MS = 2_000;

export class OperationEngine implements WorkSource, LaneEngine {
  readonly #deps: RunDeps;
  readonly #kinds = new Map<string, OperationKind>();
  readonly #active = new Map<string, { run: OperationRun; driven: Promise<void> }>();
  /** Crashes by operation before an attempt that ended because the store could not be written. This process survived, so that attempt does not count. */
  readonly #crashesBefore = new Map<string, number>();
  readonly #readyListeners = new Set<(id: string) => void>();
  readonly #changeListeners = new Set<() => void>();
  #closing = false;

  constructor(options: EngineOptions) {
    const { store, operations, events, log, now = () => new Date(), stopGraceMs = 10_000, faults } = options;
    this.#deps = { store, operations, events, log, now, stopGraceMs, faults };
  }

  /** Registers a kind. All kinds must be registered before the queue starts. */
  register<Input, Context>(kind: OperationKind<Input, Context>): void {
    if (this.#kinds.has(kind.kind)) throw new SomnusError('internal', `The operation kind ${kind.kind} is registered twice`);
    if (typeof kind.steps !== 'function') assertDistinct(kind.kind, kind.steps);
    this.#kinds.set(kind.kind, kind as OperationKind); // only ever opened with the context that it makes itself
  }

  /**
   * Writes the row and its event and returns. The work starts when the current transaction, if any, is on disk,
   * so that a record's change and its operation can be one transaction.
   * @throws SomnusError `operation_in_progress` naming the operation in progress on the target; `unavailable` during shutdown
   */
  submit(request: SubmitOperation): Operation {
    const { store, operations, now } = this.#deps;
    if (this.#closing) throw new SomnusError('unavailable', 'Somnus is shutting down', { hint: 'Try again when it is running.' });
    const kind = this.#kinds.get(request.kind);
    if (!kind) throw new SomnusError('internal', `There is no operation kind ${request.kind}`);
    const steps = stepsOf(kind, request.input) ?? [];
    assertDistinct(kind.kind, steps);
    const at = now();
    const row: OperationRow = {
      id: newId('op', at.getTime()),
      kind: kind.kind,
      status: 'queued',
      owner: request.owner,
      actor: request.actor,
      target: request.target,
      input: request.input,
      steps: steps.map(({ name }) => pendingStep(name)),
      progress: null,
      result: null,
      error: null,
      attempt: 0,
      crashes: 0,
      cancelAsked: false,
      cancellable: kind.cancellable,
      createdAt: at.toISOString(),
      startedAt: null,
      endedAt: null,
    };
    store.transaction(() => {
      operations.insert(row, request.alsoHolds ?? []);
      recordOperation(this.#deps, row, 'operation.queued');
    });
    store.afterCommit(() => this.#announceReady(row.id));
    return operations.view(row);
  }

  /** @throws SomnusError `operation_in_progress` when an operation is in progress on the target */
  assertFree(targetId: string): void {
    this.#deps.operations.assertFree(targetId);
  }

  async list(caller: Caller, query: OperationQuery): Promise<Page<Operation>> {
    return this.#deps.operations.list(caller, query);
  }

  /** @throws SomnusError `not_found`, also for another user's */
  async get(caller: Caller, id: string): Promise<Operation> {
    return this.#deps.operations.view(this.#deps.operations.get(caller, id));
  }

  /**
   * Asks it to stop. An operation that has not started has ended when this returns. A running one shows `cancelling`: its step is asked to stop,
   * and the completed steps are undone. Repeatable until it has ended.
   * @throws SomnusError `not_found`; `invalid_state` when it cannot be cancelled or it is too late
   */
  async cancel(caller: Caller, id: string): Promise<Operation> {
    const row = this.#deps.operations.get(caller, id);
    if (row.endedAt !== null) throw new SomnusError('invalid_state', `The operation has already ended: ${row.status}`, { hint: `See \`somnus op show ${id}\`.`, details: { status: row.status } });
    if (!row.cancellable && this.#kinds.get(row.kind)?.cancellable === true) throw tooLate(row);
    if (!row.cancellable) throw new SomnusError('invalid_state', `Operations of the kind ${row.kind} cannot be cancelled`, { hint: `Wait for it: \`somnus op show ${id}\`.`, details: { status: row.status } });
    const active = this.#active.get(id);
    if (active) {
      active.run.cancel(caller.keyId);
      return await this.get(caller, id);
    }
    if (row.status === 'undoing' && !row.cancelAsked) throw tooLate(row);
    if (!row.cancelAsked) recordCancel(this.#deps, row, caller.keyId);
    this.run(id).catch((error: unknown) => this.#deps.log.error({ event: 'operation.attempt-failed', operationId: id, err: error }));
    return await this.wait(caller, id, CANCEL_WAIT_MS);
  }

  /** Settles when it has ended, after `timeoutMs` or when the signal fires, with the operation's current state. @throws SomnusError `not_found` */
  async wait(caller: Caller, id: string, timeoutMs: number, signal?: AbortSignal): Promise<Operation> {
    const ended = Promise.withResolvers<void>();
    const stop = this.#deps.events.onEvent((event) => {
      if (event.data['operationId'] === id && finalStatuses.some((status) => event.type === `operation.${status}`)) ended.resolve();
    });
    const timer = new AbortController();
    try {
      const now = await this.get(caller, id);
      if (now.endedAt !== null) return now;
      await Promise.race([ended.promise, sleep(timeoutMs, signal ? AbortSignal.any([timer.signal, signal]) : timer.signal).catch(() => {})]);
      return await this.get(caller, id);
    } finally {
      timer.abort();
      stop();
    }
  }

  unfinished(): UnfinishedOperation[] {
    if (this.#closing) return [];
    return this.#deps.operations.unfinishedOwners().map(({ id, kind, owner, actor }) => (
      { id, lane: this.#kinds.get(kind)?.lane ?? 'vms', share: actor === null ? 'somnus' : owner, running: this.#active.has(id) }
    ));
  }

  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  waiting(): string[] {
    return this.#closing ? [] : this.#deps.operations.unfinished().filter((id) => !this.#active.has(id));
  }

  onReady(listener: (id: string) => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Attempts it until it has ended; for the queue's workers. Does nothing when it is running, has ended, or during shutdown. @throws when the store cannot be written: it then waits again */
  async run(id: string): Promise<void> {
    if (this.#closing || this.#active.has(id)) return;
    const row = this.#deps.operations.find(id);
    if (row && row.endedAt === null) await this.#drive(row);
  }

  /** Accepts no more work, stops running steps so that a restart resumes them, and waits until they have stopped. Repeatable. */
  async shutdown(): Promise<void> {
    this.#closing = true;
    for (const { run } of this.#active.values()) run.release();
    await Promise.allSettled([...this.#active.values()].map(({ driven }) => driven));
  }

  async #drive(row: OperationRow): Promise<void> {
    const crashes = Math.min(row.crashes, this.#crashesBefore.get(row.id) ?? row.crashes);
    row.crashes = crashes;
    const run = new OperationRun(row, this.#kinds.get(row.kind), this.#deps);
    const driven = Promise.resolve().then(async () => await run.drive()); // not before it is registered as running
    this.#active.set(row.id, { run, driven });
    try {
      await driven;
      this.#crashesBefore.delete(row.id);
    } catch (error) {
      this.#crashesBefore.set(row.id, crashes);
      throw error;
    } finally {
      this.#active.delete(row.id);
      this.#announceChange();
    }
  }

  #announceReady(id: string): void {
    for (const listener of this.#readyListeners) listener(id);
    this.#announceChange();
  }

  #announceChange(): void {
    for (const listener of this.#changeListeners) {
      try {
        listener();
      } catch (error) { // the queue's sweep finds what was not announced
        this.#deps.log.warn({ event: 'operation.not-announced', err: error });
      }
    }
  }
}

function assertDistinct(kind: string, steps: readonly { name: string }[]): void {
  if (new Set(steps.map(({ name }) => name)).size !== steps.length) throw new SomnusError('internal', `${kind} has two steps with the same name`);
}
