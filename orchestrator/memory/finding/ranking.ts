// How the arms become one score. Pure: takes an index's columns, a question and its cosines, and gives every anchor and session a number.
import { HAS_NAME, HAS_TIME, QUESTION } from '../text/traits.ts';
import { NONE, type AnchorTable } from './anchor-table.ts';
import { havingAny, keywordScores, type KeywordScores } from './keyword-arm.ts';
import type { Postings } from './postings.ts';
import type { Question } from './question.ts';

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

export interface Ranking {
  fused: Float32Array;
  sessions: Float32Array;
  /** What a turn with every word of the question would about have in the keyword arm. */
  weight: number;
  /** Each arm by itself, for `explain` and for benchmarks. */
  arms: Record<ArmName, { anchors: Float32Array; sessions: Float32Array }>;
}

export const armNames = ['bm25', 'window', 'dense', 'graph'] as const;
export type ArmName = (typeof armNames)[number];

export function rank(table: AnchorTable, postings: readonly Postings[], question: Question, cosines: Float32Array): Ranking {
  const keyword = keywordScores(table, postings, question.content);
  const plain = keywordScores(table, postings, question.terms);
  const graph = graphScores(table, postings, question);
  const fused = fuse(table, postings, question, { keyword, cosines, graph });
  return {
    fused, sessions: rankSessions(table, fused, keyword.session), weight: keyword.weight || 1,
    arms: {
      bm25: { anchors: plain.own, sessions: plain.session },
      window: { anchors: keyword.window, sessions: bestOfSessions(table, keyword.window) },
      dense: { anchors: cosines, sessions: bestOfSessions(table, cosines) },
      graph: { anchors: graph, sessions: bestOfSessions(table, graph) },
    },
  };
}

interface Arms { keyword: KeywordScores; cosines: Float32Array; graph: Float32Array }

function fuse(table: AnchorTable, postings: readonly Postings[], question: Question, { keyword, cosines, graph }: Arms): Float32Array {
  const size = table.size;
  const fused = new Float32Array(size);
  const inTime = havingAny(size, postings, question.spanTerms);
  const perWindow = WEIGHTS.keyword / largest(keyword.window);
  const perOwn = WEIGHTS.answers / largest(keyword.own);
  const perSession = WEIGHTS.session / largest(keyword.session);
  for (let anchor = 0; anchor < size; anchor += 1) {
    const flags = table.flags.values[anchor]!;
    const previous = table.previous.values[anchor]!;
    const next = table.next.values[anchor]!;
    const session = table.session.values[anchor]!;
    let score = perWindow * keyword.window[anchor]! + WEIGHTS.dense * cosines[anchor]! + graph[anchor]!
      + WEIGHTS.length * Math.log(1 + table.words.values[anchor]!) + WEIGHTS.address * table.addressOf(anchor);
    if (previous !== NONE) {
      score += WEIGHTS.densePrevious * cosines[previous]!;
      if ((table.flags.values[previous]! & QUESTION) !== 0) score += perOwn * keyword.own[previous]!;
    }
    if (next !== NONE) score += WEIGHTS.denseNext * cosines[next]!;
    if (session !== NONE) score += perSession * keyword.session[session]!;
    if ((flags & QUESTION) !== 0) score += WEIGHTS.isQuestion;
    if (question.asksTime && (flags & HAS_TIME) !== 0) score += WEIGHTS.tellsTime;
    if (question.asksName && (flags & HAS_NAME) !== 0) score += WEIGHTS.tellsName;
    if (inTime[anchor] === 1 || question.spans.some((span) => table.time.values[anchor]! >= span.fromMs && table.time.values[anchor]! < span.toMs)) score += WEIGHTS.inTime;
    fused[anchor] = score;
  }
  return fused;
}

/** The graph's part: said by a person the question names, or linked to a name in it. Half for everybody when it names no speaker. */
function graphScores(table: AnchorTable, postings: readonly Postings[], question: Question): Float32Array {
  const asked = new Set(question.speakers.map((speaker) => table.speakers.find(speaker)));
  const linked = havingAny(table.size, postings, question.names.map(nameTerm));
  const scores = new Float32Array(table.size);
  for (let anchor = 0; anchor < table.size; anchor += 1) {
    const said = asked.size === 0 ? 0.5 : asked.has(table.speaker.values[anchor]!) ? 1 : 0;
    scores[anchor] = WEIGHTS.speaker * said + WEIGHTS.entity * linked[anchor]!;
  }
  return scores;
}

/** The term under which an anchor is linked to a name in it. */
export function nameTerm(name: string): string {
  return `name:${name.toLowerCase()}`;
}

/** A session by its best turn, its best three, and its words as one text. */
function rankSessions(table: AnchorTable, fused: Float32Array, keyword: Float32Array): Float32Array {
  const best = Array.from(keyword, () => [-Infinity, -Infinity, -Infinity]);
  for (let anchor = 0; anchor < fused.length; anchor += 1) {
    const top = best[table.session.values[anchor]!];
    const score = fused[anchor]!;
    if (top === undefined || score <= top[2]! || table.alive.values[anchor] === 0) continue;
    top[2] = score;
    top.sort((a, b) => b - a);
  }
  const top = largest(keyword);
  return keyword.map((score, session) => {
    const three = best[session]!.filter((value) => value !== -Infinity);
    return three.length === 0 ? -Infinity : three[0]! + three.reduce((sum, value) => sum + value, 0) / 3 + 0.5 * score / top;
  });
}

function bestOfSessions(table: AnchorTable, scores: Float32Array): Float32Array {
  const best = new Float32Array(table.sessions.values.length).fill(-Infinity);
  for (let anchor = 0; anchor < scores.length; anchor += 1) {
    const session = table.session.values[anchor]!;
    if (session !== NONE && scores[anchor]! > best[session]!) best[session] = scores[anchor]!;
  }
  return best;
}

function largest(values: Float32Array): number {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  return max || 1;
}
