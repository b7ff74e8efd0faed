// Returns a VM to a snapshot with memory while an operation is in progress on it. Unlike a restore, it keeps nothing of the present state.
import { randomUUID } from 'node:crypto';
import type { StepRun } from '../../common/step.ts';
import type { Vm } from '../vms/vm.ts';
import { checkState } from '../snapshots/check-state.ts';
import { quarantineState } from '../snapshots/quarantine-state.ts';
import { loadState } from '../snapshots/saved-state.ts';
import { applyResources } from './apply-resources.ts';
import { afterVerified, attachNetwork } from './start.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

/** For the load in addition to the verification. */
export const ROLL_BACK_TIMEOUT_MS = VERIFY_LOADED_TIMEOUT_MS + 600_000;

/** The VM may be in any state, also off or partly loaded. Repeatable. @throws corrupt, unsupported as `checkState`, before anything is changed; as `verifyLoaded` */
export async function rollBack(vm: Vm, snapshotFolder: string, step: StepRun): Promise<void> {
  const { signal } = step;
  await checkState(vm, snapshotFolder, { memory: true, signal });
  await attachNetwork.run({ vm }, step);
  const load = async (): Promise<void> => {
    await vm.powerOff();
    await quarantineState(vm, vm.hibernationFolder);
    await vm.changeManifest({ genid: randomUUID() }); // so that the guest does not repeat its random numbers
    await loadState(vm, snapshotFolder, signal);
  };
  await load();
  await verifyLoaded({ vm }, step, load);
  await applyResources.run({ vm }, step);
  afterVerified(vm);
}
