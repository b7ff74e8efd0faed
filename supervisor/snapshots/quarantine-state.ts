// Saved states that no operation at hand made. They are never trusted, and never deleted, since one may be the only copy of a memory: it becomes a folder among the
// environment's snapshots that no record knows, which reconciliation moves to the quarantine, where it can be looked at, restored as a snapshot, or removed.
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../common/durable-file.ts';
import { newId } from '../../common/ids.ts';
import { exists } from '../../common/exists.ts';
import type { Vm } from '../vms/vm.ts';

/** Nothing when there is nothing. Repeatable. */
export async function quarantineState(vm: Vm, folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const kept = vm.snapshotFolder(newId('snap'));
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  await rename(folder, kept);
  await syncFolder(dirname(kept));
  await syncFolder(dirname(folder));
  vm.log.warn({ folder, kept }, 'saved-state.set-aside');
}

/** Deletes the state that a VM sleeps in. At once as a whole: half of one is never there. Repeatable. */
export async function dropHibernation(vm: Vm): Promise<void> {
  const doomed = join(vm.host.pool.folders.staging, `${vm.id}.hibernation.removed`);
  await rm(doomed, { recursive: true, force: true });
  if (await exists(vm.hibernationFolder)) {
    await rename(vm.hibernationFolder, doomed);
    await syncFolder(vm.folder);
  }
  await rm(doomed, { recursive: true, force: true });
}
