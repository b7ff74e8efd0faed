import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { sleep } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import { faultFromText } from '../../orchestrator/operations/fault-points.ts';
import { Operation } from '../../orchestrator/operations/operation.ts';
import { admin, alice, bob, journalKind, log, openWorkshop, readJournal, scratchFolder, submit, untilStopped, type JournalStep, type Workshop } from '../support/operations.ts';

/** Settles when the next such event is on disk. */
async function heard(shop: Workshop, type: string, matches: (event: Event) => boolean = () => true): Promise<Event> {
  return await new Promise((resolve) => {
    const stop = shop.events.onEvent((event) => { if (event.type === type && matches(event)) { stop(); resolve(event); } });
  });
}

const refuse = (code: SomnusError['code'], message = 'injected by the test'): never => { throw new SomnusError(code, message); };

test('an operation runs its steps in order, reports each, and ends with its result', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two' }]));
  const submitted = submit(shop.engine, { target: 'env_a' });
  expect(submitted).toMatchObject({ status: 'queued', attempt: 0, target: { id: 'env_a' }, steps: [{ name: 'one', status: 'pending' }, { name: 'two', status: 'pending' }] });
  await shop.engine.run(submitted.id);
  const ended = await shop.engine.get(alice, submitted.id);
  expect(Operation.parse(ended)).toMatchObject({ status: 'succeeded', attempt: 1, result: { done: true }, error: null, progress: null });
  expect(ended.steps.map(({ status, startedAt, endedAt }) => [status, typeof startedAt, typeof endedAt])).toEqual([['done', 'string', 'string'], ['done', 'string', 'string']]);
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run two', 'ran two', 'succeed']);
  const { items } = await shop.events.list(alice, { subject: submitted.id, limit: 20 });
  expect(items.map((event) => [event.type, event.data['step']])).toEqual([
    ['operation.queued', undefined], ['operation.started', undefined], ['operation.step', 'one'], ['operation.step', 'two'], ['operation.succeeded', undefined],
  ]);
  expect(items[0]).toMatchObject({ owner: alice.user, actor: alice.keyId, subject: { id: 'env_a' }, data: { kind: 'test.journal', status: 'queued' } });
  await shop.engine.run(submitted.id);
  expect(readJournal(journal)).toHaveLength(5);
});

test('a submit can be part of a larger change, and is only announced if that is committed', () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  const ready: string[] = [];
  shop.engine.onReady((id) => ready.push(id));
  expect(() => shop.store.transaction(() => { submit(shop.engine); throw new Error('no'); })).toThrow('no');
  expect([ready, shop.engine.waiting()]).toEqual([[], []]);
  const { id } = shop.store.transaction(() => { const operation = submit(shop.engine); expect(ready).toEqual([]); return operation; });
  expect([ready, shop.engine.waiting()]).toEqual([[id], [id]]);
});

test('a second operation on the same target is refused with the id of the first, until that has ended', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  const first = submit(shop.engine, { target: 'env_a' });
  const refused = expect.objectContaining({ code: 'operation_in_progress', details: { operationId: first.id, kind: 'test.journal' }, hint: expect.stringContaining(`somnus op show ${first.id}`) });
  expect(() => submit(shop.engine, { target: 'env_a' })).toThrow(refused);
  expect(() => shop.engine.assertFree('env_a')).toThrow(refused);
  submit(shop.engine, { target: 'env_b' });
  submit(shop.engine);
  submit(shop.engine);
  await shop.engine.run(first.id);
  shop.engine.assertFree('env_a');
  submit(shop.engine, { target: 'env_a' });
});

test('a kind that is not registered is refused before anything is written', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  expect(() => submit(shop.engine, { kind: 'test.other' })).toThrow(expect.objectContaining({ code: 'internal' }));
  expect((await shop.events.list(admin, { since: '0', limit: 10 })).items).toEqual([]);
});

test('a step that is not needed is done at once: it is neither run nor undone', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one', when: () => true }, { name: 'two', when: () => false, holds: () => false }, { name: 'three', run: () => refuse('libvirt', 'no') }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect((await shop.engine.get(alice, id)).status).toBe('failed');
  expect(readJournal(journal).filter((line) => line.includes('two'))).toEqual([]);
  expect(readJournal(journal)).toContain('undo one');
});

test('when a step fails, what was begun is undone in reverse, and the record is corrected before the operation has failed', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two', undo: false }, { name: 'three', run: () => refuse('insufficient_space', 'full') }, { name: 'four' }]));
  const { id } = submit(shop.engine, { target: 'env_a' });
  await shop.engine.run(id);
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run two', 'ran two', 'run three', 'undo three', 'undo one', 'fail insufficient_space']);
  const ended = await shop.engine.get(alice, id);
  expect(ended).toMatchObject({ status: 'failed', result: null, error: { code: 'insufficient_space', status: 409, detail: 'full' } });
  expect(ended.steps.map(({ status }) => status)).toEqual(['undone', 'done', 'undone', 'pending']);
  shop.engine.assertFree('env_a');
});

test('a failed undo is recorded and does not prevent the others', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two', undo: () => refuse('libvirt', 'stuck') }, { name: 'three', run: () => refuse('timeout') }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(readJournal(journal).slice(-4)).toEqual(['undo three', 'undo two', 'undo one', 'fail timeout']);
  const ended = await shop.engine.get(alice, id);
  expect(ended.error).toMatchObject({ code: 'timeout', undoFailures: [{ step: 'two', code: 'libvirt', message: 'stuck' }] });
  expect(ended.steps.map(({ status }) => status)).toEqual(['undone', 'failed', 'undone']);
});

test('a step that exceeds its deadline is stopped, and only then undone', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  let stopped = false;
  shop.engine.register(journalKind(journal, [{
    name: 'slow', timeoutMs: 20,
    run: async (step) => { try { await untilStopped(step); } finally { await new Promise((resolve) => { setTimeout(resolve, 20); }); stopped = true; } },
    undo: () => { expect(stopped).toBe(true); },
  }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect((await shop.engine.get(alice, id)).error).toMatchObject({ code: 'timeout', detail: 'slow took longer than 0.02 s' });
  expect((await shop.engine.get(alice, id)).error).not.toHaveProperty('undoFailures');
});

test('an undo has at least a minute, however short the deadline of its step', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'short', timeoutMs: 20, run: untilStopped, undo: async ({ signal }) => await sleep(100, signal) }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  const ended = await shop.engine.get(alice, id);
  expect(ended.error).toMatchObject({ code: 'timeout', detail: 'short took longer than 0.02 s' });
  expect(ended.error).not.toHaveProperty('undoFailures');
  expect(ended.steps.map(({ status }) => status)).toEqual(['undone']);
});

test('nothing is undone while a step ignores its signal: the operation waits for it, and says so', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path, { stopGraceMs: 20 });
  const journal = join(folder.path, 'journal');
  const end = Promise.withResolvers<void>();
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'deaf', timeoutMs: 20, run: async () => { await end.promise; refuse('libvirt'); } }]));
  const { id } = submit(shop.engine);
  const told = heard(shop, 'operation.progress', (event) => String(event.data['message']).includes('waiting for the step to stop'));
  const running = shop.engine.run(id);
  await told;
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run deaf']);
  end.resolve();
  await running;
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
  expect(readJournal(journal).slice(3)).toEqual(['undo deaf', 'undo one', 'fail timeout']);
});

test('a step that never ends is undone after a restart, when nothing else runs', async () => {
  using folder = scratchFolder();
  const journal = join(folder.path, 'journal');
  let id = '';
  {
    using shop = openWorkshop(folder.path, { stopGraceMs: 20 });
    shop.engine.register(journalKind(journal, [{ name: 'deaf', run: async () => await new Promise<void>(() => {}) }, { name: 'two' }]));
    ({ id } = submit(shop.engine));
    const begun = heard(shop, 'operation.step');
    const running = shop.engine.run(id);
    await begun;
    const told = heard(shop, 'operation.progress');
    await shop.engine.cancel(alice, id);
    await told;
    await shop.engine.shutdown();
    await running;
    expect(readJournal(journal)).toEqual(['run deaf']);
  }
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(journal, [{ name: 'deaf' }, { name: 'two' }]));
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'cancelled' });
  expect(readJournal(journal)).toEqual(['run deaf', 'undo deaf', 'fail cancelled']);
});

test('what cannot be opened fails and frees its target', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }], { open: async () => refuse('corrupt', 'the record is damaged') }));
  const { id } = submit(shop.engine, { target: 'env_a' });
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'corrupt', detail: 'the record is damaged' } });
  shop.engine.assertFree('env_a');
});

test('when completing it fails, nothing is undone, and the record shows the actual state', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }], { succeed: async () => refuse('name_taken') }));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'name_taken' } });
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'fail name_taken committed']);
});

test('completing it is retried while what it needs is unavailable', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  let tries = 0;
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }], { succeed: async () => { tries += 1; return tries < 2 ? refuse('unavailable') : 'there'; } }));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', result: 'there' });
});

describe('after its commit step', () => {
  const committing: JournalStep[] = [{ name: 'one' }, { name: 'verify', commits: true }];

  test('a failure or a missed deadline is a warning of an operation that succeeded, and later steps still run', async () => {
    using folder = scratchFolder();
    using shop = openWorkshop(folder.path);
    const journal = join(folder.path, 'journal');
    shop.engine.register(journalKind(journal, [...committing, { name: 'clean', run: () => refuse('libvirt', 'no') }, { name: 'slow', timeoutMs: 20, run: untilStopped }, { name: 'last' }]));
    const { id } = submit(shop.engine);
    await shop.engine.run(id);
    const ended = await shop.engine.get(alice, id);
    expect(ended).toMatchObject({ status: 'succeeded', error: null, cancellable: false, result: { done: true, warnings: [{ step: 'clean', code: 'libvirt', message: 'no' }, { step: 'slow', code: 'timeout' }] } });
    expect(ended.steps.map(({ status }) => status)).toEqual(['done', 'done', 'failed', 'failed', 'done']);
    expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run verify', 'ran verify', 'run clean', 'run slow', 'run last', 'ran last', 'succeed']);
  });

  test('a cancel is refused', async () => {
    using folder = scratchFolder();
    using shop = openWorkshop(folder.path);
    const go = Promise.withResolvers<void>();
    shop.engine.register(journalKind(join(folder.path, 'journal'), [...committing, { name: 'clean', run: async () => await go.promise }]));
    const { id } = submit(shop.engine);
    const cleaning = heard(shop, 'operation.step', (event) => event.data['step'] === 'clean');
    const running = shop.engine.run(id);
    await cleaning;
    await expect(shop.engine.cancel(alice, id)).rejects.toThrow(expect.objectContaining({ code: 'invalid_state', message: expect.stringContaining('Too late to cancel') as string }));
    go.resolve();
    await running;
    expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', result: { done: true } });
  });

  test('a cancel that arrives while the step completes is too late, and the result says so', async () => {
    using folder = scratchFolder();
    using shop = openWorkshop(folder.path);
    const journal = join(folder.path, 'journal');
    const finish = Promise.withResolvers<void>();
    shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'verify', commits: true, run: async () => await finish.promise }, { name: 'clean' }]));
    const { id } = submit(shop.engine);
    const verifying = heard(shop, 'operation.step', (event) => event.data['step'] === 'verify');
    const running = shop.engine.run(id);
    await verifying;
    await shop.engine.cancel(alice, id);
    finish.resolve();
    await running;
    expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', result: { warnings: [{ step: 'cancel', code: 'cancelled' }] } });
    expect(readJournal(journal).filter((line) => line.startsWith('undo'))).toEqual([]);
  });

  test('an interrupted one is completed, and its warnings are kept', async () => {
    using folder = scratchFolder();
    const journal = join(folder.path, 'journal');
    let id = '';
    for (const again of [false, true]) {
      using shop = openWorkshop(folder.path);
      const steps: JournalStep[] = [{ name: 'one', holds: () => false }, { name: 'verify', commits: true }, { name: 'clean', run: () => refuse('libvirt', 'no') }, { name: 'last', ...(again ? {} : { run: untilStopped }) }];
      shop.engine.register(journalKind(journal, steps, { afterCrash: 'undo' }));
      if (!again) ({ id } = submit(shop.engine));
      const running = shop.engine.run(id);
      if (!again) {
        await heard(shop, 'operation.step', (event) => event.data['step'] === 'last');
        await shop.engine.shutdown();
      }
      await running;
      if (again) expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', attempt: 2, result: { warnings: [{ step: 'clean' }] } });
    }
    expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run verify', 'ran verify', 'run clean', 'run last', 'run last', 'ran last', 'succeed']);
  });

  test('one with a further commit step fails when it cannot reach that, and undoes only what came since', async () => {
    using folder = scratchFolder();
    using shop = openWorkshop(folder.path);
    const journal = join(folder.path, 'journal');
    shop.engine.register(journalKind(journal, [{ name: 'off', commits: true }, { name: 'attach' }, { name: 'on', commits: true, run: () => refuse('libvirt') }]));
    const { id } = submit(shop.engine);
    await shop.engine.run(id);
    expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'libvirt' } });
    expect(readJournal(journal).slice(4)).toEqual(['run on', 'undo on', 'undo attach', 'fail libvirt committed']);
  });
});

test('a resumed operation repeats what it had done, from the first step whose effect is gone', async () => {
  using folder = scratchFolder();
  const journal = join(folder.path, 'journal');
  let id = '';
  {
    using shop = openWorkshop(folder.path);
    shop.engine.register(journalKind(journal, [{ name: 'file' }, { name: 'tap' }, { name: 'vm' }, { name: 'wait', run: untilStopped }]));
    ({ id } = submit(shop.engine));
    const running = shop.engine.run(id);
    await heard(shop, 'operation.step', (event) => event.data['step'] === 'wait');
    await shop.engine.shutdown();
    await running;
  }
  using shop = openWorkshop(folder.path);
  let asked = 0;
  shop.engine.register(journalKind(journal, [{ name: 'file' }, { name: 'tap', holds: () => { asked += 1; return asked < 2 ? refuse('unavailable') : true; } }, { name: 'vm', holds: () => false }, { name: 'wait' }]));
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(readJournal(journal).slice(7)).toEqual(['look tap', 'look tap', 'look vm', 'run vm', 'ran vm', 'run wait', 'ran wait', 'succeed']);
});

test('a hint that the kind returns with its failure is the operation\'s hint', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one', run: () => refuse('libvirt') }], { fail: async () => 'It is stopped.' }));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect((await shop.engine.get(alice, id)).error).toMatchObject({ code: 'libvirt', hint: 'It is stopped.' });
});

test('a fault from the environment occurs once, at its place', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path, { faults: faultFromText('test.journal:two:after:fail', log) });
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two' }]));
  const operations = [submit(shop.engine), submit(shop.engine)];
  for (const { id } of operations) await shop.engine.run(id);
  expect(await Promise.all(operations.map(async ({ id }) => (await shop.engine.get(alice, id)).status))).toEqual(['failed', 'succeeded']);
  expect(readJournal(journal).slice(0, 6)).toEqual(['run one', 'ran one', 'run two', 'ran two', 'undo two', 'undo one']);
  for (const text of ['', 'a:b', 'a:b:c:kill', 'a:b:before:smile', 'a:b:before:kill:more']) expect(() => faultFromText(text, log)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});

test('a record that cannot be corrected after a failure does not keep the operation from ending', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one', run: () => refuse('libvirt') }], { fail: async () => refuse('internal', 'no record') }));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'libvirt', undoFailures: [{ step: 'fail' }] } });
});

test('progress is reported at most five times a second, the last report is sent, and only the outcome stays in the log', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const told: Event[] = [];
  shop.events.onEvent((event) => { if (event.type === 'operation.progress') told.push(event); });
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{
    name: 'copy',
    run: async (step) => {
      const last = heard(shop, 'operation.progress', (event) => event.data['percent'] === 99);
      for (let percent = 0; percent < 100; percent += 1) step.progress({ message: 'copying', percent });
      await last;
    },
  }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(told.map((event) => event.data['percent'])).toEqual([99]);
  expect(told[0]?.data).toMatchObject({ step: 'copy', message: 'copying', operationId: id });
  const { items } = await shop.events.list(alice, { subject: id, limit: 20 });
  expect(items.map(({ type }) => type)).not.toContain('operation.progress');
});

test('cancelling one that has not begun ends it immediately, undoes nothing and corrects the record', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }]));
  const { id } = submit(shop.engine, { target: 'env_a' });
  expect(await shop.engine.cancel(alice, id)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
  await shop.engine.run(id);
  expect(readJournal(journal)).toEqual(['fail cancelled']);
  shop.engine.assertFree('env_a');
});

test('cancelling a running one stops its step, undoes what was begun and ends cancelled', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two', run: untilStopped }, { name: 'three' }]));
  const { id } = submit(shop.engine);
  const atTwo = heard(shop, 'operation.step', (event) => event.data['step'] === 'two');
  const running = shop.engine.run(id);
  await atTwo;
  expect(await shop.engine.cancel(admin, id)).toMatchObject({ status: 'cancelling' });
  expect(await shop.engine.cancel(alice, id)).toMatchObject({ status: expect.stringMatching(/cancelling|undoing/) });
  await running;
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'run two', 'undo two', 'undo one', 'fail cancelled']);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
  const { items } = await shop.events.list(alice, { subject: id, type: 'operation.cancelling', limit: 5 });
  expect(items.map(({ actor }) => actor)).toEqual([admin.keyId]);
});

test('a step that completes in spite of a cancel is still undone', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  const finish = Promise.withResolvers<void>();
  shop.engine.register(journalKind(journal, [{ name: 'first', run: async (step) => { await untilStopped(step).catch(() => {}); await finish.promise; } }, { name: 'second' }]));
  const { id } = submit(shop.engine);
  const begun = heard(shop, 'operation.step');
  const running = shop.engine.run(id);
  await begun;
  await shop.engine.cancel(alice, id);
  finish.resolve();
  await running;
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'cancelled' });
  expect(readJournal(journal)).toEqual(['run first', 'ran first', 'undo first', 'fail cancelled']);
});

test('a cancel is refused when it comes too late, or when the kind cannot be cancelled', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const completing = Promise.withResolvers<void>();
  const undoing = Promise.withResolvers<void>();
  const reached = { completing: Promise.withResolvers<void>(), undoing: Promise.withResolvers<void>() };
  shop.engine.register(journalKind(join(folder.path, 'a'), [], { kind: 'test.completing', succeed: async () => { reached.completing.resolve(); await completing.promise; } }));
  shop.engine.register(journalKind(join(folder.path, 'b'), [{ name: 'one', run: () => refuse('libvirt'), undo: async () => { reached.undoing.resolve(); await undoing.promise; } }], { kind: 'test.undoing' }));
  shop.engine.register(journalKind(join(folder.path, 'c'), [], { kind: 'test.stubborn', cancellable: false }));
  const tooLate = expect.objectContaining({ code: 'invalid_state' });
  const first = submit(shop.engine, { kind: 'test.completing' });
  const second = submit(shop.engine, { kind: 'test.undoing' });
  const both = [shop.engine.run(first.id), shop.engine.run(second.id)];
  await Promise.all([reached.completing.promise, reached.undoing.promise]);
  for (const { id } of [first, second]) await expect(shop.engine.cancel(alice, id)).rejects.toThrow(tooLate);
  completing.resolve();
  undoing.resolve();
  await Promise.all(both);
  expect([(await shop.engine.get(alice, first.id)).status, (await shop.engine.get(alice, second.id)).status]).toEqual(['succeeded', 'failed']);
  await expect(shop.engine.cancel(alice, first.id)).rejects.toThrow(tooLate);
  await expect(shop.engine.cancel(alice, submit(shop.engine, { kind: 'test.stubborn' }).id)).rejects.toThrow(tooLate);
});

test('a wait ends with the operation, its timeout, or its signal, and returns the state at that time', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const go = Promise.withResolvers<void>();
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one', run: async () => await go.promise }]));
  const { id } = submit(shop.engine);
  expect(await shop.engine.wait(alice, id, 5)).toMatchObject({ status: 'queued' });
  expect(await shop.engine.wait(alice, id, 60_000, AbortSignal.abort())).toMatchObject({ status: 'queued' });
  const stop = new AbortController();
  const waits = [shop.engine.wait(alice, id, 60_000), shop.engine.wait(alice, id, 60_000, stop.signal)];
  const running = shop.engine.run(id);
  stop.abort();
  expect(await waits[1]).toMatchObject({ endedAt: null });
  go.resolve();
  expect(await waits[0]).toMatchObject({ status: 'succeeded' });
  await running;
  expect(await shop.engine.wait(alice, id, 60_000)).toMatchObject({ status: 'succeeded' });
});

test('an operation that two workers receive is attempted by one', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one' }]));
  const { id } = submit(shop.engine);
  await Promise.all([shop.engine.run(id), shop.engine.run(id), shop.engine.run(id)]);
  expect(readJournal(journal)).toEqual(['run one', 'ran one', 'succeed']);
  await shop.engine.run('op_unknown');
});

test('a shutdown leaves running operations to be resumed, without counting it as a crash', async () => {
  using folder = scratchFolder();
  const journal = join(folder.path, 'journal');
  let id = '';
  for (let restart = 0; restart < 5; restart += 1) {
    using shop = openWorkshop(folder.path);
    shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two', run: untilStopped }]));
    if (restart === 0) ({ id } = submit(shop.engine));
    const atTwo = heard(shop, 'operation.step');
    const running = shop.engine.run(id);
    if (restart === 0) await heard(shop, 'operation.step', (event) => event.data['step'] === 'two');
    else await atTwo;
    await shop.engine.shutdown();
    await running;
    expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'running', attempt: restart + 1 });
    expect(() => submit(shop.engine)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(shop.engine.waiting()).toEqual([]);
  }
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(journal, [{ name: 'one' }, { name: 'two' }]));
  expect(shop.engine.waiting()).toEqual([id]);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', attempt: 6 });
  expect(readJournal(journal).filter((line) => line === 'run one')).toHaveLength(1);
});

test('a shutdown during a cancel leaves the operation to be undone, and it ends cancelled', async () => {
  using folder = scratchFolder();
  const journal = join(folder.path, 'journal');
  let id = '';
  {
    using shop = openWorkshop(folder.path);
    shop.engine.register(journalKind(journal, [{ name: 'one', run: untilStopped, undo: untilStopped }]));
    ({ id } = submit(shop.engine));
    const begun = heard(shop, 'operation.step');
    const running = shop.engine.run(id);
    await begun;
    const undoing = heard(shop, 'operation.undoing');
    await shop.engine.cancel(alice, id);
    await undoing;
    await shop.engine.shutdown();
    await running;
    expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'undoing' });
  }
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(journal, [{ name: 'one' }]));
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'cancelled' });
  expect(readJournal(journal)).toEqual(['run one', 'undo one', 'undo one', 'fail cancelled']);
});

test('rows of a kind, or with an input, that this version does not know end failed and say so', async () => {
  using folder = scratchFolder();
  let ids: string[] = [];
  {
    using shop = openWorkshop(folder.path);
    shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }], { kind: 'test.gone' }));
    shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }]));
    ids = [submit(shop.engine, { kind: 'test.gone', target: 'env_a' }).id, submit(shop.engine, { input: { note: 'old' } }).id];
  }
  using shop = openWorkshop(folder.path);
  shop.engine.register({ ...journalKind(join(folder.path, 'journal'), []), input: z.strictObject({ note: z.literal('new') }) });
  for (const id of ids) await shop.engine.run(id);
  for (const id of ids) expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', error: { code: 'unsupported' } });
  expect((await shop.engine.get(alice, ids[0] ?? '')).error?.detail).toContain('test.gone');
  shop.engine.assertFree('env_a');
  expect(readJournal(join(folder.path, 'journal'))).toEqual([]);
});

test('lists are ordered newest first, paged and filtered, and show only what the caller may see', async () => {
  using folder = scratchFolder();
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  using shop = openWorkshop(folder.path, { now: () => new Date(nowMs += 1_000) });
  shop.engine.register(journalKind(join(folder.path, 'a'), []));
  shop.engine.register(journalKind(join(folder.path, 'b'), [], { kind: 'test.other' }));
  const mine = Array.from({ length: 5 }, (_, i) => submit(shop.engine, { target: `env_${i}` }).id);
  const other = submit(shop.engine, { kind: 'test.other' }).id;
  const bobs = submit(shop.engine, { caller: bob }).id;
  await shop.engine.run(other);
  const list = async (caller = alice, query: object = {}): Promise<string[]> => (await shop.engine.list(caller, { limit: 100, ...query })).items.map(({ id }) => id);
  expect(await list()).toEqual([other, ...mine.toReversed()]);
  expect(await list(admin)).toEqual([bobs, other, ...mine.toReversed()]);
  expect(await list(alice, { status: 'succeeded' })).toEqual([other]);
  expect(await list(alice, { kind: 'test.other' })).toEqual([other]);
  expect(await list(alice, { target: 'env_3' })).toEqual([mine[3]]);
  expect(await list({ ...alice, environmentId: 'env_2' })).toEqual([mine[2]]);
  const first = await shop.engine.list(alice, { limit: 4 });
  const rest = await shop.engine.list(alice, { limit: 4, cursor: first.nextCursor ?? '' });
  expect([first.items.length, rest.items.map(({ id }) => id), rest.nextCursor]).toEqual([4, [mine[1], mine[0]], null]);
  await expect(shop.engine.get(bob, mine[0] ?? '')).rejects.toThrow(expect.objectContaining({ code: 'not_found' }));
  await expect(shop.engine.cancel(bob, mine[0] ?? '')).rejects.toThrow(expect.objectContaining({ code: 'not_found' }));
});

test('only operations that ended long ago are purged', async () => {
  using folder = scratchFolder();
  let today = new Date('2026-01-01T00:00:00Z');
  using shop = openWorkshop(folder.path, { now: () => today });
  shop.engine.register(journalKind(join(folder.path, 'journal'), []));
  const [ended, waiting] = [submit(shop.engine), submit(shop.engine)];
  await shop.engine.run(ended.id);
  today = new Date('2026-06-01T00:00:00Z');
  const recent = submit(shop.engine);
  await shop.engine.run(recent.id);
  expect(shop.operations.purge(new Date('2026-05-01T00:00:00Z'))).toBe(1);
  expect((await shop.engine.list(alice, { limit: 10 })).items.map(({ id }) => id)).toEqual([recent.id, waiting.id]);
});
