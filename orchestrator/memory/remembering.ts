// Writes memories: checks them, redacts secrets, detects duplicates, extracts facts with their sources, and supersedes older facts. One call is one transaction.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { attachedDigest, sha256, withPart } from './files/attached-bytes.ts';
import { type AttachedContent, Attachment, CallerVector, Importance, MemoryType, searchableText, type Memory } from './memory.ts';
import type { MemoryConfig } from './memory-config.ts';
import type { Addition, OpenSpace } from './open-space.ts';
import { sameHome, type Scope } from './scope.ts';
import { MAIN_SPACE, newMemoryId } from './spaces.ts';
import type { Amendment, MemoryStore, NewRecord } from './store/memory-store.ts';
import { importanceNumber } from './store/pack.ts';
import { facts, hasOneValue, ownWords, type FoundFact } from './text/facts.ts';
import { normalized, overlap, withoutRecalled } from './text/recalled.ts';
import { redactAll } from './redact-all.ts';
import { words } from './text/terms.ts';
import { unitVector, type UnitVector } from './vectors/caller-vectors.ts';
import { settleVersions } from './versions.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Text found in files may be longer than text that is sent. */
const MAX_FILE_TEXT_BYTES = 8 * 2 ** 20;
/** Memories compared with a new one to find a near-duplicate. */
const LIKELY = 3;

export const RememberInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  text: z.string(),
  type: MemoryType.default('document'),
  /** If omitted, `classification` in memory.yaml decides. */
  importance: Importance.optional(),
  occurredAt: z.iso.datetime({ offset: true }).transform((at) => new Date(at).toISOString()).optional(),
  conversationId: z.string().min(1).max(200).optional(),
  sessionId: z.string().min(1).max(200).optional(),
  environmentId: z.string().min(1).max(200).optional(),
  agentId: z.string().min(1).max(200).optional(),
  speaker: z.string().min(1).max(200).optional(),
  sourceId: z.string().min(1).max(200).optional(),
  attachment: Attachment.omit({ content: true }).optional(),
  metadata: z.record(z.string().max(100), z.string().max(2000)).optional(),
  vector: CallerVector.optional(),
});
export type RememberInput = z.input<typeof RememberInput>;

/** What to store. A file was received earlier, under the id that its memory will have. */
export type ToRemember = z.output<typeof RememberInput> & { file?: { id: string; content: z.output<typeof AttachedContent> } };

export const Remembered = z.strictObject({
  /** The memory's id; for a duplicate, the existing one; null if the text was only recalled text. */
  id: z.string().nullable(),
  outcome: z.enum(['stored', 'duplicate', 'recalled_text']),
  /** Ids of the facts extracted from it. */
  facts: z.array(z.string()),
  redactedSecrets: z.int(),
});
export type Remembered = z.infer<typeof Remembered>;

export interface WriteContext { space: OpenSpace; store: MemoryStore; config: MemoryConfig; nowMs: number; scope: Scope }

interface Prepared { record: NewRecord; addition: Addition }

/** Writes all memories or none. When this returns, they are on disk and found by keywords. */
export function remember(writeContext: WriteContext, inputs: readonly ToRemember[]): Remembered[] {
  const { space, store, nowMs } = writeContext;
  const prepared: Prepared[] = [];
  const amended = new Map<string, Partial<Memory>>();
  const vectors = new Map<string, UnitVector>();
  const seen = new Map<string, Memory>();
  const results = inputs.map((input): Remembered => {
    const text = checkedText(input, input.file === undefined ? writeContext.config.storage.maxTextBytes : MAX_FILE_TEXT_BYTES);
    const unmarked = withoutRecalled(text);
    const vector = input.vector && unitVector(input.vector);
    // People may repeat what recall returned; if programs do so, it must not be stored again. A text from before the recall repeats nothing. Neither does a text with a vector, because it stands for something else, such as an image.
    const own = vector !== undefined || isPerson(input) || (input.occurredAt !== undefined && Date.parse(input.occurredAt) < nowMs - MINUTE_MS) ? unmarked : space.returnedTexts.without(space.keys, unmarked, nowMs);
    if (own === '' && input.attachment?.caption === undefined) return { id: null, outcome: 'recalled_text', facts: [], redactedSecrets: 0 };
    const clean = writeContext.config.privacy.redactSecrets ? redactAll({ ...input, text: own }) : { input: { ...input, text: own }, secrets: 0 };
    const memory = newMemory(writeContext, clean.input);
    const record = newRecord(writeContext, memory);
    const inThisCall = seen.get(key(record, memory, vector));
    if (inThisCall !== undefined) {
      Object.assign(inThisCall, merged(inThisCall, memory)); // not written yet
      if (vector !== undefined) vectors.set(inThisCall.id, vector);
      return { id: inThisCall.id, outcome: 'duplicate', facts: [], redactedSecrets: clean.secrets };
    }
    const existing = duplicateOf(writeContext, memory, record, vector);
    if (existing !== undefined) {
      store.touch(space.row.id, [existing.id], nowMs);
      const change = merged({ ...existing, ...amended.get(existing.id) }, memory);
      if (vector !== undefined) vectors.set(existing.id, vector);
      if (Object.keys(change).length > 0 || vector !== undefined) amended.set(existing.id, { ...amended.get(existing.id), ...change });
      return { id: existing.id, outcome: 'duplicate', facts: [], redactedSecrets: clean.secrets };
    }
    if (memory.type !== 'conversation' || record.sourceKey !== undefined) seen.set(key(record, memory, vector), memory);
    if (vector !== undefined) vectors.set(memory.id, vector);
    prepared.push({ record, addition: { memory, expiresAtMs: record.expiresAtMs } });
    return { id: memory.id, outcome: 'stored', facts: addFacts(writeContext, memory, prepared), redactedSecrets: clean.secrets };
  });
  if (prepared.length > 0) assertCapacity(writeContext, prepared.length);
  write(writeContext, prepared.map(({ addition: { memory } }) => memory), amended, vectors);
  return results;
}

/** Writes checked memories in one transaction, with what they supersede, the additions to existing memories, and callers' vectors of both by id. */
export function write(writeContext: WriteContext, given: readonly Memory[], amended: ReadonlyMap<string, Partial<Memory>> = new Map(), vectors: ReadonlyMap<string, UnitVector> = new Map()): void {
  const { space, store } = writeContext;
  if (given.length === 0 && amended.size === 0) return;
  const separated = given.map((memory) => withPart(space, memory));
  const memories = separated.map(({ memory }) => memory);
  const records = separated.map(({ memory, parts }) => ({ ...newRecord(writeContext, memory, vectors.get(memory.id)), parts }));
  const facts = memories.filter(({ layer }) => layer === 'fact');
  const replacements = settleVersions(space, store, facts, facts);
  const amendments = [...amended].map(([id, change]) => amendment(writeContext, id, change, vectors.get(id))).filter((one) => one !== undefined);
  const seqs = store.insert(space.row.id, records, replacements, amendments);
  space.add(seqs, memories.map((memory, i) => ({ memory, expiresAtMs: records[i]?.expiresAtMs, vector: vectors.get(memory.id) })));
  space.replace(replacements);
  for (const { id, expiresAtMs } of amendments) applyAmendment(space, id, amended.get(id) ?? {}, expiresAtMs, vectors.get(id));
}

/** Changes the importance or metadata of a memory. Its retention starts again now. */
export function writeAmendment(writeContext: WriteContext, id: string, change: Partial<Memory>): void {
  const { space, store, config, nowMs } = writeContext;
  const record = space.recordOf(id);
  if (record === undefined) return;
  const memory = { ...space.book.get(record), ...change };
  const expiresAtMs = expiryOf(memory, nowMs, config);
  store.insert(space.row.id, [], [], [{ id, importance: memory.importance, expiresAtMs, sealed: sealedAmendment(space, memory, space.callerVectors.get(record)) }]);
  applyAmendment(space, id, change, expiresAtMs);
}

/** Stores those facts found in a memory that are not known yet. */
export function storeFacts(writeContext: WriteContext, from: Memory, found: readonly FoundFact[]): void {
  const prepared: Prepared[] = [];
  for (const fact of found) addFact(writeContext, from, fact, prepared);
  write(writeContext, prepared.map(({ addition }) => addition.memory));
}

/** New facts that the speaker of a memory states. */
export function extractFacts(writeContext: WriteContext, memory: Memory): Memory[] {
  const prepared: Prepared[] = [];
  addFacts(writeContext, memory, prepared);
  return prepared.map(({ addition }) => addition.memory);
}

function applyAmendment(space: OpenSpace, id: string, change: Partial<Memory>, expiresAtMs: number | undefined, vector?: UnitVector): void {
  const record = space.recordOf(id);
  if (record === undefined) return;
  space.book.amend(record, change);
  space.tags.noteChange(record);
  if (vector !== undefined) space.callerVectors.set(record, vector);
  space.book.expires.values[record] = expiresAtMs ?? Infinity;
}

/** The fields of a memory that can change after it was written. */
function sealedAmendment(space: OpenSpace, { id, importance, also, metadata }: Memory, vector: UnitVector | undefined): Buffer {
  return space.sealAmendment(id, { importance, ...also === undefined ? {} : { also }, ...metadata === undefined ? {} : { metadata } }, vector);
}

/** Seals what is added to a memory. It is kept at least as long as before. */
function amendment({ space, store, config, nowMs }: WriteContext, id: string, change: Partial<Memory>, vector: UnitVector | undefined): Amendment | undefined {
  const found = store.find(space.row.id, id);
  const record = found === undefined ? undefined : space.book.findSeq(found.seq);
  if (found === undefined || record === undefined) return undefined;
  const memory = { ...space.book.get(record), ...change };
  const expiresAtMs = found.state.expiresAtMs === undefined ? undefined : expiryOf(memory, nowMs, config);
  return {
    id, importance: memory.importance, expiresAtMs: expiresAtMs === undefined ? undefined : Math.max(expiresAtMs, found.state.expiresAtMs ?? 0),
    sealed: sealedAmendment(space, memory, vector ?? space.callerVectors.get(record)),
  };
}

/** Most places that are kept of a text that is stored again and again. */
const MAX_ALSO = 100;

/** What a memory gains from being stored again: the higher importance, and where and by whom. */
function merged(existing: Memory, again: Memory): Partial<Memory> {
  const { sessionId, conversationId, agentId, sourceId } = again;
  const places = [existing, ...existing.also ?? []];
  const isKnown = places.some((one) => one.sessionId === sessionId && one.conversationId === conversationId && one.agentId === agentId && one.sourceId === sourceId);
  return {
    ...importanceNumber(again.importance) < importanceNumber(existing.importance) ? { importance: again.importance } : {},
    ...isKnown ? {} : { also: [...existing.also ?? [], JSON.parse(JSON.stringify({ at: again.createdAt, sessionId, conversationId, agentId, sourceId })) as NonNullable<Memory['also']>[number]].slice(-MAX_ALSO) },
  };
}

/** @throws SomnusError `quota_exceeded` when a space would exceed the limit in memory.yaml */
export function assertCapacity({ space, store, config, scope }: WriteContext, more: number): void {
  const { maxMemories } = config.storage;
  // Forgotten memories keep their number until the next unlock, so this estimate is too high; count exactly only when it exceeds the limit.
  if (space.book.size + more <= maxMemories) return;
  const held = store.counts(space.row.id).reduce((sum, { count }) => sum + count, 0);
  if (held + more <= maxMemories) return;
  if (scope.limited) throw new SomnusError('quota_exceeded', `The memory space ${space.row.name} is full`, { hint: 'Ask its owner to forget some memories, or to increase storage.maxMemories in memory.yaml.' });
  throw new SomnusError('quota_exceeded', `The memory space ${space.row.name} holds ${held} memories; its limit is ${maxMemories}`, { hint: 'Forget some memories, or increase storage.maxMemories in memory.yaml.', details: { held, maxMemories } });
}

/** Writes memories that Somnus derived itself (facts, summaries), which need no checks. */
export function writeDerived(writeContext: WriteContext, memories: readonly Memory[]): void {
  write(writeContext, memories);
}

export function newRecord({ space, config }: WriteContext, memory: Memory, vector?: UnitVector): NewRecord {
  return {
    id: memory.id, layer: memory.layer, type: memory.type, importance: memory.importance, sealed: space.seal(memory, vector),
    fingerprint: space.keys.fingerprint([memory.type, normalized(searchableText(memory)), attachedDigest(memory)].filter((part) => part !== undefined).join(' ')), parts: [],
    sourceKey: memory.sourceId === undefined ? undefined : space.keys.fingerprint(`source ${memory.conversationId ?? ''} ${memory.sourceId}`),
    expiresAtMs: expiryOf(memory, Date.parse(memory.createdAt), config), sources: memory.sources ?? [],
  };
}

/** When a memory of this importance expires, counted from `fromMs`; undefined: never. */
export function expiryOf(memory: Pick<Memory, 'importance' | 'type' | 'layer'>, fromMs: number, config: MemoryConfig): number | undefined {
  const { retention } = config;
  if (memory.layer !== 'raw' || (memory.type === 'conversation' && retention.keepConversation)) return undefined;
  const days: Record<Importance, number | undefined> = { critical: undefined, high: retention.highDays, medium: retention.mediumDays, low: retention.lowDays, temporary: retention.temporaryDays };
  const kept = days[memory.importance];
  return kept === undefined ? undefined : fromMs + kept * DAY_MS;
}

/** Decodes bytes from outside as text. @throws SomnusError `invalid_request` when they are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SomnusError('invalid_request', 'The text is not UTF-8', { hint: 'Send binary content as an attachment.', details: { field: 'text' }, cause });
  }
}

/** @throws SomnusError `too_large`, `invalid_request` for a text that is empty or not text */
export function checkedText(input: Pick<Memory, 'text' | 'attachment'>, maxBytes: number): string {
  const { text } = input;
  const refuse = (code: 'invalid_request' | 'too_large', message: string, hint?: string): SomnusError => new SomnusError(code, message, { hint, details: { field: 'text' } });
  if (Buffer.byteLength(text) > maxBytes) throw refuse('too_large', `The text is larger than ${maxBytes} bytes`, 'Split it, or store it as a file in an environment.');
  if (text.trim() === '' && input.attachment?.caption === undefined) throw refuse('invalid_request', 'The text is empty');
  if (!text.isWellFormed()) throw refuse('invalid_request', 'The text is not valid Unicode');
  // oxlint-disable-next-line no-control-regex -- matches control characters on purpose
  if (/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/.test(text)) throw refuse('invalid_request', 'The text contains binary data', 'Send binary content as an attachment.');
  return text.trim();
}

function newMemory({ config, nowMs }: WriteContext, input: ToRemember): Memory {
  const { space: _space, importance, occurredAt, text, file, vector: _vector, ...rest } = input;
  const at = new Date(nowMs).toISOString();
  return {
    ...rest, ...rest.attachment === undefined || file === undefined ? {} : { attachment: { ...rest.attachment, content: file.content } }, text, id: file?.id ?? newMemoryId(nowMs), layer: 'raw', createdAt: at, occurredAt: occurredAt ?? at,
    importance: importance ?? byRule(text, config) ?? config.classification.importance[input.type] ?? 'medium',
  };
}

function byRule(text: string, { classification }: MemoryConfig): Importance | undefined {
  const lower = text.toLowerCase();
  return classification.rules.find(({ contains }) => lower.includes(contains.toLowerCase()))?.importance;
}

/** A turn is a duplicate only if it has the same sender's id. Any other memory is one if its text is nearly the same, or if it has a file or a vector, exactly the same. */
function duplicateOf({ space, store, config, scope }: WriteContext, memory: Memory, record: NewRecord, vector: UnitVector | undefined): Memory | undefined {
  if (record.sourceKey !== undefined) return firstAtHome(space, store.findBySourceKey(space.row.id, record.sourceKey), memory);
  if (memory.type === 'conversation') return undefined;
  const same = firstAtHome(space, store.findByFingerprint(space.row.id, record.fingerprint, record.layer), memory, vector);
  if (same !== undefined || attachedDigest(memory) !== undefined || vector !== undefined) return same;
  const own = new Set(words(searchableText(memory)));
  if (own.size < 5) return undefined;
  const view = space.view({ ...scope, environmentId: memory.environmentId });
  for (const chunk of space.index.likely(searchableText(memory), LIKELY, view)) {
    const other = space.book.get(space.index.table.record.values[chunk]!);
    if (other.type === memory.type && other.layer === 'raw' && sameHome(other, memory) && sameNumbers(memory.text, other.text) && overlap(own, new Set(words(searchableText(other)))) >= config.retrieval.duplicateOverlap) return other;
  }
  return undefined;
}

/**
 * The first of these in the same environment as the memory: a text is not a duplicate of one in another environment, which its keys cannot see. With a caller's vector, the
 * first that has the same one, otherwise the first that has none and can get it: two images may have the same caption.
 */
export function firstAtHome(space: OpenSpace, ids: readonly string[], memory: Memory, vector?: UnitVector): Memory | undefined {
  const known = ids.map((id) => space.recordOf(id)).filter((record) => record !== undefined);
  const first = (passes: (record: number) => boolean): number | undefined => known.find((record) => passes(record) && sameHome(space.book.get(record), memory));
  const found = vector === undefined ? first(() => true) : first((record) => space.callerVectors.isSame(record, vector)) ?? first((record) => !space.callerVectors.has(record));
  return found === undefined ? undefined : space.book.get(found);
}

/** Texts with different numbers are different: "port 80" and "port 81" are two facts, however similar the rest is. */
function sameNumbers(a: string, b: string): boolean {
  return (a.match(/\d+/g) ?? []).join() === (b.match(/\d+/g) ?? []).join();
}

/** Speakers who are no people: what they say is no fact about anyone. */
const NOT_PEOPLE = new Set(['assistant', 'system', 'tool', 'agent', 'ai', 'bot', 'model', 'developer', 'function', 'claude', 'chatgpt', 'gpt', 'gemini', 'copilot', 'llm']);

/** Whether a person is the speaker: what programs say is not a fact about anyone. */
export function isPerson({ type, speaker }: Pick<Memory, 'type' | 'speaker'>): boolean {
  return type === 'conversation' && !NOT_PEOPLE.has((speaker ?? 'user').toLowerCase());
}

/** Prepares the facts that the speaker of a memory states, and returns their ids. */
function addFacts(writeContext: WriteContext, memory: Memory, prepared: Prepared[]): string[] {
  if (!writeContext.config.classification.extractFacts || !isPerson(memory)) return [];
  return facts(ownWords(memory.text), memory.speaker ?? 'user', memory.occurredAt).map((fact) => addFact(writeContext, memory, fact, prepared)).filter((id) => id !== undefined);
}

function addFact(writeContext: WriteContext, from: Memory, fact: FoundFact, prepared: Prepared[]): string | undefined {
  const memory: Memory = {
    id: newMemoryId(writeContext.nowMs), layer: 'fact', type: 'core_fact', text: fact.text,
    importance: 'high', occurredAt: from.occurredAt, createdAt: from.createdAt, relation: fact.relation, sources: [from.id],
    ...from.environmentId === undefined ? {} : { environmentId: from.environmentId }, ...from.agentId === undefined ? {} : { agentId: from.agentId },
  };
  const record = newRecord(writeContext, memory);
  const isVersion = (other: Memory): boolean => other.layer === 'fact' && other.relation?.subject === fact.relation.subject && other.relation.predicate === fact.relation.predicate && sameHome(other, memory);
  const known = [...writeContext.space.catalog.versions(memory).map(({ memory: other }) => other), ...prepared.map(({ addition }) => addition.memory).filter(isVersion)]
    .toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt));
  // Said again: nothing changed since the last version before it. Facts with several values are the same whenever they are said.
  const before = hasOneValue(fact.relation.predicate) ? known.filter((other) => other.occurredAt <= memory.occurredAt).slice(-1) : known;
  if (before.some((other) => normalized(other.text) === normalized(fact.text))) return undefined;
  prepared.push({ record, addition: { memory, expiresAtMs: record.expiresAtMs } });
  return memory.id;
}

function key(record: NewRecord, { environmentId }: Memory, vector: UnitVector | undefined): string {
  const own = vector === undefined || record.sourceKey !== undefined ? '' : `${vector.model} ${sha256(Buffer.from(vector.values.buffer))}`;
  return `${environmentId ?? ''} ${record.layer} ${(record.sourceKey ?? record.fingerprint).toString('hex')} ${own}`;
}
