// Recall by a caller's vector: finds the memories whose vectors of the same model are nearest, and joins them with the answer to a question.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { attachedDigest } from './files/attached-bytes.ts';
import { partOf, shown, tokensOf } from './matched-part.ts';
import type { CallerVector } from './memory.ts';
import { boostOf, CANDIDATES, joined, recall, recallFilter, type Recalled, type RecallContext, type RecallHit, type RecallInput } from './recalling.ts';
import { sameHome } from './scope.ts';
import { overlap } from './text/recalled.ts';
import { words } from './text/terms.ts';
import { unitVector } from './vectors/caller-vectors.ts';

/** How many milliseconds to compare before yielding to other calls. */
const AT_ONCE_MS = 10;
/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): a memory gets 1 / (60 + its rank) from each ranking. It does not need comparable scores, and there
 * are none, because what counts as a high cosine depends on the caller's model.
 */
const RANK_OFFSET = 60;

type Request = z.output<typeof RecallInput> & { vector: CallerVector };

/** Answers from the given spaces, by the vector only, or joined with the answer to the question. */
export async function recallByVector(spaces: readonly RecallContext[], request: Request, limit: number): Promise<Recalled> {
  const depth = { limit: limit * CANDIDATES, tokens: undefined };
  const near = joined(await Promise.all(spaces.map(async (recallContext) => await nearest(recallContext, request, depth.limit))), depth);
  const { query } = request;
  if (query === undefined) return { ...near, hits: fitting(near.hits, limit, request.tokens) };
  const said = joined(await Promise.all(spaces.map(async (recallContext) => await recall(recallContext, { ...request, ...depth, query }))), depth);
  return { hits: fitting(fused(said.hits, near.hits), limit, request.tokens), nothingRelevant: said.nothingRelevant && near.nothingRelevant, mode: said.mode };
}

/** Memories in the scope whose vectors are nearest. A vector stands for the whole memory, so a long text is shown from its beginning. */
async function nearest(recallContext: RecallContext, request: Request, count: number): Promise<Recalled> {
  const { space, scope } = recallContext;
  const { book, index: { table } } = space;
  const environment = scope.environmentId === undefined ? undefined : book.environmentNumber(scope.environmentId) ?? NaN;
  const asOfMs = request.asOf === undefined ? Infinity : Date.parse(request.asOf);
  const admits = (record: number): boolean => book.alive.values[record] === 1 && book.time.values[record]! <= asOfMs && (environment === undefined || book.environment.values[record] === environment);
  let untilMs = performance.now() + AT_ONCE_MS;
  const pause = async (): Promise<void> => {
    if (performance.now() < untilMs) return;
    await nextTurn();
    if (space.closed) throw new SomnusError('locked', `The memory space ${space.row.name} was locked during the recall`);
    untilMs = performance.now() + AT_ONCE_MS;
  };
  const allows = recallFilter(recallContext, request);
  space.working += 1; // so that its content is not dropped to save RAM in the meantime
  const found = await space.callerVectors.nearest(unitVector(request.vector), count, { admits, allows, pause }).finally(() => { space.working -= 1; });
  const hits: RecallHit[] = [];
  const taken: { record: number; words: Set<string> }[] = [];
  const boosted = found.filter(({ record }) => admits(record)).map(({ record, cosine }, i) => { // some may have been forgotten in the meantime
    const boost = boostOf(space, record, recallContext, '');
    return { record, boost, score: cosine * boost, vector: { rank: i + 1, cosine } };
  }).toSorted((a, b) => b.score - a.score || a.record - b.record);
  for (const { record, boost, score, vector } of boosted) {
    const whole = book.get(record);
    const [first] = table.of(record);
    const { memory, part } = shown(whole, first === undefined ? undefined : partOf(table, first, whole), Infinity);
    const own = new Set(words(memory.text));
    const values = space.callerVectors.get(record);
    // Two images may have the same caption, so only the same vector with the same words is a repetition.
    if (values !== undefined && taken.some((other) => space.callerVectors.isSame(other.record, values) && sameHome(book.get(other.record), whole) && attachedDigest(book.get(other.record)) === attachedDigest(whole) && overlap(own, other.words) >= recallContext.config.retrieval.duplicateOverlap)) continue;
    taken.push({ record, words: own });
    hits.push({ memory, space: space.row.name, score, ...part === undefined ? {} : { part }, ...request.explain ? { explain: { ranks: {}, boost, vector } } : {} });
  }
  return { hits, nothingRelevant: hits.length === 0, mode: 'vector' };
}

/** Joins two rankings by the ranks in them. The best possible score, first in both, is 1. */
function fused(said: readonly RecallHit[], near: readonly RecallHit[]): RecallHit[] {
  const idOf = (hit: RecallHit): string => `${hit.space} ${hit.memory.id}`;
  const hits = new Map<string, RecallHit>();
  const scoreOf = (i: number): number => (RANK_OFFSET + 1) / (RANK_OFFSET + i + 1) / 2;
  said.forEach((hit, i) => hits.set(idOf(hit), { ...hit, score: scoreOf(i) }));
  near.forEach((hit, i) => {
    const other = hits.get(idOf(hit));
    hits.set(idOf(hit), other === undefined ? { ...hit, score: scoreOf(i) } : both(other, hit, other.score + scoreOf(i)));
  });
  return [...hits.values()].toSorted((a, b) => b.score - a.score);
}

/** A hit in both rankings. The question determines which part of a long text matched. A hit by vector is not weak. */
function both({ weak: _weak, ...said }: RecallHit, near: RecallHit, score: number): RecallHit {
  return { ...said, score, ...said.explain === undefined || near.explain === undefined ? {} : { explain: { ...said.explain, vector: near.explain.vector } } };
}

/** The first hits that fit. A hit whose whole text does not fit is shown as its part. */
function fitting(hits: readonly RecallHit[], limit: number, tokens: number | undefined): RecallHit[] {
  let left = tokens ?? Infinity;
  const taken: RecallHit[] = [];
  for (const hit of hits) {
    if (taken.length === limit) break;
    const { memory, part } = hit;
    const fit = tokensOf(memory.text) > left && part?.whole === true ? { ...hit, memory: { ...memory, text: part.text }, part: { ...part, whole: false } } : hit;
    const cost = tokensOf(fit.memory.text);
    if (cost > left) continue;
    left -= cost;
    taken.push(fit);
  }
  return taken;
}
