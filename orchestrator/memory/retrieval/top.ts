// Selects the best of many scores without sorting them all.

/** Returns the `count` live chunks with the highest positive scores, best first; ties keep their order. */
export function topChunks(scores: Float32Array, alive: Uint8Array, count: number, allowed?: (chunk: number) => boolean): number[] {
  // A heap with the smallest score at the root; of equal scores, the later one is smaller.
  const heap: number[] = [];
  const below = (a: number, b: number): boolean => scores[a]! < scores[b]! || (scores[a] === scores[b] && a > b);
  /** The score that the next chunk must exceed; nearly all chunks fail this first comparison. */
  let bar = 0;
  for (let chunk = 0; chunk < scores.length; chunk += 1) {
    if (scores[chunk]! <= bar || alive[chunk] === 0) continue;
    if (allowed !== undefined && !allowed(chunk)) continue;
    if (heap.length < count) {
      heap.push(chunk);
      for (let at = heap.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (!below(heap[at]!, heap[parent]!)) break;
        [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
        at = parent;
      }
      if (heap.length === count) bar = scores[heap[0]!]!;
      continue;
    }
    heap[0] = chunk;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && below(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!below(heap[child]!, heap[at]!)) break;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
    bar = scores[heap[0]!]!;
  }
  return heap.sort((a, b) => below(a, b) ? 1 : -1);
}

/** The largest value, or 0. */
export function largest(values: Float32Array): number {
  let max = 0;
  for (let i = 0; i < values.length; i += 1) if (values[i]! > max) max = values[i]!;
  return max;
}
