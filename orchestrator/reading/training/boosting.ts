// Gradient boosting of decision trees with logistic loss on rows with soft labels and weights: columns are cut into at most 64 bins, trees grow leaf by leaf, and each tree sees a share of the rows and columns.
// The same seed and data give the same trees.
import type { BoostedTrees } from '../page/boosted-trees.ts';

export interface BoostingOptions {
  trees: number;
  leaves: number;
  rate: number;
  /** The least sum of second derivatives in a leaf. */
  minHessian: number;
  columnShare: number;
  rowShare: number;
  /** L2 penalty on leaves. */
  penalty: number;
  seed: number;
}

interface Leaf { rows: Int32Array; gradients: Float64Array; hessians: Float64Array; gradient: number; hessian: number; best: Split | undefined; attach: (child: number) => void }
interface Split { gain: number; column: number; bin: number }

const maxBins = 64;

/** Rows whose columns are cut into bins; made once, trained on several times. */
interface BinnedRows { columns: Uint8Array[]; edges: Float64Array[]; count: number }

export function binRows(rows: readonly ArrayLike<number>[]): BinnedRows {
  const width = rows[0]?.length ?? 0;
  const columns: Uint8Array[] = [];
  const edges: Float64Array[] = [];
  const step = Math.max(1, Math.floor(rows.length / 20_000));
  for (let column = 0; column < width; column += 1) {
    const sample: number[] = [];
    for (let i = 0; i < rows.length; i += step) sample.push(rows[i]![column]!);
    const cuts = cutsOf(Float64Array.from(sample).sort());
    const bins = new Uint8Array(rows.length);
    for (let i = 0; i < rows.length; i += 1) bins[i] = binOf(cuts, rows[i]![column]!);
    columns.push(bins);
    edges.push(cuts);
  }
  return { columns, edges, count: rows.length };
}

function cutsOf(sorted: Float64Array): Float64Array {
  const distinct: number[] = [];
  for (const value of sorted) if (distinct.length === 0 || distinct.at(-1) !== value) distinct.push(value);
  const between = (a: number, b: number): number => Number(((a + b) / 2).toPrecision(6));
  if (distinct.length <= maxBins) return Float64Array.from(distinct.slice(1).map((value, i) => between(distinct[i]!, value)));
  const cuts = new Set<number>();
  for (let i = 1; i < maxBins; i += 1) cuts.add(between(sorted[Math.floor((i * sorted.length) / maxBins)]!, sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / maxBins) + 1)]!));
  return Float64Array.from(cuts).sort();
}

function binOf(cuts: Float64Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= cuts[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function boost(data: BinnedRows, used: Int32Array, labels: Float64Array, weights: Float64Array, options: BoostingOptions): BoostedTrees {
  const random = generator(options.seed);
  let positive = 0;
  let total = 0;
  for (const i of used) { positive += labels[i]! * weights[i]!; total += weights[i]!; }
  const base = Math.log((positive + 1e-6) / (total - positive + 1e-6));
  const trees: BoostedTrees = { base: Number(base.toPrecision(5)), roots: [], feature: [], threshold: [], left: [], right: [], leaf: [] };
  const scores = new Float64Array(data.count).fill(trees.base);
  const gradients = new Float64Array(data.count);
  const hessians = new Float64Array(data.count);
  for (let round = 0; round < options.trees; round += 1) {
    for (const i of used) {
      const p = 1 / (1 + Math.exp(-scores[i]!));
      gradients[i] = (p - labels[i]!) * weights[i]!;
      hessians[i] = Math.max(p * (1 - p), 1e-6) * weights[i]!;
    }
    const rows = used.filter(() => random() < options.rowShare);
    const columns = Int32Array.from(data.columns.keys()).filter((i) => data.edges[i]!.length > 0 && random() < options.columnShare);
    growTree(data, rows, columns, gradients, hessians, options, trees);
    const root = trees.roots.at(-1)!;
    for (const i of used) scores[i]! += leafOf(trees, root, data, i);
  }
  return trees;
}

/** Adds one tree. Thresholds are looked up from bins, so that training and reading decide alike. */
function growTree(data: BinnedRows, rows: Int32Array, columns: Int32Array, gradients: Float64Array, hessians: Float64Array, options: BoostingOptions, trees: BoostedTrees): void {
  let rootNode = 0;
  const first = leafFrom(rows, undefined, data, columns, gradients, hessians, options, (child) => { rootNode = child; });
  const open = [first];
  while (open.length < options.leaves) {
    let pick = -1;
    for (const [i, leaf] of open.entries()) if (leaf.best !== undefined && (pick < 0 || leaf.best.gain > open[pick]!.best!.gain)) pick = i;
    if (pick < 0) break;
    const leaf = open[pick]!;
    const { column, bin } = leaf.best!;
    const bins = data.columns[column]!;
    const node = trees.feature.length;
    trees.feature.push(column);
    trees.threshold.push(data.edges[column]![bin]!);
    trees.left.push(0);
    trees.right.push(0);
    leaf.attach(node);
    const left = leaf.rows.filter((i) => bins[i]! <= bin);
    const right = leaf.rows.filter((i) => bins[i]! > bin);
    const attachLeft = (child: number): void => { trees.left[node] = child; };
    const attachRight = (child: number): void => { trees.right[node] = child; };
    const small = left.length <= right.length;
    const less = leafFrom(small ? left : right, undefined, data, columns, gradients, hessians, options, small ? attachLeft : attachRight);
    const more = leafFrom(small ? right : left, [leaf, less], data, columns, gradients, hessians, options, small ? attachRight : attachLeft);
    open.splice(pick, 1, less, more);
  }
  for (const leaf of open) {
    leaf.attach(-1 - trees.leaf.length);
    trees.leaf.push(Number(((-leaf.gradient / (leaf.hessian + options.penalty)) * options.rate).toPrecision(4)));
  }
  trees.roots.push(rootNode);
}

/** A leaf with its histograms: counted, or the difference of its parent's and its sibling's. */
function leafFrom(rows: Int32Array, difference: readonly [Leaf, Leaf] | undefined, data: BinnedRows, columns: Int32Array, gradients: Float64Array, hessians: Float64Array, options: BoostingOptions, attach: (child: number) => void): Leaf {
  const size = columns.length * maxBins;
  const ofGradients = new Float64Array(size);
  const ofHessians = new Float64Array(size);
  let gradient = 0;
  let hessian = 0;
  if (difference === undefined) {
    const g = Float64Array.from(rows, (i) => gradients[i]!);
    const h = Float64Array.from(rows, (i) => hessians[i]!);
    for (let i = 0; i < rows.length; i += 1) { gradient += g[i]!; hessian += h[i]!; }
    for (let k = 0; k < columns.length; k += 1) {
      const bins = data.columns[columns[k]!]!;
      const offset = k * maxBins;
      for (let i = 0; i < rows.length; i += 1) {
        const at = offset + bins[rows[i]!]!;
        ofGradients[at]! += g[i]!;
        ofHessians[at]! += h[i]!;
      }
    }
  } else {
    const [parent, sibling] = difference;
    gradient = parent.gradient - sibling.gradient;
    hessian = parent.hessian - sibling.hessian;
    for (let i = 0; i < size; i += 1) {
      ofGradients[i] = parent.gradients[i]! - sibling.gradients[i]!;
      ofHessians[i] = parent.hessians[i]! - sibling.hessians[i]!;
    }
  }
  return { rows, gradients: ofGradients, hessians: ofHessians, gradient, hessian, best: bestSplit(ofGradients, ofHessians, gradient, hessian, columns, data, options), attach };
}

function bestSplit(ofGradients: Float64Array, ofHessians: Float64Array, gradient: number, hessian: number, columns: Int32Array, data: BinnedRows, { minHessian, penalty }: BoostingOptions): Split | undefined {
  let best: Split | undefined;
  const whole = (gradient * gradient) / (hessian + penalty);
  for (let k = 0; k < columns.length; k += 1) {
    const column = columns[k]!;
    let g = 0;
    let h = 0;
    for (let bin = 0; bin < data.edges[column]!.length; bin += 1) {
      g += ofGradients[k * maxBins + bin]!;
      h += ofHessians[k * maxBins + bin]!;
      if (h < minHessian) continue;
      if (hessian - h < minHessian) break;
      const gain = (g * g) / (h + penalty) + ((gradient - g) * (gradient - g)) / (hessian - h + penalty) - whole;
      if (gain > (best?.gain ?? 1e-9)) best = { gain, column, bin };
    }
  }
  return best;
}

function leafOf(trees: BoostedTrees, root: number, data: BinnedRows, row: number): number {
  let at = root;
  while (at >= 0) {
    const column = trees.feature[at]!;
    at = binOf(data.edges[column]!, trees.threshold[at]!) >= data.columns[column]![row]! ? trees.left[at]! : trees.right[at]!;
  }
  return trees.leaf[-1 - at]!;
}

/** mulberry32: numbers in [0, 1) from a seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
