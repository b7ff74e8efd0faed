// Rebuilds a space's indexes from what was captured.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { OpenSpace } from './open-space.ts';
import { MAIN_SPACE } from './spaces.ts';

export const RebuildInput = z.strictObject({ space: Name.default(MAIN_SPACE), verify: z.boolean().default(false), dryRun: z.boolean().default(false) });

export const Rebuilt = z.strictObject({
  packs: z.int(),
  /** Packs whose index segment did not match the memories. */
  different: z.int(),
  rebuilt: z.boolean(),
  /** Whether the index matches the memories; null if not checked. */
  verified: z.boolean().nullable(),
});
export type Rebuilt = z.infer<typeof Rebuilt>;

export async function rebuild(space: OpenSpace, { verify, dryRun }: z.output<typeof RebuildInput>): Promise<Rebuilt> {
  await space.settled();
  const first = await space.rebuildSegments(!dryRun);
  return { ...first, rebuilt: !dryRun, verified: dryRun ? first.different === 0 : verify ? (await space.rebuildSegments(false)).different === 0 : null };
}
