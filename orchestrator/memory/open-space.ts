// An unlocked space: its keys, its memories and its index in memory. The store is the source of truth; everything here is loaded at unlock and dropped
// at lock. Packs, vectors and the catalog have files of their own; this one keeps them in step.
import type { Logger } from '../../common/log.ts';
import { toSomnusError } from '../../common/errors.ts';
import { Catalog, type Numbered } from './catalog.ts';
import type { SpaceKeys } from './crypto/seal.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { ReturnedTexts } from './returned-texts.ts';
import { indexed } from './indexing.ts';
import { SpaceIndex } from './retrieval/space-index.ts';
import { partialView, wholeView, type View } from './retrieval/view.ts';
import { stands, type Scope } from './scope.ts';
import { memoryFromJson, type Memory } from './memory.ts';
import { Tags } from './tags.ts';
import { Clock } from './text/temporal.ts';
import { SpacePacks } from './space-packs.ts';
import { SpaceVectors } from './space-vectors.ts';
import type { MemoryStore, NewRecord, RecordState, Replacement, SpaceRow } from './store/memory-store.ts';
import { importanceNumber } from './store/pack.ts';
import { RecordBook } from './store/record-book.ts';
import { CallerVectors, packedVector, unpackedVector, type PackedVector, type UnitVector } from './vectors/caller-vectors.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

const DEFAULT_DIMENSIONS = 384;
/** From this number of memories on, reading their tags takes longer than a query may. */
const MANY = 5000;

export interface OpenSpaceOptions {
  row: SpaceRow;
  keys: SpaceKeys;
  store: MemoryStore;
  embedder: Embedder | undefined;
  /** Creates the index on a server, if one is configured. */
  remote?: ((space: SpaceRow) => VectorIndex) | undefined;
  /** Times in texts are in this time zone. */
  timeZone: string;
  log: Logger;
}

export interface Addition { memory: Memory; expiresAtMs: number | undefined; vector?: UnitVector | undefined }

export class OpenSpace {
  readonly row: SpaceRow;
  readonly keys: SpaceKeys;
  readonly book = new RecordBook();
  readonly index: SpaceIndex;
  readonly catalog: Catalog;
  readonly packs: SpacePacks;
  readonly vectors: SpaceVectors;
  /** The vectors that callers sent. */
  readonly callerVectors = new CallerVectors();
  readonly tags = new Tags(this.book);
  readonly returnedTexts = new ReturnedTexts();
  readonly #store: MemoryStore;
  readonly #log: Logger;
  /** Permanently removed, not only hidden. */
  readonly #removed = new Set<number>();
  /** Number of long calls that are using this object. */
  working = 0;
  #damagedRecords = 0;
  #closed = false;

  private constructor({ row, keys, store, embedder, remote, timeZone, log }: OpenSpaceOptions) {
    this.row = row;
    this.keys = keys;
    this.#store = store;
    this.#log = log;
    const { book, callerVectors } = this;
    const index = this.index = new SpaceIndex(embedder?.dimensions ?? DEFAULT_DIMENSIONS, new Clock(timeZone), remote?.(row));
    this.catalog = new Catalog(book, index.graph);
    const packs = this.packs = new SpacePacks({ row, keys, store, model: embedder?.model, book, index, callerVectors, timeZone, log });
    this.vectors = new SpaceVectors({ row, embedder, book, index, packs, log });
  }

  /** Loads everything that can be read. A damaged pack or record is left where it is and reported; a damaged index segment is rebuilt. */
  static load(options: OpenSpaceOptions): OpenSpace {
    const space = new OpenSpace(options);
    const loaded = space.packs.load();
    loaded.forEach(({ packId, firstChunk }, i) => space.vectors.queuePack(packId, firstChunk, loaded[i + 1]?.firstChunk ?? space.index.table.size));
    space.#loadTail();
    space.#loadChanges();
    for (let record = 0; record < space.book.size; record += 1) space.catalog.enter(record);
    space.vectors.start();
    if (space.book.size > MANY) void space.tags.prepare(() => space.closed).catch((error: unknown) => options.log.error({ event: 'memory.background_failed', spaceId: space.row.id, code: toSomnusError(error).code, err: error }));
    return space;
  }

  /** What cannot be read, and what cannot be embedded. Everything else works. */
  get damage(): { packs: number; memories: number; withoutVector: number } {
    const { packs, memories } = this.packs.damage;
    return { packs, memories: memories + this.#damagedRecords, withoutVector: this.vectors.refused };
  }

  /** Estimated RAM of the content: the texts, and measured amounts per chunk and memory. */
  get bytes(): number {
    return this.index.bytes + this.book.bytes + this.callerVectors.bytes;
  }

  /** Drops the content without locking the space, if no work is pending. Returns whether it did. */
  rest(): boolean {
    if (this.#closed || this.vectors.waiting > 0 || this.working > 0) return false;
    this.#closed = true;
    this.packs.packAll();
    this.packs.refreshStale();
    void this.#closeIndex();
    return true;
  }

  /** Locked, or being locked. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The part of the index that a scope shows. Agents and sessions are no boundary: recall and lists filter by them. */
  view(scope: Scope): View {
    const admits = (environmentId: string | undefined): boolean => stands(scope, { environmentId });
    if (scope.environmentId === undefined) return wholeView(this.index.table, admits);
    const environment = this.book.environmentNumber(scope.environmentId);
    const environments = this.book.environment.values;
    return partialView(this.index.table, (record) => environments[record] === environment, admits);
  }

  /** Every memory that was not forgotten, including hidden ones. */
  *known(): Generator<Numbered> {
    for (let record = 0; record < this.book.size; record += 1) if (!this.#removed.has(record)) yield { record, memory: this.book.get(record) };
  }

  /** The number of a memory in this space. */
  recordOf(id: string): number | undefined {
    const found = this.#store.find(this.row.id, id);
    return found === undefined ? undefined : this.book.findSeq(found.seq);
  }

  /** Forgotten, not only hidden. */
  isRemoved(record: number): boolean {
    return this.#removed.has(record);
  }

  /** Indexes stored memories: by keyword immediately, by vector as soon as the model has embedded them. */
  add(seqs: readonly number[], additions: readonly Addition[]): void {
    additions.forEach(({ memory, expiresAtMs, vector }, i) => {
      const record = this.#index(seqs[i]!, memory, expiresAtMs);
      if (vector !== undefined) this.callerVectors.set(record, vector);
      this.catalog.enterNew(record, memory);
    });
    this.vectors.start();
  }

  seal(memory: Memory, vector?: UnitVector): Buffer {
    return this.keys.seal(Buffer.from(jsonOf(memory, vector)), recordContext(this.row.id, memory.id));
  }

  sealAmendment(id: string, change: Partial<Memory>, vector?: UnitVector): Buffer {
    return this.keys.seal(Buffer.from(jsonOf(change, vector)), amendmentContext(this.row.id, id));
  }

  /** Applies which record supersedes which, as the store has it. */
  replace(replacements: readonly Replacement[]): void {
    for (const { id, by } of replacements) {
      const record = this.recordOf(id);
      if (record === undefined) continue;
      if (by !== undefined) this.hide(record);
      else if (this.book.alive.values[record] === 0) this.show(record);
    }
  }

  /** Removes a memory from all answers; it stays in the store. */
  hide(record: number): void {
    this.book.alive.values[record] = 0;
    this.catalog.hide(record);
    for (const chunk of this.index.table.of(record)) this.index.table.alive.values[chunk] = 0;
  }

  /** Undoes `hide`. */
  show(record: number): void {
    this.book.alive.values[record] = 1;
    for (const chunk of this.index.table.of(record)) this.index.table.alive.values[chunk] = 1;
    this.catalog.show(record);
  }

  /** Permanently removes memories here, in the store, in their packs and in the index. The same transaction restores memories that these had replaced, and can store a new one. */
  remove(ids: readonly string[], replacements: readonly Replacement[] = [], instead?: { record: NewRecord; addition: Addition }): void {
    const records = ids.map((id) => this.recordOf(id)).filter((record) => record !== undefined);
    const packIds = new Set(records.map((record) => this.book.packOf(record)).filter((id) => id !== undefined));
    const [seq] = this.packs.rewriteWithout(ids, packIds, replacements, instead === undefined ? [] : [instead.record]);
    for (const record of records) {
      this.hide(record);
      this.#removed.add(record);
      this.catalog.forget(record);
      this.callerVectors.remove(record);
      for (const chunk of this.index.table.of(record)) this.index.remove(chunk);
    }
    if (instead !== undefined && seq !== undefined) this.add([seq], [instead.addition]);
    this.replace(replacements);
  }

  /** Resolves when everything added so far has its vector and full packs are written. */
  async settled(): Promise<void> {
    await this.vectors.settled();
  }

  /** Packs the remaining memories, then drops keys and content. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.vectors.stop();
    this.packs.packAll();
    this.packs.refreshStale();
    await this.#closeIndex();
  }

  /** Drops keys and content without writing anything, because the space is being destroyed. */
  async discard(): Promise<void> {
    this.#closed = true;
    await this.vectors.stop();
    await this.#closeIndex();
  }

  /** A vector server that does not answer does not block locking: its collection is deleted at the next use, or with its folder. */
  async #closeIndex(): Promise<void> {
    this.callerVectors.clear();
    try {
      await this.index.close();
    } catch (error) {
      this.#log.warn({ event: 'memory.vector_server_unavailable', spaceId: this.row.id, err: error });
    }
  }

  #loadTail(): void {
    for (const { seq, id, sealed, state } of this.#store.tail(this.row.id)) {
      const read = this.#readable(id, () => separated(memoryFromJson(this.keys.unseal(sealed, recordContext(this.row.id, id)).toString())));
      if (read === undefined) {
        this.#damagedRecords += 1;
        continue;
      }
      const record = this.#index(seq, read.content, state.expiresAtMs);
      if (read.vector !== undefined) this.callerVectors.set(record, read.vector);
      this.book.importance.values[record] = importanceNumber(state.importance);
      if (state.supersededBy !== undefined) this.hide(record);
    }
  }

  #loadChanges(): void {
    for (const { seq, id, sealed } of this.#store.amendments(this.row.id)) {
      const record = this.book.findSeq(seq);
      const change = this.#readable(`amendment of ${id}`, () => separated(JSON.parse(this.keys.unseal(sealed, amendmentContext(this.row.id, id)).toString()) as Partial<Memory>));
      if (record === undefined || change === undefined) continue;
      this.book.amend(record, change.content);
      if (change.vector !== undefined) this.callerVectors.set(record, change.vector);
    }
    for (const { seq, state } of this.#store.changed(this.row.id)) {
      const record = this.book.findSeq(seq);
      if (record !== undefined) this.#applyState(record, state);
    }
  }

  #applyState(record: number, state: RecordState): void {
    this.book.expires.values[record] = state.expiresAtMs ?? Infinity;
    this.book.importance.values[record] = importanceNumber(state.importance);
    if (state.supersededBy !== undefined) this.hide(record);
  }

  /** Reads something sealed; if it is damaged, reports that and continues without it. */
  #readable<T>(what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#log.error({ event: 'memory.damaged', spaceId: this.row.id, what, code: toSomnusError(error).code, err: error });
      return undefined;
    }
  }

  #index(seq: number, memory: Memory, expiresAtMs: number | undefined): number {
    const { record, beginsGroup } = this.book.add(seq, memory, expiresAtMs);
    if (beginsGroup) this.index.beginSegment();
    if (memory.layer !== 'summary') this.vectors.queue(this.index.add(indexed(record, memory)));
    return record;
  }
}

/** The JSON of a memory that is sealed, with its caller's vector. */
function jsonOf(content: Partial<Memory>, vector: UnitVector | undefined): string {
  return JSON.stringify(vector === undefined ? content : { ...content, vector: packedVector(vector) });
}

/** Undoes `jsonOf`. */
function separated<T extends Partial<Memory>>(stored: T & { vector?: PackedVector }): { content: T; vector: UnitVector | undefined } {
  if (stored.vector === undefined) return { content: stored, vector: undefined };
  const { vector, ...content } = stored;
  return { content: content as unknown as T, vector: unpackedVector(vector) };
}

function amendmentContext(spaceId: string, id: string): string {
  return `amendment of ${id} of ${spaceId}`;
}

function recordContext(spaceId: string, id: string): string {
  return `record ${id} of ${spaceId}`;
}
