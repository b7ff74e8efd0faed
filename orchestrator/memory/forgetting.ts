// Forgets memories and everything derived from them. When the call returns, they are gone from answers, packs, index and disk.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { resummarize } from './compaction.ts';
import { forgetTopics } from './consolidation.ts';
import { forgetLinks } from './entity-links.ts';
import { exportsHolding, MadeExport } from './export-ledger.ts';
import { MemoryId } from './memory.ts';
import type { WriteContext } from './remembering.ts';
import { sees } from './scope.ts';
import { MAIN_SPACE } from './spaces.ts';
import type { Replacement } from './store/memory-store.ts';
import { settleVersions } from './versions.ts';

export const ForgetInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  ids: z.array(MemoryId).min(1).max(10_000).optional(),
  sessionId: z.string().optional(),
  environmentId: z.string().optional(),
  agentId: z.string().optional(),
  conversationId: z.string().optional(),
}).refine((input) => [input.ids, input.sessionId, input.environmentId, input.agentId, input.conversationId].filter((one) => one !== undefined).length === 1, 'needs exactly one of ids, sessionId, environmentId, agentId, conversationId');
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
  const ids = input.ids === undefined ? matching(writeContext, input) : [...new Set(input.ids)];
  const missing = ids.find((id) => !isVisible(writeContext, id));
  if (missing !== undefined) throw new SomnusError('not_found', `There is no memory ${missing}`, { details: { id: missing } });
  const memories = [...ids, ...store.derivedFrom(space.row.id, ids)].map((id) => space.recordOf(id)).filter((record) => record !== undefined).map((record) => space.book.get(record));
  const exports = exportsHolding(writeContext, memories);
  store.noteForgotten(space.row.id, memories.map(({ id }) => id));
  return { ...forgetIds(writeContext, ids), exports };
}

export function forgetIds(writeContext: WriteContext, ids: readonly string[]): Omit<Forgotten, 'exports'> {
  const { space, store } = writeContext;
  if (ids.length === 0) return { forgotten: 0, derived: 0 };
  const derived = store.derivedFrom(space.row.id, ids);
  const lost = space.catalog.summaries().filter((summary) => derived.includes(summary.id));
  const removed = new Set([...ids, ...derived]);
  space.remove([...removed], broughtBack(writeContext, removed));
  forgetLinks(space, store, removed);
  forgetTopics(writeContext, removed);
  resummarize(writeContext, lost);
  return { forgotten: ids.length, derived: derived.length };
}

/** What the forgotten memories had replaced or hidden: the last version before a forgotten correction is current again. */
export function broughtBack({ space, store }: WriteContext, removed: ReadonlySet<string>): Replacement[] {
  const hidden = store.supersededBy(space.row.id, [...removed]).filter((id) => !removed.has(id)).map((id): Replacement => ({ id, by: undefined }));
  const facts = [...removed, ...hidden.map(({ id }) => id)].map((id) => space.recordOf(id)).filter((record) => record !== undefined).map((record) => space.book.get(record)).filter(({ layer }) => layer === 'fact');
  const versions = settleVersions(space, store, facts, [], removed);
  return [...hidden.filter(({ id }) => !versions.some((version) => version.id === id)), ...versions];
}

function isVisible({ space, scope }: WriteContext, id: string): boolean {
  const record = space.recordOf(id);
  return record !== undefined && sees(scope, space.book.get(record));
}

function matching({ space, scope }: WriteContext, input: z.output<typeof ForgetInput>): string[] {
  const tagged = space.tags.matching(input);
  const live = tagged === undefined ? [...space.book.live()] : [...tagged].filter((record) => space.book.alive.values[record] === 1).toSorted((a, b) => a - b).map((record) => ({ record, memory: space.book.get(record) }));
  return live.filter(({ memory }) => memory.layer === 'raw' && sees(scope, memory)
    && (input.sessionId === undefined || memory.sessionId === input.sessionId)
    && (input.environmentId === undefined || memory.environmentId === input.environmentId)
    && (input.agentId === undefined || memory.agentId === input.agentId)
    && (input.conversationId === undefined || memory.conversationId === input.conversationId)).map(({ memory }) => memory.id);
}
