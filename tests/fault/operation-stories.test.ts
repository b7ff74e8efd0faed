// Regression tests on a fake host: saved states left from other operations, interrupted saves and restores, answers that came too late.
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FaultPoint, FaultPoints } from '../../orchestrator/operations/fault-points.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { addImage, FakeControlPlane, FakeHost } from '../support/fake-host.ts';
import { alice } from '../support/operations.ts';

/** A host on which `target` runs, remembers `present`, and has the snapshot `base` of its past. */
async function withTarget(host: FakeHost, plane: FakeControlPlane): Promise<string> {
  await addImage(plane);
  await plane.complete((await plane.environments.create(alice, { name: 'target', network: 'open', labels: {} })).operation);
  const id = plane.record('target')?.id ?? '';
  host.guest(id)?.think('past');
  await plane.complete((await plane.snapshots.create(alice, 'target', { name: 'base', description: '', memory: true })).operation);
  host.guest(id)?.think('present');
  return id;
}

const perform = async (plane: FakeControlPlane, action: Parameters<FakeControlPlane['environments']['perform']>[1]): Promise<Operation> => await plane.complete((await plane.environments.perform(alice, action, 'target')).operation);
const restore = async (plane: FakeControlPlane, ref: string, safety: boolean): Promise<Operation> => await plane.complete((await plane.snapshots.restore(alice, 'target', ref, { safety, memory: true })).operation);

/** Calls `begin` the first time that a step is reached. */
function at(place: Pick<FaultPoint, 'step' | 'when'>, begin: () => Promise<void> | void): FaultPoints {
  let reached = false;
  return {
    async reached({ step, when, direction }) {
      if (reached || direction === 'undo' || step !== place.step || when !== place.when) return;
      reached = true;
      await begin();
    },
  };
}

/** The control plane dies and the power fails when the step is reached; then both return. */
async function powerCutAt(host: FakeHost, place: Pick<FaultPoint, 'step' | 'when'>, begin: (plane: FakeControlPlane) => Promise<{ operation: Operation | null }>): Promise<{ plane: FakeControlPlane; operation: Operation }> {
  const reached = Promise.withResolvers<void>();
  const dying = new FakeControlPlane(host, { faults: at(place, async () => { reached.resolve(); await new Promise<never>(() => {}); }) });
  const { operation } = await begin(dying);
  void dying.work();
  await reached.promise;
  dying.die();
  host.powerCut();
  const plane = new FakeControlPlane(host);
  return { plane, operation: await plane.complete(operation) };
}

test('The helper verifies a guest that continues from its memory, and gives a fork its identity; the agent does when the helper does not answer', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const id = await withTarget(host, plane);
  const fork = async (name: string): Promise<string> => {
    expect((await plane.complete((await plane.snapshots.fork(alice, 'target', { name, memory: true })).operation)).status).toBe('succeeded');
    return plane.record(name)?.id ?? '';
  };
  const first = host.guest(await fork('first'));
  expect(first?.identifiedBy).toBe('helper');
  expect(first?.memory).toMatchObject({ text: 'present', identity: { hostname: 'first' } });
  expect(plane.record('first')?.bootId).toBe(first?.memory?.bootId);
  host.helpersAreDeaf = true;
  const second = host.guest(await fork('second'));
  expect(second?.identifiedBy).toBe('agent');
  expect(second?.memory).toMatchObject({ text: 'present', identity: { hostname: 'second' } });
  expect((await restore(plane, 'base', false)).status).toBe('succeeded');
  expect(host.guest(id)?.memory?.text).toBe('past');
});

test('A memory saved by a version of Somnus without helpers is restored, and the agent verifies it', async () => {
  await using host = new FakeHost();
  host.helper = false;
  await using plane = new FakeControlPlane(host);
  const id = await withTarget(host, plane);
  host.helper = true; // the host's VMs have it from their next start on
  expect((await restore(plane, 'base', false)).status).toBe('succeeded');
  expect(host.guest(id)?.memory?.text).toBe('past');
  expect((await new Vm(plane.vms, id).manifest()).hardware.helper).toBeUndefined();
  expect((await perform(plane, 'restart')).status).toBe('succeeded');
  expect((await new Vm(plane.vms, id).manifest()).hardware.helper).toBe(true);
});

test('A memory left from another hibernation is not loaded as the present one, and is quarantined', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const vm = new Vm(plane.vms, await withTarget(host, plane));
  await cp(vm.snapshotFolder(plane.snapshotRecords.find(vm.id, 'base')?.id ?? ''), vm.hibernationFolder, { recursive: true });
  expect((await perform(plane, 'hibernate')).status).toBe('succeeded');
  expect((await perform(plane, 'wake')).status).toBe('succeeded');
  expect(host.guest(vm.id)?.memory?.text).toBe('present');
  expect(await readdir(join(vm.folder, 'snapshots'))).toHaveLength(2); // `base`, and one that no record knows: reconciliation moves it to the quarantine
});

test('A memory left beside a running VM is quarantined before a wake could load it', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const vm = new Vm(plane.vms, await withTarget(host, plane));
  await cp(vm.snapshotFolder(plane.snapshotRecords.find(vm.id, 'base')?.id ?? ''), vm.hibernationFolder, { recursive: true });
  await plane.reconcile();
  expect(await vm.isHibernated()).toBe(false);
  expect(plane.record('target')).toMatchObject({ state: 'running' });
});

test('A hibernation interrupted by a power cut fails with the reason, and the VM runs again from its disk', async () => {
  await using host = new FakeHost();
  { await using plane = new FakeControlPlane(host); await withTarget(host, plane); }
  const { plane, operation } = await powerCutAt(host, { step: 'memory.save', when: 'before' }, async (dying) => await dying.environments.perform(alice, 'hibernate', 'target'));
  await using _ = plane;
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'invalid_state', detail: expect.stringContaining('no memory to save') as string } });
  expect(plane.record('target')).toMatchObject({ desiredState: 'running' });
  await plane.reconcile();
  expect((await plane.look()).environments[0]).toMatchObject({ state: 'running', disk: 'present', asleep: false });
});

test('A snapshot with memory interrupted by a power cut fails: no snapshot claims to have memory without having it', async () => {
  await using host = new FakeHost();
  { await using plane = new FakeControlPlane(host); await withTarget(host, plane); }
  const { plane, operation } = await powerCutAt(host, { step: 'snapshot.save', when: 'before' }, async (dying) => await dying.snapshots.create(alice, 'target', { name: 'new', description: '', memory: true }));
  await using _ = plane;
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'invalid_state' } });
  expect((await plane.look()).environments[0]?.snapshots).toEqual(['base ready with memory: past']);
});

test.each([true, false])('When a restore and its undo both fail, the previous state is a snapshot that can be restored (safety: %s)', async (safety) => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const id = await withTarget(host, plane);
  const faults = [1, 2].map((nth) => host.hypervisor.inject({ call: 'monitor migrate-incoming', nth, effect: 'fail' }));
  const operation = await restore(plane, 'base', safety);
  expect(faults.every(({ hit }) => hit)).toBe(true);
  expect(operation).toMatchObject({ status: 'failed', error: { hint: expect.stringContaining('somnus snapshot restore target safety1') as string, undoFailures: [{ step: 'vm.replace' }] } });
  const kept = plane.snapshotRecords.find(id, 'safety1');
  for (const look of ['at once', 'after reconciliation']) {
    expect(plane.record('target'), look).toMatchObject({ state: 'failed', presentSnapshotId: kept?.id, stateReason: expect.stringContaining('safety1') as string });
    await plane.reconcile();
  }
  await expect(plane.snapshots.remove(alice, 'target', 'safety1', { purge: true, withChildren: false })).rejects.toMatchObject({ code: 'invalid_state', hint: expect.stringContaining('somnus snapshot restore target safety1') as string });
  await plane.snapshots.removeOldAutomatic(new Date(Date.now() + 366 * 86_400_000));
  expect(plane.snapshotRecords.find(id, 'safety1')?.state).toBe('ready');
  const again = host.hypervisor.inject({ call: 'monitor migrate-incoming', effect: 'fail' });
  expect((await restore(plane, 'safety1', false)).status).toBe('failed');
  expect(again.hit).toBe(true);
  expect(plane.record('target')).toMatchObject({ state: 'failed', presentSnapshotId: kept?.id, stateReason: expect.stringContaining(`is kept as the snapshot ${kept?.id}`) as string });
  expect((await restore(plane, 'safety1', false)).status).toBe('succeeded');
  expect(host.guest(id)?.memory?.text).toBe('present');
  expect(plane.record('target')).toMatchObject({ state: 'running', presentSnapshotId: null });
});

test('A restore cancelled before it replaces anything leaves the running VM untouched', async () => {
  await using host = new FakeHost();
  let id = '';
  let operationId = '';
  { await using plane = new FakeControlPlane(host); id = await withTarget(host, plane); }
  await using plane: FakeControlPlane = new FakeControlPlane(host, { faults: at({ step: 'vm.replace', when: 'before' }, async () => { await plane.engine.cancel(alice, operationId); }) });
  const qemu = (): number | undefined => host.hypervisor.domains.get(new Vm(plane.vms, id).domainName)?.id;
  const before = qemu();
  const { operation } = await plane.snapshots.restore(alice, 'target', 'base', { safety: false, memory: true });
  operationId = operation?.id ?? '';
  expect(await plane.complete(operation)).toMatchObject({ status: 'cancelled', error: { hint: expect.stringContaining('target is running') as string } });
  expect([before === undefined, qemu()]).toEqual([false, before]);
  expect(host.guest(id)?.memory?.text).toBe('present');
});

test.each(['before', 'after'] as const)('A snapshot with damaged memory can be restored and forked from its disk (damage found %s the restore)', async (when) => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const vm = new Vm(plane.vms, await withTarget(host, plane));
  const base = plane.snapshotRecords.find(vm.id, 'base');
  if (base === undefined) throw new Error('no snapshot');
  await writeFile(join(vm.snapshotFolder(base.id), 'state'), 'nonsense');
  if (when === 'before') plane.snapshotRecords.update({ ...base, state: 'damaged', damage: 'state does not have its checksum' });
  const withMemory = restore(plane, 'base', false);
  const refusal = { hint: expect.stringContaining('--disk-only') as string };
  if (when === 'before') await expect(withMemory).rejects.toMatchObject(refusal);
  else expect(await withMemory).toMatchObject({ status: 'failed', error: { code: 'corrupt', ...refusal } });
  expect(host.guest(vm.id)?.memory?.text).toBe('present');
  expect((await plane.complete((await plane.snapshots.fork(alice, 'target', { name: 'copy', snapshot: 'base', count: 1, memory: false })).operation)).status).toBe('succeeded');
  expect((await plane.complete((await plane.snapshots.restore(alice, 'target', 'base', { safety: false, memory: false })).operation)).status).toBe('succeeded');
  expect(plane.record('target')?.state).toBe('running');
});

test('A cancelled restore without a safety snapshot reports the resulting state', async () => {
  await using host = new FakeHost();
  let id = '';
  let operationId = '';
  { await using plane = new FakeControlPlane(host); id = await withTarget(host, plane); }
  await using plane: FakeControlPlane = new FakeControlPlane(host, { faults: at({ step: 'guest.verify', when: 'before' }, async () => { await plane.engine.cancel(alice, operationId); }) });
  const { operation } = await plane.snapshots.restore(alice, 'target', 'base', { safety: false, memory: true });
  operationId = operation?.id ?? '';
  expect(await plane.complete(operation)).toMatchObject({ status: 'cancelled', error: { hint: expect.stringContaining('target is running') as string } });
  expect(host.guest(id)?.memory?.text).toBe('present');
});

test('A guest that falls silent once it is ready is kept: the last question to it fails nothing', async () => {
  await using host = new FakeHost();
  { await using plane = new FakeControlPlane(host); await withTarget(host, plane); }
  await using plane = new FakeControlPlane(host, { faults: at({ step: 'guest.ready', when: 'after' }, () => {
    for (const record of plane.records.all()) if (record.name !== 'target') Object.assign(host.guest(record.id) ?? {}, { deaf: true });
  }) });
  const operation = await plane.complete((await plane.snapshots.fork(alice, 'target', { name: 'new', count: 2, memory: true })).operation);
  expect(operation).toMatchObject({ status: 'succeeded' });
  expect(plane.record('new-1')).toMatchObject({ state: 'running', bootId: expect.any(String) as string });
  expect(host.guest(plane.record('new-2')?.id ?? '')?.memory?.text).toBe('present');
});

test('A QEMU that waits for a memory state in vain is not a suspended VM, and a start recovers it', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const vm = new Vm(plane.vms, await withTarget(host, plane));
  const domain = host.hypervisor.domains.get(vm.domainName);
  Object.assign(domain ?? {}, { state: 'paused', qemu: 'inmigrate' });
  await plane.reconcile();
  expect(plane.record('target')).toMatchObject({ state: 'failed', stateReason: expect.stringContaining('waiting for a memory image') as string });
  expect((await perform(plane, 'start')).status).toBe('succeeded');
  expect(plane.record('target')).toMatchObject({ state: 'running' });
});

test('A failure restores what the user wanted, whatever state that leaves the VM in', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await withTarget(host, plane);
  host.hypervisor.inject({ call: 'start', effect: 'fail' });
  expect((await perform(plane, 'restart')).status).toBe('failed');
  expect(plane.record('target')).toMatchObject({ state: 'stopped', desiredState: 'running' });
  await perform(plane, 'start');
  await perform(plane, 'stop');
  host.hypervisor.inject({ call: 'start', effect: 'fail' });
  expect((await perform(plane, 'start')).status).toBe('failed');
  expect(plane.record('target')).toMatchObject({ state: 'stopped', desiredState: 'stopped' });
});

test('A VM that ends right after it was woken keeps its disk, and the memory it was woken from is not lost', async () => {
  await using host = new FakeHost();
  let id = '';
  { await using plane = new FakeControlPlane(host); id = await withTarget(host, plane); await perform(plane, 'hibernate'); }
  const { plane, operation } = await powerCutAt(host, { step: 'memory.drop', when: 'before' }, async (dying) => await dying.environments.perform(alice, 'wake', 'target'));
  await using _ = plane;
  expect(operation).toMatchObject({ status: 'succeeded', result: { warnings: [{ step: 'memory.drop', code: 'guest_unreachable' }] } });
  await plane.reconcile();
  expect((await plane.look()).environments[0]).toMatchObject({ state: 'running', disk: 'present', asleep: false });
  expect(await readdir(join(host.pool.folders.environment(id), 'snapshots'))).toHaveLength(2);
});

test('A guest that resets at its first instruction after its memory was loaded is loaded once more, never taken for one that continued', async () => {
  await using host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  const id = await withTarget(host, plane);
  const resets = (times: number) => Array.from({ length: times }, (_, at) => host.hypervisor.inject({ call: 'resume', nth: at + 1, effect: 'resetVm' }));
  const text = (name = 'target'): string | undefined => host.guest(plane.record(name)?.id ?? '')?.memory?.text;
  for (const [act, after] of [
    [async () => { await perform(plane, 'hibernate'); return await perform(plane, 'wake'); }, 'present'],
    [async () => await restore(plane, 'base', false), 'past'],
  ] as const) {
    const [once] = resets(1);
    expect((await act()).status).toBe('succeeded');
    expect([once?.hit, text()]).toEqual([true, after]);
  }
  const [once] = resets(1);
  expect((await plane.complete((await plane.snapshots.fork(alice, 'target', { name: 'copy', snapshot: 'base', count: 1, memory: true })).operation)).status).toBe('succeeded');
  expect([once?.hit, text('copy-1')]).toEqual([true, 'past']);

  host.guest(id)?.think('present');
  await perform(plane, 'hibernate');
  const twice = resets(2);
  expect(await perform(plane, 'wake')).toMatchObject({ status: 'failed', error: { code: 'guest_panicked', detail: expect.stringContaining('rebooted instead of continuing') as string } });
  expect(twice.every(({ hit }) => hit)).toBe(true);
  expect(plane.record('target')?.state).toBe('hibernated');
  expect((await perform(plane, 'wake')).status).toBe('succeeded');
  expect(text()).toBe('present');
});

test('A wake interrupted after the guest continued loads the memory again, since the guest may have reset unobserved', async () => {
  await using host = new FakeHost();
  { await using plane = new FakeControlPlane(host); await withTarget(host, plane); await perform(plane, 'hibernate'); }
  const reached = Promise.withResolvers<void>();
  const dying = new FakeControlPlane(host, { faults: at({ step: 'guest.verify', when: 'after' }, async () => { reached.resolve(); await new Promise<never>(() => {}); }) });
  const { operation } = await dying.environments.perform(alice, 'wake', 'target');
  void dying.work();
  await reached.promise;
  dying.die();
  const domain = [...host.hypervisor.domains.values()].find(({ state }) => state === 'running');
  host.hypervisor.resetVm(domain?.name ?? '');
  await using plane = new FakeControlPlane(host);
  expect((await plane.complete(operation)).status).toBe('succeeded');
  expect(host.guest(plane.record('target')?.id ?? '')?.memory?.text).toBe('present');
});
