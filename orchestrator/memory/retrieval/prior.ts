// The weights of everything that ranking adds up, and the part that depends on the turn alone.
import { QUESTION } from '../text/traits.ts';

/**
 * Chosen by hand near the optimum that each pair of development conversations agreed on, then left alone; every one is a property of how
 * people talk, not of a data set. Keyword parts are scaled by the best hit, cosines are used as they are.
 */
export const WEIGHTS = {
  keyword: 0.5,
  /** The turn before was a question with the query's words: this one answers it. */
  answers: 0.25,
  dense: 1.2,
  densePrevious: 0.1,
  denseNext: 0.25,
  /** Said by whom the question names. */
  speaker: 0.22,
  /** Mentions somebody or something else that the question names. */
  entity: 0.1,
  /** Has an identifier of the question: likeness of meaning knows nothing of those. */
  identifier: 0.5,
  session: 0.12,
  /** Questions tell less than answers. */
  isQuestion: -0.3,
  /** Times the logarithm of its words: short turns carry little. */
  length: 0.05,
  /** It says when, and that was asked. */
  tellsTime: 0.15,
  /** It names somebody, and that was asked. */
  tellsName: 0.1,
  /** It is about the other person. */
  address: -0.1,
  /** It falls into the time that the question names, or speaks of it. */
  inTime: 0.3,
} as const;

/** What a turn's own look adds or takes, whatever is asked. */
export function prior(words: number, flags: number, address: number): number {
  return WEIGHTS.length * Math.log(1 + words) + WEIGHTS.address * address + ((flags & QUESTION) === 0 ? 0 : WEIGHTS.isQuestion);
}
