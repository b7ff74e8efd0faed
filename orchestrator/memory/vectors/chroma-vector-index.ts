// The vector index on a Chroma server. It holds only vectors and chunk numbers: no text, no metadata, no names. Its content can always be sent
// again, so the collection is created at every unlock and whenever the server has lost it.
import { ChromaClient, type Collection } from 'chromadb';
import { SomnusError } from '../../../common/errors.ts';
import type { VectorIndex } from './vector-index.ts';

const BATCH = 500;
/** Number of hits to request: everything below the last hit is practically unrelated. */
const MAX_HITS = 1000;

export interface ChromaOptions {
  url: string;
  /** Name of the collection; opaque. */
  collection: string;
  dimensions: number;
}

export class ChromaVectorIndex implements VectorIndex {
  readonly #options: ChromaOptions;
  readonly #client: ChromaClient;
  #collection: Promise<Collection> | undefined;
  #waiting = new Map<number, Float32Array | undefined>();
  #flushing: Promise<void> = Promise.resolve();
  #held = 0;

  constructor(options: ChromaOptions) {
    this.#options = options;
    const url = new URL(options.url);
    this.#client = new ChromaClient({ host: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)), ssl: url.protocol === 'https:' });
  }

  set(chunk: number, vector: Float32Array): void {
    this.#waiting.set(chunk, vector);
  }

  remove(chunk: number): void {
    this.#waiting.set(chunk, undefined);
  }

  async cosines(query: Float32Array, size: number): Promise<Float32Array> {
    const result = new Float32Array(size);
    try {
      const collection = await this.#flushed();
      if (this.#held === 0) return result;
      const { ids: [ids = []], distances: [distances = []] } = await collection.query({ queryEmbeddings: [Array.from(query)], nResults: Math.min(MAX_HITS, this.#held), include: ['distances'] });
      const hits = ids.map((id, i) => ({ chunk: Number(id), cosine: 1 - (distances[i] ?? 1) }));
      if (this.#held > hits.length) result.fill(hits.at(-1)?.cosine ?? 0);
      for (const { chunk, cosine } of hits) if (chunk < size) result[chunk] = cosine;
      return result;
    } catch (cause) {
      throw new SomnusError('unavailable', `Chroma at ${this.#options.url} does not answer`, { hint: 'Check retrieval.chroma in memory.yaml. Until the server answers, the embedded index is used.', cause });
    }
  }

  reset(): void {
    this.#collection = undefined;
    this.#waiting.clear();
    this.#held = 0;
  }

  async close(): Promise<void> {
    if (this.#collection === undefined) return;
    try {
      await this.#client.deleteCollection({ name: this.#options.collection });
    } catch (cause) {
      throw new SomnusError('unavailable', `Chroma at ${this.#options.url} did not delete its collection`, { cause });
    }
  }

  /** Returns the collection with all vectors set so far. */
  async #flushed(): Promise<Collection> {
    this.#collection ??= this.#freshCollection();
    const collection = await this.#collection;
    const flush = this.#flushing.catch(() => undefined).then(() => this.#flush(collection));
    this.#flushing = flush;
    await flush;
    return collection;
  }

  async #flush(collection: Collection): Promise<void> {
    const changes = [...this.#waiting];
    this.#waiting = new Map();
    const added = changes.filter((change): change is [number, Float32Array] => change[1] !== undefined);
    const removed = changes.filter(([, vector]) => vector === undefined).map(([chunk]) => String(chunk));
    for (let at = 0; at < added.length; at += BATCH) {
      const batch = added.slice(at, at + BATCH);
      await collection.upsert({ ids: batch.map(([chunk]) => String(chunk)), embeddings: batch.map(([, vector]) => Array.from(vector)) });
    }
    if (removed.length > 0) await collection.delete({ ids: removed });
    if (changes.length > 0) this.#held = await collection.count();
  }

  async #freshCollection(): Promise<Collection> {
    const { collection: name } = this.#options;
    const existing = await this.#client.listCollections();
    if (existing.some((collection) => collection.name === name)) await this.#client.deleteCollection({ name });
    return await this.#client.createCollection({ name, embeddingFunction: null, configuration: { hnsw: { space: 'ip', ef_construction: 200, ef_search: MAX_HITS } } });
  }
}
