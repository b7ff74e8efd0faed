// Hibernates a VM: saves its memory and ends QEMU.
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState } from '../domain/states.ts';
import { isActive, type VmContext } from '../vms/vm.ts';
import { release } from './stop.ts';
import { readState, saveState } from '../snapshots/saved-state.ts';
import { dropHibernation, quarantineState } from '../snapshots/quarantine-state.ts';

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
