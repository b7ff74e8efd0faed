// What a turn is, beyond its words: a question, an answer's look, whom it talks about. Cheap signs that ranking weighs.
import { names } from './names.ts';
import { mentionsTime } from './temporal.ts';
import { terms, words } from './terms.ts';

export const QUESTION = 1;
export const HAS_TIME = 2;
export const HAS_NAME = 4;
export const ALL_FLAGS = QUESTION | HAS_TIME | HAS_NAME;

export interface Traits {
  /** QUESTION, HAS_TIME, HAS_NAME, added. */
  flags: number;
  /** 0–1: how much of it is about the other person ("you", "your") and so not the speaker's own news. */
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

/** What kind of answer a question asks for, as far as its first words say. */
export function asksFor(query: string): { time: boolean; name: boolean } {
  return {
    time: /^\W*(?:when|(?:on |in |at )?(?:what|which) (?:day|date|year|month|time))\b/i.test(query),
    name: /^\W*(?:who|whom|whose|where|which|what[^?]*\bnames?)\b/i.test(query),
  };
}
