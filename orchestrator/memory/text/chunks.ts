// Splits long text into chunks: pieces small enough that the embedding model sees each of them completely.

/** About 200 word pieces of English; leaves a margin for other languages below the model's 256. */
const MAX_WORDS = 150;
const MAX_CHARACTERS = 1200;

/** Returns a short text unchanged, and otherwise pieces that end at sentences or lines where possible. */
export function splitIntoChunks(text: string): string[] {
  if (fits(text)) return [text];
  const result: string[] = [];
  let current = '';
  for (const part of text.split(/(?<=[.!?]\s|\n)/).flatMap(hardCut)) {
    if (current !== '' && !fits(current + part)) {
      result.push(current.trim());
      current = '';
    }
    current += part;
  }
  if (current.trim() !== '') result.push(current.trim());
  return result.filter((chunk) => chunk !== '');
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
