// Words F1: how well an extracted text matches a reference, over words as multisets.
import { wordsOf } from '../page/words.ts';

/** From 0 to 1. Two empty texts match; one empty text does not. */
export function wordsF1(text: string, reference: string): number {
  const own = wordsOf(text);
  const expected = wordsOf(reference);
  if (own.length === 0 || expected.length === 0) return own.length === expected.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of expected) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of own) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    common += 1;
    left.set(word, count - 1);
  }
  return (2 * common) / (own.length + expected.length);
}
