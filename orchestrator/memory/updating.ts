// Changes a memory in place: its text, importance or metadata. The id stays the same; earlier texts are kept in the memory until it is forgotten.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { resummarize } from './compaction.ts';
import { forgetLinks } from './entity-links.ts';
import { broughtBack } from './forgetting.ts';
import { Importance, type Memory } from './memory.ts';
import { checkedText, extractFacts, newRecord, write, writeAmendment, type WriteContext } from './remembering.ts';
import { redactAll } from './redact-all.ts';
import { MAIN_SPACE } from './spaces.ts';

export const UpdateInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  text: z.string().optional(),
  importance: Importance.optional(),
  /** Sets these values; null removes one. */
  metadata: z.record(z.string().max(100), z.string().max(2000).nullable()).optional(),
}).refine(({ text, importance, metadata }) => text !== undefined || importance !== undefined || metadata !== undefined, 'needs at least one of text, importance or metadata');
export type UpdateInput = z.input<typeof UpdateInput>;

/** Limit of earlier texts that are kept. */
const MOST_EDITS = 50;

/** Returns the changed memory. Repeatable. @throws SomnusError `invalid_request` for a memory that another one replaced or that Somnus derived */
export function update(writeContext: WriteContext, memory: Memory, input: z.output<typeof UpdateInput>): Memory {
  const { space, config, nowMs } = writeContext;
  const record = space.recordOf(memory.id);
  if (record === undefined || space.book.alive.values[record] === 0) throw new SomnusError('invalid_request', `Another memory has replaced ${memory.id}`, { hint: '`somnus memory history` shows the memory that replaced it.', details: { id: memory.id } });
  if (memory.layer !== 'raw') throw new SomnusError('invalid_request', `${memory.id} was derived from other memories`, { hint: 'Change or forget its sources; `somnus memory history` shows them.', details: { id: memory.id } });
  const metadata = input.metadata === undefined ? memory.metadata : changedMetadata(memory.metadata, input.metadata);
  const asked = { text: input.text === undefined ? memory.text : checkedText({ text: input.text, attachment: memory.attachment }, config.storage.maxTextBytes), ...metadata === undefined ? {} : { metadata } };
  const { input: clean } = config.privacy.redactSecrets ? redactAll(asked) : { input: asked };
  const changed: Memory = { ...memory, ...clean, importance: input.importance ?? memory.importance };
  if (clean.text === memory.text) writeAmendment(writeContext, memory.id, { importance: changed.importance, ...changed.metadata === undefined ? {} : { metadata: changed.metadata } });
  else replaceText(writeContext, { ...changed, edits: [...memory.edits ?? [], { at: new Date(nowMs).toISOString(), text: memory.text }].slice(-MOST_EDITS) });
  return space.book.get(space.recordOf(memory.id)!);
}

/** Stores the memory again with the same id, in the transaction that removes its earlier text and everything derived from it. Then derives facts and summaries again. */
function replaceText(writeContext: WriteContext, memory: Memory): void {
  const { space, store } = writeContext;
  const derived = new Set(store.derivedFrom(space.row.id, [memory.id]));
  const lost = space.catalog.summaries().filter(({ id }) => derived.has(id));
  const before = space.recordOf(memory.id);
  const vector = before === undefined ? undefined : space.callerVectors.get(before);
  const record = newRecord(writeContext, memory, vector);
  space.remove([memory.id, ...derived], broughtBack(writeContext, derived), { record, addition: { memory, expiresAtMs: record.expiresAtMs, vector } });
  forgetLinks(space, store, derived);
  write(writeContext, extractFacts(writeContext, memory));
  resummarize(writeContext, lost);
}

function changedMetadata(before: Memory['metadata'], change: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter((entry): entry is [string, string] => entry[1] !== null));
}
