// Applies a fix after a snapshot of the environment, and rolls back to that when the fix fails or does not help.
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
/** Longest `detail` of an attempt. */
const MAX_DETAIL = 256;

/** The snapshot is kept. @throws invalid_state when the snapshot fails, and then nothing was applied, or when the rollback fails; as SnapshotService.create and `apply` */
export async function guardedFix({ snapshots, operations }: GuardedFixDeps, caller: Caller, ref: string, incidentId: string, signal: AbortSignal, apply: () => Promise<FixAttempt>): Promise<FixAttempt> {
  const succeed = async (what: string, operation: Operation | null): Promise<void> => {
    if (operation === null) return;
    const ended = await operations.wait(caller, operation.id, ENDS_WITHIN_MS, signal);
    if (ended.status !== 'succeeded') throw new SomnusError('invalid_state', `${what}: ${ended.error?.detail ?? `the operation is ${ended.status}`}`, { hint: `See \`somnus op show ${operation.id}\`.` });
  };
  const { snapshot, operation } = await snapshots.create(caller, ref, { description: `Before a fix for ${incidentId}`, memory: true });
  await succeed('The snapshot before the fix failed, so the fix was not applied', operation);
  const attempt = await apply();
  if (snapshot === null || (attempt.outcome !== 'failed' && attempt.outcome !== 'not-fixed')) return attempt;
  await succeed(`The fix did not help, and rolling back to ${snapshot.name} failed`, (await snapshots.restore(caller, ref, snapshot.id, { safety: true, memory: true })).operation);
  return { ...attempt, detail: `Rolled back to ${snapshot.name}. ${attempt.detail}`.slice(0, MAX_DETAIL) };
}
