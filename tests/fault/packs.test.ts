// Operations on packs survive whatever stops them: a fault at each step, on VMs of a fake host.
import { describe, expect, test } from 'vitest';
import type { FaultPoints } from '../../orchestrator/operations/fault-points.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { FakeControlPlane, FakeHost } from '../support/fake-host.ts';
import { addPack, adds, addTarget, history, installed, remembered } from '../support/fake-packs.ts';
import { alice } from '../support/operations.ts';

const faults = ['kill', 'power cut', 'cancel', 'failure'] as const;
type Fault = (typeof faults)[number];

interface Outcome { operation: Operation; plane: FakeControlPlane }

/** Carries out an operation with one fault, right after the step or undo has done its work; then a new control plane completes it. */
async function carryOut(host: FakeHost, begin: (plane: FakeControlPlane) => Promise<Operation | null>, fault: Fault | undefined, point: { step: string; direction?: 'run' | 'undo' } = { step: '' }): Promise<Outcome> {
  let hit = false;
  let id = '';
  const killed = Promise.withResolvers<void>();
  const points: FaultPoints = {
    async reached({ step, direction, when }, signal) {
      if (hit || fault === undefined || step !== point.step || direction !== (point.direction ?? 'run') || when !== 'after') return;
      hit = true;
      if (fault === 'failure') throw new Error('injected by the test');
      if (fault === 'cancel') return void await plane.engine.cancel(alice, id).then(async () => await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }); if (signal.aborted) resolve(undefined); }), () => {});
      killed.resolve();
      await new Promise<never>(() => {});
    },
  };
  let plane = new FakeControlPlane(host, { faults: points });
  id = (await begin(plane))?.id ?? '';
  await Promise.race([plane.work(), killed.promise]);
  if (fault !== undefined) expect(hit, `${fault} at ${point.step}`).toBe(true);
  if (hit && (fault === 'kill' || fault === 'power cut')) {
    plane.die();
    if (fault === 'power cut') host.powerCut();
    plane = new FakeControlPlane(host);
    await plane.work();
  }
  await plane.reconcile();
  return { operation: await plane.operation(id), plane };
}

async function preparedHost(): Promise<FakeHost> {
  const host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addTarget(plane);
  await addPack(plane, 'base', [adds('one'), adds('two')]);
  await addPack(plane, 'broken', [adds('one'), { name: 'two', command: 'add half', check: 'fail 1' }]);
  return host;
}

const installBase = async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.packs.install(alice, 'target', { packs: ['base'] })).operation;
const words = ['past', 'one', 'two'];

/** Each step, and how many steps of the pack its failure leaves. */
const installSteps = [['policy.check', 0], ['before.snapshot', 0], ...['one', 'two'].flatMap((name, at) => [[`base/${name}`, at], [`base/${name}.check`, at], [`base/${name}.snapshot`, at]] as const)] as const;

test.each(installSteps)('An installation that is stopped after %s is completed after a restart, and otherwise leaves the state after an earlier step', async (step, before) => {
  await Promise.all(faults.map(async (fault) => {
    await using host = await preparedHost();
    const { operation, plane } = await carryOut(host, installBase, fault, { step });
    await using _ = plane;
    const { environments: [seen], leftovers } = await plane.look();
    const context = `${fault}: ${JSON.stringify(operation)}`;
    expect(leftovers, context).toEqual([]);
    expect(seen, context).toMatchObject({ state: 'running', reachable: true });
    expect(seen?.snapshots.every((line) => line.includes(' ready ')), context).toBe(true);
    if (fault === 'kill' || fault === 'power cut' || operation.status === 'succeeded') {
      expect(operation, context).toMatchObject({ status: 'succeeded', error: null });
      expect(seen?.disk, context).toBe((fault === 'power cut' && step === 'policy.check' ? words.slice(1) : words).join(' ')); // a power cut before the first snapshot loses what was only in memory
      expect(installed(plane), context).toEqual(['base 1.0.0']);
      expect(history(plane), context).toHaveLength(3);
      return;
    }
    expect(operation.status, context).toBe(fault === 'cancel' ? 'cancelled' : 'failed');
    expect([words.slice(0, 1 + before), ...(fault === 'cancel' && step.endsWith('.snapshot') ? [words.slice(0, 2 + before)] : [])].map((kept) => kept.join(' ')), context).toContain(seen?.memory);
    expect(seen?.snapshots.at(-1)?.split(': ')[1] ?? 'past', context).toBe(seen?.memory); // the newest snapshot is the present state
    expect(await plane.complete(await installBase(plane)), context).toMatchObject({ status: 'succeeded' });
    expect(await remembered(plane), context).toBe(words.join(' '));
    expect(installed(plane), context).toEqual(['base 1.0.0']);
  }));
});

test.each(['kill', 'power cut'] as const)('A %s while the VM returns to the snapshot does not lose the completed steps', async (fault) => {
  await using host = await preparedHost();
  const { operation, plane } = await carryOut(host, async (first) => (await first.packs.install(alice, 'target', { packs: ['broken'] })).operation, fault, { step: 'broken/two', direction: 'undo' });
  await using _ = plane;
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'pack_failed' } });
  expect((await plane.look()).environments[0]).toMatchObject({ state: 'running', disk: 'past one' });
  expect(installed(plane)).toEqual(['broken 1.0.0 up to one']);
});

describe.each([
  ['keep', ['vm.start', 'environment.ready', 'base/two', 'base/two.snapshot', 'configuration.save']],
  ['remove', ['environment.ready', 'before.snapshot', 'base/two.check']],
] as const)('Creating with packs, to %s what succeeded', (onFailure, steps) => {
  const create = async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.environments.create(alice, { name: 'new', network: 'open', labels: {}, packs: ['base'], onFailure })).operation;
  const kept: Readonly<Record<string, RegExp>> = { 'base/two': /^one$/, 'base/two.snapshot': /^one( two)?$/, 'configuration.save': /^one two$/ };

  test.each(steps)('stopped after %s is completed after a restart, and otherwise leaves what was requested', async (step) => {
    await Promise.all(faults.map(async (fault) => {
      await using host = await preparedHost();
      const { operation, plane } = await carryOut(host, create, fault, { step });
      await using _ = plane;
      const { environments, leftovers } = await plane.look();
      const made = environments.find(({ name }) => name === 'new');
      const context = `${fault}: ${JSON.stringify(operation)}`;
      expect(leftovers, context).toEqual([]);
      if (fault === 'kill' || fault === 'power cut' || operation.status === 'succeeded') {
        expect(operation.status, context).toBe('succeeded');
        expect(made, context).toMatchObject({ state: 'running', reachable: true, disk: 'one two' });
        expect(installed(plane, 'new'), context).toEqual(['base 1.0.0']);
        return;
      }
      const isKept = onFailure === 'keep' && (kept[step] !== undefined || (fault === 'cancel' && step === 'environment.ready' && made !== undefined));
      if (!isKept) expect(made, context).toBeUndefined();
      else expect(made, context).toMatchObject({ state: 'running', memory: expect.stringMatching(kept[step] ?? /^$/) as string });
    }));
  });
});
