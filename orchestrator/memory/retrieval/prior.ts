// The weights of everything that ranking adds up, and the part of a score that depends only on the turn.
import { QUESTION } from '../text/traits.ts';

/**
 * Chosen by hand near the optimum on which each pair of development conversations agreed, and not changed since; each is a property of how
 * people talk, not of a data set. Keyword parts are scaled by the best hit; cosines are used unscaled.
 */
export const WEIGHTS = {
  keyword: 0.5,
  /** The previous turn was a question with the query's words, so this one answers it. */
  answers: 0.25,
  dense: 1.2,
  densePrevious: 0.1,
  denseNext: 0.25,
  /** Said by a person the question names. */
  speaker: 0.22,
  /** Mentions another name in the question. */
  entity: 0.1,
  /** Contains an identifier from the question, which embeddings do not capture. */
  identifier: 0.5,
  session: 0.12,
  /** Questions contain less information than answers. */
  isQuestion: -0.3,
  /** Multiplied by the logarithm of its number of words: short turns contain little. */
  length: 0.05,
  /** It mentions a time, and the question asks for one. */
  hasTime: 0.15,
  /** It contains a name, and the question asks for one. */
  hasName: 0.1,
  /** It is about the other person. */
  address: -0.1,
  /** It is from the time that the question names, or mentions it. */
  inTime: 0.3,
} as const;

/** The part of the score that depends only on the turn. */
export function prior(words: number, flags: number, address: number): number {
  return WEIGHTS.length * Math.log(1 + words) + WEIGHTS.address * address + ((flags & QUESTION) === 0 ? 0 : WEIGHTS.isQuestion);
}
