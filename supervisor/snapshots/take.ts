// Taking a snapshot, and deleting one.
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import { setClock } from '../vms/suspend.ts';
import { thawIfFrozen } from './frozen-file-systems.ts';
import { readState, saveState, stagingOf } from './saved-state.ts';

export interface SnapshotContext extends VmContext {
  snapshotId: string;
  memory: boolean;
  /** Whether the VM ran when the snapshot was asked for: then it runs afterwards, whatever happens in between. */
  wasRunning: boolean;
  /** Set when it is done. */
  suspendedMs?: number;
}

const save: Step<SnapshotContext> = {
  name: 'snapshot.save',
  timeoutMs: 300_000,
  async run(context, { signal }) {
    const { vm, snapshotId, memory, wasRunning } = context;
    const folder = vm.snapshotFolder(snapshotId);
    if (!(await exists(folder))) context.suspendedMs = (await saveState(vm, folder, { memory, signal })).suspendedMs;
    if ((await readState(folder)).memory !== memory) throw new SomnusError('corrupt', `${folder} ${memory ? 'has no memory' : 'has a memory'}`, { details: { path: folder } });
    if (wasRunning) await goOn(vm);
  },
  async undo({ vm, snapshotId, memory, wasRunning }) {
    if (!memory) await thawIfFrozen(vm);
    if (wasRunning) await goOn(vm);
    await removeState(vm.snapshotFolder(snapshotId));
  },
};

export const snapshotSteps: readonly Step<SnapshotContext>[] = [save];

/** Lets a VM run that was left standing still, and sets its clock, which stood too. Repeatable. */
export async function goOn(vm: Vm): Promise<void> {
  if ((await vm.domain())?.state === 'paused') await vm.host.driver.resume(vm.domainName);
  setClock(vm).catch((error: unknown) => vm.log.warn({ err: error }, 'guest.clock-not-set'));
}

/** Repeatable. */
export async function removeState(folder: string): Promise<void> {
  const doomed = stagingOf(folder);
  await rm(doomed, { recursive: true, force: true, maxRetries: 3 }); // it may be read through just now, and be given its checksums
  await unlinkState(folder);
  await rm(doomed, { recursive: true, force: true, maxRetries: 3 });
}

/** Takes a state out of its place at once: half of one is never there. What is left is named as one that was never finished. */
async function unlinkState(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  await rename(folder, stagingOf(folder));
  await syncFolder(dirname(folder));
}

export interface PurgeContext extends VmContext { snapshotIds: readonly string[] }

/** Gives back what only these snapshots held. Cannot be undone. */
const purge: Step<PurgeContext> = {
  name: 'snapshot.purge',
  timeoutMs: 600_000,
  async run({ vm, snapshotIds }) {
    for (const id of snapshotIds) await removeState(vm.snapshotFolder(id));
  },
};

export const snapshotPurgeSteps: readonly Step<PurgeContext>[] = [purge];
