// The basis of tests of durable work: a real database in its own folder, callers, and a kind whose steps write a journal.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createLogger } from '../../common/log.ts';
import type { StepRun } from '../../common/step.ts';
import { toProblem } from '../../orchestrator/api/problem.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import type { Operation, OperationKind } from '../../orchestrator/operations/operation.ts';
import type { FaultPoints } from '../../orchestrator/operations/fault-points.ts';
import { OperationEngine } from '../../orchestrator/operations/operation-engine.ts';
import { SqliteIdempotency } from '../../orchestrator/operations/sqlite-idempotency.ts';
import { SqliteOperationStore } from '../../orchestrator/operations/sqlite-operation-store.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';

export const log = createLogger({ level: 'silent' });
export const alice: Caller = { keyId: 'key_alice', user: 'usr_alice', scopes: ['read', 'write'], environmentId: null, mayPurge: true };
export const bob: Caller = { keyId: 'key_bob', user: 'usr_bob', scopes: ['read', 'write'], environmentId: null, mayPurge: true };
export const admin: Caller = { keyId: 'key_admin', user: 'usr_admin', scopes: ['read', 'write', 'admin'], environmentId: null, mayPurge: true };

/** A folder that is deleted when the test has ended. */
export function scratchFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'somnus-operations-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Workshop extends Disposable {
  store: SqliteStore;
  events: SqliteEventLog;
  operations: SqliteOperationStore;
  idempotency: SqliteIdempotency;
  engine: OperationEngine;
}

export function openWorkshop(folder: string, options: { now?: () => Date; stopGraceMs?: number; faults?: FaultPoints } = {}): Workshop {
  const store = SqliteStore.open({ path: join(folder, 'somnus.db'), migrations: schema, log });
  const events = new SqliteEventLog({ store, log, ...options });
  const operations = new SqliteOperationStore({ store, toProblem });
  const engine = new OperationEngine({ store, operations, events, log, stopGraceMs: 1_000, ...options });
  return { store, events, operations, idempotency: new SqliteIdempotency({ store }), engine, [Symbol.dispose]: () => store.close() };
}

type Act = (run: StepRun) => Promise<void> | void;
export interface JournalStep { name: string; timeoutMs?: number; run?: Act; undo?: Act | false; commits?: boolean; when?: () => boolean; holds?: () => boolean | Promise<boolean> }

/** A kind whose steps, undos and outcome each write a line to a file before they do what the test wants. */
export function journalKind(journal: string, steps: readonly JournalStep[], options: Partial<Pick<OperationKind<{ note: string }, string>, 'kind' | 'open' | 'succeed' | 'fail' | 'afterCrash' | 'cancellable'>> = {}): OperationKind<{ note: string }, string> {
  const write = (line: string): void => appendFileSync(journal, `${line}\n`);
  return {
    kind: 'test.journal',
    input: z.strictObject({ note: z.string().default('') }),
    open: async () => journal,
    steps: steps.map(({ name, timeoutMs = 30_000, run, undo, commits = false, when, holds }) => ({
      name,
      timeoutMs,
      commits,
      ...(when === undefined ? {} : { when }),
      ...(holds === undefined ? {} : { holds: async () => { write(`look ${name}`); return await holds(); } }),
      run: async (_, step) => { write(`run ${name}`); await run?.(step); write(`ran ${name}`); },
      ...(undo === false ? {} : { undo: async (_: string, step: StepRun) => { write(`undo ${name}`); await undo?.(step); } }),
    })),
    succeed: async () => { write('succeed'); return { done: true }; },
    fail: async (_, { code, committed }) => write(`fail ${code}${committed ? ' committed' : ''}`),
    afterCrash: 'resume',
    cancellable: true,
    ...options,
  };
}

export function readJournal(journal: string): string[] {
  return existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n').filter((line) => line !== '') : [];
}

export function submit(engine: OperationEngine, options: { kind?: string; target?: string | null; caller?: Caller; input?: unknown } = {}): Operation {
  const { kind = 'test.journal', target = null, caller = alice, input = {} } = options;
  return engine.submit({ kind, input, owner: caller.user, actor: caller.keyId, target: target === null ? null : { type: 'environment', id: target, name: target } });
}

/** Settles when the step's signal fires, like a step that obeys. */
export async function untilStopped({ signal }: StepRun): Promise<never> {
  return await new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
