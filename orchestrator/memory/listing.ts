// Lists the memories of a space page by page.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { Page } from '../store/page.ts';
import { withoutBytes } from './matched-part.ts';
import { Layer, MemoryType, type Memory } from './memory.ts';
import { sees, type Scope } from './scope.ts';
import { MAIN_SPACE } from './spaces.ts';
import { readKind } from './store/pack.ts';
import type { RecordBook } from './store/record-book.ts';

export const ListInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  type: MemoryType.optional(),
  layer: Layer.optional(),
  conversationId: z.string().max(200).optional(),
  environmentId: z.string().max(200).optional(),
  agentId: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().regex(/^\d{1,15}$/, 'must be a cursor of an earlier page').optional(),
});
export type ListInput = z.input<typeof ListInput>;

/** Newest first, without expired and hidden memories. */
export function listOf(book: RecordBook, scope: Scope, { limit, cursor, ...wanted }: z.output<typeof ListInput>, nowMs: number): Page<Memory> {
  const items: Memory[] = [];
  let record = cursor === undefined ? book.size - 1 : book.firstAfter(Number(cursor) - 1) - 1;
  for (; record >= 0 && items.length < limit; record -= 1) {
    if (book.alive.values[record] === 0 || book.expires.values[record]! <= nowMs) continue;
    const { layer, type } = readKind(book.kind.values[record]!);
    if ((wanted.layer ?? layer) !== layer || (wanted.type ?? type) !== type) continue;
    const memory = book.get(record);
    if (sees(scope, memory) && (wanted.conversationId ?? memory.conversationId) === memory.conversationId) items.push(withoutBytes(memory));
  }
  return { items, nextCursor: record < 0 ? null : String(book.seq.values[record + 1]) };
}
