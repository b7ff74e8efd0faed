// The operation that operations-crash.test.ts kills: three steps that each create a file, and undos that remove it,
// so that the content of the folder at the end shows what happened.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import { alice, journalKind, type JournalStep, type Workshop } from '../support/operations.ts';

/** How it goes: to completion, to completion but undone after a crash, to a failure of its last step, or to a cancel during its second. */
export type Scenario = 'resume' | 'undo' | 'fail' | 'cancel';

/** `passing` is called at every commit and at each moment within a step. */
export function registerScenario(shop: Workshop, folder: string, scenario: Scenario, passing: (moment: string) => void): void {
  const maker = (name: string): JournalStep => {
    const file = join(folder, `made-${name}`);
    return {
      name,
      run: async ({ signal }) => {
        passing(`run ${name}`);
        writeFileSync(file, '');
        passing(`made ${name}`);
        if (scenario === 'fail' && name === 'three') throw new SomnusError('libvirt', 'injected by the test');
        if (scenario === 'cancel' && name === 'two') await shop.engine.cancel(alice, shop.operations.unfinished()[0] ?? '');
        signal.throwIfAborted();
      },
      undo: () => {
        passing(`undo ${name}`);
        rmSync(file, { force: true });
        passing(`undone ${name}`);
      },
    };
  };
  shop.events.onEvent((event) => passing(event.type));
  shop.engine.register(journalKind(join(folder, 'journal'), [maker('one'), maker('two'), maker('three')], {
    afterCrash: scenario === 'undo' ? 'undo' : 'resume',
    succeed: async () => { passing('succeed'); return 'made'; },
    fail: async () => passing('fail'),
  }));
}

export async function runWaiting(shop: Workshop): Promise<void> {
  for (const id of shop.engine.waiting()) await shop.engine.run(id);
}
