// A database that cannot be written, at each point where the engine writes to it.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SomnusError } from '../../common/errors.ts';
import { alice, journalKind, openWorkshop, readJournal, scratchFolder, submit, type JournalStep, type Workshop } from '../support/operations.ts';

const unwritable = expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('cannot be used') });

/** Makes every write fail from now on, until it is called with false. */
function breakStore(shop: Workshop, broken: boolean): void {
  shop.store.db.pragma(`query_only = ${broken ? 'ON' : 'OFF'}`);
}

test('what cannot be written is not acknowledged, and not announced', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }]));
  const { id } = submit(shop.engine);
  let announced = 0;
  shop.events.onEvent(() => { announced += 1; });
  shop.engine.onReady(() => { announced += 1; });
  breakStore(shop, true);
  expect(() => submit(shop.engine)).toThrow(unwritable);
  expect(() => shop.events.append({ type: 'x', owner: null, subject: null, actor: null, data: {} })).toThrow(unwritable);
  expect(() => shop.idempotency.once({ owner: 'o', key: 'k', request: 1 }, () => 1)).toThrow(unwritable);
  await expect(shop.idempotency.onceAsync({ owner: 'o', key: 'k', request: 1 }, async () => 1)).rejects.toThrow(unwritable);
  await expect(shop.engine.cancel(alice, id)).rejects.toThrow(unwritable);
  await expect(shop.engine.run(id)).rejects.toThrow(unwritable);
  expect(announced).toBe(0);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'queued', attempt: 0 });
  expect(readJournal(join(folder.path, 'journal'))).toEqual([]);
  breakStore(shop, false);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', attempt: 1 });
});

test('when the store fails midway, the operation waits for another attempt and is completed', async () => {
  const breakIn = ['run one', 'run two', 'succeed', 'undo two', 'undo one', 'fail'];
  for (const fails of [false, true]) {
    for (const moment of breakIn) {
      using folder = scratchFolder();
      using shop = openWorkshop(folder.path);
      const journal = join(folder.path, 'journal');
      let armed = true;
      let broke = false;
      const at = (line: string): void => { if (armed && line === moment) { breakStore(shop, true); broke = true; } };
      const step = (name: string, failing = false): JournalStep => ({
        name,
        run: () => { at(`run ${name}`); if (failing) throw new SomnusError('libvirt', 'injected by the test'); },
        undo: () => at(`undo ${name}`),
      });
      shop.engine.register(journalKind(journal, [step('one'), step('two', fails)], { succeed: async () => at('succeed'), fail: async () => at('fail') }));
      const { id } = submit(shop.engine, { target: 'env_a' });
      if (!await shop.engine.run(id).then(() => true, (error: SomnusError) => { expect(error).toEqual(unwritable); return false; })) {
        expect(shop.engine.waiting()).toEqual([id]);
        await expect(shop.engine.run(id)).rejects.toThrow(unwritable);
        armed = false;
        breakStore(shop, false);
        await shop.engine.run(id);
      }
      const context = `${fails ? 'failing' : 'succeeding'}, store broken in ${moment}: ${readJournal(journal).join(', ')}`;
      expect(await shop.engine.get(alice, id), context).toMatchObject(fails ? { status: 'failed', error: { code: 'libvirt' } } : { status: 'succeeded' });
      expect(broke, context).toBe(moment.startsWith('run') || (moment === 'succeed') !== fails);
      shop.engine.assertFree('env_a');
    }
  }
});

test('a disk that fills up during a transaction leaves each operation unchanged, and the operation completes when there is enough space, however often it was attempted', async () => {
  for (const fails of [false, true]) {
    for (const moment of ['start', 'run one', 'run two', ...(fails ? ['undo two', 'fail'] : ['succeed'])]) {
      using folder = scratchFolder();
      using shop = openWorkshop(folder.path);
      const { db } = shop.store;
      const journal = join(folder.path, 'journal');
      const fill = (full: boolean): void => { db.pragma(`max_page_count = ${full ? (db.pragma('page_count', { simple: true }) as number) : 1_000_000}`); };
      let armed = true;
      const at = (line: string): void => { if (armed && line === moment) fill(true); };
      shop.engine.register(journalKind(journal, [
        { name: 'one', run: () => at('run one'), undo: () => at('undo one') },
        { name: 'two', run: () => { at('run two'); if (fails) throw new SomnusError('libvirt', 'injected by the test'); }, undo: () => at('undo two') },
      ], { succeed: async () => at('succeed'), fail: async () => at('fail') }));
      // The row is saved before the event that no longer fits: both contain a name of many pages.
      const { id } = shop.engine.submit({ kind: 'test.journal', input: {}, owner: alice.user, actor: alice.keyId, target: { type: 'environment', id: 'env_a', name: 'x'.repeat(60_000) } });
      const recorded = (): unknown => [db.prepare('SELECT * FROM operations').all(), db.prepare('SELECT count(*) FROM events').pluck().get()];
      for (let attempt = 0; attempt < 5; attempt += 1) { // more than the crashes after which it would be given up
        fill(false);
        at('start');
        await expect(shop.engine.run(id), moment).rejects.toMatchObject({ code: 'insufficient_space', details: { sqlite: 'SQLITE_FULL' } });
        const before = recorded();
        await expect(shop.engine.run(id), moment).rejects.toMatchObject({ code: 'insufficient_space' }); // now it cannot even begin
        expect(recorded(), moment).toEqual(before);
        expect(shop.engine.waiting()).toEqual([id]);
        expect(await shop.engine.get(alice, id)).toMatchObject({ endedAt: null, status: expect.stringMatching(moment === 'start' ? /^queued$/ : fails && moment !== 'run one' && moment !== 'run two' ? /^undoing$/ : /^running$/) as string });
      }
      armed = false;
      fill(false);
      await shop.engine.run(id);
      const context = `${fails ? 'failing' : 'succeeding'}, full in ${moment}: ${readJournal(journal).join(', ')}`;
      expect(await shop.engine.get(alice, id), context).toMatchObject(fails ? { status: 'failed', error: { code: 'libvirt' } } : { status: 'succeeded' });
      shop.engine.assertFree('env_a');
    }
  }
});

test('progress that cannot be written does not fail the step that reports it', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{
    name: 'copy',
    run: async (step) => {
      breakStore(shop, true);
      step.progress({ percent: 50 });
      await new Promise((resolve) => { setImmediate(() => setTimeout(resolve, 5)); }); // the report is written by a timer without delay
      breakStore(shop, false);
    },
  }]));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded' });
});

test('a result that is not JSON is a failure, not a row that can never be written', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  shop.engine.register(journalKind(join(folder.path, 'journal'), [{ name: 'one' }], { succeed: async () => 1n }));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'internal' } });
});
