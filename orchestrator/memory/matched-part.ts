// Which part of a memory an answer shows: long texts are given as the part that matched, and attachments without their bytes.
import { z } from 'zod';
import { chunkText } from './indexing.ts';
import type { Memory } from './memory.ts';
import type { ChunkTable } from './retrieval/chunk-table.ts';

export const MatchedPart = z.strictObject({
  text: z.string(),
  number: z.int().meta({ description: 'From 1.' }),
  of: z.int(),
  heading: z.string().nullable().meta({ description: 'The Markdown heading that the part is below.' }),
  whole: z.boolean().meta({ description: 'Whether the answer has the whole text too. If not, it is at /v1/memory/memories/{id}.' }),
});
export type MatchedPart = z.infer<typeof MatchedPart>;

/** Texts up to this many letters are given whole if the budget allows: some two thousand tokens. */
const MAX_WHOLE = 8000;

/** Approximate size of a text in tokens. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** The part of a memory that a chunk is; undefined if it is all of it. */
export function partOf(table: ChunkTable, chunk: number, memory: Memory): Omit<MatchedPart, 'whole'> | undefined {
  const chunks = table.of(table.record.values[chunk]!);
  if (chunks.length === 1) return undefined;
  return { text: chunkText(table, chunk, memory), number: chunk - chunks[0]! + 1, of: chunks.length, heading: headingAbove(memory, table.start.values[chunk]!) };
}

/** A memory as an answer carries it, within so many tokens if its part fits them. */
export function shown(memory: Memory, part: Omit<MatchedPart, 'whole'> | undefined, tokens: number): { memory: Memory; part: MatchedPart | undefined } {
  const light = withoutBytes(memory);
  if (part === undefined) return { memory: light, part: undefined };
  const whole = memory.text.length <= MAX_WHOLE && tokensOf(memory.text) <= tokens;
  return { memory: whole ? light : { ...light, text: part.text }, part: { ...part, whole } };
}

/** A memory whose attachment is named, not included. */
export function withoutBytes(memory: Memory): Memory {
  if (memory.attachment?.data === undefined) return memory;
  const { data: _data, ...attachment } = memory.attachment;
  return { ...memory, attachment };
}

/** The heading at or above a place in Markdown. In source code, lines that begin with # are comments. */
function headingAbove({ text, type }: Memory, place: number): string | null {
  if (type === 'code_snippet') return null;
  const heading = /\n?#{1,6} +(\S[^\n]{0,199})/y;
  for (let at = text.lastIndexOf('\n#', place); ; at = text.lastIndexOf('\n#', at - 1)) {
    heading.lastIndex = Math.max(at, 0);
    const [, title] = heading.exec(text) ?? [];
    if (title !== undefined) return title.trim();
    if (at <= 0) return null;
  }
}
