// Writes memories: checks them, redacts secrets, detects duplicates, extracts facts with their sources, and supersedes older facts. One call is one transaction.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { Attachment, Importance, MemoryType, searchableText, type Memory } from './memory.ts';
import type { MemoryConfig } from './memory-config.ts';
import type { Addition, OpenSpace } from './open-space.ts';
import { MAIN_SPACE, newMemoryId } from './spaces.ts';
import type { MemoryStore, NewRecord } from './store/memory-store.ts';
import { facts, type FoundFact } from './text/facts.ts';
import { normalized, overlap, withoutRecalled } from './text/recalled.ts';
import { redact } from '../../common/redact.ts';
import { words } from './text/terms.ts';

const DAY_MS = 86_400_000;

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
  speaker: z.string().min(1).max(200).optional(),
  sourceId: z.string().min(1).max(200).optional(),
  attachment: Attachment.optional(),
  metadata: z.record(z.string().max(100), z.string().max(2000)).optional(),
});
export type RememberInput = z.input<typeof RememberInput>;

export const Remembered = z.strictObject({
  /** The memory's id; for a duplicate, the existing one; null if the text was only recalled text. */
  id: z.string().nullable(),
  outcome: z.enum(['stored', 'duplicate', 'recalled_text']),
  /** Ids of the facts extracted from it. */
  facts: z.array(z.string()),
  redactedSecrets: z.int(),
});
export type Remembered = z.infer<typeof Remembered>;

export interface WriteContext { space: OpenSpace; store: MemoryStore; config: MemoryConfig; nowMs: number }

interface Prepared { record: NewRecord; addition: Addition }

/** Writes all memories or none. When this returns, they are on disk and found by keywords. */
export function remember(writeContext: WriteContext, inputs: readonly z.output<typeof RememberInput>[]): Remembered[] {
  const { space, store, nowMs } = writeContext;
  const prepared: Prepared[] = [];
  const superseded: { record: number; id: string; by: string }[] = [];
  const seen = new Map<string, string>();
  const results = inputs.map((input): Remembered => {
    const text = checkedText(input, writeContext.config.storage.maxTextBytes);
    const own = withoutRecalled(text);
    if (own === '' && input.attachment?.caption === undefined) return { id: null, outcome: 'recalled_text', facts: [], redactedSecrets: 0 };
    const clean = writeContext.config.privacy.redactSecrets ? redact(own) : { text: own, secrets: 0 };
    const memory = newMemory(writeContext, input, clean.text);
    const record = newRecord(writeContext, memory);
    const existing = duplicateOf(writeContext, memory, record) ?? seen.get(key(record));
    if (existing !== undefined) {
      if (store.find(space.row.id, existing) !== undefined) store.touch(space.row.id, [existing], nowMs);
      return { id: existing, outcome: 'duplicate', facts: [], redactedSecrets: clean.secrets };
    }
    if (memory.type !== 'conversation' || record.sourceKey !== undefined) seen.set(key(record), memory.id);
    prepared.push({ record, addition: { memory, expiresAtMs: record.expiresAtMs } });
    const found = writeContext.config.classification.extractFacts && speaksForThemselves(memory) ? facts(memory.text, memory.speaker ?? 'user', memory.occurredAt) : [];
    const factIds = found.map((fact) => addFact(writeContext, memory, fact, prepared, superseded)).filter((id) => id !== undefined);
    return { id: memory.id, outcome: 'stored', facts: factIds, redactedSecrets: clean.secrets };
  });
  if (prepared.length === 0) return results;
  assertCapacity(writeContext, prepared.length);
  const seqs = store.insert(space.row.id, prepared.map(({ record }) => record), superseded);
  space.add(seqs, prepared.map(({ addition }) => addition));
  for (const { record } of superseded) space.hide(record);
  return results;
}

/** @throws SomnusError `quota_exceeded` when a space would exceed the limit in memory.yaml */
export function assertCapacity({ space, store, config }: WriteContext, more: number): void {
  const { maxMemories } = config.storage;
  // Forgotten memories keep their number until the next unlock, so this estimate is too high; count exactly only when it exceeds the limit.
  if (space.book.size + more <= maxMemories) return;
  const held = store.counts(space.row.id).reduce((sum, { count }) => sum + count, 0);
  if (held + more > maxMemories) throw new SomnusError('quota_exceeded', `The memory space ${space.row.name} holds ${held} memories; its limit is ${maxMemories}`, { hint: 'Forget some memories, or increase storage.maxMemories in memory.yaml.', details: { held, maxMemories } });
}

/** Writes memories that Somnus derived itself (facts, summaries), which need no checks. */
export function writeDerived(writeContext: WriteContext, memories: readonly Memory[]): void {
  const records = memories.map((memory) => newRecord(writeContext, memory));
  const seqs = writeContext.store.insert(writeContext.space.row.id, records, []);
  writeContext.space.add(seqs, memories.map((memory, i) => ({ memory, expiresAtMs: records[i]?.expiresAtMs })));
}

export function newRecord({ space, config }: WriteContext, memory: Memory): NewRecord {
  return {
    id: memory.id, layer: memory.layer, type: memory.type, importance: memory.importance, sealed: space.seal(memory),
    fingerprint: space.keys.fingerprint(`${memory.type} ${normalized(searchableText(memory))}`),
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

function checkedText(input: z.output<typeof RememberInput>, maxBytes: number): string {
  const { text } = input;
  const refuse = (code: 'invalid_request' | 'too_large', message: string, hint?: string): SomnusError => new SomnusError(code, message, { hint, details: { field: 'text' } });
  if (Buffer.byteLength(text) > maxBytes) throw refuse('too_large', `The text is larger than ${maxBytes} bytes`, 'Split it, or store it as a file in an environment.');
  if (text.trim() === '' && input.attachment?.caption === undefined) throw refuse('invalid_request', 'The text is empty');
  if (!text.isWellFormed()) throw refuse('invalid_request', 'The text is not valid Unicode');
  // oxlint-disable-next-line no-control-regex -- matches control characters on purpose
  if (/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/.test(text)) throw refuse('invalid_request', 'The text contains binary data', 'Send binary content as an attachment.');
  return text.trim();
}

function newMemory({ config, nowMs }: WriteContext, input: z.output<typeof RememberInput>, text: string): Memory {
  const { space: _space, importance, occurredAt, ...rest } = input;
  const at = new Date(nowMs).toISOString();
  return {
    ...rest, text, id: newMemoryId(nowMs), layer: 'raw', createdAt: at, occurredAt: occurredAt ?? at,
    importance: importance ?? byRule(text, config) ?? config.classification.importance[input.type] ?? 'medium',
  };
}

function byRule(text: string, { classification }: MemoryConfig): Importance | undefined {
  const lower = text.toLowerCase();
  return classification.rules.find(({ contains }) => lower.includes(contains.toLowerCase()))?.importance;
}

/** A turn is a duplicate only if its sender's id says so; any other memory is if its text is nearly the same. */
function duplicateOf({ space, store, config }: WriteContext, memory: Memory, record: NewRecord): string | undefined {
  if (record.sourceKey !== undefined) return store.findBySourceKey(space.row.id, record.sourceKey);
  if (memory.type === 'conversation') return undefined;
  const same = store.findByFingerprint(space.row.id, record.fingerprint, record.layer);
  if (same !== undefined) return same;
  const own = new Set(words(searchableText(memory)));
  if (own.size < 5) return undefined;
  for (const chunk of space.index.likely(searchableText(memory), 3)) {
    const other = space.book.get(space.index.table.record.values[chunk]!);
    if (other.type === memory.type && other.layer === 'raw' && sameNumbers(memory.text, other.text) && overlap(own, new Set(words(searchableText(other)))) >= config.retrieval.duplicateOverlap) return other.id;
  }
  return undefined;
}

/** Texts with different numbers are different: "port 80" and "port 81" are two facts, however similar the rest is. */
function sameNumbers(a: string, b: string): boolean {
  return (a.match(/\d+/g) ?? []).join() === (b.match(/\d+/g) ?? []).join();
}

function speaksForThemselves(memory: Memory): boolean {
  return memory.type === 'conversation' && !['assistant', 'system', 'tool'].includes(memory.speaker ?? 'user');
}

function addFact(writeContext: WriteContext, from: Memory, fact: FoundFact, prepared: Prepared[], superseded: { record: number; id: string; by: string }[]): string | undefined {
  const memory: Memory = {
    id: newMemoryId(writeContext.nowMs), layer: 'fact', type: fact.kind === 'instruction' ? 'custom_instruction' : 'core_fact', text: fact.text,
    importance: 'high', occurredAt: from.occurredAt, createdAt: from.createdAt, relation: fact.relation, sources: [from.id],
    ...from.environmentId === undefined ? {} : { environmentId: from.environmentId },
  };
  const record = newRecord(writeContext, memory);
  if (prepared.some((other) => key(other.record) === key(record))) return undefined;
  const known = writeContext.space.standingRecords().filter(({ memory: other }) => other.layer === 'fact' && other.relation?.subject === fact.relation.subject && other.relation.predicate === fact.relation.predicate);
  if (known.some(({ memory: other }) => normalized(other.text) === normalized(fact.text))) return undefined;
  // A fact about an earlier time does not supersede a newer one.
  if (fact.single) for (const old of known) if (old.memory.occurredAt <= memory.occurredAt) superseded.push({ record: old.record, id: old.memory.id, by: memory.id });
  prepared.push({ record, addition: { memory, expiresAtMs: record.expiresAtMs } });
  return memory.id;
}

function key(record: NewRecord): string {
  return `${record.layer} ${(record.sourceKey ?? record.fingerprint).toString('hex')}`;
}
