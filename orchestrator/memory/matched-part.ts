// Chooses what an answer shows of a memory: of a long text the part that matched, and attachments without their bytes.
import { z } from 'zod';
import { chunkText } from './indexing.ts';
import type { Memory } from './memory.ts';
import type { ChunkTable } from './retrieval/chunk-table.ts';

export const MatchedPart = z.strictObject({
  text: z.string(),
  number: z.int().meta({ description: 'From 1.' }),
  of: z.int(),
  heading: z.string().nullable().meta({ description: 'The Markdown heading that the part is below.' }),
  whole: z.boolean().meta({ description: 'Whether the answer also contains the whole text. If not, the text is at /v1/memory/memories/{id}.' }),
});
export type MatchedPart = z.infer<typeof MatchedPart>;

/** Texts of up to this many characters, about two thousand tokens, are shown completely if the budget allows. */
const MAX_WHOLE = 8000;

/** Approximate size of a text in tokens. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Describes a chunk as a part of its memory; undefined if it is the whole memory. */
export function partOf(table: ChunkTable, chunk: number, memory: Memory): Omit<MatchedPart, 'whole'> | undefined {
  const chunks = table.of(table.record.values[chunk]!);
  if (chunks.length === 1) return undefined;
  return { text: chunkText(table, chunk, memory), number: chunk - chunks[0]! + 1, of: chunks.length, heading: headingAbove(memory, table.start.values[chunk]!) };
}

/** A memory as an answer shows it, within this many tokens if the part fits. */
export function shown(memory: Memory, part: Omit<MatchedPart, 'whole'> | undefined, tokens: number): { memory: Memory; part: MatchedPart | undefined } {
  const light = withoutBytes(memory);
  if (part === undefined) return { memory: light, part: undefined };
  const whole = memory.text.length <= MAX_WHOLE && tokensOf(memory.text) <= tokens;
  return { memory: whole ? light : { ...light, text: part.text }, part: { ...part, whole } };
}

/** A memory without the bytes of its attachment. */
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
