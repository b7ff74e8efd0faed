// The memories of an unlocked space by number: packed ones are read from their pack on demand, new ones are held as they are.
import { Column } from '../retrieval/columns.ts';
import type { Memory } from '../memory.ts';
import { conversationKey } from '../scope.ts';
import { importanceNumber, kindOf, type UnpackedMemories } from './pack.ts';

/** Memories with consecutive numbers that are in one pack, or will be. */
interface Block { first: number; size: number; packId: number | undefined; read(index: number): Memory }

/** The memories from `first` up to but without `end`, which are in no pack yet. `full`: the next memory begins another group. */
export interface Group { first: number; end: number; full: boolean }

/** Memories per pack: large enough for a quick bulk unlock, small enough that forgetting one rewrites little. */
const PACK_RECORDS = 512;
/** The same limit for long texts, in characters. */
const PACK_CHARACTERS = 2_000_000;

/** The number that stands for no environment. */
const NO_ENVIRONMENT = -1;

/** Estimated bytes for the columns of a memory and the references to it. */
const BYTES_PER_MEMORY = 200;

export class RecordBook {
  readonly seq = new Column(new Float64Array());
  /** When it expires, in ms; Infinity: never. */
  readonly expires = new Column(new Float64Array());
  readonly alive = new Column(new Uint8Array());
  /** Layer and type, see pack.ts. */
  readonly kind = new Column(new Uint8Array());
  readonly importance = new Column(new Uint8Array());
  /** When it was said or happened, in ms. */
  readonly time = new Column(new Float64Array());
  /** What was added to memories after they were written. */
  readonly #amended = new Map<number, Partial<Memory>>();
  /** The environment that each memory belongs to, as a number from `environmentNumber`. */
  readonly environment = new Column(new Int32Array());
  readonly #environments = new Map<string | undefined, number>([[undefined, NO_ENVIRONMENT]]);
  /** By conversationKey. */
  readonly #conversations = new Map<string, number[]>();
  readonly #blocks: Block[] = [];
  #packedBytes = 0;
  /** The groups after the packs, of which only the last one grows. */
  readonly #groups: { block: Block; memories: Memory[]; letters: number }[] = [];

  /** RAM, by estimate. */
  get bytes(): number {
    return this.size * BYTES_PER_MEMORY + this.#packedBytes + this.#groups.reduce((sum, { letters }) => sum + letters, 0);
  }

  get size(): number {
    return this.seq.length;
  }

  /** The first memories that are in no pack, at most as many as fit in one. */
  get firstGroup(): Group | undefined {
    const group = this.#groups[0];
    return group && { first: group.block.first, end: group.block.first + group.block.size, full: isFull(group) };
  }

  /** Appends a pack and returns the number of its first memory. Call it only while every memory is in a pack. */
  addPack(packId: number, pack: UnpackedMemories): number {
    const first = this.size;
    this.seq.append(pack.seqs);
    this.expires.append(pack.expires);
    this.alive.append(new Uint8Array(pack.size).fill(1));
    this.kind.append(pack.kinds);
    this.importance.append(pack.importances);
    this.time.append(pack.times);
    pack.environments.forEach((environmentId) => this.environment.push(this.#numberOf(environmentId)));
    pack.conversations.forEach((conversation, i) => this.#join(pack.conversationNames[conversation], pack.environments[i], first + i));
    this.#blocks.push({ first, size: pack.size, packId, read: (index) => pack.memory(index) });
    this.#packedBytes += pack.bytes;
    return first;
  }

  /** Appends a memory, and returns its number and whether it begins a group. */
  add(seq: number, memory: Memory, expiresAtMs: number | undefined): { record: number; beginsGroup: boolean } {
    this.seq.push(seq);
    this.expires.push(expiresAtMs ?? Infinity);
    this.alive.push(1);
    this.kind.push(kindOf(memory));
    this.importance.push(importanceNumber(memory.importance));
    this.time.push(Date.parse(memory.occurredAt));
    this.environment.push(this.#numberOf(memory.environmentId));
    this.#join(memory.conversationId, memory.environmentId, this.size - 1);
    let group = this.#groups.at(-1);
    const beginsGroup = group === undefined || isFull(group);
    if (group === undefined || beginsGroup) {
      const memories: Memory[] = [];
      group = { block: { first: this.size - 1, size: 0, packId: undefined, read: (index) => memories[index]! }, memories, letters: 0 };
      this.#groups.push(group);
      this.#blocks.push(group.block);
    }
    group.memories.push(memory);
    group.block.size += 1;
    group.letters += memory.text.length;
    return { record: this.size - 1, beginsGroup };
  }

  /** Records that the first group was written as this pack, or that it has no memories left to write. Its memories stay in RAM until the next unlock. */
  sealFirstGroup(packId: number | undefined): void {
    const group = this.#groups.shift();
    if (group !== undefined) group.block.packId = packId;
  }

  /** The numbers of a conversation's memories in the order in which they were said, including removed ones. */
  conversation(key: string): readonly number[] {
    return this.#conversations.get(key) ?? [];
  }

  conversationKeys(): string[] {
    return [...this.#conversations.keys()];
  }

  /** The number of an environment in `environment`; undefined if no memory belongs to it. */
  environmentNumber(environmentId: string | undefined): number | undefined {
    return this.#environments.get(environmentId);
  }

  get(record: number): Memory {
    const amended = this.#amended.get(record);
    return amended === undefined ? this.#read(record) : { ...this.#read(record), ...amended };
  }

  amend(record: number, change: Partial<Memory>): void {
    this.#amended.set(record, { ...this.#amended.get(record), ...change });
    if (change.importance !== undefined) this.importance.values[record] = importanceNumber(change.importance);
  }

  #read(record: number): Memory {
    const block = this.#blockOf(record);
    return block.read(record - block.first);
  }

  packOf(record: number): number | undefined {
    return this.#blockOf(record).packId;
  }

  /** The number of the first memory with a larger sequence number. */
  firstAfter(seq: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.seq.values[middle]! <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The number of the memory with this sequence number. */
  findSeq(seq: number): number | undefined {
    let low = 0;
    let high = this.size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const value = this.seq.values[middle]!;
      if (value === seq) return middle;
      if (value < seq) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** The live memories from `first` on. */
  *live(first = 0): Generator<{ record: number; memory: Memory }> {
    for (let record = first; record < this.size; record += 1) if (this.alive.values[record] === 1) yield { record, memory: this.get(record) };
  }

  #numberOf(environmentId: string | undefined): number {
    const known = this.#environments.get(environmentId);
    if (known !== undefined) return known;
    this.#environments.set(environmentId, this.#environments.size - 1);
    return this.#environments.size - 2;
  }

  #join(conversationId: string | undefined, environmentId: string | undefined, record: number): void {
    if (conversationId === undefined) return;
    const conversation = conversationKey(conversationId, environmentId);
    const records = this.#conversations.get(conversation);
    if (records === undefined) this.#conversations.set(conversation, [record]);
    else {
      // What is imported late takes the place where it was said.
      let at = records.length;
      while (at > 0 && this.time.values[records[at - 1]!]! > this.time.values[record]!) at -= 1;
      records.splice(at, 0, record);
    }
  }

  #blockOf(record: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#blocks[middle]!.first <= record) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low]!;
  }
}

function isFull({ memories, letters }: { memories: readonly Memory[]; letters: number }): boolean {
  return memories.length >= PACK_RECORDS || letters >= PACK_CHARACTERS;
}
