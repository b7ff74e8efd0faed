// Splits long text into chunks: pieces small enough that the embedding model sees each of them completely.

/** About 200 word pieces of English; leaves a margin for other languages below the model's 256. */
const MAX_WORDS = 150;
const MAX_CHARACTERS = 1200;

/** A piece of a text and where it begins. */
export interface Piece { text: string; start: number }

/** Returns a short text unchanged, and otherwise pieces that end at sentences or lines where possible. */
export function splitIntoChunks(text: string): Piece[] {
  if (fits(text)) return [{ text, start: 0 }];
  const result: Piece[] = [];
  let current = '';
  let start = 0;
  const end = (): void => {
    if (current.trim() !== '') result.push({ text: current.trim(), start: start + current.length - current.trimStart().length });
    start += current.length;
    current = '';
  };
  for (const part of text.split(/(?<=[.!?]\s|\n)/).flatMap(hardCut)) {
    if (current !== '' && !fits(current + part)) end();
    current += part;
  }
  end();
  return result;
}

function fits(text: string): boolean {
  return text.length <= MAX_CHARACTERS && text.split(/\s+/, MAX_WORDS + 1).length <= MAX_WORDS;
}

function hardCut(sentence: string): string[] {
  if (fits(sentence)) return [sentence];
  const parts: string[] = [];
  let current = '';
  for (const word of sentence.match(/\S{1,1000}\s*|\s+/g) ?? []) {
    if (!fits(current + word)) {
      parts.push(current);
      current = '';
    }
    current += word;
  }
  return [...parts, current];
}
