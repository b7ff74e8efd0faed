// Restoring a snapshot in place. The present is saved first, and is what the environment goes back to when anything fails.
import { randomUUID } from 'node:crypto';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import type { VmContext, ObservedState } from '../vms/vm.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import { afterVerified, attachNetwork, awaitReady, identifyGuest, isAttached, startVm, verifyGuest } from '../vms/start.ts';
import { applyResources } from '../profiles/apply-resources.ts';
import { checkState } from './check-state.ts';
import { cloneState, loadState, placeState, readState, saveState } from './saved-state.ts';
import { dropHibernation, quarantineState } from './quarantine-state.ts';
import { goOn, removeState } from './take.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

export interface RestoreContext extends VmContext {
  snapshotFolder: string;
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
  async run({ vm, snapshotFolder, memory }, { signal }) {
    await checkState(vm, snapshotFolder, { memory, signal });
  },
};

const keepPresent: Step<RestoreContext> = {
  name: 'safety-snapshot.create',
  timeoutMs: 300_000,
  async run({ vm, snapshotFolder, memory, keepFolder, before, operationId }, { signal }) {
    if (memory) await assertCapacityForMemory(vm, (await readState(snapshotFolder)).shape);
    if (!(await exists(keepFolder))) await saveState(vm, keepFolder, { memory: before !== 'stopped', staySuspended: true, operationId, signal });
  },
  /** Where the present could not be brought back, this is the only copy: it stays, and becomes a snapshot. */
  async undo({ vm, keepFolder, before, presentIsAway = false }) {
    if (presentIsAway) return;
    if (before === 'running') await goOn(vm);
    await removeState(keepFolder);
  },
};

const attach: Step<RestoreContext> = {
  name: attachNetwork.name,
  timeoutMs: attachNetwork.timeoutMs,
  async run(context, step) {
    if (runsAfterwards(context)) await attachNetwork.run(context, step);
  },
  holds: async (context) => !runsAfterwards(context) || await isAttached(context.vm),
  async undo(context, step) {
    if (context.before === 'stopped' || context.before === 'hibernated') await attachNetwork.undo?.(context, step);
  },
};

/** From here on the old VM is gone, and comes back from what was kept. */
const replace: Step<RestoreContext> = {
  name: 'vm.replace',
  timeoutMs: 300_000,
  async run({ vm, snapshotFolder, memory, before }, { signal }) {
    await vm.powerOff();
    if (before === 'hibernated') await dropHibernation(vm); // it is kept with the present
    else await quarantineState(vm, vm.hibernationFolder);
    await vm.changeManifest({ genid: randomUUID() }); // the guest's random numbers are not to come a second time
    if (!memory) return await placeState(vm, snapshotFolder, { memory });
    await loadState(vm, snapshotFolder, signal);
    await vm.host.driver.resume(vm.domainName, { signal });
  },
  async undo(context, { signal }) {
    const { vm, keepFolder, before } = context;
    if (!(await exists(keepFolder))) return;
    context.presentIsAway = true;
    await vm.powerOff();
    if (before === 'running' || before === 'suspended') await loadState(vm, keepFolder, signal);
    else await placeState(vm, keepFolder, { memory: false });
    if (before === 'hibernated' && !(await vm.isHibernated())) await cloneState(vm, keepFolder, vm.hibernationFolder);
    context.presentIsAway = false;
  },
  holds: async ({ vm }) => await vm.isAlive(), // else the files are put in place once more: what has been booted from them since is gone
};

const boot: Step<RestoreContext> = {
  name: startVm.name,
  timeoutMs: startVm.timeoutMs,
  async run(context, step) {
    if (runsAfterwards(context) && !(await context.vm.isAlive())) await startVm.run(context, step);
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
function when(wanted: (context: RestoreContext) => boolean, step: Step<VmContext>): Step<RestoreContext> {
  return { name: step.name, timeoutMs: step.timeoutMs, run: async (context, run) => { if (wanted(context)) await step.run(context, run); } };
}

/** What was booted has to show that its network works. */
const ready: Step<RestoreContext> = { ...when((context) => runsAfterwards(context) && !context.memory, awaitReady), commits: ({ memory }) => !memory };

const finish: Step<RestoreContext> = {
  name: 'safety-snapshot.release',
  timeoutMs: 60_000,
  async run({ vm, keep, keepFolder, memory }) {
    if (memory) afterVerified(vm);
    if (!keep) await removeState(keepFolder);
  },
};

export const restoreSteps: readonly Step<RestoreContext>[] = [check, keepPresent, attach, replace, boot, verify, when(runsAfterwards, applyResources), ready, finish];

/** A snapshot with memory runs; one without is booted where something ran before. */
export function runsAfterwards({ memory, before }: Pick<RestoreContext, 'memory' | 'before'>): boolean {
  return memory || before === 'running' || before === 'suspended';
}
