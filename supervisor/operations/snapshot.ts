// Takes and deletes snapshots.
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import type { VmContext } from '../vms/vm.ts';
import { resume } from './resume.ts';
import { thawIfFrozen } from '../snapshots/frozen-file-systems.ts';
import { readState, saveState, stagingOf } from '../snapshots/saved-state.ts';

export interface SnapshotContext extends VmContext {
  snapshotId: string;
  memory: boolean;
  /** Whether the VM was running when the snapshot was requested: then it is running afterwards, whatever happens in between. */
  wasRunning: boolean;
  /** Set when the snapshot is done. */
  suspendedMs?: number;
}

const save: Step<SnapshotContext> = {
  name: 'snapshot.save',
  timeoutMs: 300_000,
  async run(context, { signal }) {
    const { vm, snapshotId, memory, wasRunning } = context;
    const folder = vm.snapshotFolder(snapshotId);
    if (!(await exists(folder))) context.suspendedMs = (await saveState(vm, folder, { memory, signal })).suspendedMs;
    if ((await readState(folder)).memory !== memory) throw new SomnusError('corrupt', `${folder} ${memory ? 'has no memory' : 'has memory'}`, { details: { path: folder } });
    if (wasRunning) await resume(vm);
  },
  async undo({ vm, snapshotId, memory, wasRunning }) {
    if (!memory) await thawIfFrozen(vm);
    if (wasRunning) await resume(vm);
    await removeState(vm.snapshotFolder(snapshotId));
  },
};

export const snapshotSteps: readonly Step<SnapshotContext>[] = [save];

/** Repeatable. */
export async function removeState(folder: string): Promise<void> {
  const unlinked = stagingOf(folder);
  await rm(unlinked, { recursive: true, force: true, maxRetries: 3 }); // a check may be reading it and writing its checksums
  await unlinkState(folder);
  await rm(unlinked, { recursive: true, force: true, maxRetries: 3 });
}

/** Moves a state out of its place atomically, under the name of an unfinished one, so that a partial state never remains in place. */
async function unlinkState(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  await rename(folder, stagingOf(folder));
  await syncFolder(dirname(folder));
}

export interface PurgeContext extends VmContext { snapshotIds: readonly string[] }

/** Frees the space that only these snapshots use. Cannot be undone. */
const purge: Step<PurgeContext> = {
  name: 'snapshot.purge',
  timeoutMs: 600_000,
  async run({ vm, snapshotIds }) {
    for (const id of snapshotIds) await removeState(vm.snapshotFolder(id));
  },
};

export const snapshotPurgeSteps: readonly Step<PurgeContext>[] = [purge];
