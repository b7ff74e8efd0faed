import { expect, test } from 'vitest';
import type { FixAttempt } from '../../../orchestrator/agent/agent-schemas.ts';
import { guardedFix, type GuardedFixDeps } from '../../../orchestrator/agent/guarded-fix.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import type { Operation } from '../../../orchestrator/operations/operation.ts';
import type { SnapshotAccepted } from '../../../orchestrator/snapshots/snapshot-service.ts';

const caller = { user: 'usr_a' } as Caller;

/** What was done, in order; the operations in `failing` fail. */
async function fixed(outcome: FixAttempt['outcome'], failing: readonly string[] = []) {
  const done: string[] = [];
  const accept = (operation: string): SnapshotAccepted => {
    done.push(operation);
    return { snapshot: { id: 'snap_1', name: 'snap1' }, operation: { id: operation } } as SnapshotAccepted;
  };
  const deps: GuardedFixDeps = {
    snapshots: { create: async () => accept('snapshot'), restore: async (_, __, snapshot, { safety }) => accept(`restore ${snapshot}${safety ? ' safely' : ''}`) },
    operations: { wait: async (_, id) => ({ id, status: failing.includes(id) ? 'failed' : 'succeeded', error: failing.includes(id) ? { detail: 'the pool is full' } : null }) as Operation },
  };
  const attempt = guardedFix(deps, caller, 'demo', 'inc_1', new AbortController().signal, async () => {
    done.push('fix');
    return { fixId: 'config/revert-unit', what: 'Revert', at: '2026-01-01T00:00:00.000Z', automatic: false, outcome, detail: 'x'.repeat(256) };
  });
  return { done, attempt };
}

test.each(['fixed', 'applied', 'not-needed', 'not-possible'] as const)('A fix that is %s leaves the environment as it is, with the snapshot', async (outcome) => {
  const { done, attempt } = await fixed(outcome);
  expect(await attempt).toMatchObject({ outcome });
  expect(done).toEqual(['snapshot', 'fix']);
});

test.each(['failed', 'not-fixed'] as const)('After a fix that is %s, the environment is rolled back, and the answer says so', async (outcome) => {
  const { done, attempt } = await fixed(outcome);
  expect(await attempt).toMatchObject({ outcome, detail: expect.stringMatching(/^Rolled back to snap1\. x{200,}$/) as string });
  expect((await attempt).detail.length).toBeLessThanOrEqual(256);
  expect(done).toEqual(['snapshot', 'fix', 'restore snap_1 safely']);
});

test('If the snapshot fails, nothing is applied; a failed rollback is an error', async () => {
  const without = await fixed('fixed', ['snapshot']);
  await expect(without.attempt).rejects.toMatchObject({ code: 'invalid_state', message: expect.stringMatching(/not applied: the pool is full$/) as string });
  expect(without.done).toEqual(['snapshot']);
  await expect((await fixed('failed', ['restore snap_1 safely'])).attempt).rejects.toMatchObject({ code: 'invalid_state', message: expect.stringMatching(/rolling back to snap1 failed/) as string });
});
