// Extracts what the index needs from a memory: its text, the group of turns it belongs to, its speaker and its time.
import { searchableText, type Memory } from './memory.ts';
import type { RecordBook } from './store/record-book.ts';
import type { Indexed, SpaceIndex } from './retrieval/space-index.ts';
import { conversationKey } from './scope.ts';

export function indexed(record: number, memory: Memory): Indexed {
  return { record, text: searchableText(memory), session: sessionOf(memory), speaker: memory.speaker, timeMs: Date.parse(memory.occurredAt) };
}

/** The text of one chunk of a memory. */
export function chunkText(index: SpaceIndex, book: RecordBook, chunk: number): string {
  const record = index.table.record.values[chunk]!;
  return index.textsOf(indexed(record, book.get(record)))[chunk - index.table.of(record)[0]!]!;
}

/** The group of a turn, within its environment: its session, or the day of its conversation. */
function sessionOf(memory: Memory): string | undefined {
  if (memory.layer !== 'raw') return undefined;
  const session = memory.sessionId ?? (memory.conversationId === undefined ? undefined : `${memory.conversationId} ${memory.occurredAt.slice(0, 10)}`);
  return session === undefined ? undefined : conversationKey(session, memory.environmentId);
}
