// Consolidates a space while it is idle: merges near-duplicates and facts that say the same, links names of the same entity, summarizes conversations and
// proposes topics to learn. Works in slices, saves its progress, changes nothing in a dry run, and can undo every merge and link.
// Never removes raw capture: a merged duplicate is hidden behind the memory that is kept.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact } from './compaction.ts';
import { EntityLink, findLinks, newLinks, readLinks, writeLinks } from './entity-links.ts';
import { attachedDigest } from './files/attached-bytes.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { WriteContext } from './remembering.ts';
import { conversationOf, sameHome, wholeSpace } from './scope.ts';
import { MAIN_SPACE } from './spaces.ts';
import { names } from './text/names.ts';
import { overlap } from './text/recalled.ts';
import { terms, words } from './text/terms.ts';

export const ConsolidateInput = z.strictObject({ space: Name.default(MAIN_SPACE), dryRun: z.boolean().default(false), budget: z.int().min(1).max(1_000_000).optional() });

export const ConsolidationDiff = z.strictObject({
  /** Duplicates found: `hide` says the same as `keep`. */
  merged: z.array(z.strictObject({ keep: MemoryId, hide: MemoryId })),
  /** Names found to refer to the same entity. */
  aliases: z.array(EntityLink),
  /** Names that several memories mention, with those memories. */
  linked: z.array(z.strictObject({ name: z.string(), memories: z.array(MemoryId) })),
  /** Summarized conversations, with the number of new summaries. */
  summarized: z.array(z.strictObject({ conversationId: z.string(), summaries: z.int() })),
  /** Names that are often mentioned but have no facts. */
  topics: z.array(z.string()),
  examined: z.int(),
  /** Whether everything was examined; otherwise the next run continues from here. */
  complete: z.boolean(),
});
export type ConsolidationDiff = z.infer<typeof ConsolidationDiff>;

const Progress = z.strictObject({
  examinedUpTo: z.number(),
  lastMerged: z.array(z.strictObject({ keep: MemoryId, hide: MemoryId })),
  /** Merges that were undone; they are not repeated. */
  undone: z.array(z.strictObject({ keep: MemoryId, hide: MemoryId })).default([]),
  /** Topics that the last round proposes to learn, with the memories they come from. */
  topics: z.array(z.strictObject({ name: z.string(), memories: z.array(MemoryId) })).default([]),
});
type Progress = z.infer<typeof Progress>;
const NOTE = 'consolidation';
/** How many milliseconds to work before yielding to other calls. Limited by time, because a comparison takes longer the more memories there are. */
const AT_ONCE_MS = 10;
const MIN_LINKED = 3;
const MAX_LINKED = 50;
const MAX_TOPICS = 10;
const MAX_UNDONE = 10_000;
/** Only texts of up to this many characters are compared: searching for longer ones would delay other calls. */
const MAX_COMPARED = 20_000;

/** Runs one slice of work, yielding to other work between its steps. With `dryRun` it writes nothing; the diff says what it would change. */
export async function consolidate(writeContext: WriteContext, options: { dryRun: boolean; budget: number; signal?: AbortSignal | undefined }): Promise<ConsolidationDiff> {
  const { space, config } = writeContext;
  if (space.row.private) throw new SomnusError('forbidden', 'A private space cannot be consolidated');
  const progress = readProgress(writeContext);
  const known = readLinks(space, writeContext.store).links;
  const first = space.book.firstAfter(progress.examinedUpTo);
  const undone = new Set(progress.undone.map(({ keep, hide }) => `${keep} ${hide}`));
  const isUndone = ({ keep, hide }: ConsolidationDiff['merged'][number]): boolean => undone.has(`${keep} ${hide}`);
  const merged: ConsolidationDiff['merged'] = [];
  /** By environment, so that what a guest says links no names elsewhere. */
  const mentionsIn = new Map<string | undefined, Map<string, string[]>>();
  const hidden = new Set<string>();
  let examined = 0;
  let record = first;
  let untilMs = performance.now() + AT_ONCE_MS;
  const yieldWhenDue = async (): Promise<void> => {
    if (performance.now() < untilMs) return;
    await nextTurn();
    options.signal?.throwIfAborted();
    if (space.closed) throw new SomnusError('locked', `The memory space ${space.row.name} was locked during consolidation`);
    untilMs = performance.now() + AT_ONCE_MS;
  };
  for (; record < space.book.size && examined < options.budget; record += 1) {
    await yieldWhenDue();
    if (space.book.alive.values[record] === 0) continue;
    const memory = space.book.get(record);
    if (memory.layer !== 'raw') continue;
    examined += 1;
    const mentions = mentionsIn.get(memory.environmentId) ?? new Map<string, string[]>();
    mentionsIn.set(memory.environmentId, mentions);
    for (const name of names(memory.text)) mentions.set(name, [...mentions.get(name) ?? [], memory.id]);
    const original = memory.type === 'conversation' ? undefined : originalOf(writeContext, memory, hidden);
    if (original === undefined || isUndone({ keep: original.id, hide: memory.id })) continue;
    hidden.add(memory.id);
    merged.push({ keep: original.id, hide: memory.id });
  }
  const complete = record >= space.book.size;
  // Facts are few compared to their sources, so they are compared once, after everything else was examined.
  const facts = complete ? space.catalog.liveFacts() : [];
  const places = new Set([...mentionsIn.keys(), ...facts.map(({ environmentId }) => environmentId)]);
  const found = newLinks(known, [...places].flatMap((environmentId) => findLinks(facts.filter((fact) => fact.environmentId === environmentId), mentionsIn.get(environmentId) ?? new Map(), environmentId)));
  const mentions = new Map<string, string[]>();
  for (const place of mentionsIn.values()) for (const [name, ids] of place) mentions.set(name, [...mentions.get(name) ?? [], ...ids]);
  if (complete) merged.push(...duplicateFacts(facts, [...known, ...found], config.retrieval.duplicateOverlap).filter((pair) => !isUndone(pair)));
  const linked = [...mentions].filter(([, ids]) => ids.length >= MIN_LINKED).map(([name, ids]) => ({ name, memories: ids.slice(0, MAX_LINKED) })).toSorted((a, b) => b.memories.length - a.memories.length);
  const unknown = topics(writeContext, linked);
  const diff: ConsolidationDiff = { merged, aliases: found, linked, summarized: [], topics: unknown.map(({ name }) => name), examined, complete };
  if (options.dryRun) return diff;
  const stillThere = merged.filter(({ keep, hide }) => space.recordOf(keep) !== undefined && space.recordOf(hide) !== undefined); // not forgotten since
  writeContext.store.setTwins(space.row.id, twinsAmong(space, stillThere), true);
  for (const { keep, hide } of stillThere) {
    writeContext.store.setState(space.row.id, hide, { supersededBy: keep });
    const at = space.recordOf(hide);
    if (at !== undefined) space.hide(at);
  }
  writeLinks(space, writeContext.store, { links: [...known, ...found], before: first === 0 ? known : readLinks(space, writeContext.store).before });
  const upTo = complete ? 0 : space.book.seq.values[record - 1] ?? 0;
  const proposed = [...first === 0 ? [] : progress.topics, ...unknown].filter((topic, i, all) => all.findIndex(({ name }) => name === topic.name) === i).slice(0, MAX_TOPICS);
  writeProgress(writeContext, { ...progress, examinedUpTo: upTo, lastMerged: [...first === 0 ? [] : progress.lastMerged, ...merged], topics: proposed });
  for (const conversation of space.book.conversationKeys()) {
    await yieldWhenDue();
    const { newSummaries } = compact(writeContext, conversation);
    if (newSummaries > 0) diff.summarized.push({ conversationId: conversationOf(conversation).conversationId, summaries: newSummaries });
  }
  return diff;
}

/** Restores the memories that the last round merged, and returns how many. Keeps summaries: they hide nothing. */
export function undoConsolidation(writeContext: WriteContext): number {
  const progress = readProgress(writeContext);
  writeContext.store.setTwins(writeContext.space.row.id, twinsAmong(writeContext.space, progress.lastMerged), false);
  for (const { hide } of progress.lastMerged) {
    writeContext.store.setState(writeContext.space.row.id, hide, { supersededBy: undefined });
    const record = writeContext.space.recordOf(hide);
    if (record !== undefined) writeContext.space.show(record);
  }
  const { before } = readLinks(writeContext.space, writeContext.store);
  writeLinks(writeContext.space, writeContext.store, { links: before, before });
  writeProgress(writeContext, { ...progress, examinedUpTo: 0, lastMerged: [], undone: [...progress.undone, ...progress.lastMerged].slice(-MAX_UNDONE) });
  return progress.lastMerged.length;
}

/** Topics that the last consolidation proposes to learn, also one in the background. */
export function proposedTopics(writeContext: WriteContext): string[] {
  return readProgress(writeContext).topics.map(({ name }) => name);
}

/** Removes topics that come from forgotten memories. */
export function forgetTopics(writeContext: WriteContext, ids: ReadonlySet<string>): void {
  const progress = readProgress(writeContext);
  const left = progress.topics.filter(({ memories }) => !memories.some((id) => ids.has(id)));
  if (left.length < progress.topics.length) writeProgress(writeContext, { ...progress, topics: left });
}

/** The merged pairs of captured texts: forgetting one of them must forget the other. Merged facts have sources of their own. */
function twinsAmong(space: OpenSpace, merged: ConsolidationDiff['merged']): [string, string][] {
  const isRaw = (id: string): boolean => {
    const record = space.recordOf(id);
    return record !== undefined && space.book.get(record).layer === 'raw';
  };
  return merged.filter(({ keep, hide }) => isRaw(keep) && isRaw(hide)).map(({ keep, hide }) => [keep, hide]);
}

/** Finds an older memory of the same type that says the same and has the same file and caller's vector, if any. Long documents that differ are versions, not duplicates. */
function originalOf({ space, config }: WriteContext, memory: Memory, hidden: ReadonlySet<string>): Memory | undefined {
  if (memory.text.length > MAX_COMPARED) return undefined;
  const own = new Set(words(memory.text));
  if (own.size < 5) return undefined;
  const numbers = numbersOf(memory.text);
  const view = space.view({ ...wholeSpace(space.row.userId, space.row.name), environmentId: memory.environmentId });
  const record = space.recordOf(memory.id);
  const vector = record === undefined ? undefined : space.callerVectors.get(record);
  return space.index.likely(memory.text, 5, view).map((chunk) => space.index.table.record.values[chunk]!)
    .filter((other) => vector === undefined || space.callerVectors.isSame(other, vector)).map((other) => space.book.get(other))
    .find((other) => other.id !== memory.id && !hidden.has(other.id) && other.layer === 'raw' && other.type === memory.type && sameHome(other, memory) && attachedDigest(other) === attachedDigest(memory) && (other.createdAt < memory.createdAt || (other.createdAt === memory.createdAt && other.id < memory.id))
      && numbersOf(other.text) === numbers && overlap(own, new Set(words(other.text))) >= config.retrieval.duplicateOverlap);
}

/** Finds facts with the same relation between the same entities; keeps the older, which has been true longer. */
function duplicateFacts(facts: readonly Memory[], links: readonly EntityLink[], least: number): ConsolidationDiff['merged'] {
  const nameOf = (entity: string, environmentId: string | undefined): string => links.find((link) => link.environmentId === environmentId && link.alias.toLowerCase() === entity.toLowerCase())?.name.toLowerCase() ?? entity.toLowerCase();
  const kept = new Map<string, { id: string; words: Set<string>; numbers: string }[]>();
  const merged: ConsolidationDiff['merged'] = [];
  for (const { id, relation, environmentId } of facts.toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt) || (a.id < b.id ? -1 : 1))) {
    if (relation === undefined) continue;
    const key = JSON.stringify([environmentId ?? null, nameOf(relation.subject, environmentId), relation.predicate]);
    const object = nameOf(relation.object.replace(/^(?:the|a|an) /i, ''), environmentId);
    const own = { id, words: new Set(words(object)), numbers: numbersOf(object) };
    const others = kept.get(key) ?? [];
    const original = others.find((other) => other.numbers === own.numbers && overlap(other.words, own.words) >= least);
    if (original === undefined) kept.set(key, [...others, own]);
    else merged.push({ keep: original.id, hide: id });
  }
  return merged;
}

/** Names that are often mentioned but have no facts. */
function topics({ space }: WriteContext, linked: ConsolidationDiff['linked']): ConsolidationDiff['linked'] {
  if (linked.length === 0) return [];
  const known = new Set(space.catalog.standing(wholeSpace(space.row.userId, space.row.name)).flatMap((memory) => terms(memory.text)));
  return linked.filter(({ name }) => !terms(name).some((term) => known.has(term))).slice(0, MAX_TOPICS);
}

function numbersOf(text: string): string {
  return (text.match(/\d+/g) ?? []).join();
}

function readProgress({ space, store }: WriteContext): Progress {
  const sealed = store.readNote(space.row.id, NOTE);
  return sealed === undefined ? { examinedUpTo: 0, lastMerged: [], undone: [], topics: [] } : Progress.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
}

function writeProgress({ space, store }: WriteContext, progress: Progress): void {
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify(progress)), NOTE));
}
