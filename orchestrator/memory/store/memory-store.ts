// The interface to what the memory core stores on disk: spaces, records, packs of records, lineage. Content is sealed on both sides of it.
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
  /** Keyed hash of the sender's own id for a turn. */
  sourceKey: Buffer | undefined;
  expiresAtMs: number | undefined;
  /** Ids of the memories it was derived from. */
  sources: readonly string[];
  /** The bytes of an attached file that was sent with the record. */
  parts: readonly SealedPart[];
}

/** A part of an attached file, numbered from 0. */
export interface SealedPart { number: number; bytes: number; sealed: Buffer }

/** The part of a record that can change after it was written. */
export interface RecordState {
  importance: Importance;
  expiresAtMs: number | undefined;
  uses: number;
  usedAtMs: number | undefined;
  /** The newer fact that replaced it. */
  supersededBy: string | undefined;
}

/** Which record supersedes `id` from now on; undefined: none. */
export interface Replacement { id: string; by: string | undefined }
/** What was added to a memory after it was written, sealed. */
export interface Amendment { id: string; sealed: Buffer; importance: Importance; expiresAtMs: number | undefined }
export interface TailRecord { seq: number; id: string; sealed: Buffer; state: RecordState }
export interface ChangedRecord { seq: number; state: RecordState }
/** Identifies the content of a pack that something was sealed for: the epoch counts rewrites of the pack. Packs of 0.1.0 have epoch 0. */
export interface PackVersion { id: number; epoch: number }
export interface PackRow extends PackVersion { sealed: Buffer; segment: Buffer | undefined }
export interface SealedPack { sealed: Buffer; segment: Buffer }
export interface LayerCount { layer: Layer; type: MemoryType; count: number }

export interface MemoryStore {
  createSpace(space: SpaceRow): void;
  spacesOf(userId: string): SpaceRow[];
  /** Removes a space and its content. */
  removeSpace(spaceId: string): void;

  /** Writes all records and which record supersedes which, or writes nothing; they are on disk when this returns. Returns their sequence numbers. */
  insert(spaceId: string, records: readonly NewRecord[], replacements: readonly Replacement[], amendments?: readonly Amendment[]): number[];
  /** Records with the same text or the same sender's id, oldest first. The caller decides which of them its scope admits. */
  findByFingerprint(spaceId: string, fingerprint: Buffer, layer: Layer): string[];
  findBySourceKey(spaceId: string, sourceKey: Buffer): string[];
  find(spaceId: string, id: string): { seq: number; packId: number | undefined; state: RecordState } | undefined;
  setState(spaceId: string, id: string, change: Partial<RecordState>): void;
  /** Counts a use of each, and sets the new expiry times that `expiry` returns. Never within a transaction. */
  touch(spaceId: string, ids: readonly string[], nowMs: number, expiry?: (id: string) => number | undefined): void;

  tail(spaceId: string): TailRecord[];
  packs(spaceId: string): Iterable<PackRow>;
  pack(packId: number): PackRow | undefined;
  countOfPack(packId: number): number;
  /** States of packed records that differ from their pack. */
  changed(spaceId: string): ChangedRecord[];
  /** Everything that was added to memories of the space after they were written. */
  amendments(spaceId: string): { seq: number; id: string; sealed: Buffer }[];
  /** Records that one of these supersedes. */
  supersededBy(spaceId: string, ids: readonly string[]): string[];
  /** Records that two memories say the same, or no longer: forgetting one of them forgets the other. */
  setTwins(spaceId: string, pairs: readonly (readonly [string, string])[], are: boolean): void;
  /** Moves records from the tail to a new pack; `seal` seals its content for its number. */
  addPack(spaceId: string, seqs: readonly number[], seal: (version: PackVersion) => SealedPack): number;
  /** In one transaction, replaces the content of packs, sealed for their next epoch, deletes packs without content and the removed records, and adds others. Returns the sequence numbers of the added ones. */
  rewrite(spaceId: string, changes: readonly { packId: number; content: SealedPack | undefined }[], removedIds: readonly string[], replacements: readonly Replacement[], added: readonly NewRecord[]): number[];
  setSegment(packId: number, segment: Buffer): void;

  /** Ids of everything in the space that was derived from these, directly or indirectly, without these themselves. */
  derivedFrom(spaceId: string, ids: readonly string[]): string[];
  expired(nowMs: number): { spaceId: string; id: string }[];
  counts(spaceId: string): LayerCount[];
  /** Counts over all spaces. */
  totals(): LayerCount[];

  /** Adds a part of a file to a memory that exists or will be stored. Removing a memory also removes its file. Parts whose memory was never stored are removed at the next open. */
  addPart(spaceId: string, memoryId: string, part: SealedPart): void;
  readPart(spaceId: string, memoryId: string, number: number): Buffer | undefined;
  removeParts(spaceId: string, memoryId: string): void;
  /** Bytes of all files of a space. */
  partBytes(spaceId: string): number;

  /** Records only the ids of forgotten memories, so that no import brings them back. */
  noteForgotten(spaceId: string, ids: readonly string[]): void;
  wasForgotten(spaceId: string, id: string): boolean;

  /** Small sealed documents by name, such as the progress of resumable work. */
  readNote(spaceId: string, name: string): Buffer | undefined;
  writeNote(spaceId: string, name: string, sealed: Buffer | undefined): void;
  close(): void;
}
