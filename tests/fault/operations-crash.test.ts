// Kills the control plane at every commit and during every step, and starts it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { alice, openWorkshop, readJournal, scratchFolder } from '../support/operations.ts';
import { registerScenario, runWaiting, type Scenario } from './operations-scenario.ts';

const victim = join(import.meta.dirname, 'operations-victim.ts');

/** @returns whether it died */
async function runVictim(folder: string, scenario: Scenario, moment: string): Promise<boolean> {
  const child = spawn(process.execPath, [victim, folder, scenario, moment], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = await once(child, 'exit') as [number | null, string | null];
  if (signal === 'SIGKILL') return true;
  expect(code).toBe(0);
  return false;
}

/** Starts the next control plane and returns the resulting state. */
async function recover(folder: string, scenario: Scenario): Promise<{ operation: Operation; made: string[]; context: string }> {
  using shop = openWorkshop(folder);
  registerScenario(shop, folder, scenario, () => {});
  await runWaiting(shop);
  const { items } = await shop.engine.list(alice, { limit: 10 });
  const [operation] = items;
  const context = `${JSON.stringify(operation)} ${readJournal(join(folder, 'journal')).join(', ')}`;
  if (!operation || items.length > 1) throw new Error(`There are ${items.length} operations: ${context}`);
  expect(shop.engine.waiting(), context).toEqual([]);
  shop.engine.assertFree('env_a');
  return { operation, made: readdirSync(folder).filter((name) => name.startsWith('made-')).toSorted(), context };
}

const everything = ['made-one', 'made-three', 'made-two'];

describe.each<[string, Scenario, (operation: Operation) => boolean]>([
  ['is resumed', 'resume', ({ status }) => status === 'succeeded'],
  ['is undone after a crash', 'undo', ({ status, error }) => status === 'succeeded' || error?.code === 'interrupted'],
  ['fails in its last step', 'fail', ({ status, error }) => status === 'failed' && error?.code === 'libvirt'],
  ['is cancelled', 'cancel', ({ status, error }) => status === 'cancelled' && error?.code === 'cancelled'],
])('an operation that %s', (_, scenario, isRight) => {
  test('ends, complete or without a trace, at whatever moment the control plane dies', async () => {
    let died = true;
    let moment = 0;
    for (; died; moment += 1) {
      using folder = scratchFolder();
      died = await runVictim(folder.path, scenario, String(moment + 1));
      const { operation, made, context } = await recover(folder.path, scenario);
      expect(isRight(operation), context).toBe(true);
      expect(made, context).toEqual(operation.status === 'succeeded' ? everything : []);
      expect(operation.error?.['undoFailures'], context).toBeUndefined();
      const completed = readJournal(join(folder.path, 'journal')).filter((line) => line.startsWith('ran '));
      expect(completed.length - new Set(completed).size, context).toBeLessThanOrEqual(1); // only the current step is run again
    }
    expect(moment).toBeGreaterThan(12);
  });
});

test('a step that kills the control plane each time is undone after the third', async () => {
  using folder = scratchFolder();
  let deaths = 0;
  while (await runVictim(folder.path, 'resume', 'made two')) deaths += 1;
  expect(deaths).toBe(3);
  const { operation, made } = await recover(folder.path, 'resume');
  expect(operation).toMatchObject({ status: 'failed', attempt: 4, error: { code: 'interrupted', detail: expect.stringContaining('two') } });
  expect(made).toEqual([]);
});

test('an undo that kills the control plane each time is given up after the third, and the operation reports it', async () => {
  using folder = scratchFolder();
  let deaths = 0;
  while (await runVictim(folder.path, 'fail', 'undo two')) deaths += 1;
  expect(deaths).toBe(3);
  const { operation, made } = await recover(folder.path, 'fail');
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'libvirt', undoFailures: [{ step: 'all', code: 'interrupted' }] } });
  expect(made).toEqual(['made-one', 'made-two']);
});
