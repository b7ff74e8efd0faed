// Plans the packs of an environment that is about to be created, before anything of it exists.
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import type { PackFiles } from './pack-files.ts';
import { knownPacks, snapshotsOf } from './pack-manager.ts';
import { planInstall, snapshotIds, withDependencies } from './plan-packs.ts';
import type { ProvisionInput } from './provision-kind.ts';

/** What the guest image uses of a disk. */
const IMAGE_MIB = 2048;

interface NewPacks {
  /** The input of the operation that creates the environment, and the snapshots that it holds. */
  provision(environment: Pick<ProvisionInput, 'environmentId' | 'actor' | 'onFailure'>): { input: ProvisionInput; holds: string[] };
}

/** @throws not_found, invalid_request, unsupported */
export type PlanNewPacks = (names: readonly string[], environment: { name: string; network: NetworkPolicy; memoryMiB: number; diskGiB: number }) => Promise<NewPacks>;

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
