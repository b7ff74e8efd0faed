// Sleeping on disk and waking. While the saved state is there the VM can be woken from it, however often that was interrupted.
import { rm } from 'node:fs/promises';
import type { Step } from '../../common/step.ts';
import type { EnvironmentState } from '../domain/states.ts';
import { isActive, type MachineContext } from '../machines/machine.ts';
import { assertRoomForMemory } from '../machines/room.ts';
import { afterVerified, attachNetwork, verifyGuest } from '../machines/start.ts';
import { fitShape } from '../profiles/fit.ts';
import { checkState } from './check-state.ts';
import { loadState, readState, saveState } from './saved-state.ts';

/** What the VM was when it was to sleep; unknown of operations that an older version began. */
export interface HibernateContext extends MachineContext { before?: EnvironmentState | undefined }

const saveMemory: Step<HibernateContext> = {
  name: 'memory.save',
  timeoutMs: 300_000,
  async run({ machine }, { signal }) {
    if (!(await machine.isHibernated())) await saveState(machine, machine.hibernationFolder, { memory: true, staySuspended: true, signal });
  },
  async undo({ machine, before }) {
    if (!isActive(await machine.domain())) return; // it sleeps, or has ended: nothing to go back to
    await rm(machine.hibernationFolder, { recursive: true, force: true });
    if (before !== 'suspended' && (await machine.domain())?.state === 'paused') await machine.host.driver.resume(machine.domainName);
  },
};

const endVm: Step<MachineContext> = {
  name: 'vm.end',
  timeoutMs: 60_000,
  async run({ machine }) {
    await machine.powerOff();
    await machine.releaseRam();
    await machine.host.network.detach((await machine.manifest()).network.index);
  },
};

export const hibernateSteps: readonly Step<HibernateContext>[] = [saveMemory, endVm];

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
};

/** Verified by the agent, so the sleeping copy is not needed any more. */
export const dropSleepingCopy: Step<MachineContext> = {
  name: 'memory.drop',
  timeoutMs: 60_000,
  async run({ machine }) {
    await rm(machine.hibernationFolder, { recursive: true, force: true });
    afterVerified(machine);
  },
};

export const wakeSteps: readonly Step<MachineContext>[] = [attachNetwork, loadMemory, verifyGuest, dropSleepingCopy, fitShape];
