// Combines the retrievers into one score. Pure: takes an index's columns, a question and its cosines, and returns a score for every chunk and session.
import { HAS_TIME, QUESTION } from '../text/traits.ts';
import { NONE, type ChunkTable } from './chunk-table.ts';
import { forEachHaving, keywordScores, type KeywordScores } from './keyword-retriever.ts';
import type { Postings } from './postings.ts';
import type { Question } from './question.ts';
import { Scratch } from './scratch.ts';
import type { View } from './view.ts';
import { SESSION_WEIGHTS, WEIGHTS, type SessionWeights, type Weights } from './weights.ts';
import { largest } from './top.ts';

/** The scores for one question: those that recall always needs, and functions for the ones needed less often. Disposing gives its arrays back: do not use it after that. */
export interface Ranking extends Disposable {
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

/** `cosines` is one of the arrays of the scratch, which the ranking takes over. */
export function rank(table: ChunkTable, view: View, postings: readonly Postings[], question: Question, cosines: Float32Array, scratch: Scratch, weights: Weights = WEIGHTS, sessionWeights: SessionWeights = SESSION_WEIGHTS): Ranking {
  const keyword = keywordScores(table, view, postings, question.content, scratch, question.timeTerms);
  const fused = fuse(table, question, keyword, cosines, scratch.floats(), weights);
  const evidence = scratch.floats();
  let knowsIdentifier = false;
  addEntities(evidence, postings, question, scratch, weights);
  if (question.identifiers.length > 0) {
    forEachHaving(postings, question.identifiers, scratch.bytes(), (chunk) => {
      evidence[chunk] = evidence[chunk]! + weights.identifier;
      knowsIdentifier ||= view.alive[chunk] === 1;
    });
  }
  if (question.spans.length > 0) addTime(table, postings, question, evidence, scratch, weights);
  for (let chunk = 0; chunk < fused.length; chunk += 1) fused[chunk] = fused[chunk]! + evidence[chunk]!;
  return {
    fused, cosines, alive: view.alive, window: keyword.window, weight: keyword.weight || 1, knowsIdentifier,
    sessions: () => rankSessions(table, view.alive, { evidence, cosines, keyword }, weights, sessionWeights),
    retrievers: () => {
      const plain = keywordScores(table, view, postings, question.terms, new Scratch(scratch.size));
      const graph = graphScores(table, postings, question, new Scratch(scratch.size), weights);
      return {
        bm25: { chunks: plain.own, sessions: plain.session },
        window: { chunks: keyword.window, sessions: bestOfSessions(table, keyword.window) },
        dense: { chunks: cosines, sessions: bestOfSessions(table, cosines) },
        graph: { chunks: graph, sessions: bestOfSessions(table, graph) },
      };
    },
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}

/** Adds the parts that apply to every chunk. This runs for all chunks on every question, so parts with few distinct values are precomputed, and columns are read through locals. */
function fuse(table: ChunkTable, question: Question, { own, window, session, mostOwn, mostWindow }: KeywordScores, cosines: Float32Array, fused: Float32Array, weights: Weights): Float32Array {
  const size = fused.length;
  const perWindow = weights.keyword / (mostWindow || 1);
  const perOwn = weights.answers / (mostOwn || 1);
  const perSession = weights.session / (largest(session) || 1);
  const hasTime = question.asksTime ? weights.hasTime : 0;
  const bySpeaker = speakerWeights(table, question, weights);
  const bySession = new Float64Array(session.length + 1); // by number + 1, because a chunk without a session has the number -1
  for (let number = 0; number < session.length; number += 1) bySession[number + 1] = perSession * session[number]!;
  const [flags, previous, next, sessions, speakers] = [table.flags.values, table.previous.values, table.next.values, table.session.values, table.speaker.values];
  for (let chunk = 0; chunk < size; chunk += 1) {
    const before = previous[chunk]!;
    const after = next[chunk]!;
    let score = perWindow * window[chunk]! + weights.dense * cosines[chunk]! + bySession[sessions[chunk]! + 1]!;
    if ((flags[chunk]! & HAS_TIME) !== 0) score += hasTime;
    const speaker = speakers[chunk]!;
    if (speaker !== NONE) {
      score += bySpeaker[speaker]!;
      if ((flags[chunk]! & QUESTION) !== 0) score += weights.isQuestion;
    }
    if (before !== NONE) {
      score += weights.densePrevious * cosines[before]!;
      if (speaker !== NONE && (flags[before]! & QUESTION) !== 0) score += perOwn * own[before]!;
    }
    if (after !== NONE) score += weights.denseNext * cosines[after]!;
    fused[chunk] = score;
  }
  return fused;
}

/** Adds the weight once where one of the terms occurs. */
function addWhere(scores: Float32Array, postings: readonly Postings[], terms: readonly string[], scratch: Scratch, weight: number): void {
  if (terms.length > 0) forEachHaving(postings, terms, scratch.bytes(), (chunk) => { scores[chunk] = scores[chunk]! + weight; });
}

function addTime(table: ChunkTable, postings: readonly Postings[], question: Question, scores: Float32Array, scratch: Scratch, { inTime }: Weights): void {
  const added = scratch.bytes();
  forEachHaving(postings, question.spanTerms, added, (chunk) => { scores[chunk] = scores[chunk]! + inTime; });
  const times = table.time.values;
  for (const { fromMs, toMs } of question.spans) {
    for (let chunk = 0; chunk < scores.length; chunk += 1) {
      if (times[chunk]! < fromMs || times[chunk]! >= toMs || added[chunk] === 1) continue;
      added[chunk] = 1;
      scores[chunk] = scores[chunk]! + inTime;
    }
  }
}

/** The graph's part: said by a person whom the question names, or linked to a name in it. */
function graphScores(table: ChunkTable, postings: readonly Postings[], question: Question, scratch: Scratch, weights: Weights): Float32Array {
  const bySpeaker = speakerWeights(table, question, weights);
  const scores = scratch.floats().map((_, chunk) => bySpeaker[table.speaker.values[chunk]!] ?? 0);
  addEntities(scores, postings, question, scratch, weights);
  return scores;
}

/** Adds a part for the names in the question together, and one for each entity it refers to, which decreases with distance. */
function addEntities(scores: Float32Array, postings: readonly Postings[], { names, reached }: Question, scratch: Scratch, weights: Weights): void {
  addWhere(scores, postings, names.map(nameTerm), scratch, weights.entity);
  for (const { name, steps } of reached) addWhere(scores, postings, [nameTerm(name)], scratch, weights.entity / 2 ** steps);
}

/** By speaker number. Every speaker gets half if the question names none. */
function speakerWeights(table: ChunkTable, { speakers, reached }: Question, weights: Weights): Float64Array {
  const known = table.speakers.values;
  const bySpeaker = new Float64Array(known.length);
  for (const { name, steps } of [...speakers.map((speaker) => ({ name: speaker, steps: 0 })), ...reached].toReversed()) {
    const number = table.speakers.find(name);
    if (number !== NONE) bySpeaker[number] = weights.speaker / 2 ** steps;
  }
  return bySpeaker.some((weight) => weight > 0) ? bySpeaker : bySpeaker.fill(weights.speaker / 2);
}

/** The term that links a chunk to a name in it. */
export function nameTerm(name: string): string {
  return `name:${name.toLowerCase()}`;
}

/** Number of the best turns of a session whose evidence counts. */
const BEST_TURNS = 3;

/** Scores each session: the plain fusion of the BM25 of its whole text and its best cosine, plus the evidence in its best turns. Parts that describe how people talk are not used. */
function rankSessions(table: ChunkTable, alive: Uint8Array, { evidence, cosines, keyword: { window, session, mostWindow } }: { evidence: Float32Array; cosines: Float32Array; keyword: KeywordScores }, weights: Weights, { keyword, dense, evidence: inTurn }: SessionWeights): Float32Array {
  const perWindow = weights.keyword / (mostWindow || 1);
  const turns = evidence.map((score, chunk) => alive[chunk] === 0 ? -Infinity : score + perWindow * window[chunk]! + cosines[chunk]!);
  const best = bestTurns(table, turns);
  const similarity = bestOfSessions(table, cosines);
  const top = largest(session) || 1;
  return session.map((score, number) => {
    const found = best[number]!.filter((value) => value !== -Infinity);
    if (found.length === 0) return -Infinity;
    const evidenceOf = (found[0]! + found.reduce((sum, value) => sum + value, 0) / BEST_TURNS) / 2;
    return keyword * score / top + dense * similarity[number]! + inTurn * evidenceOf;
  });
}

/** The highest scores of each session, in order. */
function bestTurns(table: ChunkTable, scores: Float32Array): number[][] {
  const best = Array.from(table.sessions.values, () => Array<number>(BEST_TURNS).fill(-Infinity));
  for (let chunk = 0; chunk < scores.length; chunk += 1) {
    const top = best[table.session.values[chunk]!];
    const score = scores[chunk]!;
    if (top === undefined || score <= top[BEST_TURNS - 1]!) continue;
    top[BEST_TURNS - 1] = score;
    top.sort((a, b) => b - a);
  }
  return best;
}

function bestOfSessions(table: ChunkTable, scores: Float32Array): Float32Array {
  const best = new Float32Array(table.sessions.values.length).fill(-Infinity);
  for (let chunk = 0; chunk < scores.length; chunk += 1) {
    const session = table.session.values[chunk]!;
    if (session !== NONE && scores[chunk]! > best[session]!) best[session] = scores[chunk]!;
  }
  return best;
}
