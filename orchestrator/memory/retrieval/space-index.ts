// The index of one unlocked space: chunks, postings, vectors. Held in memory only; rebuilt from the records or loaded from sealed segments.
import { toSomnusError } from '../../../common/errors.ts';
import { splitIntoChunks } from '../text/chunks.ts';
import { names } from '../text/names.ts';
import { spanTerms, timeSpans, type Clock } from '../text/temporal.ts';
import { terms } from '../text/terms.ts';
import { traits } from '../text/traits.ts';
import { ExactVectorIndex } from '../vectors/exact-vector-index.ts';
import type { VectorIndex } from '../vectors/vector-index.ts';
import { ChunkTable } from './chunk-table.ts';
import { packColumns, PackedColumns } from './columns.ts';
import { FactGraph } from './fact-graph.ts';
import { keywordScores } from './keyword-retriever.ts';
import { FrozenPostings, GrowingPostings, type Postings } from './postings.ts';
import { readQuestion, type Question } from './question.ts';
import { nameTerm, rank, type Ranking } from './ranking.ts';
import { ScratchPool } from './scratch.ts';
import { topChunks } from './top.ts';
import { speakersIn, type View } from './view.ts';
import type { SessionWeights, Weights } from './weights.ts';

/** Terms used to find near-duplicates: they share their first words too, and searching for all words of a long text would only take time. */
const MAX_LIKELY_TERMS = 24;

/** Estimated bytes for the columns and postings of a chunk of about twenty words. */
const BYTES_PER_CHUNK = 600;

/** The part of a memory that is indexed. */
export interface Indexed {
  record: number;
  text: string;
  session: string | undefined;
  speaker: string | undefined;
  timeMs: number;
}

/** A chunk that has no vector yet, and the text to embed. */
export interface Unembedded { chunk: number; text: string }

export class SpaceIndex {
  readonly table = new ChunkTable();
  readonly graph = new FactGraph();
  readonly #dimensions: number;
  readonly #clock: Clock;
  readonly #exact: ExactVectorIndex;
  /** A server that answers instead of the exact index, which still holds the vectors for segments. */
  readonly #remote: VectorIndex | undefined;
  #postings: Postings[] = [];
  readonly #scratch = new ScratchPool();
  /** One for each segment that is not frozen yet; chunks are added to the last. */
  readonly #growing: GrowingPostings[] = [];

  constructor(dimensions: number, clock: Clock, remote?: VectorIndex) {
    this.#dimensions = dimensions;
    this.#clock = clock;
    this.#exact = new ExactVectorIndex(dimensions);
    this.#remote = remote;
  }

  /** RAM, by estimate. */
  get bytes(): number {
    return this.table.size * (this.#dimensions + BYTES_PER_CHUNK);
  }

  add(memory: Indexed): Unembedded[] {
    const growing = this.#growing.at(-1) ?? this.beginSegment();
    return splitIntoChunks(memory.text).map(({ text, start }) => {
      const content = terms(text);
      const chunk = this.table.add({ ...memory, start, end: start + text.length, length: content.length, ...traits(text) });
      const mentioned = timeSpans(text, this.#clock.toLocal(memory.timeMs)).flatMap(spanTerms);
      growing.add(chunk, [...content, ...new Set([...mentioned, ...names(text).map(nameTerm)])]);
      return { chunk, text };
    });
  }

  setVector(chunk: number, vector: Float32Array): void {
    this.#exact.set(chunk, vector);
    this.#remote?.set(chunk, vector);
  }

  /** Chunks from `first` up to but without `end` that have no vector. */
  chunksWithoutVector(first: number, end: number): number[] {
    const missing: number[] = [];
    for (let chunk = first; chunk < end; chunk += 1) if (!this.hasVector(chunk)) missing.push(chunk);
    return missing;
  }

  hasVector(chunk: number): boolean {
    return this.#exact.has(chunk);
  }

  /** The cosine of a chunk's vector with another. */
  cosineOf(chunk: number, vector: Float32Array): number {
    const { values, scale } = this.#exact.get(chunk);
    return vector.reduce((sum, value, i) => sum + value * values[i]! * scale, 0);
  }

  /** Creates an empty index of the same kind, to rebuild a segment. */
  empty(): SpaceIndex {
    return new SpaceIndex(this.#dimensions, this.#clock);
  }

  /** Copies the vector of another index's chunk, if it has one. */
  copyVector(chunk: number, from: SpaceIndex, source: number | undefined): void {
    if (source !== undefined) this.#exact.setQuantized(chunk, from.#exact.get(source));
  }

  /** Removes a chunk from all answers; its words are deleted with the next rewrite of its segment. */
  remove(chunk: number): void {
    this.table.alive.values[chunk] = 0;
    this.#exact.remove(chunk);
    this.#remote?.remove(chunk);
  }

  /** Begins another segment for the chunks that are added from now on. */
  beginSegment(): GrowingPostings {
    const growing = new GrowingPostings(this.table.size);
    this.#growing.push(growing);
    return growing;
  }

  /** Converts the chunks of the first segment that is not frozen to bytes, with records numbered from `firstRecord`; `made` names what the bytes depend on. */
  freeze(firstRecord: number, made: string): Buffer {
    const growing = this.#growing.shift() ?? new GrowingPostings(this.table.size);
    const { first } = growing;
    const end = this.#growing[0]?.first ?? this.table.size;
    const size = end - first;
    const frozen = growing.freeze();
    const { arrays, strings } = this.table.pack(first, end, firstRecord);
    const vectors = new Int8Array(size * this.#dimensions);
    const scales = new Float32Array(size);
    for (let i = 0; i < size; i += 1) {
      const { values, scale } = this.#exact.get(first + i);
      vectors.set(values, i * this.#dimensions);
      scales[i] = scale;
    }
    this.#postings.push(new FrozenPostings(first, frozen));
    return packColumns({ ...arrays, ...frozen, vectors, scales }, { ...strings, made: [made] });
  }

  /** Takes over the vectors of a segment whose other columns were rebuilt, if it has the same chunks. */
  loadVectors(bytes: Buffer, first: number): void {
    const packed = new PackedColumns(bytes);
    const scales = packed.get('scales', Float32Array);
    if (scales.length !== this.table.size - first) return;
    this.#exact.setAll(first, packed.get('vectors', Int8Array), scales);
    this.#fillRemote(first);
  }

  /** Appends a segment, with or without its vectors. Call it only while every added chunk is in a segment. */
  load(bytes: Buffer, firstRecord: number, withVectors: boolean): void {
    const packed = new PackedColumns(bytes);
    const first = this.table.size;
    this.table.append(packed, firstRecord);
    this.#postings.push(new FrozenPostings(first, {
      terms: packed.get('terms', Float64Array), starts: packed.get('starts', Uint32Array), chunks: packed.get('chunks', Uint32Array), counts: packed.get('counts', Uint8Array),
    }));
    const vectors = packed.get('vectors', Int8Array);
    const scales = packed.get('scales', Float32Array);
    if (withVectors) this.#exact.setAll(first, vectors, scales);
    else this.#exact.setAll(first, new Int8Array(scales.length * this.#dimensions), new Float32Array(scales.length));
    this.#fillRemote(first);
  }

  question(text: string, nowMs: number, view: View): Question {
    const question = readQuestion(text, view.whole ? this.table.speakers.values : speakersIn(this.table, view), nowMs, this.#clock);
    return { ...question, reached: this.graph.walk([...question.speakers, ...question.names], question.content, view.admits) };
  }

  /** Scores every chunk in the view; without a vector for the question, only the keyword and graph retrievers contribute. Dispose of the ranking to give its arrays to the next question. */
  async rank(question: Question, vector: Float32Array | undefined, view: View, ...weights: [Weights?, SessionWeights?]): Promise<Ranking> {
    const scratch = this.#scratch.borrow(this.table.size);
    const cosines = scratch.floats();
    if (vector !== undefined) await this.#cosines(vector, cosines, view);
    return rank(this.table, view, [...this.#postings, ...this.#growing], question, cosines, scratch, ...weights);
  }

  /** The visible chunks that share the most words with a text, by plain BM25. */
  likely(text: string, count: number, view: View): number[] {
    using scratch = this.#scratch.borrow(this.table.size);
    const { own } = keywordScores(this.table, view, [...this.#postings, ...this.#growing], terms(text).slice(0, MAX_LIKELY_TERMS), scratch);
    return topChunks(own, view.alive, count);
  }

  /** Resolves when the server, if there is one, has every vector or does not answer. */
  async current(): Promise<void> {
    await this.#remote?.current();
  }

  async close(): Promise<void> {
    await this.#exact.close();
    await this.#remote?.close();
  }

  /** Asks the server if there is one and it has every vector; otherwise, or if it does not answer, uses the exact index. */
  async #cosines(vector: Float32Array, cosines: Float32Array, view: View): Promise<void> {
    if (!view.whole) {
      // A server only knows the best hits of the whole space.
      await this.#exact.cosines(vector, cosines);
      for (let chunk = 0; chunk < cosines.length; chunk += 1) if (view.alive[chunk] === 0) cosines[chunk] = 0;
      return;
    }
    if (this.#remote?.needsAll === true) {
      this.#remote.reset();
      this.#fillRemote(0);
    }
    if (this.#remote?.isCurrent !== true) return await this.#exact.cosines(vector, cosines);
    try {
      await this.#remote.cosines(vector, cosines);
    } catch (error) {
      if (toSomnusError(error).code !== 'unavailable') throw error;
      await this.#exact.cosines(vector, cosines);
    }
  }

  #fillRemote(first: number): void {
    if (this.#remote === undefined) return;
    for (let chunk = first; chunk < this.table.size; chunk += 1) {
      const { values, scale } = this.#exact.get(chunk);
      if (scale !== 0) this.#remote.set(chunk, Float32Array.from(values, (value) => value * scale));
    }
  }
}
