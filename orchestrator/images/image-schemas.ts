// Guest images as users see them.
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';

export const Image = z.strictObject({
  version: z.string(),
  suite: z.string(),
  agentVersion: z.string(),
  createdAt: z.iso.datetime(),
  sizeBytes: z.number(),
  allocatedBytes: z.number(),
  current: z.boolean().meta({ description: 'Whether new environments use this image.' }),
  environments: z.int().meta({ description: 'Number of environments created from it.' }),
});
export type Image = z.infer<typeof Image>;

export interface ImageService {
  list(): Promise<Image[]>;
  /** Builds the current recipe; fast when it is already built. */
  build(caller: Caller, options?: { idempotencyKey?: string | undefined }): Promise<Operation>;
  /** @throws invalid_state for the current image */
  remove(version: string): Promise<void>;
}
