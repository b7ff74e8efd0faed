// Forgets memories and everything derived from them. When the call returns, they are gone from answers, packs, index and disk.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { resummarize } from './compaction.ts';
import { forgetTopics } from './consolidation.ts';
import { forgetLinks } from './entity-links.ts';
import { exportsHolding, MadeExport } from './export-ledger.ts';
import { MemoryId } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { WriteContext } from './remembering.ts';
import { MAIN_SPACE } from './spaces.ts';

export const ForgetInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  ids: z.array(MemoryId).min(1).max(10_000).optional(),
  sessionId: z.string().optional(),
  environmentId: z.string().optional(),
  conversationId: z.string().optional(),
}).refine((input) => [input.ids, input.sessionId, input.environmentId, input.conversationId].filter((one) => one !== undefined).length === 1, 'needs exactly one of ids, sessionId, environmentId, conversationId');
export type ForgetInput = z.input<typeof ForgetInput>;

export const Forgotten = z.strictObject({
  /** Memories that were requested. */
  forgotten: z.int(),
  /** Facts, summaries and copies derived from them. */
  derived: z.int(),
  /** Exports that hold some of them: files that only their owner can delete. */
  exports: z.array(MadeExport),
});
export type Forgotten = z.infer<typeof Forgotten>;

/** @throws SomnusError `not_found` naming the first unknown id; nothing is forgotten then */
export function forget(writeContext: WriteContext, input: z.output<typeof ForgetInput>): Forgotten {
  const { space, store } = writeContext;
  const ids = input.ids === undefined ? matching(space, input) : [...new Set(input.ids)];
  const missing = ids.find((id) => store.find(space.row.id, id) === undefined);
  if (missing !== undefined) throw new SomnusError('not_found', `There is no memory ${missing}`, { details: { id: missing } });
  const memories = [...ids, ...store.derivedFrom(ids)].map((id) => space.recordOf(id)).filter((record) => record !== undefined).map((record) => space.book.get(record));
  const exports = exportsHolding(writeContext, memories);
  store.noteForgotten(space.row.id, memories.map(({ id }) => id));
  return { ...forgetIds(writeContext, ids), exports };
}

export function forgetIds(writeContext: WriteContext, ids: readonly string[]): Omit<Forgotten, 'exports'> {
  const { space, store } = writeContext;
  if (ids.length === 0) return { forgotten: 0, derived: 0 };
  const derived = store.derivedFrom(ids);
  const lost = space.summaries().filter((summary) => derived.includes(summary.id));
  space.remove([...ids, ...derived]);
  const removed = new Set([...ids, ...derived]);
  forgetLinks(space, store, removed);
  forgetTopics(writeContext, removed);
  resummarize(writeContext, lost);
  return { forgotten: ids.length, derived: derived.length };
}

function matching(space: OpenSpace, input: z.output<typeof ForgetInput>): string[] {
  return [...space.book.live()].filter(({ memory }) => memory.layer === 'raw'
    && (input.sessionId === undefined || memory.sessionId === input.sessionId)
    && (input.environmentId === undefined || memory.environmentId === input.environmentId)
    && (input.conversationId === undefined || memory.conversationId === input.conversationId)).map(({ memory }) => memory.id);
}
