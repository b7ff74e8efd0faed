// Wakes a hibernated VM. As long as the saved state exists the VM can be woken from it, no matter how often a wake was interrupted.
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import { checkState } from '../snapshots/check-state.ts';
import { dropHibernation, quarantineState } from '../snapshots/quarantine-state.ts';
import { loadState, readState } from '../snapshots/saved-state.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import type { VmContext } from '../vms/vm.ts';
import { applyResources } from './apply-resources.ts';
import { afterVerified, attachNetwork, verifyGuest } from './start.ts';
import { isLoaded, VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

const loadMemory: Step<VmContext> = {
  name: 'memory.load',
  timeoutMs: 300_000,
  async run({ vm }, { signal }) {
    await checkState(vm, vm.hibernationFolder, { memory: true });
    await assertCapacityForMemory(vm, (await readState(vm.hibernationFolder)).shape);
    await vm.powerOff(); // from an interrupted attempt
    await loadState(vm, vm.hibernationFolder, signal);
  },
  async undo({ vm }) {
    await vm.powerOff();
    await vm.releaseRam();
  },
  holds: isLoaded,
};

/**
 * Deletes the hibernation after the agent has verified the guest: it must never be loaded again. If the VM has ended since, its disk is newer than
 * that state, which is then the only copy of its memory, so it is quarantined instead.
 */
export const finishWake: Step<VmContext> = {
  name: 'memory.drop',
  timeoutMs: 60_000,
  async run({ vm }) {
    if (await vm.isAlive()) {
      await dropHibernation(vm);
      return afterVerified(vm);
    }
    if (!(await vm.isHibernated())) return;
    await quarantineState(vm, vm.hibernationFolder);
    throw new SomnusError('guest_unreachable', 'The VM ended right after it was woken; its saved memory is in quarantine', { hint: 'See `somnus quarantine ls`.' });
  },
};

const verify: Step<VmContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  commits: true,
  async run(context, step) {
    await verifyLoaded(context, step, async () => await loadMemory.run(context, step));
  },
};

export const wakeSteps: readonly Step<VmContext>[] = [attachNetwork, loadMemory, verify, finishWake, applyResources];
