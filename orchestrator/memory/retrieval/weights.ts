// The weights of the parts that ranking adds up. `npm run bench:memory-weights` cross-validates them over kinds of texts and prints what each one contributes.

/**
 * Keyword parts are scaled by the best hit; cosines are used unscaled. The parts marked "Turns" apply only to turns of conversations, so they
 * cannot change the order of documents, code or logs.
 */
export const WEIGHTS = {
  /** BM25 of the text and, in part, of its neighbors. */
  keyword: 0.5,
  dense: 1.2,
  densePrevious: 0.1,
  denseNext: 0.25,
  /** BM25 of the session as one text. */
  session: 0.12,
  /** Mentions another name in the question. */
  entity: 0.1,
  /** Contains an identifier from the question, which embeddings do not capture. */
  identifier: 0.5,
  /** It is from the time that the question names, or mentions it. */
  inTime: 0.3,
  /** It mentions a time, and the question asks for one. */
  hasTime: 0.15,
  /** Turns: the previous turn was a question with the query's words, so this one may answer it. */
  answers: 0.25,
  /** Turns: a question contains less information than an answer. */
  isQuestion: -0.3,
  /** Turns: the speaker is a person whom the question names. */
  speaker: 0.22,
} as const;

export type Weights = Record<keyof typeof WEIGHTS, number>;

/**
 * The weights of a session's score. The first two are the plain fusion, which the other parts must not outweigh, because in long sessions of short turns
 * the best turn says little.
 */
export const SESSION_WEIGHTS = {
  /** BM25 of the session's whole text, scaled by the best hit. */
  keyword: 1,
  /** The cosine of its most similar turn. */
  dense: 1,
  /** The evidence in its best turn and, as much, in its best three: words, cosine, names, identifiers and times. */
  evidence: 1,
} as const;

export type SessionWeights = Record<keyof typeof SESSION_WEIGHTS, number>;
