// Installing, upgrading, removing and returning: the real services and steps, on VMs of a fake host.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addPack, adds, addTarget, history, install, installed, packText, remembered } from '../support/fake-packs.ts';
import { addImage, FakeControlPlane, FakeHost } from '../support/fake-host.ts';
import { admin, alice, bob } from '../support/operations.ts';

let host: FakeHost;
let plane: FakeControlPlane;
beforeEach(async () => {
  host = new FakeHost();
  plane = new FakeControlPlane(host);
  await addTarget(plane);
});
afterEach(async () => {
  await plane[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('A pack and what it depends on are installed step by step, each with a snapshot that remembers it', async () => {
  await addPack(plane, 'base', [adds('one')]);
  await addPack(plane, 'web', [adds('two'), adds('three')], { depends: ['base'] });
  const operation = await install(plane, 'web');
  expect(operation).toMatchObject({ status: 'succeeded', result: { packs: [{ name: 'base', action: 'install' }, { name: 'web', action: 'install' }] } });
  expect(operation.steps.map(({ name }) => name)).toEqual([
    'policy.check', 'before.snapshot', 'base/one', 'base/one.check', 'base/one.snapshot', 'web/two', 'web/two.check', 'web/two.snapshot', 'web/three', 'web/three.check', 'web/three.snapshot',
  ]);
  expect(await remembered(plane)).toBe('past one two three');
  expect(installed(plane)).toEqual(['base 1.0.0', 'web 1.0.0']);
  expect(history(plane)).toEqual(['1* before base 1.0.0 pack1', '2* install base 1.0.0 one pack2', '3* install web 1.0.0 two pack3', '4* install web 1.0.0 three pack4']);
  expect((await plane.look()).environments[0]?.snapshots).toEqual(['pack1 ready with memory: past', 'pack2 ready with memory: past one', 'pack3 ready with memory: past one two', 'pack4 ready with memory: past one two three']);
  expect(plane.packs.installed(alice, 'target')[1]).toMatchObject({ actor: alice.keyId, entry: 4, steps: ['two', 'three'] });
  expect(plane.record('target')).toMatchObject({ state: 'running', packEntry: 4, operationId: null });
  const { items } = await plane.workshop.events.list(alice, { limit: 200, subject: 'target' });
  expect(items.filter(({ type }) => type === 'pack.installed').map(({ data, actor }) => [data['pack'], actor])).toEqual([['base', alice.keyId], ['web', alice.keyId]]);
});

test('The same version twice does nothing and says so', async () => {
  await addPack(plane, 'base', [adds('one')]);
  await install(plane, 'base');
  expect(await plane.packs.install(alice, 'target', { packs: ['base'] })).toEqual({ operation: null, already: [{ name: 'base', version: '1.0.0' }], skipped: [] });
  expect(history(plane)).toHaveLength(2);
});

describe('A check that fails', () => {
  const broken = [adds('one'), adds('two'), { name: 'three', command: 'add broken', check: 'fail 3' }];

  test('returns the VM to the step before, and the error names the step, the reason and the end of the output', async () => {
    await addPack(plane, 'base', broken);
    const operation = await install(plane, 'base');
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'pack_failed', detail: 'The step three (3 of 3) of base 1.0.0 failed: its check exited with 3: no such luck', step: 'three', part: 'check', output: 'trying\nno such luck' } });
    expect(operation.error?.hint).toContain('target is as after the step two of base 1.0.0');
    expect(await remembered(plane)).toBe('past one two');
    expect(installed(plane)).toEqual(['base 1.0.0 up to two']);
    expect(plane.record('target')).toMatchObject({ state: 'running', stateReason: null, operationId: null });
    expect((await plane.look()).leftovers).toEqual([]);
  });

  test('can be corrected: the pack continues at that step', async () => {
    await addPack(plane, 'base', broken);
    await install(plane, 'base');
    await addPack(plane, 'base', [adds('one'), adds('two'), adds('three')], { version: '1.0.1' });
    const operation = await install(plane, 'base');
    expect(operation).toMatchObject({ status: 'succeeded' });
    expect(operation.steps.map(({ name }) => name).filter((name) => !name.includes('.'))).toEqual(['base/three']);
    expect(await remembered(plane)).toBe('past one two three');
    expect(installed(plane)).toEqual(['base 1.0.1']);
  });

  test('in the first step leaves everything as before', async () => {
    await addPack(plane, 'base', [{ name: 'one', command: 'fail 7' }]);
    expect(await install(plane, 'base')).toMatchObject({ status: 'failed', error: { detail: 'The step one (1 of 1) of base 1.0.0 failed: it exited with 7: no such luck' } });
    expect(await remembered(plane)).toBe('past');
    expect(installed(plane)).toEqual([]);
  });
});

test('A cancel during a step returns the VM to the snapshot before it, and completed steps are kept', async () => {
  await addPack(plane, 'base', [adds('one'), { name: 'endless', command: 'wait' }]);
  const { operation } = await plane.packs.install(alice, 'target', { packs: ['base'] });
  const reached = new Promise<void>((resolve) => { plane.workshop.events.onEvent(({ type, data }) => { if (type === 'operation.step' && data['step'] === 'base/endless') resolve(); }); });
  const work = plane.work();
  await reached;
  await plane.engine.cancel(alice, operation?.id ?? '');
  await work;
  expect(await plane.operation(operation?.id ?? '')).toMatchObject({ status: 'cancelled' });
  expect(await remembered(plane)).toBe('past one');
  expect(installed(plane)).toEqual(['base 1.0.0 up to one']);
});

test('An upgrade runs all steps of the new version and keeps the history', async () => {
  await addPack(plane, 'base', [adds('one')]);
  await install(plane, 'base');
  await addPack(plane, 'base', [adds('one'), adds('two')], { version: '2.0.0' });
  expect(await install(plane, 'base')).toMatchObject({ status: 'succeeded', result: { packs: [{ name: 'base', version: '2.0.0', action: 'upgrade' }] } });
  expect(installed(plane)).toEqual(['base 2.0.0']);
  expect(history(plane)).toEqual(['1* before base 1.0.0 pack1', '2* install base 1.0.0 one pack2', '3* before base 2.0.0 pack3', '4* upgrade base 2.0.0 one pack4', '5* upgrade base 2.0.0 two pack5']);
});

test('A removal runs the steps of the installed version, even when the pack is gone or has changed', async () => {
  await addPack(plane, 'base', [adds('one')], { uninstall: [adds('gone')] });
  await install(plane, 'base');
  await plane.packs.remove(admin, 'base');
  const { operation } = await plane.packs.uninstall(alice, 'target', 'base');
  expect(await plane.complete(operation)).toMatchObject({ status: 'succeeded', kind: 'pack.uninstall' });
  expect(await remembered(plane)).toBe('past one gone');
  expect(installed(plane)).toEqual([]);
});

test('Verification runs the checks of what is installed and reports each', async () => {
  await addPack(plane, 'base', [adds('one'), adds('two')]);
  await install(plane, 'base');
  const verify = async () => await plane.complete(await plane.packs.verify(alice, 'target', { packs: [] }));
  expect(await verify()).toMatchObject({ status: 'succeeded', result: { ok: true } });
  plane.host.guest(plane.record('target')?.id ?? '')?.think('past one');
  expect(await verify()).toMatchObject({ status: 'succeeded', result: { ok: false, results: [{ step: 'one', ok: true }, { step: 'two', ok: false }] } });
});

describe('The history', () => {
  beforeEach(async () => {
    await addPack(plane, 'base', [adds('one'), adds('two')]);
    await plane.complete((await plane.snapshots.create(alice, 'target', { name: 'early', description: '', memory: true })).operation);
    await install(plane, 'base');
  });

  test('leads back to any entry, and forward again', async () => {
    await plane.complete((await plane.packs.returnTo(alice, 'target', { entry: 2, safety: true })).operation);
    expect(await remembered(plane)).toBe('past one');
    expect(installed(plane)).toEqual(['base 1.0.0 up to one']);
    expect(history(plane)).toEqual(['1* before base 1.0.0 pack1', '2* install base 1.0.0 one pack2', '3 install base 1.0.0 two pack3']);
    await plane.complete((await plane.packs.returnTo(alice, 'target', { entry: 3, safety: false })).operation);
    expect(installed(plane)).toEqual(['base 1.0.0']);
  });

  test('follows a restore of any snapshot, and the safety snapshot leads back', async () => {
    await plane.complete((await plane.snapshots.restore(alice, 'target', 'early', { safety: true, memory: true })).operation);
    expect(installed(plane)).toEqual([]);
    await plane.complete((await plane.snapshots.restore(alice, 'target', 'safety1', { safety: false, memory: true })).operation);
    expect(installed(plane)).toEqual(['base 1.0.0']);
  });

  test('goes along with a fork, of the present or of an older snapshot', async () => {
    await plane.complete((await plane.snapshots.fork(alice, 'target', { name: 'now', memory: true })).operation);
    await plane.complete((await plane.snapshots.fork(alice, 'target', { name: 'then', snapshot: 'pack2', memory: true })).operation);
    expect(installed(plane, 'now')).toEqual(['base 1.0.0']);
    expect(installed(plane, 'then')).toEqual(['base 1.0.0 up to one']);
    expect(history(plane, 'then')).toEqual(['1* before base 1.0.0 -', '2* install base 1.0.0 one -']);
    await expect(plane.packs.returnTo(alice, 'then', { entry: 1, safety: true })).rejects.toMatchObject({ code: 'invalid_state', message: 'The entry 1 is older than then: its snapshot belongs to the environment that then was forked from' });
    const { operation } = await plane.packs.install(alice, 'then', { packs: ['base'] });
    expect(await plane.complete(operation)).toMatchObject({ status: 'succeeded' });
    expect(history(plane, 'then').slice(2)).toEqual(['3* before base 1.0.0 pack1', '4* install base 1.0.0 two pack2']);
    await plane.complete((await plane.environments.perform(alice, 'remove', 'target', { purge: true })).operation);
    expect(installed(plane, 'now')).toEqual(['base 1.0.0']);
  });

  test('keeps the entries of snapshots that were removed, and refuses to return to them', async () => {
    await plane.complete((await plane.snapshots.remove(alice, 'target', 'pack2', { purge: true, withChildren: false })).operation);
    expect(history(plane)[1]).toBe('2* install base 1.0.0 one -');
    await expect(plane.packs.returnTo(alice, 'target', { entry: 2, safety: true })).rejects.toMatchObject({ code: 'not_found' });
    expect(installed(plane)).toEqual(['base 1.0.0']);
  });

  test('of another user is not found', async () => {
    expect(() => plane.packs.history(bob, 'target', { limit: 10 })).toThrow('There is no environment "target"');
    await expect(plane.packs.install(bob, 'target', { packs: ['base'] })).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('Only the newest snapshots of steps are kept', async () => {
  await addPack(plane, 'base', Array.from({ length: 32 }, (_, at) => adds(`s${at}`)));
  await install(plane, 'base');
  await plane.snapshots.removeOldAutomatic(new Date());
  const states = plane.snapshotRecords.all(plane.record('target')?.id ?? '').map(({ state }) => state);
  expect([states.filter((state) => state === 'ready').length, states.filter((state) => state === 'removed').length]).toEqual([30, 3]);
});

describe('Adding a pack', () => {
  test('refuses the name of a pack of Somnus, and another pack of the same name unless it is to be replaced', async () => {
    await expect(plane.packs.create(admin, { yaml: packText('base-tools', [adds('one')]), replace: true })).rejects.toMatchObject({ code: 'name_taken' });
    await plane.packs.create(admin, { yaml: packText('mine', [adds('one')]), replace: false });
    await plane.packs.create(admin, { yaml: packText('mine', [adds('one')]), replace: false });
    await expect(plane.packs.create(admin, { yaml: packText('mine', [adds('two')]), replace: false })).rejects.toMatchObject({ code: 'name_taken' });
    await plane.packs.create(admin, { yaml: packText('mine', [adds('two')]), replace: true });
    expect((await plane.packs.get('mine')).pack.steps[0]?.name).toBe('two');
    expect((await plane.packs.available()).find(({ name }) => name === 'mine')).toMatchObject({ builtIn: false, problem: null });
  });

  test('leaves nothing of a pack that is removed, and refuses to remove those of Somnus', async () => {
    await addPack(plane, 'mine', [adds('one')]);
    await plane.packs.remove(admin, 'mine');
    await expect(plane.packs.get('mine')).rejects.toMatchObject({ code: 'not_found' });
    await expect(plane.packs.remove(admin, 'base-tools')).rejects.toMatchObject({ code: 'invalid_state' });
  });
});

describe('Creating an environment with packs', () => {
  beforeEach(async () => {
    await addImage(plane);
    await addPack(plane, 'base', [adds('one'), adds('two')]);
    await addPack(plane, 'broken', [adds('three'), { name: 'four', command: 'add four', check: 'fail 1' }], { depends: ['base'] });
  });
  const create = async (packs: string[], onFailure?: 'keep' | 'remove') => {
    const { operation } = await plane.environments.create(alice, { name: 'new', network: 'open', labels: {}, packs, ...(onFailure ? { onFailure } : {}) });
    return await plane.complete(operation);
  };

  test('shows each step from the policy check to monitoring', async () => {
    const operation = await create(['base']);
    expect(operation).toMatchObject({ status: 'succeeded', kind: 'environment.provision', error: null });
    expect(operation.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'policy.check', 'keys.make', 'disk.clone', 'network.attach', 'vm.start', 'guest.identify', 'resources.apply', 'template.save', 'network.connect', 'guest.ready', 'memory.drop', 'environment.ready',
      'before.snapshot', 'base/one', 'base/one.check', 'base/one.snapshot', 'base/two', 'base/two.check', 'base/two.snapshot', 'configuration.save', 'monitoring.start',
    ].map((name) => `${name} done`));
    expect(await remembered(plane, 'new')).toBe('one two');
    expect(installed(plane, 'new')).toEqual(['base 1.0.0']);
    expect(plane.record('new')).toMatchObject({ state: 'running', desiredState: 'running', packEntry: 3 });
  });

  test('keeps what succeeded when a pack fails, and continues on request', async () => {
    const operation = await create(['broken']);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'pack_failed' } });
    expect(await remembered(plane, 'new')).toBe('one two three');
    expect(plane.record('new')).toMatchObject({ state: 'running' });
    expect(installed(plane, 'new')).toEqual(['base 1.0.0', 'broken 1.0.0 up to three']);
  });

  test('removes everything when a pack fails, if that was requested', async () => {
    expect(await create(['broken'], 'remove')).toMatchObject({ status: 'failed', error: { code: 'pack_failed', hint: expect.stringContaining('Everything was removed') as string } });
    expect(plane.record('new')).toBeUndefined();
    expect((await plane.look()).leftovers).toEqual([]);
  });

  test('is refused before anything exists when a pack is unknown or does not fit', async () => {
    await expect(create(['bsae'])).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('did you mean base') as string });
    expect(plane.record('new')).toBeUndefined();
  });
});
