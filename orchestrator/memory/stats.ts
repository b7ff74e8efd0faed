// Counts what a space holds, by form.
import { z } from 'zod';
import { fullness } from './compaction.ts';
import { proposedTopics } from './consolidation.ts';
import type { WriteContext } from './remembering.ts';
import { conversationKey, conversationOf } from './scope.ts';

export const MemoryStats = z.strictObject({
  space: z.string(),
  memories: z.int(),
  byForm: z.array(z.strictObject({ layer: z.string(), type: z.string(), count: z.int() })),
  /** keywords: no embedding model is available. */
  mode: z.enum(['hybrid', 'keywords']),
  chunks: z.int(),
  waitingForVectors: z.int(),
  /** How many memories have a caller's vector, by model. */
  callerVectors: z.array(z.strictObject({ model: z.string(), dimensions: z.int(), memories: z.int() })),
  /** What cannot be read, and chunks that the model refuses to embed. */
  damaged: z.strictObject({ packs: z.int(), memories: z.int(), withoutVector: z.int() }),
  /** Names that are often mentioned but have no facts, as found by the last consolidation. */
  topics: z.array(z.string()),
  conversations: z.array(z.strictObject({ id: z.string(), environmentId: z.string().optional(), turns: z.int(), summaries: z.int(), archives: z.int(), summarizedTurns: z.int(), fullness: z.number() })),
});
export type MemoryStats = z.infer<typeof MemoryStats>;

export function statsOf(writeContext: WriteContext): MemoryStats {
  const { space, store } = writeContext;
  const summaries = space.catalog.summaries();
  const byForm = store.counts(space.row.id);
  return {
    space: space.row.name, byForm, memories: byForm.reduce((sum, form) => sum + form.count, 0), mode: space.vectors.hasModel ? 'hybrid' : 'keywords', chunks: space.index.table.size, waitingForVectors: space.vectors.waiting, callerVectors: space.callerVectors.counts(), damaged: space.damage, topics: proposedTopics(writeContext),
    conversations: space.book.conversationKeys().map((key) => {
      const own = summaries.filter((summary) => conversationKey(summary.conversationId ?? '', summary.environmentId) === key);
      const { conversationId, environmentId } = conversationOf(key);
      return {
        id: conversationId, ...environmentId === undefined ? {} : { environmentId }, turns: space.book.conversation(key).filter((record) => space.book.alive.values[record] === 1).length - own.length,
        summaries: own.filter((summary) => summary.metadata?.['form'] === 'summary').length, archives: own.filter((summary) => summary.metadata?.['form'] === 'archive').length,
        summarizedTurns: own.reduce((sum, summary) => sum + (summary.sources?.length ?? 0), 0), fullness: fullness(writeContext, key),
      };
    }),
  };
}
