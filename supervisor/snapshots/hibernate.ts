// Hibernates and wakes a VM. As long as the saved state exists the VM can be woken from it, no matter how often a wake was interrupted.
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState } from '../domain/states.ts';
import { isActive, type VmContext } from '../vms/vm.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import { afterVerified, attachNetwork, verifyGuest } from '../vms/start.ts';
import { release } from '../vms/stop.ts';
import { applyResources } from '../profiles/apply-resources.ts';
import { checkState } from './check-state.ts';
import { loadState, readState, saveState } from './saved-state.ts';
import { dropHibernation, quarantineState } from './quarantine-state.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

/** The VM's state before the hibernation; unknown for operations begun by an older version. */
export interface HibernateContext extends VmContext { before?: EnvironmentState | undefined; operationId: string }

const saveMemory: Step<HibernateContext> = {
  name: 'memory.save',
  timeoutMs: 300_000,
  async run(context, { signal }) {
    const { vm, operationId } = context;
    if (await isSaved(context)) return;
    await quarantineState(vm, vm.hibernationFolder);
    await saveState(vm, vm.hibernationFolder, { memory: true, staySuspended: true, operationId, signal });
  },
  async undo({ vm, before }) {
    if (!isActive(await vm.domain())) return; // hibernated or ended: nothing to go back to
    await dropHibernation(vm);
    if (before !== 'suspended' && (await vm.domain())?.state === 'paused') await vm.host.driver.resume(vm.domainName);
  },
  holds: async (context) => await isSaved(context),
};

/** Whether this operation saved the state; any other state is from another moment. */
async function isSaved({ vm, operationId }: HibernateContext): Promise<boolean> {
  return await readState(vm.hibernationFolder).then((saved) => saved.memory && saved.operationId === operationId, () => false);
}

const endVm: Step<HibernateContext> = {
  name: 'vm.end',
  timeoutMs: 60_000,
  commits: true,
  async run(context) {
    const { vm } = context;
    if (!(await isSaved(context))) throw new SomnusError('corrupt', `${vm.hibernationFolder} does not hold the memory of this hibernation`, { details: { path: vm.hibernationFolder } });
    await vm.powerOff();
  },
  holds: async (context) => !(await context.vm.isActive()) && await isSaved(context),
};

export const hibernateSteps: readonly Step<HibernateContext>[] = [saveMemory, endVm, release];

const loadMemory: Step<VmContext> = {
  name: 'memory.load',
  timeoutMs: 300_000,
  async run({ vm }, { signal }) {
    await checkState(vm, vm.hibernationFolder, { memory: true });
    await assertCapacityForMemory(vm, (await readState(vm.hibernationFolder)).shape);
    await vm.powerOff(); // from an interrupted attempt
    await loadState(vm, vm.hibernationFolder, signal);
    await vm.host.driver.resume(vm.domainName, { signal });
  },
  async undo({ vm }) {
    await vm.powerOff();
    await vm.releaseRam();
  },
  holds: async ({ vm }) => await vm.isAlive(),
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
