// Plans the packs of an environment that is about to be created, before anything of it exists.
import type { PlanNewPacks } from '../environments/new-packs.ts';
import type { PackFiles } from './pack-files.ts';
import { knownPacks, snapshotsOf } from './pack-manager.ts';
import { planInstall, snapshotIds, withDependencies } from './plan-packs.ts';
import type { ProvisionInput } from './provision-kind.ts';

/** What the guest image uses of a disk. */
const IMAGE_MIB = 2048;

export function planNewPacks(files: PackFiles): PlanNewPacks {
  return async (names, { diskGiB, ...target }) => {
    const packs = withDependencies(names, await knownPacks(files, names));
    const snapshotId = snapshotIds();
    const baselineId = snapshotId();
    const plan = planInstall(packs, { present: new Map(), target: { ...target, freeDiskMiB: Math.max(0, diskGiB * 1024 - IMAGE_MIB) }, snapshotId });
    return {
      provision(environment) {
        const input: ProvisionInput = { ...environment, baselineId, packs: plan.packs, skipped: plan.skipped };
        return { input, holds: snapshotsOf(input) };
      },
    };
  };
}
