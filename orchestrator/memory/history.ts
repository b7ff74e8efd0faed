// The history of a memory: its sources, what was derived from it, and its versions.
import { SomnusError } from '../../common/errors.ts';
import { z } from 'zod';
import { Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { MemoryStore } from './store/memory-store.ts';

export const MemoryHistory = z.strictObject({
  memory: Memory,
  /** Memories it was derived from. */
  sources: z.array(Memory),
  /** Memories derived from it. */
  derived: z.array(Memory),
  /** Facts with the same subject and predicate, oldest first, with when each was true. */
  versions: z.array(z.strictObject({ memory: Memory, validTo: z.iso.datetime().optional() })),
  uses: z.int(),
  supersededBy: z.string().optional(),
});
export type MemoryHistory = z.infer<typeof MemoryHistory>;

export function historyOf(space: OpenSpace, store: MemoryStore, id: string): MemoryHistory {
  const found = store.find(space.row.id, id);
  const record = found === undefined ? undefined : space.book.findSeq(found.seq);
  if (found === undefined || record === undefined) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
  const memory = space.book.get(record);
  const read = (ids: readonly string[]): Memory[] => ids.map((other) => space.recordOf(other)).filter((other) => other !== undefined).map((other) => space.book.get(other));
  return {
    memory, sources: read(memory.sources ?? []), derived: read(store.derivedFrom(space.row.id, [id])), versions: versionsOf(space, memory), uses: found.state.uses,
    ...found.state.supersededBy === undefined ? {} : { supersededBy: found.state.supersededBy },
  };
}

function versionsOf(space: OpenSpace, { relation, environmentId }: Memory): MemoryHistory['versions'] {
  if (relation === undefined) return [];
  const all = space.catalog.versions({ relation, environmentId }).map(({ memory }) => memory);
  return all.map((memory, i) => ({ memory, ...all[i + 1] === undefined ? {} : { validTo: all[i + 1]!.occurredAt } }));
}
