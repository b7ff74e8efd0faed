// A profile: a named hardware shape from a data file.
import { z } from 'zod';
import { Shape } from '../domain/shape.ts';

export const Profile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/),
  description: z.string(),
  shape: Shape
    .refine(({ vcpus, vcpusMax }) => vcpus <= vcpusMax, { path: ['vcpus'], message: 'must not be more than vcpusMax' })
    .refine(({ memoryMiB, memoryMaxMiB }) => memoryMiB <= memoryMaxMiB, { path: ['memoryMiB'], message: 'must not be more than memoryMaxMiB' }),
  /** Whether it needs the host's GPU. */
  gpu: z.boolean().default(false),
  /** False for users' own profiles. */
  builtIn: z.boolean().default(false),
});
export type Profile = z.infer<typeof Profile>;

export interface ProfileService {
  list(): Promise<Profile[]>;
  /** @throws not_found */
  get(name: string): Promise<Profile>;
}
