// Vectors that callers compute with models of their own, such as one for images: their form in sealed records, and the vectors of an unlocked space. Vectors of
// different models or lengths are never compared. Recall decides which memories may be in an answer.
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { CallerVector, MAX_DIMENSIONS } from '../memory.ts';

/** A caller's vector, scaled to length 1: only directions are compared. */
export interface UnitVector { readonly model: string; readonly values: Float32Array }

/** The same vector in JSON: 32-bit floats, little-endian, in base64. */
export const PackedVector = z.strictObject({ model: CallerVector.shape.model, values: z.base64().max(4 * Math.ceil(MAX_DIMENSIONS * Float32Array.BYTES_PER_ELEMENT / 3)) });
export type PackedVector = z.infer<typeof PackedVector>;

/** Two vectors with at least this cosine are the same: scaling to length 1 again changes the last bits. */
const SAME = 0.999_999;
/** Maximum number of vectors in a growing block, so that little memory is reserved without use. */
const BLOCK = 512;
/** The number in place of a removed vector's memory. */
const NONE = -1;

/** Some vectors of one model, one after the other, each with the number of its memory. Vectors of a pack stay in the pack's buffer. */
interface Block { records: Int32Array; values: Float32Array; length: number }
interface ModelVectors { model: string; dimensions: number; blocks: Block[] }
interface Place { of: ModelVectors; block: Block; at: number }

/** Scales a vector to length 1. At least one value must not be 0. Divides by the largest value first, so that no square overflows. */
export function unitVector({ model, values }: { model: string; values: ArrayLike<number> }): UnitVector {
  let largest = 0;
  for (let i = 0; i < values.length; i += 1) largest = Math.max(largest, Math.abs(values[i]!));
  let squares = 0;
  for (let i = 0; i < values.length; i += 1) squares += (values[i]! / largest) ** 2;
  const length = Math.sqrt(squares);
  return { model, values: Float32Array.from(values, (value) => value / largest / length) };
}

export function packedVector({ model, values }: UnitVector): PackedVector {
  return { model, values: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64') };
}

/** @throws SomnusError `corrupt` */
export function unpackedVector({ model, values }: PackedVector): UnitVector {
  const bytes = Buffer.from(values, 'base64');
  if (bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) throw new SomnusError('corrupt', 'A vector cannot be read');
  const vector = CallerVector.safeParse({ model, values: [...new Float32Array(new Uint8Array(bytes).buffer)] }); // a copy: floats need aligned bytes
  if (!vector.success) throw new SomnusError('corrupt', 'A vector cannot be read', { cause: vector.error });
  return unitVector(vector.data);
}

/** The vectors of one unlocked space, by the number of their memory. A memory has at most one. */
export class CallerVectors {
  readonly #models = new Map<string, ModelVectors>();
  readonly #places = new Map<number, Place>();

  /** Estimated size in RAM. */
  get bytes(): number {
    let bytes = 0;
    for (const { blocks } of this.#models.values()) for (const { values, records } of blocks) bytes += values.byteLength + records.byteLength * 16;
    return bytes;
  }

  /** How many memories have a vector of each model. */
  counts(): { model: string; dimensions: number; memories: number }[] {
    const counts = new Map<ModelVectors, number>();
    for (const { of } of this.#places.values()) counts.set(of, (counts.get(of) ?? 0) + 1);
    return Array.from(counts, ([{ model, dimensions }, memories]) => ({ model, dimensions, memories }));
  }

  has(record: number): boolean {
    return this.#places.has(record);
  }

  /** A copy. */
  get(record: number): UnitVector | undefined {
    const place = this.#places.get(record);
    return place && { model: place.of.model, values: valuesAt(place).slice() };
  }

  /** Whether the memory has this vector. */
  isSame(record: number, { model, values }: UnitVector): boolean {
    const place = this.#places.get(record);
    return place !== undefined && place.of.model === model && place.of.dimensions === values.length && dot(values, place.block.values, place.at * values.length) >= SAME;
  }

  /** Takes over the vectors of a pack without copying them. */
  addBlock(model: string, records: Int32Array, values: Float32Array): void {
    const of = this.#of(model, values.length / records.length);
    const block: Block = { records, values, length: records.length };
    of.blocks.push(block);
    records.forEach((record, at) => this.#places.set(record, { of, block, at }));
  }

  /** Sets or replaces the vector of a memory. */
  set(record: number, { model, values }: UnitVector): void {
    const of = this.#of(model, values.length);
    const known = this.#places.get(record);
    if (known?.of === of) return valuesAt(known).set(values);
    this.remove(record);
    const block = withSpace(of);
    const at = block.length;
    block.length += 1;
    block.records[at] = record;
    this.#places.set(record, { of, block, at });
    block.values.set(values, at * of.dimensions);
  }

  remove(record: number): void {
    const place = this.#places.get(record);
    if (place === undefined) return;
    valuesAt(place).fill(0);
    place.block.records[place.at] = NONE;
    this.#places.delete(record);
  }

  /**
   * The memories whose vectors of the same model and length are nearest in direction to this one, best first; those at a right angle or beyond are left out.
   * Calls `admits` for every memory, and `allows` only for those that would be among the best. Waits for `pause` from time to time.
   */
  async nearest({ model, values }: UnitVector, count: number, { admits, allows, pause }: { admits: (record: number) => boolean; allows: (record: number) => boolean; pause: () => Promise<void> }): Promise<{ record: number; cosine: number }[]> {
    const dimensions = values.length;
    let best: { record: number; cosine: number }[] = [];
    let least = 0;
    const cut = (): void => {
      best = best.toSorted((a, b) => b.cosine - a.cosine || a.record - b.record).slice(0, count);
      if (best.length === count) least = best.at(-1)?.cosine ?? 0;
    };
    for (const block of this.#models.get(keyOf(model, dimensions))?.blocks ?? []) {
      await pause();
      for (let at = 0; at < block.length; at += 1) {
        const record = block.records[at]!;
        if (record === NONE || !admits(record)) continue;
        const cosine = dot(values, block.values, at * dimensions);
        if (cosine <= least || !allows(record)) continue;
        best.push({ record, cosine });
        if (best.length >= 4 * count) cut();
      }
    }
    cut();
    return best;
  }

  /** Overwrites and drops everything. */
  clear(): void {
    for (const { blocks } of this.#models.values()) for (const { values } of blocks) values.fill(0);
    this.#models.clear();
    this.#places.clear();
  }

  #of(model: string, dimensions: number): ModelVectors {
    const key = keyOf(model, dimensions);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const made: ModelVectors = { model, dimensions, blocks: [] };
    this.#models.set(key, made);
    return made;
  }
}

function keyOf(model: string, dimensions: number): string {
  return `${dimensions} ${model}`;
}

function valuesAt({ of: { dimensions }, block, at }: Place): Float32Array {
  return block.values.subarray(at * dimensions, (at + 1) * dimensions);
}

/** The last block if another vector fits in it, otherwise a new one. Blocks grow by doubling, because there may be many models with few vectors. */
function withSpace({ blocks, dimensions }: ModelVectors): Block {
  const last = blocks.at(-1);
  if (last !== undefined && last.length < last.records.length) return last;
  if (last === undefined || last.length >= BLOCK) {
    const made: Block = { records: new Int32Array(1), values: new Float32Array(dimensions), length: 0 };
    blocks.push(made);
    return made;
  }
  const { records, values } = last;
  last.records = new Int32Array(records.length * 2);
  last.records.set(records);
  last.values = new Float32Array(values.length * 2);
  last.values.set(values);
  return last;
}

/** The dot product. Computes four sums in parallel, so that additions do not wait for each other. */
function dot(a: Float32Array, b: Float32Array, from: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const fours = a.length - a.length % 4;
  for (let i = 0, j = from; i < fours; i += 4, j += 4) {
    first += a[i]! * b[j]!;
    second += a[i + 1]! * b[j + 1]!;
    third += a[i + 2]! * b[j + 2]!;
    fourth += a[i + 3]! * b[j + 3]!;
  }
  for (let i = fours; i < a.length; i += 1) first += a[i]! * b[from + i]!;
  return first + second + third + fourth;
}
