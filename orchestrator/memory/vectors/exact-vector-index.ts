// The embedded vector index: compares every query with every vector, quantized to int8. Memory only; nothing to tune, nothing to corrupt.
import { instantiateScan, type Scan } from './int8-dot-wasm.ts';
import { quantize, type QuantizedVector, type VectorIndex } from './vector-index.ts';

const PAGE = 65_536;
/** Vectors per call; keeps the result buffer small. */
const BLOCK = 4096;
/** The query has 12 bits, so that its error is far below that of the vectors; sums of 384 products stay within 32 bits. */
const QUERY_MAX = 2047;

export class ExactVectorIndex implements VectorIndex {
  readonly isCurrent = true;
  readonly needsAll = false;
  readonly #dimensions: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE });
  readonly #scan: Scan;
  readonly #outAt: number;
  readonly #vectorsAt: number;
  #scales = new Float32Array(0);
  #size = 0;

  /** `dimensions` must be a multiple of 8. */
  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#scan = instantiateScan(this.#memory);
    this.#outAt = Math.ceil(dimensions * 2 / 16) * 16;
    this.#vectorsAt = this.#outAt + BLOCK * 4;
  }

  async current(): Promise<void> {}

  set(chunk: number, vector: Float32Array): void {
    this.setQuantized(chunk, quantize(vector));
  }

  setQuantized(chunk: number, { values, scale }: QuantizedVector): void {
    this.#reserve(chunk + 1);
    new Int8Array(this.#memory.buffer, this.#vectorsAt + chunk * this.#dimensions, this.#dimensions).set(values);
    this.#scales[chunk] = scale;
  }

  /** Sets consecutive vectors from `first` on, to load a whole segment. */
  setAll(first: number, values: Int8Array, scales: Float32Array): void {
    this.#reserve(first + scales.length);
    new Int8Array(this.#memory.buffer, this.#vectorsAt + first * this.#dimensions, values.length).set(values);
    this.#scales.set(scales, first);
  }

  has(chunk: number): boolean {
    return chunk < this.#size && this.#scales[chunk] !== 0;
  }

  /** Returns a vector as stored; scale 0 means that there is none. */
  get(chunk: number): QuantizedVector {
    if (chunk >= this.#size) return { values: new Int8Array(this.#dimensions), scale: 0 };
    return { values: new Int8Array(this.#memory.buffer, this.#vectorsAt + chunk * this.#dimensions, this.#dimensions).slice(), scale: this.#scales[chunk] ?? 0 };
  }

  remove(chunk: number): void {
    if (chunk < this.#size) this.setQuantized(chunk, { values: new Int8Array(this.#dimensions), scale: 0 });
  }

  // oxlint-disable-next-line require-await -- the interface also serves indexes behind a network
  async cosines(query: Float32Array, cosines: Float32Array): Promise<void> {
    const largest = query.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
    new Int16Array(this.#memory.buffer, 0, this.#dimensions).set(query.map((value) => Math.round(value / largest * QUERY_MAX)));
    const unit = largest / QUERY_MAX;
    const known = Math.min(cosines.length, this.#size);
    for (let first = 0; first < known; first += BLOCK) {
      const count = Math.min(BLOCK, known - first);
      this.#scan(0, this.#vectorsAt + first * this.#dimensions, count, this.#dimensions * 2, this.#outAt);
      const dots = new Int32Array(this.#memory.buffer, this.#outAt, count);
      for (let i = 0; i < count; i += 1) cosines[first + i] = dots[i]! * this.#scales[first + i]! * unit;
    }
    cosines.fill(0, known);
  }

  reset(): void {
    new Uint8Array(this.#memory.buffer).fill(0);
    this.#scales.fill(0);
    this.#size = 0;
  }

  async close(): Promise<void> {
    this.reset();
  }

  #reserve(size: number): void {
    if (size > this.#scales.length) {
      const scales = new Float32Array(Math.max(1024, size, this.#scales.length * 2));
      scales.set(this.#scales);
      this.#scales = scales;
      const missing = this.#vectorsAt + scales.length * this.#dimensions - this.#memory.buffer.byteLength;
      if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    }
    this.#size = Math.max(this.#size, size);
  }
}
