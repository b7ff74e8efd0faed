// A new environment with a size of its own, and the newest snapshot by the name `latest`: the real services with VMs on a fake host.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Vm } from '../../../supervisor/vms/vm.ts';
import { addImage, FakeControlPlane, FakeHost } from '../../support/fake-host.ts';
import { alice } from '../../support/operations.ts';

let host: FakeHost;
let plane: FakeControlPlane;
beforeEach(async () => {
  host = new FakeHost();
  plane = new FakeControlPlane(host);
  await addImage(plane);
});
afterEach(async () => {
  await plane[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('A size given at creation replaces that of the profile, whose maxima stay or grow', async () => {
  const { operation } = await plane.environments.create(alice, { name: 'big', network: 'open', labels: {}, vcpus: 6, memoryMiB: 2048, diskGiB: 3 });
  expect(await plane.complete(operation)).toMatchObject({ status: 'succeeded' });
  const record = plane.record('big');
  expect(record).toMatchObject({ profile: 'small', vcpus: 6, memoryMiB: 2048, diskGiB: 3 });
  const { shape } = await new Vm(plane.vms, record?.id ?? '').manifest();
  expect(shape).toMatchObject({ vcpus: 6, vcpusMax: 6, memoryMiB: 2048, memoryMaxMiB: 2048, diskGiB: 3 });
});

test('A size that the host or the image does not allow is refused before anything is created', async () => {
  const ask = async (size: object): Promise<unknown> => await plane.environments.create(alice, { name: 'big', network: 'open', labels: {}, ...size });
  await expect(ask({ memoryMiB: 1_000_000 })).rejects.toMatchObject({ code: 'insufficient_memory' });
  await expect(ask({ diskGiB: 0 })).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('a disk never shrinks') as string });
  expect(plane.records.all()).toEqual([]);
});

test('latest is the newest snapshot that is not a safety snapshot', async () => {
  await plane.environments.create(alice, { name: 'demo', network: 'open', labels: {} });
  await plane.work();
  await expect(plane.snapshots.get(alice, 'demo', 'latest')).rejects.toMatchObject({ code: 'not_found' });
  for (const name of ['one', 'two']) {
    await plane.snapshots.create(alice, 'demo', { name, description: '', memory: true });
    await plane.work();
  }
  const { operation } = await plane.snapshots.restore(alice, 'demo', 'latest', { safety: true, memory: true });
  expect(await plane.complete(operation)).toMatchObject({ status: 'succeeded', result: { snapshot: 'two' } });
  expect(await plane.snapshots.get(alice, 'demo', 'latest')).toMatchObject({ name: 'two' });
});
