// What the memory core keeps on disk, as an interface: spaces, records, packs of records, lineage. Contents arrive and leave sealed.
import type { Importance, Layer, MemoryType } from '../memory.ts';

export interface SpaceRow {
  id: string;
  userId: string;
  /** A label the user chose; not sealed. The user's own space is `main`. */
  name: string;
  private: boolean;
  createdAt: string;
}

export interface NewRecord {
  id: string;
  layer: Layer;
  type: MemoryType;
  importance: Importance;
  sealed: Buffer;
  /** Keyed hash of the text. */
  fingerprint: Buffer;
  /** Keyed hash of the sender's own id of a turn. */
  sourceKey: Buffer | undefined;
  expiresAtMs: number | undefined;
  /** Ids of the memories it was made from. */
  sources: readonly string[];
}

/** What can change about a record after it was written. */
export interface RecordState {
  importance: Importance;
  expiresAtMs: number | undefined;
  uses: number;
  usedAtMs: number | undefined;
  /** The newer fact that took its place. */
  supersededBy: string | undefined;
}

export interface TailRecord { seq: number; id: string; sealed: Buffer; state: RecordState }
export interface ChangedRecord { seq: number; state: RecordState }
export interface PackRow { id: number; sealed: Buffer; segment: Buffer | undefined }
export interface LayerCount { layer: Layer; type: MemoryType; count: number }

export interface MemoryStore {
  createSpace(space: SpaceRow): void;
  spacesOf(userId: string): SpaceRow[];
  /** Removes a space with everything in it. */
  removeSpace(spaceId: string): void;

  /** Writes all or none, and what they supersede; they are on the disk when this returns. Gives their sequence numbers. */
  insert(spaceId: string, records: readonly NewRecord[], superseded: readonly { id: string; by: string }[]): number[];
  findByFingerprint(spaceId: string, fingerprint: Buffer, layer: Layer): string | undefined;
  findBySourceKey(spaceId: string, sourceKey: Buffer): string | undefined;
  /** Whether any space has a memory of this id. */
  exists(id: string): boolean;
  find(spaceId: string, id: string): { seq: number; packId: number | undefined; state: RecordState } | undefined;
  setState(spaceId: string, id: string, change: Partial<RecordState>): void;
  /** Counts a use of each, and moves the end of those that `expiry` gives a new one. */
  touch(spaceId: string, ids: readonly string[], nowMs: number, expiry?: (id: string) => number | undefined): void;

  tail(spaceId: string): TailRecord[];
  packs(spaceId: string): Iterable<PackRow>;
  pack(packId: number): PackRow | undefined;
  /** States of packed records that differ from what their pack says. */
  changed(spaceId: string): ChangedRecord[];
  /** Puts records of the tail into a pack. */
  addPack(spaceId: string, seqs: readonly number[], sealed: Buffer, segment: Buffer): number;
  /** Replaces a pack's content and takes the removed records away; a pack without content goes as a whole. All or none. */
  rewrite(changes: readonly { packId: number; sealed: Buffer | undefined; segment: Buffer | undefined }[], removedIds: readonly string[]): void;
  setSegment(packId: number, segment: Buffer): void;

  /** Everything made from these, directly or not, without these. */
  derivedFrom(ids: readonly string[]): string[];
  expired(nowMs: number): { spaceId: string; id: string }[];
  counts(spaceId: string): LayerCount[];
  /** Of all spaces together. */
  totals(): LayerCount[];

  /** Remembers that a memory was forgotten by its id alone, so that no export brings it back. */
  noteForgotten(spaceId: string, ids: readonly string[]): void;
  wasForgotten(spaceId: string, id: string): boolean;

  /** Small sealed documents by name: what a resumable job or a list of injected text needs between runs. */
  readNote(spaceId: string, name: string): Buffer | undefined;
  writeNote(spaceId: string, name: string, sealed: Buffer | undefined): void;
  close(): void;
}
