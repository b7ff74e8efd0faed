// What creating an environment needs from packs, which import environments: an interface of its own keeps imports in one direction.
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';

/** The packs of an environment that is about to be created. */
export interface NewPacks {
  /** The input of the operation that creates the environment with them, and the snapshots that it holds. */
  provision(environment: { environmentId: string; actor: string | null; onFailure: 'keep' | 'remove'; cold: boolean }): { input: object; holds: string[] };
}

/** @throws not_found, invalid_request, unsupported — before anything of the environment exists */
export type PlanNewPacks = (names: readonly string[], environment: { name: string; network: NetworkPolicy; memoryMiB: number; diskGiB: number }) => Promise<NewPacks>;
