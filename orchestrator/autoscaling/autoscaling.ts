// Settings of autoscaling for the API: between which profiles an environment may move by itself.
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';

const ProfileName = z.string().min(1).max(63);

export const SetAutoscaling = z.strictObject({
  smallest: ProfileName.meta({ description: 'The profile below which it is never lowered.' }),
  largest: ProfileName.meta({ description: 'The profile above which it is never raised.' }),
});
export type SetAutoscaling = z.infer<typeof SetAutoscaling>;

export const Autoscaling = z.strictObject({
  environmentId: z.string(),
  enabled: z.boolean(),
  smallest: ProfileName.nullable(),
  largest: ProfileName.nullable(),
  profiles: z.array(z.string()).meta({ description: 'The profiles it may have, smallest first.' }),
});
export type Autoscaling = z.infer<typeof Autoscaling>;

export interface AutoscalingService {
  /** @throws not_found */
  get(caller: Caller, ref: string): Promise<Autoscaling>;
  /** @throws not_found; invalid_request for unknown profiles, or when the smallest is larger than the largest */
  set(caller: Caller, ref: string, request: SetAutoscaling): Promise<Autoscaling>;
  /** Turns it off. Repeatable. @throws not_found */
  remove(caller: Caller, ref: string): Promise<Autoscaling>;
}
