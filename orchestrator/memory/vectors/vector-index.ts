// The interface of a vector index. An index holds the chunks of one unlocked space, numbered from 0.

export interface VectorIndex {
  /** Whether `cosines` uses all vectors that were set; an index on a server receives them in the background. */
  readonly isCurrent: boolean;
  /** True when a server has, or may have, lost everything: call `reset` and set all vectors again. */
  readonly needsAll: boolean;
  /** Resolves when the index is up to date or has failed. */
  current(): Promise<void>;
  /** Sets a chunk's vector. Repeatable. */
  set(chunk: number, vector: Float32Array): void;
  /** Removes a chunk's vector from the answers. */
  remove(chunk: number): void;
  /**
   * Sets the cosine of the query with each chunk, as many as `cosines` is long. An index that only knows its best hits sets the others to its lowest hit; a chunk without a vector gets 0.
   * @throws SomnusError `unavailable` when a server behind it does not answer.
   */
  cosines(query: Float32Array, cosines: Float32Array): Promise<void>;
  /** Drops everything; the vectors will be set again. */
  reset(): void;
  /** Frees the index, here and on a server. */
  close(): Promise<void>;
}

/** A vector at a quarter of its size: `values` times `scale` is within 0.4 % of the vector's largest component. */
export interface QuantizedVector { values: Int8Array; scale: number }

export function quantize(vector: Float32Array): QuantizedVector {
  let largest = 0;
  for (let i = 0; i < vector.length; i += 1) largest = Math.max(largest, Math.abs(vector[i]!));
  const scale = largest / 127 || 1;
  const values = new Int8Array(vector.length);
  for (let i = 0; i < vector.length; i += 1) values[i] = Math.round(vector[i]! / scale);
  return { values, scale };
}
