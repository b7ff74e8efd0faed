// Autoscaling settings for the API: the profiles between which an environment changes automatically.
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';

const ProfileName = z.string().min(1).max(63);

export const SetAutoscaling = z.strictObject({
  smallest: ProfileName.meta({ description: 'The smallest profile that is applied automatically.' }),
  largest: ProfileName.meta({ description: 'The largest profile that is applied automatically.' }),
});
export type SetAutoscaling = z.infer<typeof SetAutoscaling>;

export const Autoscaling = z.strictObject({
  environmentId: z.string(),
  enabled: z.boolean(),
  smallest: ProfileName.nullable(),
  largest: ProfileName.nullable(),
  profiles: z.array(z.string()).meta({ description: 'The profiles that can be applied automatically, smallest first.' }),
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
