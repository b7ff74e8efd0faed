// The keyword arm: BM25 over turns, over turns with their neighbours, and over sessions, in one walk over the postings.
import { NONE, type AnchorTable } from './anchor-table.ts';
import { termHash, type Postings } from './postings.ts';

const K1 = 1.2;
const B = 0.6;
const SESSION_B = 0.75;
/** What a word in a neighbouring turn counts beside one in the turn itself: what was said before is answered here more often than the reverse. */
const WINDOW = { previous: 0.4, beforePrevious: 0.2, next: 0.3, afterNext: 0.15 } as const;

/** In a handful of memories every word is common; without a floor none would count. */
const LEAST_IDF = 0.5;
/** In more than this many turns, a word that half of them have is not worth walking through: it tells nothing apart. */
const SMALL = 1000;

export interface KeywordScores {
  /** BM25 of the turn alone. */
  own: Float32Array;
  /** BM25 with the words of ±2 turns counted in part. */
  window: Float32Array;
  /** BM25 of the session as one text, by session number. */
  session: Float32Array;
  /** The sum of the query's inverse document frequencies: what a turn with every word could reach, but for its length. */
  weight: number;
}

/** Words of `unweighed` score where they are found, but nobody is expected to have them. */
export function keywordScores(table: AnchorTable, postings: readonly Postings[], terms: readonly string[], unweighed: readonly string[] = []): KeywordScores {
  const size = table.size;
  const scores: KeywordScores = { own: new Float32Array(size), window: new Float32Array(size), session: new Float32Array(table.sessions.values.length), weight: 0 };
  const windowCounts = new Float32Array(size);
  const sessionCounts = new Float32Array(scores.session.length);
  const averageWords = table.totalWords / Math.max(1, size) || 1;
  const averageSession = table.totalWords / Math.max(1, scores.session.length) || 1;
  const alive = table.alive.values;
  const norm = (anchor: number): number => K1 * (1 - B + B * table.words.values[anchor]! / averageWords);

  for (const term of new Set(terms)) {
    const key = termHash(term);
    const lists = postings.flatMap((part) => {
      const posting = part.find(key);
      return posting === undefined ? [] : [{ first: part.first, ...posting }];
    });
    const having = lists.reduce((sum, list) => sum + list.anchors.length, 0);
    if (size > SMALL && having > size / 2) continue;
    const idf = Math.max(LEAST_IDF, inverseFrequency(having, size));
    if (!unweighed.includes(term)) scores.weight += idf;
    const touched: number[] = [];
    const touchedSessions: number[] = [];
    const count = (anchor: number, amount: number): void => {
      if (windowCounts[anchor] === 0) touched.push(anchor);
      windowCounts[anchor] = windowCounts[anchor]! + amount;
    };
    for (const { first, anchors, counts } of lists) {
      for (let i = 0; i < anchors.length; i += 1) {
        const anchor = first + anchors[i]!;
        if (alive[anchor] === 0) continue;
        const times = counts[i]!;
        scores.own[anchor] = scores.own[anchor]! + saturated(idf, times, norm(anchor));
        count(anchor, times);
        const next = table.next.values[anchor]!;
        const previous = table.previous.values[anchor]!;
        if (next !== NONE) {
          count(next, WINDOW.previous * times);
          if (table.next.values[next] !== NONE) count(table.next.values[next]!, WINDOW.beforePrevious * times);
        }
        if (previous !== NONE) {
          count(previous, WINDOW.next * times);
          if (table.previous.values[previous] !== NONE) count(table.previous.values[previous]!, WINDOW.afterNext * times);
        }
        const session = table.session.values[anchor]!;
        if (session === NONE) continue;
        if (sessionCounts[session] === 0) touchedSessions.push(session);
        sessionCounts[session] = sessionCounts[session]! + times;
      }
    }
    for (const anchor of touched) {
      scores.window[anchor] = scores.window[anchor]! + saturated(idf, windowCounts[anchor]!, norm(anchor));
      windowCounts[anchor] = 0;
    }
    const sessionIdf = inverseFrequency(touchedSessions.length, scores.session.length);
    for (const session of touchedSessions) {
      const sessionNorm = K1 * (1 - SESSION_B + SESSION_B * table.sessionWords.values[session]! / averageSession);
      scores.session[session] = scores.session[session]! + saturated(sessionIdf, sessionCounts[session]!, sessionNorm);
      sessionCounts[session] = 0;
    }
  }
  return scores;
}

/** 1 for each anchor that has one of the terms. */
export function havingAny(size: number, postings: readonly Postings[], terms: readonly string[]): Uint8Array {
  const result = new Uint8Array(size);
  for (const term of terms) {
    const key = termHash(term);
    for (const part of postings) {
      const found = part.find(key);
      if (found !== undefined) for (let i = 0; i < found.anchors.length; i += 1) result[part.first + found.anchors[i]!] = 1;
    }
  }
  return result;
}

function saturated(idf: number, count: number, norm: number): number {
  return idf * count * (K1 + 1) / (count + norm);
}

function inverseFrequency(having: number, all: number): number {
  return Math.log(1 + (all - having + 0.5) / (having + 0.5));
}
