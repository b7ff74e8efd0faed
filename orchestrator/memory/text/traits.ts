// Traits of a turn beyond its words: whether it is a question, looks like an answer, and whom it talks about. Cheap signals for ranking.
import { names } from './names.ts';
import { mentionsTime } from './temporal.ts';
import { terms, words } from './terms.ts';

export const QUESTION = 1;
export const HAS_TIME = 2;
export const HAS_NAME = 4;
export const ALL_FLAGS = QUESTION | HAS_TIME | HAS_NAME;

export interface Traits {
  /** The sum of QUESTION, HAS_TIME and HAS_NAME. */
  flags: number;
  /** 0–1: how much of it is about the other person ("you", "your") and not about the speaker. */
  address: number;
}

const ADDRESS = new Set(['you', 'your', 'youre', 'yours', 'yourself']);

export function traits(text: string): Traits {
  const all = words(text);
  const addressing = all.filter((word) => ADDRESS.has(word)).length;
  return {
    flags: (/\?\s*$/.test(text) ? QUESTION : 0) + (mentionsTime(text) ? HAS_TIME : 0) + (names(text).length > 0 ? HAS_NAME : 0),
    address: Math.min(1, addressing / Math.max(4, terms(text).length)),
  };
}

/** The kind of answer a question asks for, from its first words. */
export function asksFor(query: string): { time: boolean; name: boolean } {
  return {
    time: /^\W*(?:when|(?:on |in |at )?(?:what|which) (?:day|date|year|month|time))\b/i.test(query),
    name: /^\W*(?:who|whom|whose|where|which|what[^?]*\bnames?)\b/i.test(query),
  };
}
