// Answers a question from memory: filters, boosts, near-duplicates, budget, and detecting that nothing is relevant. The scores come from retrieval/.
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { Name } from '../../common/ids.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { retrieverNames, type RetrieverName, type Ranking } from './retrieval/ranking.ts';
import type { Question } from './retrieval/question.ts';
import { topChunks } from './retrieval/top.ts';
import { partialView, type View } from './retrieval/view.ts';
import { CallerVector, Importance, Layer, Memory, MemoryType } from './memory.ts';
import type { MemoryConfig } from './memory-config.ts';
import type { OpenSpace } from './open-space.ts';
import { sameHome, sees, stands, type Scope } from './scope.ts';
import { MAIN_SPACE } from './spaces.ts';
import { importanceNumber, readKind } from './store/pack.ts';
import { attachedDigest } from './files/attached-bytes.ts';
import { MatchedPart, partOf, shown, tokensOf } from './matched-part.ts';
import { overlap } from './text/recalled.ts';
import { words } from './text/terms.ts';

const Query = z.string().trim().min(1).max(4000);

export const RecallInput = z.strictObject({
  query: Query.optional(),
  /** Finds the memories whose vectors of the same model are nearest. If there is also a query, both rankings are joined by rank. */
  vector: CallerVector.optional(),
  space: Name.default(MAIN_SPACE),
  /** Search several spaces instead of one. */
  spaces: z.array(Name).min(1).max(10).optional(),
  limit: z.int().min(1).max(200).optional(),
  /** Maximum tokens of text in the answer; a token counts as four characters. */
  tokens: z.int().min(1).optional(),
  types: z.array(MemoryType).min(1).optional(),
  /** raw if omitted: extracted facts are always injected; name their layer here to search them too. With `asOf`, raw and fact. */
  layers: z.array(Layer).min(1).optional(),
  /** Answers as memory would have at that time: only what had been said or had happened by then, and the facts that were true. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  environmentId: z.string().optional(),
  agentId: z.string().optional(),
  sessionId: z.string().optional(),
  conversationId: z.string().optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  minImportance: Importance.optional(),
  /** Only memories that have all of these values. */
  metadata: z.record(z.string().max(100), z.string().max(2000)).optional(),
  explain: z.boolean().default(false),
}).refine(({ query, vector }) => query !== undefined || vector !== undefined, { path: ['query'], error: 'needs a query or a vector' });
export type RecallInput = z.input<typeof RecallInput>;

export const RecallSessionsInput = z.strictObject({ query: Query, space: RecallInput.shape.space, limit: RecallInput.shape.limit });
export type RecallSessionsInput = z.input<typeof RecallSessionsInput>;

export const RecallHit = z.strictObject({
  /** Without the bytes of its attachment. A text that is too long, or that exceeds `tokens`, is replaced by the part that matched. */
  memory: Memory,
  space: z.string(),
  score: z.number(),
  /** The part of a long text that matched. */
  part: MatchedPart.optional(),
  /** It shares only some words with the question, and without an embedding model nothing better can be said. */
  weak: z.boolean().optional(),
  /** With `explain`: the rank in each retriever, from 1, and the factor that multiplied the score. */
  explain: z.strictObject({
    ranks: z.partialRecord(z.enum(retrieverNames), z.int()),
    boost: z.number(),
    /** Without a model there are no vectors: neither a cosine nor a rank by it. */
    cosine: z.number().optional(),
    /** For a recall by a caller's vector: the rank by it, from 1, and the cosine. */
    vector: z.strictObject({ rank: z.int(), cosine: z.number() }).optional(),
  }).optional(),
});
export type RecallHit = z.infer<typeof RecallHit>;

export const Recalled = z.strictObject({
  hits: z.array(RecallHit),
  /** Memory contains nothing about this question, and nothing whose vector of the same model is near the given one. */
  nothingRelevant: z.boolean(),
  /** How the question was compared. `keywords`: by names, words and dates only, because no embedding model is available. `vector`: there was no question. */
  mode: z.enum(['hybrid', 'keywords', 'vector']),
});
export type Recalled = z.infer<typeof Recalled>;

export interface RecallContext { scope: Scope; space: OpenSpace; embedder: Embedder | undefined; config: MemoryConfig; log: Logger; nowMs: number; queryVectors?: QueryVectors | undefined }

/** A cache of question vectors. */
export interface QueryVectors {
  get(model: string, text: string): Float32Array | undefined | Promise<Float32Array | undefined>;
  put(model: string, text: string, vector: Float32Array): void;
}

/** Candidates examined per requested answer, to choose from by near-duplicates and boosts. */
export const CANDIDATES = 5;
const LEAST_COSINE = 0.1;
const DAY_MS = 86_400_000;
const RECENCY_DAYS = 30;
const ASKS_FOR_LATEST = /\b(?:latest|newest|most recent|recently|currently|right now|these days|last time)\b/i;
/** Without vectors there is no semantic similarity to fall back on, so fewer words are enough. */
const KEYWORDS_COVERAGE = 0.5;

/** Parses the question and scores every chunk. The caller disposes of the ranking. */
export async function ask(recallContext: RecallContext, query: string, asOfMs?: number): Promise<{ question: Question; ranking: Ranking; mode: Recalled['mode'] }> {
  const { space, scope } = recallContext;
  const viewed = (): View => asOfMs === undefined ? space.view(scope) : viewAsOf(recallContext, asOfMs);
  const question = space.index.question(query, asOfMs ?? recallContext.nowMs, viewed());
  const vector = space.vectors.isReembedding ? undefined : await queryVector(recallContext, question.firstPerson);
  // Viewed again: something may have been stored or forgotten while the model was busy.
  return { question, ranking: await space.index.rank(question, vector, viewed()), mode: vector === undefined ? 'keywords' : 'hybrid' };
}

/** What a scope would have shown at a time: what was said by then, and each fact from when it was said until the next version. */
function viewAsOf({ space, scope }: RecallContext, asOfMs: number): View {
  const { book, index } = space;
  const admits = (environmentId: string | undefined): boolean => stands(scope, { environmentId });
  const environment = scope.environmentId === undefined ? undefined : book.environmentNumber(scope.environmentId) ?? NaN;
  const alive = (record: number): boolean => {
    if (readKind(book.kind.values[record]!).layer !== 'fact') return book.alive.values[record] === 1;
    if (space.isRemoved(record)) return false;
    const validTo = space.catalog.validTo(book.get(record));
    return validTo === undefined ? book.alive.values[record] === 1 : Date.parse(validTo) > asOfMs;
  };
  return partialView(index.table, (record) => book.time.values[record]! <= asOfMs && (environment === undefined || book.environment.values[record] === environment) && alive(record), admits, true);
}

/** Answers by the question only, without a caller's vector. */
export async function recall(recallContext: RecallContext, input: z.output<typeof RecallInput> & { query: string }): Promise<Recalled> {
  const { space, config } = recallContext;
  const { question, ranking, mode } = await ask(recallContext, input.query, input.asOf === undefined ? undefined : Date.parse(input.asOf));
  using _arrays = ranking;
  const isKnown = knowsAbout(ranking, mode, config);
  if (!isKnown && (mode === 'hybrid' || !ranking.window.some((score, chunk) => score > 0 && ranking.alive[chunk] === 1))) return { hits: [], nothingRelevant: true, mode };
  const limit = input.limit ?? config.retrieval.limit;
  const { book, index: { table } } = space;
  const allowed = recallFilter(recallContext, input);
  const candidates = topChunks(ranking.fused, ranking.alive, limit * CANDIDATES, (chunk) => hasEvidence(ranking, chunk) && allowed(table.record.values[chunk]!));
  const boosted = candidates.map((chunk) => {
    const boost = boostOf(space, table.record.values[chunk]!, recallContext, question.text);
    return { chunk, boost, score: ranking.fused[chunk]! * boost };
  }).toSorted((a, b) => b.score - a.score || a.chunk - b.chunk);

  const hits: RecallHit[] = [];
  const taken = new Set<number>();
  const texts: { words: Set<string>; memory: Memory }[] = [];
  let tokens = 0;
  for (const { chunk, boost, score } of boosted) {
    if (hits.length === limit) break;
    const record = table.record.values[chunk]!;
    if (taken.has(record)) continue;
    taken.add(record);
    const whole = book.get(record);
    const part = partOf(table, chunk, whole);
    const { memory, part: matched } = shown(whole, part, input.tokens === undefined ? Infinity : input.tokens - tokens);
    const own = new Set(words(memory.text));
    if (own.size > 0 && texts.some((other) => sameHome(other.memory, memory) && attachedDigest(other.memory) === attachedDigest(memory) && overlap(own, other.words) >= config.retrieval.duplicateOverlap)) continue;
    const cost = tokensOf(memory.text);
    if (input.tokens !== undefined && tokens + cost > input.tokens) continue;
    tokens += cost;
    texts.push({ words: own, memory });
    hits.push({ memory, space: space.row.name, score, ...matched === undefined ? {} : { part: matched }, ...isKnown ? {} : { weak: true }, ...input.explain ? { explain: { ranks: ranksOf(ranking, chunk, mode), boost, ...mode === 'hybrid' ? { cosine: ranking.cosines[chunk]! } : {} } } : {} });
  }
  return { hits, nothingRelevant: candidates.length === 0, mode };
}

/** Merges the answers of several spaces: scores of one question are comparable between spaces. */
export function joined(answers: readonly Recalled[], { limit, tokens }: { limit: number; tokens?: number | undefined }): Recalled {
  const [only] = answers;
  if (answers.length === 1 && only !== undefined) return only;
  let spent = 0;
  const hits = answers.flatMap((answer) => answer.hits).toSorted((a, b) => b.score - a.score)
    .filter(({ memory }) => {
      const cost = tokensOf(memory.text);
      if (tokens !== undefined && spent + cost > tokens) return false;
      spent += cost;
      return true;
    }).slice(0, limit);
  return { hits, nothingRelevant: answers.every((answer) => answer.nothingRelevant), mode: answers.find(({ mode }) => mode !== 'hybrid')?.mode ?? 'hybrid' };
}

async function queryVector({ embedder, log, queryVectors }: RecallContext, text: string): Promise<Float32Array | undefined> {
  if (embedder === undefined) return undefined;
  const known = await queryVectors?.get(embedder.model, text);
  if (known !== undefined) return known;
  try {
    const [vector] = await embedder.embed([text], 'query');
    if (vector !== undefined) queryVectors?.put(embedder.model, text, vector);
    return vector;
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code !== 'unavailable') throw error;
    log.warn({ event: 'memory.keywords_only', code: error.code, err: error });
    return undefined;
  }
}

/** Whether a memory is similar to the question, has most of its words, or contains an identifier it names. */
function knowsAbout(ranking: Ranking, mode: Recalled['mode'], { retrieval }: MemoryConfig): boolean {
  if (ranking.knowsIdentifier) return true;
  if (mode === 'hybrid' && largestOf(ranking.cosines, ranking.alive) >= retrieval.minCosine) return true;
  return largestOf(ranking.window, ranking.alive) / ranking.weight >= (mode === 'hybrid' ? retrieval.minCoverage : KEYWORDS_COVERAGE);
}

/** Whether this chunk, or words next to it, match the question: being short, recent or by the right person is not enough. */
function hasEvidence(ranking: Ranking, chunk: number): boolean {
  return ranking.window[chunk]! > 0 || ranking.cosines[chunk]! >= LEAST_COSINE;
}

function largestOf(scores: Float32Array, alive: Uint8Array): number {
  let max = 0;
  for (let chunk = 0; chunk < scores.length; chunk += 1) if (scores[chunk]! > max && alive[chunk] === 1) max = scores[chunk]!;
  return max;
}

/** Whether a memory passes the filters of a request. The caller of this function checks the environment. @throws SomnusError `invalid_request` */
export function recallFilter({ space: { book, tags }, scope, nowMs }: RecallContext, input: z.output<typeof RecallInput>): (record: number) => boolean {
  const layers = input.layers ?? (input.asOf === undefined ? ['raw'] : ['raw', 'fact']);
  const from = input.from === undefined ? -Infinity : Date.parse(input.from);
  const to = input.to === undefined ? Infinity : Date.parse(input.to);
  if (from > to) throw new SomnusError('invalid_request', 'from is later than to', { details: { field: 'from' } });
  const worst = input.minImportance === undefined ? Infinity : importanceNumber(input.minImportance);
  const { conversationId, metadata } = input;
  const tagged = tags.matching({ agentId: scope.agentId, sessionId: scope.sessionId, conversationId, metadata });
  return (record) => {
    const { layer, type } = readKind(book.kind.values[record]!);
    if (!layers.includes(layer) || (input.types !== undefined && !input.types.includes(type))) return false;
    if (book.expires.values[record]! <= nowMs || book.importance.values[record]! > worst) return false;
    const at = book.time.values[record]!;
    if (at < from || at >= to) return false;
    if (tagged === undefined) return true;
    if (!tagged.has(record)) return false;
    const memory = book.get(record);
    return [memory, ...(memory.also ?? []).map((place) => ({ environmentId: memory.environmentId, ...place }))].some((place) => sees(scope, place) && (conversationId === undefined || place.conversationId === conversationId));
  };
}

/** A bounded factor for importance, and for age if the question asks for the latest or memories decay. */
export function boostOf(space: OpenSpace, record: number, { config, nowMs }: RecallContext, query: string): number {
  const { book } = space;
  const { maxBoost, decayHalfLifeDays } = config.retrieval;
  const middle = importanceNumber('medium');
  const importance = (middle - book.importance.values[record]!) / middle;
  const asksForLatest = ASKS_FOR_LATEST.test(query);
  const decays = decayHalfLifeDays > 0 && book.importance.values[record] !== importanceNumber('critical');
  if (!asksForLatest && !decays) return 1 + maxBoost * importance / 2;
  const ageDays = Math.max(0, nowMs - Date.parse(book.get(record).occurredAt)) / DAY_MS;
  const recent = asksForLatest ? Math.exp(-ageDays / RECENCY_DAYS) / 2 : 0;
  const decayed = decays ? (1 - 2 ** (-ageDays / decayHalfLifeDays)) / 2 : 0;
  return 1 + maxBoost * (importance / 2 + recent - decayed);
}

function ranksOf(ranking: Ranking, chunk: number, mode: Recalled['mode']): Partial<Record<RetrieverName, number>> {
  const retrievers = ranking.retrievers();
  const rank = (scores: Float32Array): number => scores.reduce((better, score, other) => better + (score > scores[chunk]! && ranking.alive[other] === 1 ? 1 : 0), 1);
  return Object.fromEntries(retrieverNames.filter((name) => mode === 'hybrid' || name !== 'dense').map((name) => [name, rank(retrievers[name].chunks)]));
}
