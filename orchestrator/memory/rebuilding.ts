// Rebuilds a space's indexes from what was captured.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { OpenSpace } from './open-space.ts';
import { MAIN_SPACE } from './spaces.ts';

/** Vectors that are computed again, spread over the space: the model takes about 10 ms for each. */
const MAX_VECTORS = 2000;

export const RebuildInput = z.strictObject({ space: Name.default(MAIN_SPACE), verify: z.boolean().default(false), dryRun: z.boolean().default(false) });

export const Rebuilt = z.strictObject({
  packs: z.int(),
  /** Packs whose index segment did not match the memories. */
  different: z.int(),
  rebuilt: z.boolean(),
  /** With `verify`: vectors that were computed again, and how many of them had to be replaced. */
  vectors: z.strictObject({ checked: z.int(), different: z.int() }),
  /** Packs that cannot be read; their memories are missing until a backup of the data is restored. */
  damagedPacks: z.int(),
  /** Whether the index matches the memories; null if not checked. */
  verified: z.boolean().nullable(),
});
export type Rebuilt = z.infer<typeof Rebuilt>;

export async function rebuild(space: OpenSpace, input: z.output<typeof RebuildInput>): Promise<Rebuilt> {
  space.working += 1;
  try {
    return await rebuildAll(space, input);
  } finally {
    space.working -= 1;
  }
}

async function rebuildAll(space: OpenSpace, { verify, dryRun }: z.output<typeof RebuildInput>): Promise<Rebuilt> {
  await space.settled();
  const isClosed = (): boolean => space.closed;
  const vectors = verify ? await space.vectors.different(MAX_VECTORS, !dryRun) : { checked: 0, different: 0 };
  const first = await space.packs.rebuildSegments(!dryRun, isClosed);
  const damagedPacks = space.damage.packs;
  const isRight = (different: number): boolean => different === 0 && damagedPacks === 0 && (!dryRun || vectors.different === 0);
  return { ...first, vectors, damagedPacks, rebuilt: !dryRun, verified: dryRun ? isRight(first.different) : verify ? isRight((await space.packs.rebuildSegments(false, isClosed)).different) : null };
}
