// The packs of an unlocked space and their index segments: loads, writes and checks them, and reports those that cannot be read.
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { SpaceKeys } from './crypto/seal.ts';
import { indexed } from './indexing.ts';
import { PackedColumns } from './retrieval/columns.ts';
import { segmentWithout } from './retrieval/segment-without.ts';
import type { SpaceIndex } from './retrieval/space-index.ts';
import type { MemoryStore, NewRecord, PackRow, PackVersion, Replacement, SpaceRow } from './store/memory-store.ts';
import { packMemories, UnpackedMemories, type Packable } from './store/pack.ts';
import type { Group, RecordBook } from './store/record-book.ts';
import type { CallerVectors } from './vectors/caller-vectors.ts';

/** Increase this when the computation of chunks, terms or traits changes: older segments are then rebuilt from the memories and keep their vectors. */
const SEGMENT_FORMAT = 5;

export interface SpacePacksOptions {
  row: SpaceRow;
  keys: SpaceKeys;
  store: MemoryStore;
  /** The id of the embedding model; undefined if there is none. */
  model: string | undefined;
  book: RecordBook;
  index: SpaceIndex;
  callerVectors: CallerVectors;
  /** Times in texts are indexed as days in this time zone. */
  timeZone: string;
  log: Logger;
}

export class SpacePacks {
  readonly #options: SpacePacksOptions;
  /** Packs whose segment lacks vectors that arrived, or will arrive, later. */
  readonly #stale = new Set<number>();
  /** Packs that cannot be decrypted. */
  readonly #damaged = new Set<number>();

  constructor(options: SpacePacksOptions) {
    this.#options = options;
  }

  /** Packs that cannot be read, and the memories in them. */
  get damage(): { packs: number; memories: number } {
    return { packs: this.#damaged.size, memories: [...this.#damaged].reduce((sum, packId) => sum + this.#options.store.countOfPack(packId), 0) };
  }

  /** Loads every readable pack, and returns their numbers, each with its first chunk. Call it only while the book is empty. */
  load(): { packId: number; firstChunk: number }[] {
    const { store, row, index, book, callerVectors } = this.#options;
    const loaded: { packId: number; firstChunk: number }[] = [];
    for (const pack of store.packs(row.id)) {
      const unpacked = this.#unpacked(pack);
      if (unpacked === undefined) continue;
      loaded.push({ packId: pack.id, firstChunk: index.table.size });
      const first = book.addPack(pack.id, unpacked);
      for (const { model, items, values } of unpacked.vectors) callerVectors.addBlock(model, items.map((item) => first + item), values);
      const segment = this.#segment(pack);
      // Vectors of another model are never compared with this one's: words answer until the chunks are embedded again.
      if (segment?.isCurrent === true) index.load(segment.bytes, first, segment.sameModel);
      else this.#indexAgain(pack.id, unpacked, first, segment?.sameModel === true ? segment.bytes : undefined);
    }
    return loaded;
  }

  /** Marks the segment of a pack as stale, because vectors changed. */
  noteStale(packId: number): void {
    this.#stale.add(packId);
  }

  /** Writes the segments of all packs that are marked as stale. */
  refreshStale(): void {
    for (const packId of this.#stale) this.refresh(packId);
  }

  /** Writes a pack's segment with the vectors known here. */
  refresh(packId: number): void {
    const { store } = this.#options;
    const pack = store.pack(packId);
    if (pack !== undefined) store.setSegment(packId, this.#sealSegment(this.#segmentBytes(this.#unpack(pack).items()), pack));
    this.#stale.delete(packId);
  }

  /** Moves all memories that are in no pack to new packs. */
  packAll(): void {
    for (let group = this.#options.book.firstGroup; group !== undefined; group = this.#options.book.firstGroup) this.pack(group);
  }

  /** Moves the first group of memories that are in no pack to a new pack. */
  pack({ first, end }: Group): void {
    const { store, row, book, index, callerVectors } = this.#options;
    const items: Packable[] = [];
    let dead = false;
    for (let record = first; record < end; record += 1) {
      const memory = book.get(record);
      const found = store.find(row.id, memory.id);
      // A forgotten memory, and the earlier text of a changed one, keep their record number until the next unlock, but have no content.
      if (found === undefined || found.seq !== book.seq.values[record]) dead = true;
      else items.push({ seq: found.seq, memory, expiresAtMs: found.state.expiresAtMs, vector: callerVectors.get(record) });
    }
    const frozen = index.freeze(first, this.#made());
    if (items.length === 0) {
      book.sealFirstGroup(undefined);
      return;
    }
    const segment = dead ? this.#segmentBytes(items) : frozen;
    const packId = store.addPack(row.id, items.map((item) => item.seq), (version) => ({ sealed: this.#seal(packMemories(items), version), segment: this.#sealSegment(segment, version) }));
    book.sealFirstGroup(packId);
  }

  /** Deletes memories from their packs, from the store and from disk, and stores the restored and added ones in the same transaction. Returns the sequence numbers of those. */
  rewriteWithout(ids: readonly string[], packIds: ReadonlySet<number>, replacements: readonly Replacement[], added: readonly NewRecord[]): number[] {
    const { store, row } = this.#options;
    const removed = new Set(ids.map((id) => store.find(row.id, id)?.seq));
    const changes = [...packIds].map((packId) => {
      const stored = store.pack(packId);
      const unpacked = stored && this.#unpack(stored);
      const keeps = Uint8Array.from(unpacked?.seqs ?? [], (seq) => removed.has(seq) ? 0 : 1);
      if (stored === undefined || unpacked === undefined || !keeps.includes(1)) return { packId, content: undefined };
      const next: PackVersion = { id: packId, epoch: stored.epoch + 1 };
      const segment = this.#stale.has(packId) ? undefined : this.#segment(stored);
      const bytes = segment?.isCurrent === true && segment.sameModel ? segmentWithout(segment.bytes, keeps) : this.#segmentBytes(unpacked.items().filter((_, i) => keeps[i] === 1));
      return { packId, content: { sealed: this.#seal(unpacked.repacked(keeps), next), segment: this.#sealSegment(bytes, next) } };
    });
    return store.rewrite(row.id, changes, ids, replacements, added);
  }

  /**
   * Rebuilds every index segment from the memories, pack by pack, yielding to other work in between. Returns how many packs' segments
   * differed from the new ones. With `write` false it changes nothing.
   * @throws SomnusError `locked` when `isClosed` says that the space was locked meanwhile
   */
  async rebuildSegments(write: boolean, isClosed: () => boolean): Promise<{ packs: number; different: number }> {
    const { store, row } = this.#options;
    let packs = 0;
    let different = 0;
    for (const pack of store.packs(row.id)) {
      if (this.#damaged.has(pack.id)) continue;
      const fresh = this.#segmentBytes(this.#unpack(pack).items());
      const same = this.#storedDigest(pack) === digest(fresh);
      packs += 1;
      if (!same) different += 1;
      if (!same && write) store.setSegment(pack.id, this.#sealSegment(fresh, pack));
      await nextTurn();
      if (isClosed()) throw new SomnusError('locked', `The memory space ${row.name} was locked during the rebuild`);
    }
    return { packs, different };
  }

  #unpacked(pack: PackRow): UnpackedMemories | undefined {
    try {
      return this.#unpack(pack);
    } catch (error) {
      this.#options.log.error({ event: 'memory.damaged', spaceId: this.#options.row.id, what: `pack ${pack.id}`, err: error });
      this.#damaged.add(pack.id);
      return undefined;
    }
  }

  #unpack(pack: PackRow): UnpackedMemories {
    return new UnpackedMemories(this.#options.keys.unseal(pack.sealed, this.#context('pack', pack)));
  }

  #indexAgain(packId: number, pack: UnpackedMemories, first: number, vectors: Buffer | undefined): void {
    const { index } = this.#options;
    const firstChunk = index.table.size;
    this.#stale.add(packId);
    for (let i = 0; i < pack.size; i += 1) {
      const memory = pack.memory(i);
      if (memory.layer !== 'summary') index.add(indexed(first + i, memory));
    }
    if (vectors !== undefined) index.loadVectors(vectors, firstChunk);
    index.freeze(first, this.#made());
  }

  #storedDigest(pack: PackRow): string | undefined {
    const bytes = this.#unsealedSegment(pack);
    return bytes && digest(bytes);
  }

  /** Reads the segment of a pack, and whether its words and times are indexed as in this version and its vectors are from this model. */
  #segment(pack: PackRow): { bytes: Buffer; isCurrent: boolean; sameModel: boolean } | undefined {
    const bytes = this.#unsealedSegment(pack);
    if (bytes === undefined) return undefined;
    const [format, zone, model] = partsOf(new PackedColumns(bytes).strings['made']?.[0] ?? '');
    const now = partsOf(this.#made());
    return { bytes, isCurrent: format === now[0] && zone === now[1], sameModel: model === now[2] || this.#options.model === undefined };
  }

  /** A damaged segment is rebuilt from its pack. */
  #unsealedSegment(pack: PackRow): Buffer | undefined {
    try {
      return pack.segment && this.#options.keys.unsealIndex(pack.segment, this.#context('segment', pack));
    } catch (error) {
      this.#options.log.warn({ event: 'memory.segment_damaged', spaceId: this.#options.row.id, packId: pack.id, err: error });
      return undefined;
    }
  }

  /** What a segment depends on besides the memories. */
  #made(): string {
    return `${SEGMENT_FORMAT} ${this.#options.timeZone} ${this.#options.model ?? 'none'}`;
  }

  #seal(pack: Buffer, version: PackVersion): Buffer {
    return this.#options.keys.seal(pack, this.#context('pack', version));
  }

  #sealSegment(bytes: Buffer, version: PackVersion): Buffer {
    return this.#options.keys.sealIndex(bytes, this.#context('segment', version));
  }

  /** Binds sealed content to its pack and epoch, so that content of another pack, or earlier content, is not accepted. */
  #context(what: 'pack' | 'segment', { id, epoch }: PackVersion): string {
    return epoch === 0 ? `${what} of ${this.#options.row.id}` : `${what} ${id}, epoch ${epoch}, of ${this.#options.row.id}`;
  }

  /** Builds a pack's segment from its memories, with the vectors known here. */
  #segmentBytes(items: readonly Packable[]): Buffer {
    const { index, book } = this.#options;
    const fresh = index.empty();
    items.forEach(({ seq, memory }, i) => {
      if (memory.layer === 'summary') return; // summaries are injected, never searched; the turns they summarize are
      const record = book.findSeq(seq);
      const known = record === undefined ? [] : index.table.of(record);
      fresh.add(indexed(i, memory)).forEach(({ chunk }, part) => fresh.copyVector(chunk, index, known[part]));
    });
    return fresh.freeze(0, this.#made());
  }
}

/** Format, time zone and model. Segments up to format 3 have no time zone: their times are in UTC. */
function partsOf(made: string): [format: string, zone: string, model: string] {
  const [format = '', ...rest] = made.split(' ');
  return Number(format) < 4 ? [format, 'UTC', rest.join(' ')] : [format, rest[0] ?? '', rest.slice(1).join(' ')];
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
