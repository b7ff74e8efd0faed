// Quarantines saved states that the current operation did not make. They are never trusted, and never deleted, since one may be the only copy of a
// memory. Each is renamed to an unknown folder among the environment's snapshots; reconciliation moves it to quarantine, where it can be inspected,
// restored as a snapshot, or removed.
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../common/durable-file.ts';
import { newId } from '../../common/ids.ts';
import { exists } from '../../common/exists.ts';
import type { Vm } from '../vms/vm.ts';

/** Does nothing when there is no state. Repeatable. */
export async function quarantineState(vm: Vm, folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const kept = vm.snapshotFolder(newId('snap'));
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  await rename(folder, kept);
  await syncFolder(dirname(kept));
  await syncFolder(dirname(folder));
  vm.log.warn({ event: 'saved-state.quarantined', folder, kept });
}

/** Deletes the hibernation, atomically: a partial one never remains in place. Repeatable. */
export async function dropHibernation(vm: Vm): Promise<void> {
  const unlinked = join(vm.host.pool.folders.staging, `${vm.id}.hibernation.removed`);
  await rm(unlinked, { recursive: true, force: true });
  if (await exists(vm.hibernationFolder)) {
    await rename(vm.hibernationFolder, unlinked);
    await syncFolder(vm.folder);
  }
  await rm(unlinked, { recursive: true, force: true });
}
