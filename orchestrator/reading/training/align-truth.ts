// Which words of a page's blocks are in the text that a person marked as its content. Long matches are assigned first, then short blocks between matched neighbors, so that a menu's "Home" does not take
// the place of the article's.
import { wordsOf } from '../page/words.ts';

/** The share of each block's words that the reference text holds, from 0 to 1. No word of the reference is assigned twice. */
export function alignTruth(blocks: readonly string[], truth: string): number[] {
  const reference = wordsOf(truth);
  const claimed = new Uint8Array(reference.length);
  const words = blocks.map(wordsOf);
  const matched = new Float64Array(blocks.length);
  const place = new Int32Array(blocks.length).fill(-1);
  const index = new Map<string, number[]>();
  for (let i = 0; i + 1 < reference.length; i += 1) {
    const key = `${reference[i]} ${reference[i + 1]}`;
    const places = index.get(key);
    if (places === undefined) index.set(key, [i]);
    else places.push(i);
  }
  const single = new Map<string, number[]>();
  for (const [i, word] of reference.entries()) {
    const places = single.get(word);
    if (places === undefined) single.set(word, [i]);
    else places.push(i);
  }

  const claimRun = (block: number, from: number, minimum: number, near: number): number => {
    const own = words[block]!;
    let best = 0;
    let bestAt = -1;
    const starts = from + 1 < own.length ? index.get(`${own[from]} ${own[from + 1]}`) : single.get(own[from]!);
    for (const start of starts ?? []) {
      let length = 0;
      while (from + length < own.length && start + length < reference.length && claimed[start + length] === 0 && own[from + length] === reference[start + length]) length += 1;
      if (length > best || (length === best && length > 0 && near >= 0 && Math.abs(start - near) < Math.abs(bestAt - near))) { best = length; bestAt = start; }
    }
    if (best < minimum) return 0;
    claimed.fill(1, bestAt, bestAt + best);
    matched[block]! += best;
    if (place[block]! < 0) place[block] = bestAt;
    return best;
  };
  const claimBlock = (block: number, minimum: number, near: number): void => {
    const own = words[block]!;
    for (let at = 0; at < own.length;) at += claimRun(block, at, Math.min(minimum, own.length), near) || 1;
  };

  const order = words.map((own, i) => [own.length, i] as const).filter(([length]) => length >= 6).toSorted((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, block] of order) claimBlock(block, 5, -1);
  const before = neighbors(place, 1);
  const after = neighbors(place, -1);
  const short = words.flatMap((own, i) => (own.length > 0 && own.length < 6 ? [i] : []));
  const gapOf = (block: number): number => {
    const left = before[block]!;
    const right = after[block]!;
    return left < 0 || right < 0 ? 1e6 : right - left;
  };
  for (const nearby of [true, false]) {
    for (const block of short.toSorted((a, b) => (nearby ? gapOf(a) - gapOf(b) : 0) || a - b)) {
      if (matched[block]! > 0) continue;
      const left = before[block]!;
      const right = after[block]!;
      if (nearby && left < 0 && right < 0) continue;
      const own = words[block]!;
      const wholeOrNothing = nearby ? between(own, reference, claimed, single, left, right) : -1;
      if (wholeOrNothing >= 0) {
        claimed.fill(1, wholeOrNothing, wholeOrNothing + own.length);
        matched[block] = own.length;
        place[block] = wholeOrNothing;
      } else if (!nearby) claimRun(block, 0, own.length, left);
    }
  }
  return words.map((own, i) => (own.length === 0 ? 0 : matched[i]! / own.length));
}

/** For each block, the place in the reference of the nearest matched block before (1) or after it (-1). */
function neighbors(place: Int32Array, direction: 1 | -1): Int32Array {
  const found = new Int32Array(place.length).fill(-1);
  let last = -1;
  for (let step = 0; step < place.length; step += 1) {
    const i = direction === 1 ? step : place.length - 1 - step;
    found[i] = last;
    if (place[i]! >= 0) last = place[i]!;
  }
  return found;
}

/** Where the words stand free in the reference between two places, or -1. */
function between(own: readonly string[], reference: readonly string[], claimed: Uint8Array, single: ReadonlyMap<string, readonly number[]>, left: number, right: number): number {
  const from = left < 0 ? Math.max(0, right - 60) : left;
  const to = right < 0 || right < from ? from + 400 : right;
  for (const start of single.get(own[0]!) ?? []) {
    if (start < from || start > to) continue;
    if (own.every((word, i) => claimed[start + i] === 0 && reference[start + i] === word)) return start;
  }
  return -1;
}
