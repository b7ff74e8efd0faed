// Purges a VM: deletes everything of it on this host, for good.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import { removeKeys } from '../guest/key-folder.ts';
import { VmManifest } from '../vms/manifest.ts';
import type { VmContext } from '../vms/vm.ts';
import { removeFolder, unlinkFolder } from './new-vm.ts';

/** Moves the folder away at once, even while the VM still runs: from here on the environment no longer exists, and the next steps remove the rest. */
const unlink: Step<VmContext> = {
  name: 'folder.unlink',
  timeoutMs: 60_000,
  commits: true,
  async run({ vm }) {
    await unlinkFolder(vm);
  },
  holds: async ({ vm }) => !(await exists(vm.folder)),
};

const end: Step<VmContext> = {
  name: 'vm.end',
  timeoutMs: 120_000,
  async run({ vm }) {
    await vm.powerOff();
    await vm.undefine();
    const manifest = await readJsonFile(join(await unlinkFolder(vm), 'manifest.json'), VmManifest).catch(() => undefined);
    if (manifest) await vm.host.network.detach(manifest.network.index); // otherwise reconciliation detaches it, since no record has the index
  },
};

const deleteFiles: Step<VmContext> = {
  name: 'files.delete',
  timeoutMs: 600_000,
  async run({ vm }) {
    await removeFolder(vm);
    await removeKeys(vm.keysDir);
    await rm(vm.runDir, { recursive: true, force: true });
  },
};

/** Deletes everything of the VM on this host. Cannot be undone. Repeatable, also for a VM of which only parts remain. */
export const purgeSteps: readonly Step<VmContext>[] = [unlink, end, deleteFiles];
