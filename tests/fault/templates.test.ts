// Environments from templates, on a fake host: what a template contains, when one is used, and when it is removed.
import { cp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { readBlock, type GuestDisk, type GuestMemory } from '../support/fake-guest.ts';
import { addImage, FakeControlPlane, FakeHost } from '../support/fake-host.ts';
import { alice } from '../support/operations.ts';

const create = async (plane: FakeControlPlane, name: string, how: { cold?: boolean } = {}): Promise<Operation> => (
  await plane.complete((await plane.environments.create(alice, { name, network: 'open', labels: {}, ...how })).operation)
);
const templates = async (host: FakeHost): Promise<string[]> => (await readdir(host.pool.folders.templates)).map((name) => join(host.pool.folders.templates, name));

test('The first boot makes a template without anything of its environment, and the next environments are made from it', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addImage(plane);
  expect((await create(plane, 'first')).result).toEqual({ from: 'image' });
  const [template = ''] = await templates(host);
  const secrets = [plane.record('first')?.id ?? 'x', 'first', await readFile(join(host.folder, 'keys', plane.record('first')?.id ?? '', 'host'), 'utf8')];
  for (const file of ['ram', 'disk']) {
    const content = JSON.stringify(readBlock<GuestMemory | GuestDisk>(join(template, file)));
    expect(content).toContain('"environmentId":"template"');
    for (const secret of secrets) expect(content).not.toContain(JSON.stringify(secret));
  }
  expect((await create(plane, 'second')).result).toEqual({ from: 'template' });
  expect((await create(plane, 'third', { cold: true })).result).toEqual({ from: 'image' });
  const [first, second, third] = ['first', 'second', 'third'].map((name) => host.guest(plane.record(name)?.id ?? '')?.memory);
  expect([first, second, third].map((memory) => memory?.identity?.hostname)).toEqual(['first', 'second', 'third']);
  expect([second?.bootId === first?.bootId, third?.bootId === first?.bootId]).toEqual([true, false]);
  expect(await templates(host)).toEqual([template]);
  expect((await plane.look()).leftovers).toEqual([]);
});

test.each(['clone', 'load'])('An environment boots the image when its template cannot be used (%s), and the template is removed', async (fault) => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addImage(plane);
  await create(plane, 'first');
  const [template = ''] = await templates(host);
  if (fault === 'clone') await writeFile(join(template, 'state'), 'damaged');
  const injected = fault === 'load' ? host.hypervisor.inject({ call: 'monitor migrate-incoming', effect: 'fail' }) : undefined;
  expect(await create(plane, 'second')).toMatchObject({ status: 'succeeded', result: { from: 'image' } });
  expect(injected?.hit ?? true).toBe(true);
  expect(await plane.look()).toMatchObject({ leftovers: [], environments: [{ name: 'first', state: 'running' }, { name: 'second', state: 'running', reachable: true, asleep: false }] });
  expect((await new Vm(plane.vms, plane.record('second')?.id ?? '').manifest()).fromTemplate).not.toBe(true);
  expect(await templates(host)).toEqual([]); // and is not made again at once
  expect((await create(plane, 'third')).result).toEqual({ from: 'image' });
});

test('Templates are removed when the image changes, when they are not used, and on request; unfinished ones at the next start', async () => {
  await using host = new FakeHost();
  { await using plane = new FakeControlPlane(host); await addImage(plane); await create(plane, 'first'); }
  const [template = ''] = await templates(host);
  await cp(template, join(host.pool.folders.templates, '.unfinished'), { recursive: true });
  await using restarted = new FakeControlPlane(host);
  await restarted.vms.templates.prune(await restarted.images.currentVersion());
  expect(await templates(host)).toEqual([template]);
  const longAgo = new Date(Date.now() - 31 * 86_400_000);
  await utimes(template, longAgo, longAgo);
  await restarted.vms.templates.prune(await restarted.images.currentVersion());
  expect(await templates(host)).toEqual([]);
  await create(restarted, 'second');
  expect(await templates(host)).toEqual([template]);
  await restarted.vms.templates.prune('another');
  expect(await templates(host)).toEqual([]);
});
