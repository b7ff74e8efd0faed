// Fixes that only the host can apply, on request: a profile with more memory or a larger disk.
import type { Incident } from '../../agent/contract/incident.ts';
import type { Profile, ProfileService } from '../../supervisor/profiles/profile.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { Caller } from '../keys/caller.ts';
import { bySize, largerProfile } from '../profiles/larger-profile.ts';
import type { ProfileChangeService } from '../profiles/profile-change.ts';
import type { FixAttempt } from './agent-schemas.ts';

export interface HostFixesDeps {
  profiles: Pick<ProfileService, 'list'>;
  profileChanges: ProfileChangeService;
  now?: () => number;
}

export class HostFixes {
  readonly #deps: HostFixesDeps;

  constructor(deps: HostFixesDeps) {
    this.#deps = deps;
  }

  /** Requests the next larger profile; the operation continues after this returns. @throws what ProfileChangeService.apply throws */
  async apply(caller: Caller, record: EnvironmentRecord, { id, what, host }: Incident['fixes'][number]): Promise<FixAttempt> {
    const attempt = (outcome: FixAttempt['outcome'], detail: string): FixAttempt => ({ fixId: id, what, at: new Date((this.#deps.now ?? Date.now)()).toISOString(), automatic: false, outcome, detail });
    const resource = host === 'larger-disk' ? 'disk' : 'memory';
    const next: Profile | undefined = largerProfile(bySize(await this.#deps.profiles.list()), record, resource);
    if (next === undefined) return attempt('not-possible', `No profile has more ${resource} than ${record.profile}; add one`);
    const { operation, plan } = await this.#deps.profileChanges.apply(caller, record.id, { profile: next.name, dryRun: false });
    const later = plan.fields.find(({ field, when }) => field === (resource === 'disk' ? 'diskGiB' : 'memoryMiB') && when === 'next start');
    return attempt('applied', `Profile ${next.name}${later === undefined ? '' : `, at the next start: ${later.reason}`}${operation === null ? '' : ` (operation ${operation.id})`}`);
  }
}
