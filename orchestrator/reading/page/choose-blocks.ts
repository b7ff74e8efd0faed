// Chooses the blocks that are the content of a page: trained trees give each block a probability, and the set of blocks with the highest expected F1 over words is kept.
import type { Segmented } from './blocks.ts';
import { blockFeatures } from './block-features.ts';
import { probability, sumOfTrees } from './boosted-trees.ts';
import { pageFeatures, type PageFacts } from './page-facts.ts';
import { typeOfPage, type PageModel, type PageType } from './page-model.ts';

interface Choice {
  /** Whether each block is content. */
  kept: boolean[];
  type: PageType;
  /** Expected F1 of the kept blocks, from 0 to 1. */
  expectedF1: number;
}

export function chooseBlocks(page: Segmented, facts: PageFacts, model: PageModel): Choice {
  const ofPage = pageFeatures(facts, page);
  const { type } = typeOfPage(model.types, ofPage);
  const probabilities = blockFeatures(page, facts, ofPage).map((row) => probability(sumOfTrees(model.blocks, row)));
  return { ...bestSet(probabilities, page.blocks.map(({ words }) => words)), type };
}

/** Keeps the number of most probable blocks that gives the highest expected F1: 2·hits / (kept words + expected words of the content). */
export function bestSet(probabilities: readonly number[], words: readonly number[]): { kept: boolean[]; expectedF1: number } {
  const expected = probabilities.reduce((sum, p, i) => sum + p * words[i]!, 0);
  const order = probabilities.map((_, i) => i).toSorted((a, b) => probabilities[b]! - probabilities[a]!);
  let hits = 0;
  let size = 0;
  let expectedF1 = 0;
  let threshold = Infinity;
  for (const i of order) {
    hits += probabilities[i]! * words[i]!;
    size += words[i]!;
    const f1 = (2 * hits) / (size + expected);
    if (f1 > expectedF1) { expectedF1 = f1; threshold = probabilities[i]!; }
  }
  return { kept: probabilities.map((p) => p >= threshold), expectedF1 };
}
