// Combines the retrievers into one score. Pure: takes an index's columns, a question and its cosines, and returns a score for every chunk and session.
import { ALL_FLAGS, HAS_NAME, HAS_TIME, QUESTION } from '../text/traits.ts';
import { NONE, type ChunkTable } from './chunk-table.ts';
import { havingAny, keywordScores, type KeywordScores } from './keyword-retriever.ts';
import type { Postings } from './postings.ts';
import type { Question } from './question.ts';
import type { View } from './view.ts';
import { WEIGHTS } from './prior.ts';
import { largest } from './top.ts';

/** The scores for one question: those that recall always needs, and functions for the ones needed less often. */
export interface Ranking {
  fused: Float32Array;
  /** The keyword retriever with neighbors, and the approximate score of a turn with every word of the question. */
  window: Float32Array;
  weight: number;
  cosines: Float32Array;
  /** The chunks that may be shown. */
  alive: Uint8Array;
  /** Whether a visible memory contains an identifier from the question. */
  knowsIdentifier: boolean;
  /** Sessions by number. */
  sessions(): Float32Array;
  /** Each retriever's own scores, for `explain` and benchmarks. */
  retrievers(): Record<RetrieverName, { chunks: Float32Array; sessions: Float32Array }>;
}

export const retrieverNames = ['bm25', 'window', 'dense', 'graph'] as const;
export type RetrieverName = (typeof retrieverNames)[number];

export function rank(table: ChunkTable, view: View, postings: readonly Postings[], question: Question, cosines: Float32Array): Ranking {
  const keyword = keywordScores(table, view, postings, question.content, question.timeTerms);
  const exact = havingAny(table.size, postings, question.identifiers);
  const fused = fuse(table, question, keyword, cosines);
  addEntities(fused, table, postings, question);
  addWhere(fused, exact, WEIGHTS.identifier);
  if (question.spans.length > 0) addTime(table, postings, question, fused);
  return {
    fused, cosines, alive: view.alive, window: keyword.window, weight: keyword.weight || 1,
    knowsIdentifier: exact?.some((found, chunk) => found === 1 && view.alive[chunk] === 1) ?? false,
    sessions: () => rankSessions(table, view.alive, { fused, cosines, keyword: keyword.session }),
    retrievers: () => {
      const plain = keywordScores(table, view, postings, question.terms);
      const graph = graphScores(table, postings, question);
      return {
        bm25: { chunks: plain.own, sessions: plain.session },
        window: { chunks: keyword.window, sessions: bestOfSessions(table, keyword.window) },
        dense: { chunks: cosines, sessions: bestOfSessions(table, cosines) },
        graph: { chunks: graph, sessions: bestOfSessions(table, graph) },
      };
    },
  };
}

/** Adds the parts that apply to every chunk. This runs for all chunks on every question, so parts with few distinct values are precomputed, and columns are read through locals. */
function fuse(table: ChunkTable, question: Question, { own, window, session }: KeywordScores, cosines: Float32Array): Float32Array {
  const size = table.size;
  const fused = new Float32Array(size);
  const perWindow = WEIGHTS.keyword / (largest(window) || 1);
  const perOwn = WEIGHTS.answers / (largest(own) || 1);
  const perSession = WEIGHTS.session / (largest(session) || 1);
  const byFlags = Float64Array.from({ length: ALL_FLAGS + 1 }, (_, flag) => (question.asksTime && (flag & HAS_TIME) !== 0 ? WEIGHTS.hasTime : 0) + (question.asksName && (flag & HAS_NAME) !== 0 ? WEIGHTS.hasName : 0));
  const bySpeaker = speakerWeights(table, question);
  const bySession = Float64Array.from({ length: session.length + 1 }, (_, number) => number === 0 ? 0 : perSession * session[number - 1]!);
  const [flags, previous, next, sessions, priors, speakers] = [table.flags.values, table.previous.values, table.next.values, table.session.values, table.prior.values, table.speaker.values];
  for (let chunk = 0; chunk < size; chunk += 1) {
    const before = previous[chunk]!;
    const after = next[chunk]!;
    let score = perWindow * window[chunk]! + WEIGHTS.dense * cosines[chunk]! + priors[chunk]! + bySpeaker[speakers[chunk]! + 1]! + byFlags[flags[chunk]!]! + bySession[sessions[chunk]! + 1]!;
    if (before !== NONE) {
      score += WEIGHTS.densePrevious * cosines[before]!;
      if ((flags[before]! & QUESTION) !== 0) score += perOwn * own[before]!;
    }
    if (after !== NONE) score += WEIGHTS.denseNext * cosines[after]!;
    fused[chunk] = score;
  }
  return fused;
}

function addWhere(scores: Float32Array, found: Uint8Array | undefined, weight: number): void {
  if (found !== undefined) for (let chunk = 0; chunk < scores.length; chunk += 1) if (found[chunk] === 1) scores[chunk] = scores[chunk]! + weight;
}

function addTime(table: ChunkTable, postings: readonly Postings[], question: Question, fused: Float32Array): void {
  const mentioned = havingAny(table.size, postings, question.spanTerms);
  const times = table.time.values;
  for (let chunk = 0; chunk < table.size; chunk += 1) {
    const at = times[chunk]!;
    if (mentioned?.[chunk] === 1 || question.spans.some((span) => at >= span.fromMs && at < span.toMs)) fused[chunk] = fused[chunk]! + WEIGHTS.inTime;
  }
}

/** The graph's part: said by a person whom the question names, or linked to a name in it. */
function graphScores(table: ChunkTable, postings: readonly Postings[], question: Question): Float32Array {
  const bySpeaker = speakerWeights(table, question);
  const scores = Float32Array.from({ length: table.size }, (_, chunk) => bySpeaker[table.speaker.values[chunk]! + 1]!);
  addEntities(scores, table, postings, question);
  return scores;
}

/** Adds a part for the names in the question together, and one for each entity it refers to, which decreases with distance. */
function addEntities(scores: Float32Array, table: ChunkTable, postings: readonly Postings[], { names, reached }: Question): void {
  addWhere(scores, havingAny(table.size, postings, names.map(nameTerm)), WEIGHTS.entity);
  for (const { name, steps } of reached) addWhere(scores, havingAny(table.size, postings, [nameTerm(name)]), WEIGHTS.entity / 2 ** steps);
}

/** Indexed by speaker number plus one, because no speaker is -1. Every speaker gets half if the question names none. */
function speakerWeights(table: ChunkTable, { speakers, reached }: Question): Float64Array {
  const known = table.speakers.values;
  const weights = new Float64Array(known.length + 1);
  for (const { name, steps } of [...speakers.map((speaker) => ({ name: speaker, steps: 0 })), ...reached].toReversed()) {
    const number = table.speakers.find(name);
    if (number !== NONE) weights[number + 1] = WEIGHTS.speaker / 2 ** steps;
  }
  return weights.some((weight) => weight > 0) ? weights : weights.fill(WEIGHTS.speaker / 2);
}

/** The term that links a chunk to a name in it. */
export function nameTerm(name: string): string {
  return `name:${name.toLowerCase()}`;
}

/** Scores a session by its best turn, its best three, its words as one text, and its turn most similar to the question. The development conversations agreed on these weights. */
function rankSessions(table: ChunkTable, alive: Uint8Array, { fused, cosines, keyword }: { fused: Float32Array; cosines: Float32Array; keyword: Float32Array }): Float32Array {
  const similarity = bestOfSessions(table, cosines);
  const best = Array.from(keyword, () => [-Infinity, -Infinity, -Infinity]);
  for (let chunk = 0; chunk < fused.length; chunk += 1) {
    const top = best[table.session.values[chunk]!];
    const score = fused[chunk]!;
    if (top === undefined || score <= top[2]! || alive[chunk] === 0) continue;
    top[2] = score;
    top.sort((a, b) => b - a);
  }
  const top = largest(keyword) || 1;
  return keyword.map((score, session) => {
    const three = best[session]!.filter((value) => value !== -Infinity);
    return three.length === 0 ? -Infinity : three[0]! + three.reduce((sum, value) => sum + value, 0) / 3 + 0.5 * score / top + similarity[session]!;
  });
}

function bestOfSessions(table: ChunkTable, scores: Float32Array): Float32Array {
  const best = new Float32Array(table.sessions.values.length).fill(-Infinity);
  for (let chunk = 0; chunk < scores.length; chunk += 1) {
    const session = table.session.values[chunk]!;
    if (session !== NONE && scores[chunk]! > best[session]!) best[session] = scores[chunk]!;
  }
  return best;
}
