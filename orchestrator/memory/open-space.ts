// An unlocked space: its keys, its memories and its index in memory, and the background work that packs and embeds them.
// The store is the source of truth; everything here is loaded at unlock and dropped at lock.
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { SpaceKeys } from './crypto/seal.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { PackedColumns } from './retrieval/columns.ts';
import { SpaceIndex, type Indexed, type Unembedded } from './retrieval/space-index.ts';
import { partialView, wholeView, type View } from './retrieval/view.ts';
import { conversationKey, stands, type Scope } from './scope.ts';
import { memoryFromJson, searchableText, type Memory } from './memory.ts';
import type { MemoryStore, PackRow, Replacement, SpaceRow } from './store/memory-store.ts';
import { importanceNumber, packMemories, readKind, UnpackedMemories, type Packable } from './store/pack.ts';
import { RecordBook } from './store/record-book.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

/** Memories per pack: large enough for a quick bulk unlock, small enough that forgetting one rewrites little. */
const PACK_RECORDS = 512;
/** Raise this when the way chunks, terms or traits are computed changes: older segments are then rebuilt from the memories. */
const SEGMENT_FORMAT = 3;
const DEFAULT_DIMENSIONS = 384;
/** Chunks embedded between two checks for other work. */
const EMBED_AT_ONCE = 16;
/** Cosine from which a recomputed vector is the same: quantization and batching change it a little. */
const SAME_VECTOR = 0.98;

export interface OpenSpaceOptions {
  row: SpaceRow;
  keys: SpaceKeys;
  store: MemoryStore;
  embedder: Embedder | undefined;
  /** Creates the index on a server, if one is configured. */
  remote?: ((space: SpaceRow) => VectorIndex) | undefined;
  log: Logger;
}

export interface Addition { memory: Memory; expiresAtMs: number | undefined }

export class OpenSpace {
  readonly row: SpaceRow;
  readonly keys: SpaceKeys;
  readonly book = new RecordBook();
  readonly index: SpaceIndex;
  readonly #store: MemoryStore;
  readonly #embedder: Embedder | undefined;
  readonly #log: Logger;
  #unembedded: (Unembedded & { packId?: number })[] = [];
  /** Vectors that the chunks of a pack lack. */
  readonly #missingOf = new Map<number, number>();
  /** Packs whose segment lacks vectors that arrived, or will arrive, later. */
  readonly #stale = new Set<number>();
  readonly #standing = new Set<number>();
  readonly #summaries = new Map<number, Memory>();
  /** Facts by relationKey, including superseded ones. */
  readonly #facts = new Map<string, Set<number>>();
  /** Turns that no summary covers, by conversationKey; dropped when it may have changed. */
  readonly #unsummarized = new Map<string, number[]>();
  /** Permanently removed, not only hidden. */
  readonly #removed = new Set<number>();
  /** Packs that cannot be decrypted. */
  readonly #damagedPacks = new Set<number>();
  #damagedRecords = 0;
  /** Chunks that the model refuses. */
  #withoutVector = 0;
  #work: Promise<void> | undefined;
  #closed = false;

  private constructor(options: OpenSpaceOptions) {
    this.row = options.row;
    this.keys = options.keys;
    this.#store = options.store;
    this.#embedder = options.embedder;
    this.#log = options.log;
    this.index = new SpaceIndex(options.embedder?.dimensions ?? DEFAULT_DIMENSIONS, options.remote?.(options.row));
  }

  /** Loads everything that can be read. A damaged pack or record is left where it is and reported; a damaged index segment is rebuilt. */
  static load(options: OpenSpaceOptions): OpenSpace {
    const space = new OpenSpace(options);
    for (const pack of space.#store.packs(space.row.id)) {
      const unpacked = space.#readable(`pack ${pack.id}`, () => new UnpackedMemories(space.keys.unseal(pack.sealed, packContext(space.row.id))));
      if (unpacked === undefined) space.#damagedPacks.add(pack.id);
      else space.#loadPack(pack.id, unpacked, pack.segment);
    }
    for (const { seq, id, sealed, state } of space.#store.tail(space.row.id)) {
      const memory = space.#readable(id, () => memoryFromJson(space.keys.unseal(sealed, recordContext(space.row.id, id)).toString()));
      if (memory === undefined) {
        space.#damagedRecords += 1;
        continue;
      }
      const record = space.#index(seq, memory, state.expiresAtMs);
      space.book.importance.values[record] = importanceNumber(state.importance);
      if (state.supersededBy !== undefined) space.hide(record);
    }
    for (const { seq, id, sealed } of space.#store.amendments(space.row.id)) {
      const record = space.book.findSeq(seq);
      const change = space.#readable(`amendment of ${id}`, () => JSON.parse(space.keys.unseal(sealed, amendmentContext(space.row.id, id)).toString()) as Partial<Memory>);
      if (record !== undefined && change !== undefined) space.book.amend(record, change);
    }
    for (const { seq, state } of space.#store.changed(space.row.id)) {
      const record = space.book.findSeq(seq);
      if (record === undefined) continue;
      space.book.expires.values[record] = state.expiresAtMs ?? Infinity;
      space.book.importance.values[record] = importanceNumber(state.importance);
      if (state.supersededBy !== undefined) space.hide(record);
    }
    for (let record = 0; record < space.book.size; record += 1) {
      space.#noteRelation(record);
      space.#noteFact(record);
    }
    space.#startWork();
    return space;
  }

  /** What cannot be read, and what cannot be embedded. Everything else works. */
  get damage(): { packs: number; memories: number; withoutVector: number } {
    const packed = [...this.#damagedPacks].reduce((sum, packId) => sum + this.#store.countOfPack(packId), 0);
    return { packs: this.#damagedPacks.size, memories: packed + this.#damagedRecords, withoutVector: this.#withoutVector };
  }

  /** The part of the index that a scope shows. Agents and sessions are no boundary: recall and lists filter by them. */
  view(scope: Scope): View {
    const admits = (environmentId: string | undefined): boolean => stands(scope, { environmentId });
    if (scope.environmentId === undefined) return wholeView(this.index.table, admits);
    const environment = this.book.environmentNumber(scope.environmentId);
    const environments = this.book.environment.values;
    return partialView(this.index.table, (record) => environments[record] === environment, admits);
  }

  /** Live facts and instructions that count in a scope, which are injected whatever the question is. */
  standing(scope: Scope): Memory[] {
    return this.standingRecords(scope).map(({ memory }) => memory);
  }

  standingRecords(scope: Scope): { record: number; memory: Memory }[] {
    return Array.from(this.#standing, (record) => ({ record, memory: this.book.get(record) })).filter(({ memory }) => stands(scope, memory));
  }

  /** Live facts of every environment, for background work. */
  liveFacts(): Memory[] {
    return Array.from(this.#standing, (record) => this.book.get(record)).filter(({ layer }) => layer === 'fact');
  }

  /** Every memory that was not forgotten, including hidden ones. */
  *known(): Generator<{ record: number; memory: Memory }> {
    for (let record = 0; record < this.book.size; record += 1) if (!this.#removed.has(record)) yield { record, memory: this.book.get(record) };
  }

  /** Every fact with the same subject and predicate from the same environment, including superseded ones, in the order in which they were said. */
  versions(memory: Pick<Memory, 'relation' | 'environmentId'>): { record: number; memory: Memory }[] {
    return [...this.#facts.get(relationKey(memory)) ?? []].map((record) => ({ record, memory: this.book.get(record) }))
      .toSorted((a, b) => a.memory.occurredAt.localeCompare(b.memory.occurredAt) || a.record - b.record);
  }

  /** Until when a fact was true, if a newer version is known. */
  validTo(memory: Memory): string | undefined {
    const versions = this.versions(memory);
    return versions[versions.findIndex((one) => one.memory.id === memory.id) + 1]?.memory.occurredAt;
  }

  /** Live summaries of one conversation (by conversationKey) or of all; summaries of the oldest turns come first. */
  summaries(conversation?: string): Memory[] {
    return [...this.#summaries.values()].filter((summary) => conversation === undefined || (summary.conversationId !== undefined && conversationKey(summary.conversationId, summary.environmentId) === conversation)).toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt) || (a.id < b.id ? -1 : 1));
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

  /** Locked, or being locked. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Recomputes the vectors of up to `most` chunks spread over the space, and returns how many differ from the index; with `write` it replaces those. Without a model: 0. */
  async differentVectors(most: number, write: boolean): Promise<{ checked: number; different: number }> {
    if (this.#embedder === undefined) return { checked: 0, different: 0 };
    const size = this.index.table.size;
    const step = Math.max(1, Math.ceil(size / most));
    let checked = 0;
    let different = 0;
    for (let chunk = 0; chunk < size; chunk += step) {
      if (this.index.table.alive.values[chunk] === 0 || !this.index.hasVector(chunk)) continue;
      const [vector] = await this.#embedder.embed([this.#chunkText(chunk)], 'background');
      if (this.#closed) throw new SomnusError('locked', `The memory space ${this.row.name} was locked during the check`);
      checked += 1;
      if (vector !== undefined && this.index.cosineOf(chunk, vector) < SAME_VECTOR) {
        different += 1;
        if (!write) continue;
        this.index.setVector(chunk, vector);
        const packId = this.book.packOf(this.index.table.record.values[chunk]!);
        if (packId !== undefined) this.#stale.add(packId);
      }
    }
    this.#refreshStale();
    return { checked, different };
  }

  get hasModel(): boolean {
    return this.#embedder !== undefined;
  }

  /** Chunks that have no vector yet, so that only keywords find them. */
  get waitingForVectors(): number {
    return this.#unembedded.length;
  }

  /** Indexes stored memories: by keyword immediately, by vector as soon as the model has embedded them. */
  add(seqs: readonly number[], additions: readonly Addition[]): void {
    additions.forEach(({ memory, expiresAtMs }, i) => {
      const record = this.#index(seqs[i]!, memory, expiresAtMs);
      this.#noteRelation(record);
      this.#noteFact(record);
      this.#noteTurn(record, memory);
    });
    this.#startWork();
  }

  seal(memory: Memory): Buffer {
    return this.keys.seal(Buffer.from(JSON.stringify(memory)), recordContext(this.row.id, memory.id));
  }

  sealAmendment(id: string, change: Partial<Memory>): Buffer {
    return this.keys.seal(Buffer.from(JSON.stringify(change)), amendmentContext(this.row.id, id));
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

  /** Records of the conversation's turns that no summary covers, in the order in which they were said. */
  unsummarized(conversation: string): readonly number[] {
    const known = this.#unsummarized.get(conversation);
    if (known !== undefined) return known;
    const covered = new Set(this.summaries(conversation).flatMap(({ sources }) => sources ?? []));
    const open = this.book.conversation(conversation).filter((record) => this.book.alive.values[record] === 1 && readKind(this.book.kind.values[record]!).layer === 'raw' && !covered.has(this.book.get(record).id));
    this.#unsummarized.set(conversation, open);
    return open;
  }

  chunksOf(record: number): number[] {
    const records = this.index.table.record.values;
    let low = 0;
    let high = this.index.table.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records[middle]! < record) low = middle + 1;
      else high = middle;
    }
    const chunks: number[] = [];
    for (let chunk = low; chunk < this.index.table.size && records[chunk] === record; chunk += 1) chunks.push(chunk);
    return chunks;
  }

  /** Removes a memory from all answers; it stays in the store. */
  hide(record: number): void {
    this.book.alive.values[record] = 0;
    this.#unsummarized.clear();
    this.#standing.delete(record);
    this.index.graph.remove(record);
    this.#summaries.delete(record);
    for (const chunk of this.chunksOf(record)) this.index.table.alive.values[chunk] = 0;
  }

  /** Undoes `hide`. */
  show(record: number): void {
    this.book.alive.values[record] = 1;
    this.#unsummarized.clear();
    for (const chunk of this.chunksOf(record)) this.index.table.alive.values[chunk] = 1;
    this.#noteFact(record);
  }

  /** Permanently removes memories: here, in the store, in their packs and in the index. All or none, together with what that brings back. */
  remove(ids: readonly string[], replacements: readonly Replacement[] = []): void {
    const records = ids.map((id) => this.recordOf(id)).filter((record) => record !== undefined);
    const removed = new Set(ids);
    const packIds = new Set(records.map((record) => this.book.packOf(record)).filter((id) => id !== undefined));
    const changes = [...packIds].map((packId) => {
      const stored = this.#store.pack(packId);
      const items = stored === undefined ? [] : new UnpackedMemories(this.keys.unseal(stored.sealed, packContext(this.row.id))).items().filter(({ memory }) => !removed.has(memory.id));
      return items.length === 0 ? { packId, sealed: undefined, segment: undefined } : { packId, sealed: this.#sealPack(items), segment: this.#segmentOf(items) };
    });
    this.#store.rewrite(this.row.id, changes, ids, replacements);
    for (const record of records) {
      this.hide(record);
      this.#removed.add(record);
      this.#forgetRelation(record);
      for (const chunk of this.chunksOf(record)) this.index.remove(chunk);
    }
    this.replace(replacements);
  }

  /** Resolves when everything added so far has its vector and full packs are written. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /**
   * Rebuilds every index segment from the memories, pack by pack, yielding to other work in between. Returns how many packs' segments
   * differed from the new ones. With `write` false it changes nothing.
   */
  async rebuildSegments(write: boolean): Promise<{ packs: number; different: number }> {
    let packs = 0;
    let different = 0;
    for (const pack of this.#store.packs(this.row.id)) {
      if (this.#damagedPacks.has(pack.id)) continue;
      const fresh = this.#segmentBytes(new UnpackedMemories(this.keys.unseal(pack.sealed, packContext(this.row.id))).items());
      const same = this.#storedDigest(pack) === digest(fresh);
      packs += 1;
      if (!same) different += 1;
      if (!same && write) this.#store.setSegment(pack.id, this.keys.sealIndex(fresh, segmentContext(this.row.id)));
      await nextTurn();
      if (this.#closed) throw new SomnusError('locked', `The memory space ${this.row.name} was locked during the rebuild`);
    }
    return { packs, different };
  }

  #storedDigest({ id, segment }: PackRow): string | undefined {
    try {
      return segment && digest(this.keys.unsealIndex(segment, segmentContext(this.row.id)));
    } catch (error) {
      this.#log.warn({ event: 'memory.segment_damaged', spaceId: this.row.id, packId: id, err: error });
      return undefined;
    }
  }

  /** Packs the remaining memories, then drops keys and content. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
    this.#packTail();
    this.#refreshStale();
    await this.#closeIndex();
  }

  /** Drops keys and content without writing anything, because the space is being destroyed. */
  async discard(): Promise<void> {
    this.#closed = true;
    this.#unembedded = [];
    await this.settled();
    await this.#closeIndex();
  }

  /** A vector server that does not answer does not block locking: its collection is deleted at the next use, or with its folder. */
  async #closeIndex(): Promise<void> {
    try {
      await this.index.close();
    } catch (error) {
      this.#log.warn({ event: 'memory.vector_server_unavailable', spaceId: this.row.id, err: error });
    }
  }

  #loadPack(packId: number, pack: UnpackedMemories, sealedSegment: Buffer | undefined): void {
    const firstChunk = this.index.table.size;
    const first = this.book.addPack(packId, pack);
    const segment = this.#usableSegment(packId, sealedSegment);
    // Vectors of another model are never compared with this one's: words answer until the chunks are embedded again.
    if (segment !== undefined) this.index.load(segment.bytes, first, segment.sameModel);
    else {
      this.#stale.add(packId);
      for (let i = 0; i < pack.size; i += 1) {
        const memory = pack.memory(i);
        if (memory.layer !== 'summary') this.index.add(indexed(first + i, memory));
      }
      this.index.freeze(first, this.#made());
    }
    if (this.#embedder === undefined) return;
    const missing = this.index.chunksWithoutVector(firstChunk);
    if (missing.length === 0) return;
    this.#stale.add(packId);
    this.#unembedded.push(...missing.map((chunk) => ({ chunk, text: this.#chunkText(chunk), packId })));
    this.#missingOf.set(packId, missing.length);
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

  #usableSegment(packId: number, sealed: Buffer | undefined): { bytes: Buffer; sameModel: boolean } | undefined {
    if (sealed === undefined) return undefined;
    try {
      const bytes = this.keys.unsealIndex(sealed, segmentContext(this.row.id));
      const made = new PackedColumns(bytes).strings['made']?.[0];
      return made?.startsWith(`${SEGMENT_FORMAT} `) === true ? { bytes, sameModel: made === this.#made() || this.#embedder === undefined } : undefined;
    } catch (error) {
      this.#log.warn({ event: 'memory.segment_damaged', spaceId: this.row.id, packId, err: error });
      return undefined;
    }
  }

  /** What a segment depends on besides the memories. */
  #made(): string {
    return `${SEGMENT_FORMAT} ${this.#embedder?.model ?? 'none'}`;
  }

  #chunkText(chunk: number): string {
    const record = this.index.table.record.values[chunk]!;
    return this.index.textsOf(indexed(record, this.book.get(record)))[chunk - this.chunksOf(record)[0]!]!;
  }

  #index(seq: number, memory: Memory, expiresAtMs: number | undefined): number {
    const record = this.book.add(seq, memory, expiresAtMs);
    if (memory.layer === 'summary') return record;
    const chunks = this.index.add(indexed(record, memory));
    if (this.#embedder !== undefined) this.#unembedded.push(...chunks);
    return record;
  }

  #noteTurn(record: number, memory: Memory): void {
    if (memory.conversationId === undefined) return;
    const conversation = conversationKey(memory.conversationId, memory.environmentId);
    const open = this.#unsummarized.get(conversation);
    if (open === undefined) return;
    const last = open.at(-1);
    if (memory.layer === 'raw' && (last === undefined || this.book.time.values[last]! <= this.book.time.values[record]!)) open.push(record);
    else this.#unsummarized.delete(conversation);
  }

  #noteRelation(record: number): void {
    if (readKind(this.book.kind.values[record]!).layer !== 'fact') return;
    const key = relationKey(this.book.get(record));
    this.#facts.set(key, (this.#facts.get(key) ?? new Set()).add(record));
  }

  #forgetRelation(record: number): void {
    if (readKind(this.book.kind.values[record]!).layer === 'fact') this.#facts.get(relationKey(this.book.get(record)))?.delete(record);
  }

  #noteFact(record: number): void {
    if (this.book.alive.values[record] === 0) return;
    const { layer, type } = readKind(this.book.kind.values[record]!);
    if (layer === 'fact' || type === 'core_fact' || type === 'custom_instruction') this.#standing.add(record);
    if (layer === 'summary') this.#summaries.set(record, this.book.get(record));
    const relation = layer === 'fact' ? this.book.get(record).relation : undefined;
    if (relation !== undefined) this.index.graph.add(record, relation, this.book.get(record).environmentId);
  }

  #startWork(): void {
    if (this.#work !== undefined || this.#closed) return;
    this.#work = this.#runWork().catch((error: unknown) => {
      this.#log.error({ event: 'memory.background_failed', spaceId: this.row.id, code: toSomnusError(error).code, err: error });
    }).finally(() => {
      this.#work = undefined;
    });
  }

  async #runWork(): Promise<void> {
    while (this.#unembedded.length > 0 && this.#embedder !== undefined && !this.#closed) {
      const batch = this.#unembedded.slice(0, EMBED_AT_ONCE);
      const vectors = await this.#embed(this.#embedder, batch.map((one) => one.text));
      if (this.#closed) return;
      batch.forEach(({ chunk }, i) => {
        const vector = vectors[i];
        if (vector === undefined) this.#withoutVector += 1;
        else this.index.setVector(chunk, vector);
      });
      this.#unembedded.splice(0, batch.length);
      this.#savePacks(batch);
    }
    if (this.#closed) return;
    if (this.book.size - this.book.tailFirst >= PACK_RECORDS) this.#packTail();
    this.#refreshStale();
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
          this.#log.warn({ event: 'memory.not_embedded', spaceId: this.row.id, code: toSomnusError(refused).code, err: refused });
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
      this.#missingOf.set(packId, left);
      if (left === 0) this.#refresh(packId);
    }
  }

  #packTail(): void {
    const items: Packable[] = [];
    let dead = false;
    const first = this.book.tailFirst;
    for (let record = first; record < this.book.size; record += 1) {
      const memory = this.book.get(record);
      const found = this.#store.find(this.row.id, memory.id);
      // A forgotten memory keeps its number here until the next unlock, but has no content.
      if (found === undefined) dead = true;
      else items.push({ seq: found.seq, memory, expiresAtMs: found.state.expiresAtMs });
    }
    if (items.length === 0) return;
    const sealed = this.#sealPack(items);
    const frozen = this.index.freeze(first, this.#made());
    const segment = dead ? this.#segmentBytes(items) : frozen;
    const packId = this.#store.addPack(this.row.id, items.map((item) => item.seq), sealed, this.keys.sealIndex(segment, segmentContext(this.row.id)));
    this.book.sealTail(packId);
    if (this.#unembedded.length > 0) this.#stale.add(packId);
  }

  #refreshStale(): void {
    for (const packId of this.#stale) this.#refresh(packId);
  }

  #refresh(packId: number): void {
    const pack = this.#store.pack(packId);
    if (pack !== undefined) this.#store.setSegment(packId, this.#segmentOf(new UnpackedMemories(this.keys.unseal(pack.sealed, packContext(this.row.id))).items()));
    this.#stale.delete(packId);
  }

  #sealPack(items: readonly Packable[]): Buffer {
    return this.keys.seal(packMemories(items), packContext(this.row.id));
  }

  #segmentOf(items: readonly Packable[]): Buffer {
    return this.keys.sealIndex(this.#segmentBytes(items), segmentContext(this.row.id));
  }

  /** Builds a pack's segment from its memories, with the vectors known here. */
  #segmentBytes(items: readonly Packable[]): Buffer {
    const fresh = this.index.empty();
    items.forEach(({ seq, memory }, i) => {
      if (memory.layer === 'summary') return; // summaries are injected, never searched; the turns they summarize are
      const record = this.book.findSeq(seq);
      const known = record === undefined ? [] : this.chunksOf(record);
      fresh.add(indexed(i, memory)).forEach(({ chunk }, part) => fresh.copyVector(chunk, this.index, known[part]));
    });
    return fresh.freeze(0, this.#made());
  }
}

/** The group of a turn, within its environment: its session, or the day of its conversation. */
export function sessionOf(memory: Memory): string | undefined {
  if (memory.layer !== 'raw') return undefined;
  const session = memory.sessionId ?? (memory.conversationId === undefined ? undefined : `${memory.conversationId} ${memory.occurredAt.slice(0, 10)}`);
  return session === undefined ? undefined : conversationKey(session, memory.environmentId);
}

function indexed(record: number, memory: Memory): Indexed {
  return { record, text: searchableText(memory), session: sessionOf(memory), speaker: memory.speaker, timeMs: Date.parse(memory.occurredAt) };
}

function relationKey({ relation, environmentId }: Pick<Memory, 'relation' | 'environmentId'>): string {
  return JSON.stringify([environmentId ?? null, relation?.subject, relation?.predicate]);
}

function amendmentContext(spaceId: string, id: string): string {
  return `amendment of ${id} of ${spaceId}`;
}
function recordContext(spaceId: string, id: string): string {
  return `record ${id} of ${spaceId}`;
}
function packContext(spaceId: string): string {
  return `pack of ${spaceId}`;
}
function segmentContext(spaceId: string): string {
  return `segment of ${spaceId}`;
}
function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
