// Divides a text into passages and sentences, as spans of it. Pure.
import type { Span } from './capture.ts';

const PASSAGE_CHARS = 900;
const LONGEST_ABBREVIATION = 8;
/** Abbreviations that end with a dot in the middle of a sentence. */
const abbreviation = /(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|vs|etc|No|Nos|Fig|Eq|al|cf|approx|ca|Inc|Ltd|Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|e\.g|i\.e|U\.S|U\.K)|\b\p{Lu})\.$/u;

/** Joins lines up to a maximum length; divides a longer line at its sentences. */
export function passagesOf(text: string): Span[] {
  const passages: Span[] = [];
  let open: Span | undefined;
  for (const sentence of sentencesOf(text)) {
    if (open !== undefined && sentence.end - open.start > PASSAGE_CHARS) {
      passages.push(open);
      open = undefined;
    }
    open = { start: open?.start ?? sentence.start, end: sentence.end };
  }
  if (open !== undefined) passages.push(open);
  return passages;
}

/** The sentences, without the space around them. A line break always ends a sentence. */
export function sentencesOf(text: string): Span[] {
  const sentences: Span[] = [];
  const push = (start: number, end: number): void => {
    const part = text.slice(start, end);
    const trimmed = part.trim();
    if (trimmed === '') return;
    const at = start + part.indexOf(trimmed);
    sentences.push({ start: at, end: at + trimmed.length });
  };
  for (const line of text.matchAll(/[^\n]+/g)) {
    let start = line.index;
    for (const stop of line[0].matchAll(/[.!?…][)"'”’»\]]*(?=\s+[\p{Lu}\p{N}"'“‘«([])|[。！？]/gu)) {
      const end = line.index + stop.index + stop[0].length;
      if (stop[0].startsWith('.') && abbreviation.test(text.slice(Math.max(start, line.index + stop.index - LONGEST_ABBREVIATION), line.index + stop.index + 1))) continue;
      push(start, end);
      start = end;
    }
    push(start, line.index + line[0].length);
  }
  return sentences;
}
