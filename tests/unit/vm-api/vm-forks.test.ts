import { expect, test } from 'vitest';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import { MOST_VM_FORKS, SqliteVmForks } from '../../../orchestrator/vm-api/sqlite-vm-forks.ts';
import { addImage, FakeControlPlane, FakeHost } from '../../support/fake-host.ts';
import { alice } from '../../support/operations.ts';

const request = (name: string, count?: number) => ({ name, memory: true, ...(count === undefined ? {} : { count }) });
const insideOf = (plane: FakeControlPlane, name: string): Caller => ({ ...alice, keyId: plane.record(name)?.id ?? '', environmentId: plane.record(name)?.id ?? '', mayPurge: false, inside: true });

test('A VM may fork itself until its limit; forks of forks count for the first VM, purged ones no longer', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addImage(plane);
  await plane.complete((await plane.environments.create(alice, { name: 'first', network: 'open', labels: {} })).operation);
  const fork = async (source: string, name: string, count?: number): Promise<void> => {
    const { operation } = await plane.snapshots.fork(insideOf(plane, source), source, request(name, count));
    expect((await plane.complete(operation)).status).toBe('succeeded');
  };
  await fork('first', 'second');
  await fork('second', 'third');
  await expect(fork('third', 'more', 2)).rejects.toMatchObject({ code: 'quota_exceeded', details: { allowed: MOST_VM_FORKS, used: 2, requested: 2 } });
  expect(plane.record('more-1')).toBeUndefined();
  await fork('third', 'fourth');
  await expect(fork('first', 'fifth')).rejects.toMatchObject({ code: 'quota_exceeded', message: expect.stringContaining('first may have 3 forks') });
  expect(new SqliteVmForks(plane.workshop.store).count(plane.record('fourth')?.id ?? '')).toBe(3);
  await plane.complete((await plane.environments.perform(alice, 'remove', 'second', { purge: true })).operation);
  await fork('first', 'fifth');
});

test('Forks that a user makes from outside do not count, and a limited key still cannot fork', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addImage(plane);
  await plane.complete((await plane.environments.create(alice, { name: 'first', network: 'open', labels: {} })).operation);
  await plane.complete((await plane.snapshots.fork(alice, 'first', request('outside', 4))).operation);
  expect(new SqliteVmForks(plane.workshop.store).count(plane.record('first')?.id ?? '')).toBe(0);
  const { inside: _, ...limited } = insideOf(plane, 'first');
  await expect(plane.snapshots.fork(limited, 'first', request('other'))).rejects.toMatchObject({ code: 'forbidden' });
});
