// Which chunks contain which term, and how often: a growing form for new chunks, and a frozen form that is read directly from a segment.
// Terms are 53-bit hashes: no strings are stored, and a frozen list needs no parsing.
import type { Values } from './columns.ts';

export interface Posting { chunks: ArrayLike<number>; counts: ArrayLike<number> }

/** Chunks in a posting are counted from `first`. */
export interface Postings {
  readonly first: number;
  find(term: number): Posting | undefined;
}

const MAX_COUNT = 255;
/** Hashes are below this. */
const HASHES = 2 ** 53;
/** The first step from the guessed place; the line of RAM that is read anyway contains eight hashes. */
const FIRST_STEP = 8;

/** cyrb53 (bryc, public domain): 53 bits, so the chance that any two of a million terms collide is 1 in 18,000. */
export function termHash(term: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < term.length; i += 1) {
    const code = term.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & b) + (a >>> 0);
}

export class GrowingPostings implements Postings {
  readonly first: number;
  readonly #lists = new Map<number, { chunks: number[]; counts: number[] }>();

  constructor(first: number) {
    this.first = first;
  }

  /** Adds a chunk; chunks must come in ascending order. */
  add(chunk: number, terms: readonly string[]): void {
    for (const term of terms) {
      const key = termHash(term);
      let list = this.#lists.get(key);
      if (list === undefined) this.#lists.set(key, list = { chunks: [], counts: [] });
      const last = list.chunks.length - 1;
      if (list.chunks[last] === chunk - this.first) list.counts[last] = Math.min(MAX_COUNT, list.counts[last]! + 1);
      else {
        list.chunks.push(chunk - this.first);
        list.counts.push(1);
      }
    }
  }

  find(term: number): Posting | undefined {
    return this.#lists.get(term);
  }

  /** The frozen form's columns. */
  freeze(): Record<'terms' | 'starts' | 'chunks' | 'counts', Values> & { terms: Float64Array; starts: Uint32Array; chunks: Uint32Array; counts: Uint8Array } {
    const terms = Float64Array.from(this.#lists.keys()).sort();
    const starts = new Uint32Array(terms.length + 1);
    terms.forEach((term, i) => {
      starts[i + 1] = starts[i]! + this.#lists.get(term)!.chunks.length;
    });
    const chunks = new Uint32Array(starts[terms.length]!);
    const counts = new Uint8Array(chunks.length);
    terms.forEach((term, i) => {
      const list = this.#lists.get(term)!;
      chunks.set(list.chunks, starts[i]);
      counts.set(list.counts, starts[i]);
    });
    return { terms, starts, chunks, counts };
  }
}

export class FrozenPostings implements Postings {
  readonly first: number;
  readonly #terms: Float64Array;
  readonly #starts: Uint32Array;
  readonly #chunks: Uint32Array;
  readonly #counts: Uint8Array;

  constructor(first: number, columns: { terms: Float64Array; starts: Uint32Array; chunks: Uint32Array; counts: Uint8Array }) {
    this.first = first;
    this.#terms = columns.terms;
    this.#starts = columns.starts;
    this.#chunks = columns.chunks;
    this.#counts = columns.counts;
  }

  find(term: number): Posting | undefined {
    const terms = this.#terms;
    let [low, high] = aroundHash(terms, term);
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const value = terms[middle]!;
      if (value === term) {
        const [from, to] = [this.#starts[middle]!, this.#starts[middle + 1]!];
        return { chunks: this.#chunks.subarray(from, to), counts: this.#counts.subarray(from, to) };
      }
      if (value < term) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

/**
 * Narrows the search for a hash among sorted ones. Hashes are spread evenly, so the value of a hash tells nearly where it is. This matters because a question looks for each of its
 * terms in thousands of segments, and each step of a search over a whole segment waits for another line of RAM.
 */
function aroundHash(sorted: Float64Array, hash: number): [low: number, high: number] {
  const last = sorted.length - 1;
  const guess = Math.min(last, Math.floor(hash / HASHES * sorted.length));
  let step = FIRST_STEP;
  if (last < 0) return [0, -1];
  if (sorted[guess]! <= hash) {
    let low = guess;
    while (low + step <= last && sorted[low + step]! <= hash) {
      low += step;
      step *= 2;
    }
    return [low, Math.min(last, low + step)];
  }
  let high = guess;
  while (high - step >= 0 && sorted[high - step]! > hash) {
    high -= step;
    step *= 2;
  }
  return [Math.max(0, high - step), high];
}
