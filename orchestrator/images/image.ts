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
  current: z.boolean().meta({ description: 'New environments get this one.' }),
  environments: z.int().meta({ description: 'How many were made from it.' }),
});
export type Image = z.infer<typeof Image>;

export interface ImageService {
  list(): Promise<Image[]>;
  /** Builds what the recipe says now; quick when it is built already. */
  build(caller: Caller, options?: { idempotencyKey?: string | undefined }): Promise<Operation>;
  /** @throws invalid_state for the current image */
  remove(version: string): Promise<void>;
}
