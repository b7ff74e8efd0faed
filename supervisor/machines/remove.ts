// Removing a VM so that it can come back, and purging it for good.
import { rm } from 'node:fs/promises';
import type { Step } from '../../common/step.ts';
import { removeFolder } from './create.ts';
import { removeKeys } from './keys.ts';
import type { MachineContext } from './machine.ts';
import { powerOffSteps, type StopContext } from './stop.ts';

/** Leaves folder and keys; a sleeping VM keeps its memory. */
const retire: Step<MachineContext> = {
  name: 'vm.undefine',
  timeoutMs: 60_000,
  async run({ machine }) {
    await machine.undefine();
  },
};

export const removeSteps: readonly Step<StopContext>[] = [...powerOffSteps, retire];

/** Takes away all that is left of it on this host. Cannot be undone. Repeatable, also for a VM of which only parts are there. */
const purge: Step<MachineContext> = {
  name: 'vm.purge',
  timeoutMs: 600_000,
  async run({ machine }) {
    await machine.powerOff();
    await machine.undefine();
    const manifest = await machine.manifest().catch(() => undefined);
    if (manifest) await machine.host.network.detach(manifest.network.index);
    await removeFolder(machine);
    await removeKeys(machine);
    await rm(machine.runDir, { recursive: true, force: true });
  },
};

export const purgeSteps: readonly Step<MachineContext>[] = [purge];
