// Removing a VM so that it can come back, and purging it for good.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import { removeFolder, unlinkFolder } from './create.ts';
import { removeKeys } from './keys.ts';
import type { MachineContext } from './machine.ts';
import { MachineManifest } from './manifest.ts';
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

/** Out of its place at once, while it may still run: from here on there is no such environment, and what is left of it is taken away. */
const unlink: Step<MachineContext> = {
  name: 'folder.unlink',
  timeoutMs: 60_000,
  commits: true,
  async run({ machine }) {
    await unlinkFolder(machine);
  },
  holds: async ({ machine }) => !(await exists(machine.folder)),
};

const end: Step<MachineContext> = {
  name: 'vm.end',
  timeoutMs: 120_000,
  async run({ machine }) {
    await machine.powerOff();
    await machine.undefine();
    const manifest = await readJsonFile(join(await unlinkFolder(machine), 'manifest.json'), MachineManifest).catch(() => undefined);
    if (manifest) await machine.host.network.detach(manifest.network.index); // else reconciliation does, since no record has the place
  },
};

const deleteFiles: Step<MachineContext> = {
  name: 'files.delete',
  timeoutMs: 600_000,
  async run({ machine }) {
    await removeFolder(machine);
    await removeKeys(machine);
    await rm(machine.runDir, { recursive: true, force: true });
  },
};

/** Takes away all that is left of it on this host. Cannot be undone. Repeatable, also for a VM of which only parts are there. */
export const purgeSteps: readonly Step<MachineContext>[] = [unlink, end, deleteFiles];
