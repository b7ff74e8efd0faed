// "Dreaming": tidying a space while nothing else is asked of it. Merges near-duplicates, links what names the same thing, summarises conversations and
// proposes what to learn. Works in slices and remembers how far it came, changes nothing when run dry, and every change can be undone.
// Raw capture is never removed: a merged duplicate is hidden behind the one that stays.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact } from './compaction.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { Writing } from './remembering.ts';
import { MAIN_SPACE } from './spaces.ts';
import { names } from './text/names.ts';
import { overlap } from './text/recalled.ts';
import { terms, words } from './text/terms.ts';

export const ConsolidateInput = z.strictObject({ space: Name.default(MAIN_SPACE), dryRun: z.boolean().default(false), budget: z.int().min(1).max(1_000_000).optional() });

export const ConsolidationDiff = z.strictObject({
  /** Pairs found: `hide` says the same as `keep`. */
  merged: z.array(z.strictObject({ keep: MemoryId, hide: MemoryId })),
  /** Names that several memories share, with those memories. */
  linked: z.array(z.strictObject({ name: z.string(), memories: z.array(MemoryId) })),
  /** Conversations that were summarised, and how many summaries that made. */
  summarised: z.array(z.strictObject({ conversationId: z.string(), crystals: z.int() })),
  /** What is asked or mentioned often and little is known about. */
  topics: z.array(z.string()),
  examined: z.int(),
  /** Whether everything was looked at; otherwise the next run goes on from here. */
  complete: z.boolean(),
});
export type ConsolidationDiff = z.infer<typeof ConsolidationDiff>;

const Progress = z.strictObject({ examinedUpTo: z.number(), lastMerged: z.array(z.strictObject({ keep: MemoryId, hide: MemoryId })) });
const NOTE = 'consolidation';
/** Memories looked at between two turns of others. */
const AT_ONCE = 20;
const MIN_LINKED = 3;
const MAX_LINKED = 50;
const MAX_TOPICS = 10;

/** One slice of work, with room for others between its steps. With `dryRun` nothing is written, and the diff says what would be. */
export async function consolidate(writing: Writing, options: { dryRun: boolean; budget: number; signal?: AbortSignal | undefined }): Promise<ConsolidationDiff> {
  const { space } = writing;
  if (space.row.private) throw new SomnusError('forbidden', 'A private space is not consolidated');
  const progress = readProgress(writing);
  const first = space.book.firstAfter(progress.examinedUpTo);
  const merged: ConsolidationDiff['merged'] = [];
  const mentions = new Map<string, string[]>();
  const hidden = new Set<string>();
  let examined = 0;
  let record = first;
  for (; record < space.book.size && examined < options.budget; record += 1) {
    if (examined % AT_ONCE === AT_ONCE - 1) await nextTurn();
    options.signal?.throwIfAborted();
    if (space.closed) throw new SomnusError('locked', `The memory space ${space.row.name} was locked meanwhile`);
    if (space.book.alive.values[record] === 0) continue;
    const memory = space.book.get(record);
    if (memory.layer !== 'raw') continue;
    examined += 1;
    for (const name of names(memory.text)) mentions.set(name, [...mentions.get(name) ?? [], memory.id]);
    const twin = memory.type === 'conversation' ? undefined : twinOf(writing, memory, hidden);
    if (twin === undefined) continue;
    hidden.add(memory.id);
    merged.push({ keep: twin.id, hide: memory.id });
  }
  const complete = record >= space.book.size;
  const linked = [...mentions].filter(([, ids]) => ids.length >= MIN_LINKED).map(([name, ids]) => ({ name, memories: ids.slice(0, MAX_LINKED) })).toSorted((a, b) => b.memories.length - a.memories.length);
  const diff: ConsolidationDiff = { merged, linked, summarised: [], topics: topics(writing, linked), examined, complete };
  if (options.dryRun) return diff;
  for (const { keep, hide } of merged) {
    if (space.recordOf(keep) === undefined) continue; // forgotten meanwhile
    writing.store.setState(space.row.id, hide, { supersededBy: keep });
    const at = space.recordOf(hide);
    if (at !== undefined) space.hide(at);
  }
  for (const conversationId of space.book.conversationIds()) {
    const { newCrystals } = compact(writing, conversationId);
    if (newCrystals > 0) diff.summarised.push({ conversationId, crystals: newCrystals });
  }
  const upTo = complete ? 0 : space.book.seq.values[record - 1] ?? 0;
  writeProgress(writing, { examinedUpTo: upTo, lastMerged: [...first === 0 ? [] : progress.lastMerged, ...merged] });
  return diff;
}

/** Brings back what the last round merged. Summaries stay: they hide nothing. How many memories came back. */
export function undoConsolidation(writing: Writing): number {
  const progress = readProgress(writing);
  for (const { hide } of progress.lastMerged) {
    writing.store.setState(writing.space.row.id, hide, { supersededBy: undefined });
    const record = writing.space.recordOf(hide);
    if (record !== undefined) writing.space.show(record);
  }
  writeProgress(writing, { examinedUpTo: 0, lastMerged: [] });
  return progress.lastMerged.length;
}

/** An older memory of the same type that says the same. */
function twinOf({ space, config }: Writing, memory: Memory, hidden: ReadonlySet<string>): Memory | undefined {
  const own = new Set(words(memory.text));
  if (own.size < 5) return undefined;
  const numbers = (memory.text.match(/\d+/g) ?? []).join();
  return space.index.likely(memory.text, 5).map((anchor) => space.book.get(space.index.table.record.values[anchor]!))
    .find((other) => other.id !== memory.id && !hidden.has(other.id) && other.layer === 'raw' && other.type === memory.type && (other.createdAt < memory.createdAt || (other.createdAt === memory.createdAt && other.id < memory.id))
      && (other.text.match(/\d+/g) ?? []).join() === numbers && overlap(own, new Set(words(other.text))) >= config.retrieval.duplicateOverlap);
}

/** Names that come up often, but of which no fact is known. */
function topics({ space }: Writing, linked: ConsolidationDiff['linked']): string[] {
  const known = new Set(space.standing().flatMap((memory) => terms(memory.text)));
  return linked.filter(({ name }) => !terms(name).some((term) => known.has(term))).slice(0, MAX_TOPICS).map(({ name }) => name);
}

function readProgress({ space, store }: Writing): z.infer<typeof Progress> {
  const sealed = store.readNote(space.row.id, NOTE);
  return sealed === undefined ? { examinedUpTo: 0, lastMerged: [] } : Progress.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
}

function writeProgress({ space, store }: Writing, progress: z.infer<typeof Progress>): void {
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify(progress)), NOTE));
}
