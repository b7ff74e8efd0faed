// Waiting for a VM to end, with a slow libvirt.
import { expect, test } from 'vitest';
import { newId } from '../../../common/ids.ts';
import type { DomainSummary } from '../../../supervisor/libvirt/vm-driver.ts';
import { Vm, type VmHost } from '../../../supervisor/vms/vm.ts';
import { log } from '../../support/operations.ts';

/** A VM that runs, on a host whose libvirt answers only when the test says so. */
function slowHost() {
  const answer = Promise.withResolvers<Pick<DomainSummary, 'state' | 'reason'>>();
  const asked = Promise.withResolvers<void>();
  const host = {
    installation: 'abcd', log, pool: { folders: { environment: (id: string) => `/nonexistent/${id}` } },
    driver: { find: async () => { asked.resolve(); return await answer.promise; }, onLifecycle: () => () => {}, onConnection: () => () => {} },
  } as unknown as VmHost;
  return { vm: new Vm(host, newId('env')), asked: asked.promise, answer: (state: DomainSummary['state']): void => answer.resolve({ state, reason: 'booted' }) };
}

// An unhandled rejection ends the control plane: vitest fails for one, too.
test('A signal that fires while libvirt is being asked ends the wait and nothing else', async () => {
  const { vm, asked, answer } = slowHost();
  const abort = new AbortController();
  const waiting = vm.waitUntilOff(60_000, abort.signal);
  await asked;
  abort.abort(new Error('enough'));
  await new Promise(setImmediate);
  answer('running');
  await expect(waiting).rejects.toThrow('enough');
});

test('A VM that still runs when the time limit is reached is not off', async () => {
  const { vm, asked, answer } = slowHost();
  const waiting = vm.waitUntilOff(1);
  await asked;
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  answer('running');
  expect(await waiting).toBe(false);
});
