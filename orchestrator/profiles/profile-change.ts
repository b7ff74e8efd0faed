// Profile changes of environments, for the API. The implementation is profile-changes.ts.
import { z } from 'zod';
import { PlannedField } from '../../supervisor/profiles/plan.ts';
import type { Environment } from '../environments/environment-schemas.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';

export const ApplyProfile = z.strictObject({
  profile: z.string().min(1).max(63),
  dryRun: z.boolean().default(false).meta({ description: 'Return what would happen to each field without changing anything.' }),
});
export type ApplyProfile = z.infer<typeof ApplyProfile>;

export const ProfilePlan = z.strictObject({
  profile: z.string(),
  possible: z.boolean().meta({ description: 'False if any field is `unsupported`; then nothing changes.' }),
  fields: z.array(PlannedField).meta({ description: 'All fields, including unchanged ones.' }),
});
export type ProfilePlan = z.infer<typeof ProfilePlan>;

/** An accepted change; `operation` is null for a dry run. */
export interface ProfileAccepted { environment: Environment; operation: Operation | null; plan: ProfilePlan }

export interface ProfileChangeService {
  /**
   * @throws not_found; invalid_request (unknown profile); invalid_state unless it is running or stopped; operation_in_progress; unsupported and memory_in_use with the
   * names of the fields (not for a dry run); insufficient_memory, insufficient_space with the numbers. Nothing changes then.
   */
  apply(caller: Caller, ref: string, request: ApplyProfile, idempotencyKey?: string): Promise<ProfileAccepted>;
}
