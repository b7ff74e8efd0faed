// What a program whose VM went away is told.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { SomnusError, type ErrorCode } from '../../../common/errors.ts';
import type { EnvironmentState } from '../../../supervisor/domain/states.ts';
import { explainLoss } from '../../../orchestrator/environments/exec-loss.ts';

function ended(state: EnvironmentState | undefined, code: ErrorCode = 'guest_unreachable'): Promise<unknown> {
  const process = {
    stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), signal: async () => {}, resize: () => {},
    exit: Promise.reject(new SomnusError(code, 'The connection to the VM was lost', { details: { reason: 'lost' } })),
  };
  return explainLoss(process, () => (state === undefined ? undefined : { name: 'ux-a', state })).exit.catch((error: unknown) => error);
}

test.each<[EnvironmentState, string, string]>([
  ['hibernating', 'ux-a was hibernated', '`somnus wake ux-a` continues.'],
  ['hibernated', 'ux-a was hibernated', '`somnus wake ux-a` continues.'],
  ['suspended', 'ux-a was suspended', '`somnus resume ux-a` continues.'],
  ['stopped', 'ux-a was stopped', '`somnus start ux-a` boots it again.'],
  ['removed', 'ux-a was removed', '`somnus undelete ux-a` restores it.'],
])('In the state %s it says what was done and how to continue', async (state, message, hint) => {
  expect(await ended(state)).toMatchObject({ code: 'guest_unreachable', message, hint, details: { reason: 'lost', state } });
});

test('A loss that the state does not explain, and any other error, stays what it was', async () => {
  expect(await ended('running')).toMatchObject({ message: 'The connection to the VM was lost' });
  expect(await ended('failed')).toMatchObject({ message: 'The connection to the VM was lost' });
  expect(await ended(undefined)).toMatchObject({ message: 'The connection to the VM was lost' });
  expect(await ended('hibernated', 'cancelled')).toMatchObject({ code: 'cancelled' });
});
