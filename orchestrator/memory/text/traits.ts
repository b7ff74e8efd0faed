// Traits of a text beyond its words: whether it is a question, and whether it mentions a time or a name.
import { names } from './names.ts';
import { mentionsTime } from './temporal.ts';

export const QUESTION = 1;
export const HAS_TIME = 2;
export const HAS_NAME = 4;
export const ALL_FLAGS = QUESTION | HAS_TIME | HAS_NAME;

export interface Traits {
  /** The sum of QUESTION, HAS_TIME and HAS_NAME. */
  flags: number;
}

export function traits(text: string): Traits {
  return { flags: (/\?\s*$/.test(text) ? QUESTION : 0) + (mentionsTime(text) ? HAS_TIME : 0) + (names(text).length > 0 ? HAS_NAME : 0) };
}

/** Whether a question asks for a time, from its first words. */
export function asksForTime(query: string): boolean {
  return /^\W*(?:when|(?:on |in |at )?(?:what|which) (?:day|date|year|month|time))\b/i.test(query);
}
