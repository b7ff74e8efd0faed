import { describe, expect, test } from 'vitest';
import { presentPacks } from '../../../orchestrator/packs/installed-packs.ts';
import { digestOf, Pack } from '../../../orchestrator/packs/pack.ts';
import { planInstall, plannedSteps, planUninstall, withDependencies, type PackTarget } from '../../../orchestrator/packs/plan-packs.ts';
import type { StoredEntry } from '../../../orchestrator/packs/sqlite-pack-history.ts';

interface Draft { version?: string; depends?: string[]; steps?: object[]; uninstall?: object[]; needs?: object }
const step = (name: string, command = name, more: object = {}): object => ({ name, command, check: 'true', ...more });
const pack = (name: string, { version = '1.0.0', steps = [step('one'), step('two'), step('three')], ...more }: Draft = {}): Pack => Pack.parse({ name, version, description: name, steps, ...more });
const target: PackTarget = { name: 'demo', network: 'open', memoryMiB: 1024, freeDiskMiB: 10_000 };
let ids = 0;
const snapshotId = (): string => `snap_${(ids += 1)}`;

/** The history of an environment in which these steps were completed. */
function historyOf(...done: { pack: Pack; action?: 'install' | 'upgrade' | 'uninstall'; steps: number }[]): StoredEntry[] {
  const entries = done.flatMap(({ pack: one, action = 'install', steps }) => (action === 'uninstall' ? one.uninstall : one.steps).slice(0, steps).map((each, at, all): Omit<StoredEntry, 'number' | 'parent'> => {
    const completes = at === (action === 'uninstall' ? one.uninstall : one.steps).length - 1 && at === all.length - 1;
    return { at: '2026-01-01T00:00:00.000Z', actor: 'key_a', operationId: 'op_a', action, pack: one.name, version: one.version, step: each.name, completes, snapshotId: snapshotId(), digest: digestOf(each), ...(completes ? { definition: one } : {}) };
  }));
  return entries.map((entry, at) => ({ ...entry, number: at + 1, parent: at === 0 ? null : at }));
}

function stepsOf(one: Pack, history: StoredEntry[] = [], on: Partial<PackTarget> = {}): string[] {
  return plannedSteps(planInstall([one], { present: presentPacks(history), target: { ...target, ...on }, snapshotId }).packs).map(({ title }) => title);
}

describe('Dependencies', () => {
  const known = new Map([pack('base'), pack('web', { depends: ['base'] }), pack('site', { depends: ['web', 'base'] }), pack('a', { depends: ['b'] }), pack('b', { depends: ['a'] }), pack('lost', { depends: ['wbe'] })].map((one) => [one.name, one]));

  test('come first, each once', () => {
    expect(withDependencies(['site', 'base'], known).map(({ name }) => name)).toEqual(['base', 'web', 'site']);
  });

  test('in a circle are refused with the circle', () => {
    expect(() => withDependencies(['a'], known)).toThrow('a → b → a');
  });

  test('that do not exist are refused with the nearest known name', () => {
    expect(() => withDependencies(['lost'], known)).toThrow('There is no pack "wbe", which lost depends on; did you mean web?');
  });
});

describe('An installation', () => {
  const one = pack('p');

  test('runs all steps of a pack that is not installed, and the last completes it', () => {
    const { packs } = planInstall([one], { present: new Map(), target, snapshotId });
    expect(plannedSteps(packs).map(({ title, number, completes }) => [title, number, completes])).toEqual([['p/one', 1, false], ['p/two', 2, false], ['p/three', 3, true]]);
  });

  test('does nothing when the version is installed', () => {
    expect(planInstall([one], { present: presentPacks(historyOf({ pack: one, steps: 3 })), target, snapshotId })).toEqual({ packs: [], already: [{ name: 'p', version: '1.0.0' }], skipped: [] });
  });

  test('continues at the step that failed, also when that was corrected or the version increased', () => {
    const partial = historyOf({ pack: one, steps: 2 });
    expect(stepsOf(one, partial)).toEqual(['p/three']);
    expect(stepsOf(pack('p', { steps: [step('one'), step('two'), step('three', 'corrected')] }), partial)).toEqual(['p/three']);
    expect(stepsOf(pack('p', { version: '1.0.1', steps: [step('one'), step('two'), step('three', 'corrected'), step('four')] }), partial)).toEqual(['p/three', 'p/four']);
  });

  test('repeats from the first step whose content has changed', () => {
    expect(stepsOf(pack('p', { steps: [step('one'), step('two', 'changed'), step('three')] }), historyOf({ pack: one, steps: 2 }))).toEqual(['p/two', 'p/three']);
  });

  test('of another version runs all of its steps, and continues when it was interrupted', () => {
    const next = pack('p', { version: '2.0.0' });
    const { packs } = planInstall([next], { present: presentPacks(historyOf({ pack: one, steps: 3 })), target, snapshotId });
    expect(packs.map(({ action }) => action)).toEqual(['upgrade']);
    expect(plannedSteps(packs)).toHaveLength(3);
    expect(stepsOf(next, historyOf({ pack: one, steps: 3 }, { pack: next, action: 'upgrade', steps: 1 }))).toEqual(['p/two', 'p/three']);
  });

  test('skips an optional step that does not fit, and adds it when it does', () => {
    const large = pack('p', { steps: [step('one'), step('torch', 'torch', { optional: true, needs: { memoryMiB: 2048 } })] });
    const plan = planInstall([large], { present: new Map(), target, snapshotId });
    expect(plannedSteps(plan.packs).map(({ title, completes }) => [title, completes])).toEqual([['p/one', true]]);
    expect(plan.skipped).toEqual([{ pack: 'p', step: 'torch', reason: 'it needs 2048 MiB of memory, and there are 1024 MiB' }]);
    expect(stepsOf(large, historyOf({ pack: pack('p', { steps: [step('one')] }), steps: 1 }), { memoryMiB: 2048 })).toEqual(['p/torch']);
  });

  test('is refused when the environment is too small or cannot reach packages', () => {
    expect(() => stepsOf(pack('p', { needs: { diskMiB: 20_000 } }))).toThrow('p does not fit demo: it needs 20000 MiB of free disk space, and there are 10000 MiB');
    expect(() => stepsOf(pack('p', { steps: [{ name: 'jq', apt: ['jq'], check: 'jq' }] }), [], { network: 'none' })).toThrow('the network policy none');
    expect(stepsOf(one, [], { network: 'none' })).toHaveLength(3);
  });
});

describe('A removal', () => {
  const one = pack('p', { uninstall: [step('stop'), step('purge')] });
  const plan = (history: StoredEntry[], name = 'p') => plannedSteps([planUninstall(name, { present: presentPacks(history), environment: 'demo', snapshotId })]).map(({ title }) => title);

  test('runs the steps of the version that is installed, and continues where it failed', () => {
    expect(plan(historyOf({ pack: one, steps: 3 }))).toEqual(['p/stop', 'p/purge']);
    expect(plan(historyOf({ pack: one, steps: 3 }, { pack: one, action: 'uninstall', steps: 1 }))).toEqual(['p/purge']);
  });

  test('leaves nothing of the pack, so that it can be installed again', () => {
    const history = historyOf({ pack: one, steps: 3 }, { pack: one, action: 'uninstall', steps: 2 });
    expect(presentPacks(history).size).toBe(0);
    expect(stepsOf(one, history)).toHaveLength(3);
  });

  test('is refused while another pack needs it, for a partial installation and for a pack without steps for it', () => {
    const needer = pack('q', { depends: ['p'] });
    expect(() => plan(historyOf({ pack: one, steps: 3 }, { pack: needer, steps: 3 }))).toThrow('p is needed by q');
    expect(() => plan(historyOf({ pack: one, steps: 1 }))).toThrow('The installation of p is not complete');
    expect(() => plan(historyOf({ pack: needer, steps: 3 }), 'q')).toThrow('q 1.0.0 has no steps to uninstall it');
    expect(() => plan([])).toThrow('demo does not have the pack "p"');
  });
});
