import { expect, test } from 'vitest';
import { SomnusError } from '../../common/errors.ts';
import { Troubles } from '../../orchestrator/host/troubles.ts';
import { Housekeeping } from '../../orchestrator/housekeeping.ts';
import { bringUp } from '../../orchestrator/startup/bring-up.ts';
import { Parts } from '../../orchestrator/startup/parts.ts';
import { log } from '../support/operations.ts';

test('A part that fails is retried until it is ready, and reports what is wrong until then', async () => {
  const parts = new Parts();
  const seen: unknown[] = [];
  let tries = 0;
  parts.onChange(() => seen.push(parts.report().find(({ name }) => name === 'pool')));
  const result = await bringUp('pool', { parts, log, signal: new AbortController().signal, againAfterMs: 1 }, () => {
    if ((tries += 1) < 3) throw new SomnusError('insufficient_space', `try ${tries}`);
    return 'mounted';
  });
  expect(result).toBe('mounted');
  expect(seen).toEqual([
    { name: 'pool', state: 'unavailable', message: 'try 1', code: 'insufficient_space' }, { name: 'pool', state: 'unavailable', message: 'try 2', code: 'insufficient_space' },
    { name: 'pool', state: 'ready', message: null, code: null },
  ]);
});

test('An error that a retry cannot fix ends the start, and so does the end of the control plane', async () => {
  const parts = new Parts();
  const ending = new AbortController();
  const options = { parts, log, signal: ending.signal, againAfterMs: 60_000 };
  await expect(bringUp('database', options, () => { throw new SomnusError('corrupt', 'damaged'); }, ['corrupt'])).rejects.toMatchObject({ code: 'corrupt' });
  const waiting = bringUp('pool', options, () => { throw new SomnusError('unavailable', 'not now'); });
  ending.abort(new SomnusError('cancelled', 'ending'));
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});

test('A part that was never ready is starting; one that failed is unavailable; requests that need it are told which', () => {
  const parts = new Parts();
  let connected = false;
  let loss: SomnusError | undefined;
  parts.follow('libvirt', () => connected, () => loss);
  expect(() => parts.require(['libvirt'])).toThrow(expect.objectContaining({ code: 'starting' }));
  connected = true;
  parts.require(['libvirt']);
  connected = false;
  loss = new SomnusError('unavailable', 'the socket is gone');
  expect(() => parts.require(['libvirt'])).toThrow(expect.objectContaining({ code: 'unavailable', message: 'libvirt is not available: the socket is gone' }));
});

test('A background task that throws ends neither the process nor the tasks after it', async () => {
  const done: string[] = [];
  const troubles = new Troubles({ events: { append: () => { throw new Error('the disk is full'); } }, log });
  const housekeeping = new Housekeeping({
    troubles, intervalMs: 1,
    chores: { first: () => { throw new SomnusError('insufficient_space', 'full'); }, second: async () => { await Promise.reject(new Error('no')); }, third: () => { done.push('third'); } },
  });
  housekeeping.start();
  await expect.poll(() => done.length).toBeGreaterThan(2);
  await housekeeping.stop();
  expect(troubles.list().map(({ subject, code }) => [subject, code])).toEqual([['first', 'insufficient_space'], ['second', 'internal']]);
});
