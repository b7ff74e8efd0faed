// Background work that computes the vectors of the chunks of an unlocked space, and saves their packs.
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import type { Logger } from '../../common/log.ts';
import { textsOf } from './indexing.ts';
import type { SpaceIndex, Unembedded } from './retrieval/space-index.ts';
import type { SpacePacks } from './space-packs.ts';
import type { SpaceRow } from './store/memory-store.ts';
import type { RecordBook } from './store/record-book.ts';

/** Chunks embedded between two checks for other work. */
const EMBED_AT_ONCE = 16;
/** Cosine from which a recomputed vector is the same: quantization and batching change it a little. */
const SAME_VECTOR = 0.98;

export interface SpaceVectorsOptions { row: SpaceRow; embedder: Embedder | undefined; book: RecordBook; index: SpaceIndex; packs: SpacePacks; log: Logger }

export class SpaceVectors {
  readonly #options: SpaceVectorsOptions;
  #waiting: (Unembedded & { packId?: number })[] = [];
  /** Vectors that the chunks of a pack lack. */
  readonly #missingOf = new Map<number, number>();
  #refused = 0;
  #work: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SpaceVectorsOptions) {
    this.#options = options;
  }

  get hasModel(): boolean {
    return this.#options.embedder !== undefined;
  }

  /** Whether some loaded memories have no vectors of this model yet. Until then, only words are compared, because memories that already have vectors would outrank better ones. */
  get isReembedding(): boolean {
    return this.#missingOf.size > 0;
  }

  /** Chunks that have no vector yet, so that only keywords find them. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Chunks that the model refuses. */
  get refused(): number {
    return this.#refused;
  }

  /** Queues the chunks of a loaded pack that have no vector. */
  queuePack(packId: number, firstChunk: number, endChunk: number): void {
    const { index, book } = this.#options;
    if (!this.hasModel) return;
    const missing = index.chunksWithoutVector(firstChunk, endChunk);
    if (missing.length === 0) return;
    this.#waiting.push(...textsOf(index.table, book, missing).map((text, i) => ({ chunk: missing[i]!, text, packId })));
    this.#missingOf.set(packId, missing.length);
  }

  /** Queues new chunks. */
  queue(chunks: readonly Unembedded[]): void {
    if (this.hasModel) this.#waiting.push(...chunks);
  }

  /** Starts embedding queued chunks and packing embedded ones. Repeatable. */
  start(): void {
    if (this.#work !== undefined || this.#stopped) return;
    this.#work = this.#run().catch((error: unknown) => {
      this.#options.log.error({ event: 'memory.background_failed', spaceId: this.#options.row.id, code: toSomnusError(error).code, err: error });
    }).finally(() => {
      this.#work = undefined;
    });
  }

  /** Resolves when everything queued so far has its vectors and full packs have been written. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Stops after the texts that the model is currently embedding. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settled();
  }

  /**
   * Recomputes the vectors of up to `most` chunks spread over the space, and returns how many differ from the index; with `write` it replaces those. Without a model: 0.
   * @throws SomnusError `locked` when the space is locked meanwhile
   */
  async different(most: number, write: boolean): Promise<{ checked: number; different: number }> {
    const { embedder, index, book, packs, row } = this.#options;
    if (embedder === undefined) return { checked: 0, different: 0 };
    const { size } = index.table;
    const step = Math.max(1, Math.ceil(size / most));
    let checked = 0;
    let different = 0;
    for (let chunk = 0; chunk < size; chunk += step) {
      if (index.table.alive.values[chunk] === 0 || !index.hasVector(chunk)) continue;
      const [vector] = await embedder.embed(textsOf(index.table, book, [chunk]), 'background');
      if (this.#stopped) throw new SomnusError('locked', `The memory space ${row.name} was locked during the check`);
      checked += 1;
      if (vector === undefined || index.cosineOf(chunk, vector) >= SAME_VECTOR) continue;
      different += 1;
      if (!write) continue;
      index.setVector(chunk, vector);
      const packId = book.packOf(index.table.record.values[chunk]!);
      if (packId !== undefined) packs.noteStale(packId);
    }
    packs.refreshStale();
    return { checked, different };
  }

  async #run(): Promise<void> {
    const { embedder, index, packs } = this.#options;
    while (this.#waiting.length > 0 && embedder !== undefined && !this.#stopped) {
      const batch = this.#waiting.slice(0, EMBED_AT_ONCE);
      const vectors = await this.#embed(embedder, batch.map((one) => one.text));
      if (this.#stopped) return;
      batch.forEach(({ chunk }, i) => {
        const vector = vectors[i];
        if (vector === undefined) this.#refused += 1;
        else index.setVector(chunk, vector);
      });
      this.#waiting.splice(0, batch.length);
      this.#savePacks(batch);
      this.#packFullGroups();
    }
    if (this.#stopped) return;
    this.#packFullGroups();
    packs.refreshStale();
  }

  /** Packs the full groups whose chunks all have their vectors. Chunks get vectors in the order of their memories. */
  #packFullGroups(): void {
    const { book, index, packs } = this.#options;
    const waitsFrom = this.#waiting.length === 0 ? Infinity : index.table.record.values[this.#waiting[0]!.chunk]!;
    for (let group = book.firstGroup; group?.full === true && group.end <= waitsFrom; group = book.firstGroup) packs.pack(group);
  }

  /** Embeds texts. One that the model refuses is left without a vector if the model embeds others. @throws SomnusError `unavailable` when it embeds none */
  async #embed(embedder: Embedder, texts: readonly string[]): Promise<(Float32Array | undefined)[]> {
    try {
      return await embedder.embed(texts, 'background');
    } catch (error) {
      const vectors: (Float32Array | undefined)[] = [];
      for (const text of [...texts, 'a text that every model embeds']) {
        try {
          vectors.push((await embedder.embed([text], 'background'))[0]);
        } catch (refused) {
          this.#options.log.warn({ event: 'memory.not_embedded', spaceId: this.#options.row.id, code: toSomnusError(refused).code, err: refused });
          vectors.push(undefined);
        }
      }
      if (vectors.pop() === undefined) throw error;
      return vectors;
    }
  }

  /** Writes the segment of each pack whose last vector arrived, so that an interruption loses only the work on one pack. */
  #savePacks(batch: readonly { packId?: number }[]): void {
    for (const { packId } of batch) {
      if (packId === undefined) continue;
      const left = (this.#missingOf.get(packId) ?? 1) - 1;
      if (left > 0) {
        this.#missingOf.set(packId, left);
        this.#options.packs.noteStale(packId);
        continue;
      }
      this.#missingOf.delete(packId);
      this.#options.packs.refresh(packId);
    }
  }
}
