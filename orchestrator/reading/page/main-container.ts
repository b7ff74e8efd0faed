// Finds the element that contains most of the running text: each long block with few links gives points to the elements around it, fewer with each level up.
import type { Segmented } from './blocks.ts';
import type { PageElement } from './html-tree.ts';

export function mainContainer({ blocks, stats }: Segmented): PageElement {
  const points = new Map<PageElement, number>();
  for (const block of blocks) {
    if (block.words < 8) continue;
    const worth = (1 + block.commas * 0.5 + Math.min(block.words / 20, 4)) * (1 - block.linkWords / block.words);
    let share = 1;
    for (let at = block.element.parent, steps = 0; at !== undefined && steps < 6; at = at.parent, steps += 1) {
      points.set(at, (points.get(at) ?? 0) + worth * share);
      share *= 0.75;
    }
  }
  let best: PageElement | undefined;
  let most = 0;
  for (const [element, sum] of points) {
    const { linkWords, words } = stats.get(element) ?? { linkWords: 0, words: 1 };
    const scored = sum * (1 - linkWords / (words + 1));
    if (scored > most) { most = scored; best = element; }
  }
  return best ?? rootOf(stats);
}

function rootOf(stats: ReadonlyMap<PageElement, unknown>): PageElement {
  let last: PageElement | undefined;
  for (const element of stats.keys()) last = element; // the root is visited last
  return last!;
}
