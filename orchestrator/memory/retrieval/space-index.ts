// The unlocked index of one space: chunks, postings, vectors. In memory only; rebuilt from the records, or loaded from sealed segments.
import { toSomnusError } from '../../../common/errors.ts';
import { splitIntoChunks } from '../text/chunks.ts';
import { names } from '../text/names.ts';
import { spanTerms, timeSpans } from '../text/temporal.ts';
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
import { topChunks } from './top.ts';

/** A near-duplicate shares its first words too; looking up all of a long text's would only take time. */
const MAX_LIKELY_TERMS = 24;

/** What the index takes of a memory. */
export interface Indexed {
  record: number;
  text: string;
  session: string | undefined;
  speaker: string | undefined;
  timeMs: number;
}

/** An chunk that has no vector yet, and what to embed for it. */
export interface Unembedded { chunk: number; text: string }

export class SpaceIndex {
  readonly table = new ChunkTable();
  readonly graph = new FactGraph();
  readonly #dimensions: number;
  readonly #exact: ExactVectorIndex;
  /** A server that answers instead of the exact index, which still holds what segments are made of. */
  readonly #remote: VectorIndex | undefined;
  #postings: Postings[] = [];
  #growing = new GrowingPostings(0);

  constructor(dimensions: number, remote?: VectorIndex) {
    this.#dimensions = dimensions;
    this.#exact = new ExactVectorIndex(dimensions);
    this.#remote = remote;
  }

  /** Chunks that are not in a segment yet start here. */
  get firstGrowing(): number {
    return this.#growing.first;
  }

  add(memory: Indexed): Unembedded[] {
    return splitIntoChunks(memory.text).map((text) => {
      const content = terms(text);
      const chunk = this.table.add({ ...memory, length: content.length, ...traits(text) });
      const mentioned = timeSpans(text, memory.timeMs).flatMap(spanTerms);
      this.#growing.add(chunk, [...content, ...new Set([...mentioned, ...names(text).map(nameTerm)])]);
      return { chunk, text };
    });
  }

  setVector(chunk: number, vector: Float32Array): void {
    this.#exact.set(chunk, vector);
    this.#remote?.set(chunk, vector);
  }

  /** Chunks from `first` on that no vector was set for. */
  chunksWithoutVector(first: number): number[] {
    const missing: number[] = [];
    for (let chunk = first; chunk < this.table.size; chunk += 1) if (this.#exact.get(chunk).scale === 0) missing.push(chunk);
    return missing;
  }

  /** An index of the same kind with nothing in it, for making a segment anew. */
  empty(): SpaceIndex {
    return new SpaceIndex(this.#dimensions);
  }

  /** Takes over the vector of an chunk of another index, when it has one. */
  copyVector(chunk: number, from: SpaceIndex, source: number | undefined): void {
    if (source !== undefined) this.#exact.setQuantized(chunk, from.#exact.get(source));
  }

  /** The texts of a memory's chunks. */
  textsOf(memory: Indexed): string[] {
    return splitIntoChunks(memory.text);
  }

  /** Takes an chunk out of every answer; its words go with the next rewrite of its segment. */
  remove(chunk: number): void {
    this.table.alive.values[chunk] = 0;
    this.#exact.remove(chunk);
    this.#remote?.remove(chunk);
  }

  /** Turns what was added since the last call into a segment's bytes, with records counted from `firstRecord`; `made` says what they depend on. */
  freeze(firstRecord: number, made: string): Buffer {
    const first = this.firstGrowing;
    const size = this.table.size - first;
    const frozen = this.#growing.freeze();
    const { arrays, strings } = this.table.pack(first, firstRecord);
    const vectors = new Int8Array(size * this.#dimensions);
    const scales = new Float32Array(size);
    for (let i = 0; i < size; i += 1) {
      const { values, scale } = this.#exact.get(first + i);
      vectors.set(values, i * this.#dimensions);
      scales[i] = scale;
    }
    this.#postings.push(new FrozenPostings(first, frozen));
    this.#growing = new GrowingPostings(this.table.size);
    return packColumns({ ...arrays, ...frozen, vectors, scales }, { ...strings, made: [made] });
  }

  /** Appends a segment; only before anything was added after the last one. */
  load(bytes: Buffer, firstRecord: number): void {
    const packed = new PackedColumns(bytes);
    const first = this.table.size;
    this.table.append(packed, firstRecord);
    this.#postings.push(new FrozenPostings(first, {
      terms: packed.get('terms', Float64Array), starts: packed.get('starts', Uint32Array), chunks: packed.get('chunks', Uint32Array), counts: packed.get('counts', Uint8Array),
    }));
    const vectors = packed.get('vectors', Int8Array);
    const scales = packed.get('scales', Float32Array);
    this.#exact.setAll(first, vectors, scales);
    this.#fillRemote(first);
    this.#growing = new GrowingPostings(this.table.size);
  }

  question(text: string, nowMs: number): Question {
    const question = readQuestion(text, this.table.speakers.values, nowMs);
    return { ...question, reached: this.graph.walk([...question.speakers, ...question.names], question.content) };
  }

  /** Every chunk's score; without a vector of the question the keyword and graph retrievers answer alone. */
  async rank(question: Question, vector: Float32Array | undefined): Promise<Ranking> {
    const size = this.table.size;
    const cosines = vector === undefined ? new Float32Array(size) : await this.#cosines(vector, size);
    return rank(this.table, [...this.#postings, this.#growing], question, cosines);
  }

  /** The live chunks that share most words with a text, by plain BM25. */
  likely(text: string, count: number): number[] {
    const { own } = keywordScores(this.table, [...this.#postings, this.#growing], terms(text).slice(0, MAX_LIKELY_TERMS));
    return topChunks(own, this.table.alive.values, count);
  }

  async close(): Promise<void> {
    await this.#exact.close();
    await this.#remote?.close();
  }

  /** From the server when there is one; while it does not answer, from the exact index, and the server is filled again. */
  async #cosines(vector: Float32Array, size: number): Promise<Float32Array> {
    if (this.#remote === undefined) return await this.#exact.cosines(vector, size);
    try {
      return await this.#remote.cosines(vector, size);
    } catch (error) {
      if (toSomnusError(error).code !== 'unavailable') throw error;
      this.#remote.reset();
      this.#fillRemote(0);
      return await this.#exact.cosines(vector, size);
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
