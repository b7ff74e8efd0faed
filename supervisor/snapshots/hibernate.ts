// Sleeping on disk and waking. While the saved state is there the VM can be woken from it, however often that was interrupted.
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState } from '../domain/states.ts';
import { isActive, type MachineContext } from '../machines/machine.ts';
import { assertRoomForMemory } from '../machines/room.ts';
import { afterVerified, attachNetwork, verifyGuest } from '../machines/start.ts';
import { release } from '../machines/stop.ts';
import { fitShape } from '../profiles/fit.ts';
import { checkState } from './check-state.ts';
import { loadState, readState, saveState } from './saved-state.ts';
import { dropHibernation, setAside } from './set-aside.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

/** What the VM was when it was to sleep; unknown of operations that an older version began. */
export interface HibernateContext extends MachineContext { before?: EnvironmentState | undefined; operationId: string }

const saveMemory: Step<HibernateContext> = {
  name: 'memory.save',
  timeoutMs: 300_000,
  async run(context, { signal }) {
    const { machine, operationId } = context;
    if (await isSaved(context)) return;
    await setAside(machine, machine.hibernationFolder);
    await saveState(machine, machine.hibernationFolder, { memory: true, staySuspended: true, operationId, signal });
  },
  async undo({ machine, before }) {
    if (!isActive(await machine.domain())) return; // it sleeps, or has ended: nothing to go back to
    await dropHibernation(machine);
    if (before !== 'suspended' && (await machine.domain())?.state === 'paused') await machine.host.driver.resume(machine.domainName);
  },
  holds: async (context) => await isSaved(context),
};

/** Whether this operation has saved it: whatever else is there is not of this moment. */
async function isSaved({ machine, operationId }: HibernateContext): Promise<boolean> {
  return await readState(machine.hibernationFolder).then((saved) => saved.memory && saved.operationId === operationId, () => false);
}

const endVm: Step<HibernateContext> = {
  name: 'vm.end',
  timeoutMs: 60_000,
  commits: true,
  async run(context) {
    const { machine } = context;
    if (!(await isSaved(context))) throw new SomnusError('corrupt', `${machine.hibernationFolder} does not hold the memory of this hibernation`, { details: { path: machine.hibernationFolder } });
    await machine.powerOff();
  },
  holds: async (context) => !(await context.machine.isActive()) && await isSaved(context),
};

export const hibernateSteps: readonly Step<HibernateContext>[] = [saveMemory, endVm, release];

const loadMemory: Step<MachineContext> = {
  name: 'memory.load',
  timeoutMs: 300_000,
  async run({ machine }, { signal }) {
    await checkState(machine, machine.hibernationFolder, { memory: true });
    await assertRoomForMemory(machine, (await readState(machine.hibernationFolder)).shape);
    await machine.powerOff(); // of an interrupted attempt
    await loadState(machine, machine.hibernationFolder, signal);
    await machine.host.driver.resume(machine.domainName, { signal });
  },
  async undo({ machine }) {
    await machine.powerOff();
    await machine.releaseRam();
  },
  holds: async ({ machine }) => await machine.isAlive(),
};

/**
 * Verified by the agent, so the state that it was woken from is not needed any more, and must never be loaded again. Where the VM has ended since, its disk is newer than
 * that state, which is then the only copy of its memory: it is kept aside.
 */
export const dropSleepingCopy: Step<MachineContext> = {
  name: 'memory.drop',
  timeoutMs: 60_000,
  async run({ machine }) {
    if (await machine.isAlive()) {
      await dropHibernation(machine);
      return afterVerified(machine);
    }
    if (!(await machine.isHibernated())) return;
    await setAside(machine, machine.hibernationFolder);
    throw new SomnusError('guest_unreachable', 'The VM ended right after it had been woken; the memory it was woken from is in quarantine', { hint: 'See `somnus quarantine ls`.' });
  },
};

const verify: Step<MachineContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  commits: true,
  async run(context, step) {
    await verifyLoaded(context, step, async () => await loadMemory.run(context, step));
  },
};

export const wakeSteps: readonly Step<MachineContext>[] = [attachNetwork, loadMemory, verify, dropSleepingCopy, fitShape];
