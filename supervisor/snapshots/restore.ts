// Restoring a snapshot in place. The present is saved first, and is what the environment goes back to when anything fails.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import type { MachineContext, ObservedState } from '../machines/machine.ts';
import { assertRoomForMemory } from '../machines/room.ts';
import { afterVerified, attachNetwork, awaitReady, identifyGuest, isAttached, startVm, verifyGuest } from '../machines/start.ts';
import { fitShape } from '../profiles/fit.ts';
import { checkState } from './check-state.ts';
import { cloneState, loadState, placeState, readState, saveState } from './saved-state.ts';
import { dropHibernation, setAside } from './set-aside.ts';
import { goOn, removeState } from './take.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

export interface RestoreContext extends MachineContext {
  snapshotFolder: string;
  /** A check has found a file of it wrong: only its disk is wanted, and is read through first. */
  snapshotIsDamaged: boolean;
  /** With its memory, or booted from its disk. */
  memory: boolean;
  /** The present is kept here as a snapshot of its own: no other operation ever has one of this name. */
  keepFolder: string;
  /** Whether it stays there when all went well: the safety snapshot. */
  keep: boolean;
  /** What the VM was when the restore was asked for. */
  before: Exclude<ObservedState, 'missing' | 'empty'>;
  /** Set while the VM is being brought back from what was kept: until that is done, it is all there is of the present. */
  presentIsAway?: boolean;
  operationId: string;
}

const check: Step<RestoreContext> = {
  name: 'snapshot.check',
  timeoutMs: 1_800_000, // one whose times differ is read through
  async run({ machine, snapshotFolder, snapshotIsDamaged, memory }, { signal }) {
    await checkState(machine, snapshotFolder, { memory, readAll: snapshotIsDamaged, signal });
  },
};

const keepPresent: Step<RestoreContext> = {
  name: 'present.keep',
  timeoutMs: 300_000,
  async run({ machine, snapshotFolder, memory, keepFolder, before, operationId }, { signal }) {
    if (memory) await assertRoomForMemory(machine, (await readState(snapshotFolder)).shape);
    if (!(await exists(keepFolder))) await saveState(machine, keepFolder, { memory: before !== 'stopped', staySuspended: true, operationId, signal });
  },
  /** Where the present could not be brought back, this is the only copy: it stays, and becomes a snapshot. */
  async undo({ machine, keepFolder, before, presentIsAway = false }) {
    if (presentIsAway) return;
    if (before === 'running') await goOn(machine);
    await removeState(keepFolder);
  },
};

const attach: Step<RestoreContext> = {
  name: attachNetwork.name,
  timeoutMs: attachNetwork.timeoutMs,
  async run(context, step) {
    if (runsAfterwards(context)) await attachNetwork.run(context, step);
  },
  holds: async (context) => !runsAfterwards(context) || await isAttached(context.machine),
  async undo(context, step) {
    if (context.before === 'stopped' || context.before === 'hibernated') await attachNetwork.undo?.(context, step);
  },
};

/** In the folder of what was kept, from when the VM may have been ended on. */
const REPLACING_FILE = 'replacing';

/** From here on the old VM is gone, and comes back from what was kept. */
const replace: Step<RestoreContext> = {
  name: 'vm.replace',
  timeoutMs: 300_000,
  async run({ machine, snapshotFolder, memory, before, keepFolder, operationId }, { signal }) {
    signal.throwIfAborted();
    await writeFileDurably(join(keepFolder, REPLACING_FILE), operationId);
    await machine.powerOff();
    if (before === 'hibernated') await dropHibernation(machine); // it is kept with the present
    else await setAside(machine, machine.hibernationFolder);
    await machine.changeManifest({ genid: randomUUID() }); // the guest's random numbers are not to come a second time
    if (!memory) return await placeState(machine, snapshotFolder, { memory });
    await loadState(machine, snapshotFolder, signal);
    await machine.host.driver.resume(machine.domainName, { signal });
  },
  async undo(context, { signal }) {
    const { machine, keepFolder, before } = context;
    if (!(await exists(keepFolder))) return;
    if (!(await exists(join(keepFolder, REPLACING_FILE))) && await machine.isAlive()) return; // nobody has touched it
    context.presentIsAway = true;
    await machine.powerOff();
    if (before === 'running' || before === 'suspended') await loadState(machine, keepFolder, signal);
    else await placeState(machine, keepFolder, { memory: false });
    if (before === 'hibernated' && !(await machine.isHibernated())) await cloneState(machine, keepFolder, machine.hibernationFolder);
    context.presentIsAway = false;
  },
  holds: async ({ machine }) => await machine.isAlive(), // else the files are put in place once more: what has been booted from them since is gone
};

const boot: Step<RestoreContext> = {
  name: startVm.name,
  timeoutMs: startVm.timeoutMs,
  async run(context, step) {
    if (runsAfterwards(context) && !(await context.machine.isAlive())) await startVm.run(context, step);
  },
};

const verify: Step<RestoreContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  commits: ({ memory }) => memory,
  async run(context, step) {
    if (!runsAfterwards(context)) return;
    if (context.memory) await verifyLoaded(context, step, async () => await replace.run(context, step));
    else await identifyGuest.run(context, step);
  },
};

/** A step of those restores that want it. */
function when(wanted: (context: RestoreContext) => boolean, step: Step<MachineContext>): Step<RestoreContext> {
  return { name: step.name, timeoutMs: step.timeoutMs, run: async (context, run) => { if (wanted(context)) await step.run(context, run); } };
}

/** What was booted has to show that its network works. */
const ready: Step<RestoreContext> = { ...when((context) => runsAfterwards(context) && !context.memory, awaitReady), commits: ({ memory }) => !memory };

const finish: Step<RestoreContext> = {
  name: 'present.release',
  timeoutMs: 60_000,
  async run({ machine, keep, keepFolder, memory }) {
    if (memory) afterVerified(machine);
    if (keep) await rm(join(keepFolder, REPLACING_FILE), { force: true });
    else await removeState(keepFolder);
  },
};

export const restoreSteps: readonly Step<RestoreContext>[] = [check, keepPresent, attach, replace, boot, verify, when(runsAfterwards, fitShape), ready, finish];

/** A snapshot with memory runs; one without is booted where something ran before. */
export function runsAfterwards({ memory, before }: Pick<RestoreContext, 'memory' | 'before'>): boolean {
  return memory || before === 'running' || before === 'suspended';
}
