// Savepoints, and steps that depend on the input of the operation.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { OperationKind } from '../../orchestrator/operations/operation.ts';
import { alice, journalKind, openWorkshop, readJournal, scratchFolder, submit, untilStopped, type JournalStep } from '../support/operations.ts';

/** Each listed step of the journal kind, those of `savepoints` as savepoints. */
function kindWith(journal: string, steps: readonly JournalStep[], savepoints: readonly string[]): OperationKind<{ note: string }, string> {
  const kind = journalKind(journal, steps);
  return { ...kind, steps: (kind.steps as readonly Step<string>[]).map((step) => ({ ...step, savepoint: savepoints.includes(step.name) })) };
}

const undone = (journal: string): string[] => readJournal(journal).filter((line) => line.startsWith('undo'));

test('After a savepoint a failure undoes only the later steps', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(kindWith(journal, [{ name: 'one' }, { name: 'two' }, { name: 'three' }, { name: 'four', run: () => { throw new SomnusError('internal', 'injected by the test'); } }], ['two']));
  const { id } = submit(shop.engine);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'failed', steps: [{ status: 'done' }, { status: 'done' }, { status: 'undone' }, { status: 'undone' }] });
  expect(undone(journal)).toEqual(['undo four', 'undo three']);
  expect(readJournal(journal).at(-1)).toBe('fail internal'); // not committed
});

test('After a savepoint the operation can still be cancelled', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  const reached = Promise.withResolvers<void>();
  shop.engine.register(kindWith(journal, [{ name: 'one' }, { name: 'two', run: async (run) => { reached.resolve(); await untilStopped(run); } }], ['one']));
  const { id } = submit(shop.engine);
  const work = shop.engine.run(id);
  await reached.promise;
  await shop.engine.cancel(alice, id);
  await work;
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'cancelled' });
  expect(undone(journal)).toEqual(['undo two']);
});

test('A step that failed as a savepoint is undone itself', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(kindWith(journal, [{ name: 'one' }, { name: 'two', run: () => { throw new SomnusError('internal', 'injected by the test'); } }, { name: 'three' }], ['two']));
  await shop.engine.run(submit(shop.engine).id);
  expect(undone(journal)).toEqual(['undo two', 'undo one']);
});

test('Steps can depend on the input, and are the same after a restart', async () => {
  using folder = scratchFolder();
  const ran: string[] = [];
  const kind: OperationKind<{ names: string[] }, string> = {
    kind: 'test.dynamic', input: z.strictObject({ names: z.array(z.string()) }), cancellable: true, afterCrash: 'resume', open: async () => 'context',
    steps: ({ names }) => names.map((name) => ({ name, timeoutMs: 10_000, run: async () => { ran.push(name); } })),
  };
  let id = '';
  {
    using shop = openWorkshop(folder.path);
    shop.engine.register(kind);
    const operation = submit(shop.engine, { kind: 'test.dynamic', input: { names: ['a', 'b'] } });
    id = operation.id;
    expect(operation.steps.map(({ name, status }) => [name, status])).toEqual([['a', 'pending'], ['b', 'pending']]);
    expect(() => submit(shop.engine, { kind: 'test.dynamic', input: { names: ['a', 'a'] } })).toThrow('two steps with the same name');
  }
  using shop = openWorkshop(folder.path);
  shop.engine.register(kind);
  await shop.engine.run(id);
  expect(await shop.engine.get(alice, id)).toMatchObject({ status: 'succeeded', steps: [{ name: 'a', status: 'done' }, { name: 'b', status: 'done' }] });
  expect(ran).toEqual(['a', 'b']);
});
