// The trained trees for reading pages: `page-model.json` beside this file, written by `npm run train:pages`.
import { readFileSync } from 'node:fs';
import { probability, sumOfTrees, type BoostedTrees } from './boosted-trees.ts';

export const pageTypes = ['article', 'documentation', 'service', 'forum', 'product', 'collection', 'listing'] as const;
export type PageType = (typeof pageTypes)[number];

export interface PageModel {
  /** Trees for the log-odds that a block is content. */
  blocks: BoostedTrees;
  /** Trees for each page type. */
  types: Record<PageType, BoostedTrees>;
}

let loaded: PageModel | undefined;

export function pageModel(): PageModel {
  loaded ??= JSON.parse(readFileSync(new URL('page-model.json', import.meta.url), 'utf8')) as PageModel;
  return loaded;
}

/** The most probable type of a page with these features. */
export function typeOfPage(types: PageModel['types'], features: ArrayLike<number>): { type: PageType; probability: number } {
  const scores = pageTypes.map((type) => probability(sumOfTrees(types[type], features)));
  const total = scores.reduce((sum, score) => sum + score, 0);
  const best = scores.indexOf(Math.max(...scores));
  return { type: pageTypes[best]!, probability: scores[best]! / total };
}
