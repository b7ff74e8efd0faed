// Waiting for a VM to end, with a libvirt that takes its time.
import { expect, test } from 'vitest';
import { newId } from '../../../common/ids.ts';
import type { DomainSummary } from '../../../supervisor/libvirt/vm-driver.ts';
import { Machine, type MachineHost } from '../../../supervisor/machines/machine.ts';
import { log } from '../../support/operations.ts';

/** A VM that runs, on a host whose libvirt answers when it is told to. */
function slowHost() {
  const answer = Promise.withResolvers<Pick<DomainSummary, 'state' | 'reason'>>();
  const asked = Promise.withResolvers<void>();
  const host = {
    instance: 'abcd', log, pool: { folders: { environment: (id: string) => `/nonexistent/${id}` } },
    driver: { find: async () => { asked.resolve(); return await answer.promise; }, onLifecycle: () => () => {}, onConnection: () => () => {} },
  } as unknown as MachineHost;
  return { machine: new Machine(host, newId('env')), asked: asked.promise, answer: (state: DomainSummary['state']): void => answer.resolve({ state, reason: 'booted' }) };
}

// An error that nobody waits for ends the control plane: vitest fails for one, too.
test('A signal that fires while libvirt is being asked ends the waiting, and nothing else', async () => {
  const { machine, asked, answer } = slowHost();
  const abort = new AbortController();
  const waiting = machine.waitUntilOff(60_000, abort.signal);
  await asked;
  abort.abort(new Error('enough'));
  await new Promise(setImmediate);
  answer('running');
  await expect(waiting).rejects.toThrow('enough');
});

test('A VM that still runs when the time is over is not off', async () => {
  const { machine, asked, answer } = slowHost();
  const waiting = machine.waitUntilOff(1);
  await asked;
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  answer('running');
  expect(await waiting).toBe(false);
});
