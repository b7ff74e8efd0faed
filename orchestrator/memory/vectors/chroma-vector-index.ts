// The vector index on a Chroma server. It holds only vectors and chunk numbers: no text, no metadata, no names. Its content can always be sent
// again, so the collection is created at every unlock and whenever the server has lost it.
import { ChromaClient, type Collection } from 'chromadb';
import { SomnusError } from '../../../common/errors.ts';
import type { ChromaPlace } from './chroma-server.ts';
import type { VectorIndex } from './vector-index.ts';

const BATCH = 500;
/** Number of hits to request: everything below the last hit is practically unrelated. */
const MAX_HITS = 1000;
/** Wait before a server that did not answer is filled again; doubles each time, up to a minute. */
const RETRY_MS = 500;
const MOST_RETRY_MS = 60_000;

export interface ChromaOptions {
  place: ChromaPlace;
  /** Name of the collection; opaque. */
  collection: string;
  dimensions: number;
}

export class ChromaVectorIndex implements VectorIndex {
  readonly #options: ChromaOptions;
  readonly #client: ChromaClient;
  #collection: Promise<Collection> | undefined;
  #waiting = new Map<number, Float32Array | undefined>();
  #filling: Promise<void> | undefined;
  #held = 0;
  #closed = false;
  /** The server did not answer and may have lost everything. */
  #failed = false;
  #retryAtMs = 0;
  #waitMs = RETRY_MS;

  constructor(options: ChromaOptions) {
    this.#options = options;
    const { url, tenant, database, headers } = options.place;
    const { hostname, port, protocol } = new URL(url);
    this.#client = new ChromaClient({
      host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)), ssl: protocol === 'https:',
      ...tenant === undefined ? {} : { tenant }, ...database === undefined ? {} : { database }, ...headers === undefined ? {} : { headers },
    });
  }

  get isCurrent(): boolean {
    return !this.#failed && this.#waiting.size === 0 && this.#filling === undefined;
  }

  get needsAll(): boolean {
    return this.#failed && Date.now() >= this.#retryAtMs;
  }

  set(chunk: number, vector: Float32Array): void {
    if (this.#failed) return; // all vectors are set again later
    this.#waiting.set(chunk, vector);
    this.#fill();
  }

  remove(chunk: number): void {
    if (this.#failed) return;
    this.#waiting.set(chunk, undefined);
    this.#fill();
  }

  async current(): Promise<void> {
    while (this.#filling !== undefined) await this.#filling;
  }

  async cosines(query: Float32Array, cosines: Float32Array): Promise<void> {
    try {
      const collection = await (this.#collection ??= this.#freshCollection());
      cosines.fill(0);
      if (this.#held === 0) return;
      const { ids: [ids = []], distances: [distances = []] } = await collection.query({ queryEmbeddings: [Array.from(query)], nResults: Math.min(MAX_HITS, this.#held), include: ['distances'] });
      const hits = ids.map((id, i) => ({ chunk: Number(id), cosine: 1 - (distances[i] ?? 1) }));
      if (this.#held > hits.length) cosines.fill(hits.at(-1)?.cosine ?? 0);
      for (const { chunk, cosine } of hits) if (chunk < cosines.length) cosines[chunk] = cosine;
    } catch (cause) {
      this.#fail();
      throw new SomnusError('unavailable', `Chroma at ${this.#options.place.url} does not answer`, { hint: 'Check retrieval.chroma in memory.yaml. Until the server answers, the embedded index is used.', cause });
    }
  }

  reset(): void {
    this.#collection = undefined;
    this.#waiting.clear();
    this.#held = 0;
    this.#failed = false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    if (this.#collection === undefined) return;
    try {
      await this.#client.deleteCollection({ name: this.#options.collection });
    } catch (cause) {
      throw new SomnusError('unavailable', `Chroma at ${this.#options.place.url} did not delete its collection`, { cause });
    }
  }

  /** Sends new vectors in the background, so that queries do not wait. */
  #fill(): void {
    this.#filling ??= this.#fillAll().finally(() => {
      this.#filling = undefined;
    });
  }

  async #fillAll(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed && !this.#failed) {
      const changes = this.#waiting;
      this.#waiting = new Map();
      try {
        await this.#flush(await (this.#collection ??= this.#freshCollection()), [...changes]);
        this.#waitMs = RETRY_MS;
      } catch {
        this.#fail();
      }
    }
  }

  #fail(): void {
    this.#failed = true;
    this.#retryAtMs = Date.now() + this.#waitMs;
    this.#waitMs = Math.min(MOST_RETRY_MS, this.#waitMs * 2);
  }

  async #flush(collection: Collection, changes: readonly (readonly [number, Float32Array | undefined])[]): Promise<void> {
    const added = changes.filter((change): change is readonly [number, Float32Array] => change[1] !== undefined);
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
