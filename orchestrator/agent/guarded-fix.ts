// Takes a snapshot of the environment, applies a fix, and rolls back to the snapshot if the fix fails or does not help.
import { MAX_ATTEMPT_TEXT } from '../../agent/contract/fixing.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { SnapshotService } from '../snapshots/snapshot-service.ts';
import type { FixAttempt } from './agent-schemas.ts';

export interface GuardedFixDeps {
  snapshots: Pick<SnapshotService, 'create' | 'restore'>;
  operations: { wait(caller: Caller, id: string, timeoutMs: number, signal?: AbortSignal): Promise<Operation> };
}

const ENDS_WITHIN_MS = 600_000;

/** Waits until the operation has ended. @throws invalid_state with `what` and the reason unless it succeeded */
export async function awaitSuccess({ operations }: Pick<GuardedFixDeps, 'operations'>, caller: Caller, what: string, operation: Operation | null, signal: AbortSignal): Promise<void> {
  if (operation === null) return;
  const ended = await operations.wait(caller, operation.id, ENDS_WITHIN_MS, signal);
  signal.throwIfAborted();
  if (ended.status !== 'succeeded') throw new SomnusError('invalid_state', `${what}: ${ended.error?.detail ?? `the operation is ${ended.status}`}`, { hint: `See \`somnus op show ${operation.id}\`.` });
}

/**
 * Keeps the snapshot. Can be repeated with the same `key` within a day: then the snapshot and the rollback are made only once, and only `apply` has to be repeatable.
 * @throws invalid_state when the snapshot fails, in which case nothing was applied, or when the rollback fails; what SnapshotService.create and `apply` throw
 */
export async function guardedFix(deps: GuardedFixDeps, caller: Caller, ref: string, incidentId: string, signal: AbortSignal, apply: () => Promise<FixAttempt>, key?: string): Promise<FixAttempt> {
  const { snapshots } = deps;
  const keyFor = (step: string): [string] | [] => (key === undefined ? [] : [`${key}-${step}`]);
  const { snapshot, operation } = await snapshots.create(caller, ref, { description: `Before a fix for ${incidentId}`, memory: true }, ...keyFor('snapshot'));
  await awaitSuccess(deps, caller, 'The snapshot before the fix failed, so the fix was not applied', operation, signal);
  const attempt = await apply();
  if (snapshot === null || (attempt.outcome !== 'failed' && attempt.outcome !== 'not-fixed')) return attempt;
  const rollback = await snapshots.restore(caller, ref, snapshot.id, { safety: true, memory: true }, ...keyFor('rollback'));
  await awaitSuccess(deps, caller, `The fix did not help, and rolling back to ${snapshot.name} failed`, rollback.operation, signal);
  return { ...attempt, detail: `Rolled back to ${snapshot.name}. ${attempt.detail}`.slice(0, MAX_ATTEMPT_TEXT) };
}
