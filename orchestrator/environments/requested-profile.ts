// Finds the profile that a request names.
import { SomnusError } from '../../common/errors.ts';
import type { Profile, ProfileService } from '../../supervisor/profiles/profile.ts';

/** The requested profile. @throws invalid_request when there is none */
export async function requestedProfile(profiles: ProfileService, name: string): Promise<Profile> {
  return await profiles.get(name).catch((cause: unknown) => {
    if (!(cause instanceof SomnusError) || cause.code !== 'not_found') throw cause;
    throw new SomnusError('invalid_request', cause.message, { cause, hint: cause.hint, details: { errors: [{ path: 'profile', message: 'unknown profile' }] } });
  });
}
