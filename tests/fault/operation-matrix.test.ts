// Every kind of operation, each of its steps, and everything that can stop it there: the control plane is killed, the host loses power, the operation is cancelled, the step's
// deadline passes, it fails. Afterwards the state is as before, or as after an undisturbed operation, never in between. The hypervisor is a fake, the rest is
// real. Prints the table.
import { afterAll, describe, expect, test } from 'vitest';
import type { FaultPoints } from '../../orchestrator/operations/fault-points.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { addImage, FakeControlPlane, FakeHost, type World } from '../support/fake-host.ts';
import { alice } from '../support/operations.ts';

const faults = ['kill', 'power cut', 'cancel', 'timeout', 'failure'] as const;
type FaultName = (typeof faults)[number];

interface Case {
  title: string;
  /** In the usual state, `target` runs, with a past (`base`) and a present. */
  prepare?: (plane: FakeControlPlane) => Promise<void>;
  begin: (plane: FakeControlPlane) => Promise<Operation | null>;
}

const perform = (action: Parameters<FakeControlPlane['environments']['perform']>[1], options: { purge?: boolean } = {}) => async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.environments.perform(alice, action, 'target', options)).operation;
const create = (how: { cold?: boolean; profile?: string }) => async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.environments.create(alice, { name: 'new', network: 'open', labels: {}, ...how })).operation;
const done = (begin: Case['begin']) => async (plane: FakeControlPlane): Promise<void> => { expect((await plane.complete(await begin(plane))).status).toBe('succeeded'); };
const snapshot = (name: string, memory: boolean) => async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.snapshots.create(alice, 'target', { name, description: '', memory })).operation;
const restore = (ref: string, safety: boolean, memory = true) => async (plane: FakeControlPlane): Promise<Operation | null> => (await plane.snapshots.restore(alice, 'target', ref, { safety, memory })).operation;

const cases: Case[] = [
  { title: 'create from a template', begin: create({}) },
  { title: 'create that boots the image', begin: create({ cold: true }) },
  { title: 'create that makes a template', begin: create({ profile: 'large' }) },
  { title: 'start', prepare: done(perform('stop')), begin: perform('start') },
  { title: 'stop', begin: perform('stop') },
  { title: 'stop of a hibernated VM', prepare: done(perform('hibernate')), begin: perform('stop') },
  { title: 'restart', begin: perform('restart') },
  { title: 'hibernate', begin: perform('hibernate') },
  { title: 'hibernate of a suspended VM', prepare: async (plane) => { await plane.environments.perform(alice, 'suspend', 'target'); }, begin: perform('hibernate') },
  { title: 'wake', prepare: done(perform('hibernate')), begin: perform('wake') },
  { title: 'remove', begin: perform('remove') },
  { title: 'purge', begin: perform('remove', { purge: true }) },
  { title: 'snapshot', begin: snapshot('new', true) },
  { title: 'disk-only snapshot', begin: snapshot('new', false) },
  { title: 'restore', begin: restore('base', false) },
  { title: 'restore with a safety snapshot', begin: restore('base', true) },
  { title: 'disk-only restore', begin: restore('base', true, false) },
  { title: 'restore of a hibernated VM', prepare: done(perform('hibernate')), begin: restore('base', false) },
  { title: 'disk-only restore of a stopped VM', prepare: done(perform('stop')), begin: restore('base', false, false) },
  { title: 'removal of a snapshot', begin: async (plane) => (await plane.snapshots.remove(alice, 'target', 'base', { purge: true, withChildren: false })).operation },
  { title: 'check of a snapshot', begin: async (plane) => (await plane.snapshots.check(alice, 'target', 'base')).operation },
  { title: 'fork', begin: async (plane) => (await plane.snapshots.fork(alice, 'target', { name: 'new', count: 2, memory: true })).operation },
  { title: 'fork of a snapshot\'s disk', begin: async (plane) => (await plane.snapshots.fork(alice, 'target', { name: 'new', snapshot: 'base', memory: false })).operation },
  { title: 'profile', begin: async (plane) => (await plane.profileChanges.apply(alice, 'target', { profile: 'large', dryRun: false })).operation },
  { title: 'image build', begin: async (plane) => plane.engine.submit({ kind: 'image.build', input: {}, owner: alice.user, actor: null, target: null }) },
];

/** A host in the usual state, and the control plane that set it up. */
async function usualWorld({ prepare }: Case): Promise<FakeHost> {
  const host = new FakeHost();
  await using plane = new FakeControlPlane(host);
  await addImage(plane);
  await done(async () => (await plane.environments.create(alice, { name: 'target', network: 'open', labels: {} })).operation)(plane);
  const id = plane.record('target')?.id ?? '';
  host.guest(id)?.think('past');
  await done(snapshot('base', true))(plane);
  host.guest(id)?.think('present');
  await prepare?.(plane);
  host.bootIds.set('target', plane.record('target')?.bootId ?? '');
  return host;
}

interface Outcome { operation: Operation; world: World; hit: boolean }

async function carryOut(one: Case, fault?: { name: FaultName; step: string; timeoutMs: number }): Promise<Outcome & { before: World }> {
  await using host = await usualWorld(one);
  let hit = false;
  let id = '';
  const killed = Promise.withResolvers<void>();
  let plane: FakeControlPlane;
  const points: FaultPoints = {
    async reached({ step, direction, when }, signal) {
      if (hit || direction !== 'run' || fault?.step !== step || when !== (fault.name === 'cancel' ? 'before' : 'after')) return;
      hit = true;
      switch (fault.name) {
        case 'kill':
        case 'power cut':
          killed.resolve();
          return await new Promise<never>(() => {});
        case 'cancel':
          return await plane.engine.cancel(alice, id).then(async () => await untilAborted(signal), () => {}); // refused if it comes too late
        case 'timeout':
          return await untilAborted(signal);
        case 'failure':
          throw new SomnusError('internal', 'injected by the test');
      }
    },
  };
  plane = new FakeControlPlane(host, { faults: points, ...(fault?.name === 'timeout' ? { timeouts: fault } : {}) });
  const before = await plane.look();
  id = (await one.begin(plane))?.id ?? '';
  await Promise.race([plane.work(), killed.promise]);
  if (fault?.name === 'kill' || fault?.name === 'power cut') {
    expect(hit).toBe(true);
    plane.die();
    if (fault.name === 'power cut') host.powerCut();
    plane = new FakeControlPlane(host);
    await plane.work();
  }
  await plane.reconcile();
  const outcome: Outcome = { operation: await plane.operation(id), world: await plane.look(), hit };
  await plane[Symbol.asyncDispose]();
  return { ...outcome, before };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }); if (signal.aborted) reject(signal.reason as Error); });
}

/** Long enough for the step itself, measured on an undisturbed run. If it is not, that is also a missed deadline. */
function deadlineFor({ startedAt, endedAt }: Operation['steps'][number]): number {
  return 500 + 5 * (Date.parse(endedAt ?? '') - Date.parse(startedAt ?? ''));
}

function timedOut({ error, result }: Operation): boolean {
  return error?.code === 'timeout' || JSON.stringify(result).includes('"timeout"');
}

const table: string[][] = [];
afterAll(() => {
  const header = ['operation', 'step', ...faults];
  const rows = [header, ...table];
  const widths = header.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  console.log(rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ').trimEnd()).join('\n'));
});

describe.each(cases)('$title', (one) => {
  test('ends as before or as after, whatever stops it at any step', async () => {
    const smooth = await carryOut(one);
    expect(smooth.operation).toMatchObject({ status: 'succeeded', error: null });
    expect(smooth.operation.result ?? {}).not.toHaveProperty('warnings');
    const rows = await Promise.all(smooth.operation.steps.map(async (smoothStep) => {
      const { name: step } = smoothStep;
      const cells = await Promise.all(faults.map(async (name) => {
        const { operation, world, hit, before } = await carryOut(one, { name, step, timeoutMs: deadlineFor(smoothStep) });
        const context = `${one.title}, ${step}, ${name}: ${JSON.stringify(operation)}`;
        expect(hit || (name === 'timeout' && timedOut(operation)), context).toBe(true);
        expect(operation.endedAt, context).not.toBeNull();
        return judge({ operation, world, before, after: smooth.world, powerCut: name === 'power cut', context });
      }));
      return [one.title, step, ...cells];
    }));
    table.push(...rows);
  });
});

interface Judged { operation: Operation; world: World; before: World; after: World; powerCut: boolean; context: string }

/** @returns its final status */
function judge({ operation, world, before, after, powerCut, context }: Judged): string {
  const warned = (operation.result as { warnings?: unknown[] } | null)?.warnings !== undefined;
  const compare = (to: World): boolean => JSON.stringify(strip(world)) === JSON.stringify(strip(to));
  const strip = ({ environments, image, leftovers }: World): unknown => ({ environments: powerCut ? environments.map(withoutMemory) : environments, image, leftovers: warned ? [] : leftovers });
  if (operation.status === 'succeeded') {
    if (!compare(after)) expect({ context, ...world }).toEqual({ context, ...after });
    return warned ? 'after, with a warning' : 'after';
  }
  if (compare(before)) return 'before';
  if (compare(after)) return 'after';
  expect({ context, ...world }).toEqual({ context, ...before });
  return '';
}

/** A power cut loses the memory of running VMs: they are started again from disk. Hibernated VMs and snapshots are kept. */
function withoutMemory(seen: World['environments'][number]): unknown {
  return { ...seen, memory: seen.memory === null ? null : 'some', sameBoot: false };
}
