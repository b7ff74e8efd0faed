// The keyword retriever: BM25 over turns, over turns with their neighbors, and over sessions, in one pass over the postings.
import { NONE, type ChunkTable } from './chunk-table.ts';
import type { Scratch } from './scratch.ts';
import type { View } from './view.ts';
import { termHash, type Postings } from './postings.ts';

const K1 = 1.2;
const B = 0.6;
const SESSION_B = 0.75;
/** Weight of a word in a neighboring turn, relative to the turn itself: a turn more often answers the one before it than the one after it. */
const WINDOW = { previous: 0.4, beforePrevious: 0.2, next: 0.3, afterNext: 0.15 } as const;

/** Minimum weight of a word: in a small memory every word is common, and none would count. */
const LEAST_IDF = 0.5;
/** With more turns than this, words that half of the turns contain are skipped: they do not distinguish turns. */
const SMALL = 1000;

export interface KeywordScores {
  /** BM25 of the turn by itself. */
  own: Float32Array;
  /** BM25 that counts the words of ±2 turns in part. */
  window: Float32Array;
  /** BM25 of the session as one text, by session number. */
  session: Float32Array;
  /** The highest value in `own` and in `window`, or 0. */
  mostOwn: number;
  mostWindow: number;
  /** The sum of the query's inverse document frequencies: the score of a turn with every word, apart from its length. */
  weight: number;
}

/** Scores every chunk in the view, in arrays of the scratch. Words in `unweighed` add to the score where they occur, but turns are not expected to contain them. */
export function keywordScores(table: ChunkTable, view: View, postings: readonly Postings[], terms: readonly string[], scratch: Scratch, unweighed: readonly string[] = []): KeywordScores {
  const scores: KeywordScores = { own: scratch.floats(), window: scratch.floats(), session: new Float32Array(table.sessions.values.length), mostOwn: 0, mostWindow: 0, weight: 0 };
  const averageWords = view.words / Math.max(1, view.chunks) || 1;
  const averageSession = view.words / Math.max(1, view.sessions) || 1;
  // A common word has tens of thousands of postings, all processed here: columns are read through locals, and the loops allocate nothing.
  const { own, window, session } = scores;
  const [alive, words, nexts, previouses, sessions, sessionWords] = [view.alive, table.words.values, table.next.values, table.previous.values, table.session.values, table.sessionWords.values];
  const [normBase, normPerWord] = [K1 * (1 - B), K1 * B / averageWords];
  const windowCounts = scratch.floats();
  const touched = scratch.integers();
  const sessionCounts = new Float32Array(session.length);
  const touchedSessions = new Int32Array(session.length);
  let mostOwn = 0;
  let mostWindow = 0;

  for (const term of new Set(terms)) {
    const key = termHash(term);
    const lists = postings.flatMap((part) => {
      const posting = part.find(key);
      return posting === undefined ? [] : [{ first: part.first, ...posting }];
    });
    const having = view.whole ? lists.reduce((sum, list) => sum + list.chunks.length, 0) : lists.reduce((sum, list) => sum + countVisible(list, alive), 0);
    if (view.chunks > SMALL && having > view.chunks / 2) continue;
    const idf = Math.max(LEAST_IDF, inverseFrequency(having, view.chunks));
    if (!unweighed.includes(term)) scores.weight += idf;
    const most = idf * (K1 + 1);
    let touchedCount = 0;
    let sessionCount = 0;
    for (const { first, chunks, counts } of lists) {
      for (let i = 0; i < chunks.length; i += 1) {
        const chunk = first + chunks[i]!;
        if (alive[chunk] === 0) continue;
        const times = counts[i]!;
        const score = Math.fround(own[chunk]! + most * times / (times + normBase + normPerWord * words[chunk]!));
        own[chunk] = score;
        if (score > mostOwn) mostOwn = score;
        if (windowCounts[chunk] === 0) touched[touchedCount++] = chunk;
        windowCounts[chunk] = windowCounts[chunk]! + times;
        for (let at = nexts[chunk]!, step = 0; step < 2 && at !== NONE; at = nexts[at]!, step += 1) {
          if (windowCounts[at] === 0) touched[touchedCount++] = at;
          windowCounts[at] = windowCounts[at]! + (step === 0 ? WINDOW.previous : WINDOW.beforePrevious) * times;
        }
        for (let at = previouses[chunk]!, step = 0; step < 2 && at !== NONE; at = previouses[at]!, step += 1) {
          if (windowCounts[at] === 0) touched[touchedCount++] = at;
          windowCounts[at] = windowCounts[at]! + (step === 0 ? WINDOW.next : WINDOW.afterNext) * times;
        }
        const group = sessions[chunk]!;
        if (group === NONE) continue;
        if (sessionCounts[group] === 0) touchedSessions[sessionCount++] = group;
        sessionCounts[group] = sessionCounts[group]! + times;
      }
    }
    for (let i = 0; i < touchedCount; i += 1) {
      const chunk = touched[i]!;
      const count = windowCounts[chunk]!;
      const score = Math.fround(window[chunk]! + most * count / (count + normBase + normPerWord * words[chunk]!));
      window[chunk] = score;
      windowCounts[chunk] = 0;
      if (score > mostWindow) mostWindow = score;
    }
    const mostOfSession = inverseFrequency(sessionCount, view.sessions) * (K1 + 1);
    for (let i = 0; i < sessionCount; i += 1) {
      const group = touchedSessions[i]!;
      const count = sessionCounts[group]!;
      session[group] = session[group]! + mostOfSession * count / (count + K1 * (1 - SESSION_B + SESSION_B * sessionWords[group]! / averageSession));
      sessionCounts[group] = 0;
    }
  }
  return Object.assign(scores, { mostOwn, mostWindow });
}

/** Calls `visit` once for each chunk that contains one of the terms. Sets these chunks in `seen`, and skips those that are set. */
export function forEachHaving(postings: readonly Postings[], terms: readonly string[], seen: Uint8Array, visit: (chunk: number) => void): void {
  for (const term of terms) {
    const key = termHash(term);
    for (const part of postings) {
      const found = part.find(key);
      if (found === undefined) continue;
      for (let i = 0; i < found.chunks.length; i += 1) {
        const chunk = part.first + found.chunks[i]!;
        if (seen[chunk] !== 0) continue; // also for a chunk that is newer than the question's arrays
        seen[chunk] = 1;
        visit(chunk);
      }
    }
  }
}

/** What a view does not show must not count either: how rare a word is would tell that it occurs elsewhere. */
function countVisible({ first, chunks }: { first: number; chunks: ArrayLike<number> }, alive: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < chunks.length; i += 1) if (alive[first + chunks[i]!] === 1) count += 1;
  return count;
}

function inverseFrequency(having: number, all: number): number {
  return Math.log(1 + (all - having + 0.5) / (having + 0.5));
}
