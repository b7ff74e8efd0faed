// What a VM may request for itself, and how much of it is in use.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import type { AutoscalingService } from '../autoscaling/autoscaling.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteSecrets } from '../gateway/sqlite-secrets.ts';
import type { Caller } from '../keys/caller.ts';
import { MOST_VM_FORKS, type SqliteVmForks } from './sqlite-vm-forks.ts';

const Count = z.strictObject({ allowed: z.int(), used: z.int() });

export const VmLimits = z.strictObject({
  environmentId: z.string(),
  name: z.string(),
  profile: z.string(),
  /** Profiles that the VM may switch to. Empty until its owner sets limits with `somnus profile auto`. */
  profiles: z.array(z.string()),
  /** Environments that this VM and its forks have forked from inside. */
  forks: Count,
  snapshots: Count,
  requestsPerMinute: z.int(),
  /** Addresses of services that it may use through the gateway. */
  gateways: z.array(z.string()),
});
export type VmLimits = z.infer<typeof VmLimits>;

export interface VmLimitsService {
  of(caller: Caller): Promise<VmLimits>;
}

export interface VmLimitsDeps {
  environments: Pick<EnvironmentService, 'get'>;
  autoscaling: Pick<AutoscalingService, 'get'>;
  forks: Pick<SqliteVmForks, 'count'>;
  snapshots: { all(environmentId: string): readonly { state: string }[] };
  snapshotsAllowed: number;
  requestsPerMinute: number;
  secrets: Pick<SqliteSecrets, 'grantedNames'>;
}

export class OwnLimits implements VmLimitsService {
  readonly #deps: VmLimitsDeps;

  constructor(deps: VmLimitsDeps) {
    this.#deps = deps;
  }

  async of(caller: Caller): Promise<VmLimits> {
    const { environments, autoscaling, forks, snapshots, snapshotsAllowed, requestsPerMinute, secrets } = this.#deps;
    const { id, name, profile } = await environments.get(caller, caller.environmentId ?? '');
    const { enabled, profiles } = await autoscaling.get(caller, id);
    return {
      environmentId: id, name, profile, profiles: enabled ? profiles : [],
      forks: { allowed: MOST_VM_FORKS, used: forks.count(id) },
      snapshots: { allowed: snapshotsAllowed, used: snapshots.all(id).filter(({ state }) => state !== 'removed').length },
      requestsPerMinute,
      gateways: secrets.grantedNames(id).map((secret) => `/gateway/${secret}/`),
    };
  }
}

/** @throws forbidden */
export function assertProfileWithin({ name, profiles }: VmLimits, profile: string): void {
  if (profiles.includes(profile)) return;
  throw profiles.length === 0
    ? new SomnusError('forbidden', `${name} may not change its own profile`, { hint: `Its owner can allow that with \`somnus autoscale ${name} --smallest PROFILE --largest PROFILE\`.` })
    : new SomnusError('forbidden', `${name} may not switch to the profile ${JSON.stringify(profile)}; it may switch to ${profiles.join(', ')}`, { details: { profiles } });
}
