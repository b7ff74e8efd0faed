// Evaluates gradient-boosted decision trees as `orchestrator/reading/training` writes them.

/** Trees in flat arrays. A row goes left if its column is at most the node's threshold; a negative child is the leaf `-1 - child`. */
export interface BoostedTrees {
  base: number;
  roots: number[];
  feature: number[];
  threshold: number[];
  left: number[];
  right: number[];
  leaf: number[];
}

/** The sum of the leaves that a row reaches; with logistic loss, the log-odds. */
export function sumOfTrees(trees: BoostedTrees, row: ArrayLike<number>): number {
  const { feature, threshold, left, right, leaf } = trees;
  let sum = trees.base;
  for (const root of trees.roots) {
    let at = root;
    while (at >= 0) at = row[feature[at]!]! <= threshold[at]! ? left[at]! : right[at]!;
    sum += leaf[-1 - at]!;
  }
  return sum;
}

export function probability(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
