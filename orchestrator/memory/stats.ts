// How much a space holds, in which form.
import { z } from 'zod';
import { fullness } from './compaction.ts';
import type { Writing } from './remembering.ts';

export const MemoryStats = z.strictObject({
  space: z.string(),
  memories: z.int(),
  byForm: z.array(z.strictObject({ layer: z.string(), type: z.string(), count: z.int() })),
  anchors: z.int(),
  waitingForVectors: z.int(),
  conversations: z.array(z.strictObject({ id: z.string(), turns: z.int(), summaries: z.int(), archives: z.int(), summarisedTurns: z.int(), fullness: z.number() })),
});
export type MemoryStats = z.infer<typeof MemoryStats>;

export function statsOf(writing: Writing): MemoryStats {
  const { space, store } = writing;
  const crystals = space.crystals();
  const byForm = store.counts(space.row.id);
  return {
    space: space.row.name, byForm, memories: byForm.reduce((sum, form) => sum + form.count, 0), anchors: space.index.table.size, waitingForVectors: space.waitingForVectors,
    conversations: space.book.conversationIds().map((id) => {
      const own = crystals.filter((crystal) => crystal.conversationId === id);
      return {
        id, turns: space.book.conversation(id).filter((record) => space.book.alive.values[record] === 1).length - own.length,
        summaries: own.filter((crystal) => crystal.metadata?.['form'] === 'summary').length, archives: own.filter((crystal) => crystal.metadata?.['form'] === 'archive').length,
        summarisedTurns: own.reduce((sum, crystal) => sum + (crystal.sources?.length ?? 0), 0), fullness: fullness(writing, id),
      };
    }),
  };
}
