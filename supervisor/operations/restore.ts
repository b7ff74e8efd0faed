// Restores a snapshot in place. Saves the present state first, and returns to it when anything fails.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import type { VmContext, ObservedState } from '../vms/vm.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import { afterVerified, attachNetwork, awaitReady, identifyGuest, startVm, verifyGuest } from './start.ts';
import { applyResources } from './apply-resources.ts';
import { checkState } from '../snapshots/check-state.ts';
import { cloneState, loadState, placeState, readState, saveState } from '../snapshots/saved-state.ts';
import { dropHibernation, quarantineState } from '../snapshots/quarantine-state.ts';
import { resume } from './resume.ts';
import { removeState } from './snapshot.ts';
import { isLoaded, VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

export interface RestoreContext extends VmContext {
  snapshotFolder: string;
  /** Whether a check has found a damaged file: then only its disk is used, after it has been read in full. */
  snapshotIsDamaged: boolean;
  /** Restore the memory, or boot from the disk. */
  memory: boolean;
  /** Folder for the snapshot of the state before the restore; no other operation uses this name. */
  keepFolder: string;
  /** Whether the snapshot is kept after success: the safety snapshot. */
  keep: boolean;
  /** The VM's state when the restore was requested. */
  before: Exclude<ObservedState, 'missing' | 'empty'>;
  /** Set while the VM is being returned to the saved state: until that is done, the snapshot is the only copy of it. */
  isOnlyCopy?: boolean;
  operationId: string;
}

const check: Step<RestoreContext> = {
  name: 'snapshot.check',
  timeoutMs: 1_800_000, // a snapshot whose times differ is read in full
  async run({ vm, snapshotFolder, snapshotIsDamaged, memory }, { signal }) {
    await checkState(vm, snapshotFolder, { memory, readAll: snapshotIsDamaged, signal });
  },
};

const saveCurrentState: Step<RestoreContext> = {
  name: 'safety-snapshot.create',
  timeoutMs: 300_000,
  async run({ vm, snapshotFolder, memory, keepFolder, before, operationId }, { signal }) {
    if (memory) await assertCapacityForMemory(vm, (await readState(snapshotFolder)).shape);
    if (!(await exists(keepFolder))) await saveState(vm, keepFolder, { memory: before !== 'stopped', staySuspended: true, operationId, signal });
  },
  /** If the state before the restore could not be brought back, this is the only copy: it is kept, and becomes a snapshot. */
  async undo({ vm, keepFolder, before, isOnlyCopy = false }) {
    if (isOnlyCopy) return;
    if (before === 'running') await resume(vm);
    await removeState(keepFolder);
  },
};

const attach: Step<RestoreContext> = {
  ...attachNetwork,
  when: runsAfterwards,
  async undo(context, step) {
    if (context.before === 'stopped' || context.before === 'hibernated') await attachNetwork.undo?.(context, step);
  },
};

/** A file in the folder of the saved state. It exists from the moment when the VM may have been ended. */
const REPLACING_FILE = 'replacing';

/** From here on the old VM is gone; only the saved state can bring it back. */
const replace: Step<RestoreContext> = {
  name: 'vm.replace',
  timeoutMs: 300_000,
  async run({ vm, snapshotFolder, memory, before, keepFolder, operationId }, { signal }) {
    signal.throwIfAborted();
    await writeFileDurably(join(keepFolder, REPLACING_FILE), operationId);
    await vm.powerOff();
    if (before === 'hibernated') await dropHibernation(vm); // part of the saved state
    else await quarantineState(vm, vm.hibernationFolder);
    await vm.changeManifest({ genid: randomUUID() }); // so that the guest does not repeat its random numbers
    if (memory) await loadState(vm, snapshotFolder, signal);
    else await placeState(vm, snapshotFolder, { memory });
  },
  async undo(context, { signal }) {
    const { vm, keepFolder, before } = context;
    if (!(await exists(keepFolder))) return;
    if (!(await exists(join(keepFolder, REPLACING_FILE))) && await vm.isAlive()) return; // the VM was not touched
    context.isOnlyCopy = true;
    await vm.powerOff();
    if (before === 'running' || before === 'suspended') await loadState(vm, keepFolder, signal);
    else await placeState(vm, keepFolder, { memory: false });
    if (before === 'hibernated' && !(await vm.isHibernated())) await cloneState(vm, keepFolder, vm.hibernationFolder);
    context.isOnlyCopy = false;
  },
  holds: async (context) => await (context.memory ? isLoaded(context) : context.vm.isAlive()), // otherwise the files are placed again, and changes made since booting from them are lost
};

const boot: Step<RestoreContext> = {
  name: startVm.name,
  timeoutMs: startVm.timeoutMs,
  when: runsAfterwards,
  async run(context, step) {
    if (!(await context.vm.isAlive())) await startVm.run(context, step);
  },
};

const verify: Step<RestoreContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  when: runsAfterwards,
  commits: ({ memory }) => memory,
  async run(context, step) {
    if (context.memory) await verifyLoaded(context, step, async () => await replace.run(context, step));
    else await identifyGuest.run(context, step);
  },
};

/** A booted VM has to show that its network works. */
const ready: Step<RestoreContext> = { ...awaitReady, when: (context) => runsAfterwards(context) && !context.memory, commits: ({ memory }) => !memory };

const finish: Step<RestoreContext> = {
  name: 'safety-snapshot.release',
  timeoutMs: 60_000,
  async run({ vm, keep, keepFolder, memory }) {
    if (memory) afterVerified(vm);
    if (keep) await rm(join(keepFolder, REPLACING_FILE), { force: true });
    else await removeState(keepFolder);
  },
};

export const restoreSteps: readonly Step<RestoreContext>[] = [check, saveCurrentState, attach, replace, boot, verify, { ...applyResources, when: runsAfterwards }, ready, finish];

/** A snapshot with memory is running afterwards; one without is booted if the VM was on before. */
export function runsAfterwards({ memory, before }: Pick<RestoreContext, 'memory' | 'before'>): boolean {
  return memory || before === 'running' || before === 'suspended';
}
