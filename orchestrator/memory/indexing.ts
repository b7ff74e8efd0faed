// Extracts what the index needs from a memory: its text, the group of turns it belongs to, its speaker and its time.
import { searchableText, type Memory } from './memory.ts';
import type { ChunkTable } from './retrieval/chunk-table.ts';
import type { RecordBook } from './store/record-book.ts';
import type { Indexed } from './retrieval/space-index.ts';
import { conversationKey } from './scope.ts';

export function indexed(record: number, memory: Memory): Indexed {
  return { record, text: searchableText(memory), session: sessionOf(memory), speaker: memory.speaker, timeMs: Date.parse(memory.occurredAt) };
}

/** The text of one chunk of a memory. */
export function chunkText(table: ChunkTable, chunk: number, memory: Memory): string {
  return searchableText(memory).slice(table.start.values[chunk], table.end.values[chunk]);
}

/** The texts of chunks in ascending order; each memory is read once. */
export function textsOf(table: ChunkTable, book: RecordBook, chunks: readonly number[]): string[] {
  let last: { record: number; memory: Memory } | undefined;
  return chunks.map((chunk) => {
    const record = table.record.values[chunk]!;
    if (last?.record !== record) last = { record, memory: book.get(record) };
    return chunkText(table, chunk, last.memory);
  });
}

/** The group of a turn, within its environment: its session, or the day of its conversation. */
function sessionOf(memory: Memory): string | undefined {
  if (memory.layer !== 'raw') return undefined;
  const session = memory.sessionId ?? (memory.conversationId === undefined ? undefined : `${memory.conversationId} ${memory.occurredAt.slice(0, 10)}`);
  return session === undefined ? undefined : conversationKey(session, memory.environmentId);
}
