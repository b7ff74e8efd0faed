import { expect, test } from 'vitest';
import { probability, sumOfTrees } from '../../../orchestrator/reading/page/boosted-trees.ts';
import { bestSet } from '../../../orchestrator/reading/page/choose-blocks.ts';
import { alignTruth } from '../../../orchestrator/reading/training/align-truth.ts';
import { binRows, boost } from '../../../orchestrator/reading/training/boosting.ts';
import { wordsF1 } from '../../../orchestrator/reading/training/word-scores.ts';

test('F1 over words compares multisets, without regard to case, order and punctuation', () => {
  expect(wordsF1('The tide, the TIDE', 'tide the tide the')).toBe(1);
  expect(wordsF1('tide', 'tide tide tide')).toBeCloseTo(0.5);
  expect(wordsF1('', '')).toBe(1);
  expect(wordsF1('', 'tide')).toBe(0);
});

test('A menu\'s word does not take the place of the same word in the content', () => {
  const labels = alignTruth(['Charts', 'The tide rises twice a day in most places', 'Charts', 'Sailors look at them before they leave the harbor'],
    'The tide rises twice a day in most places. Charts. Sailors look at them before they leave the harbor.');
  expect(labels).toEqual([0, 1, 1, 1]);
});

test('A block that is partly in the reference is labeled with that share', () => {
  const [label] = alignTruth(['one two three four five six seven eight nine ten'], 'one two three four five and more');
  expect(label).toBeCloseTo(0.5);
});

test('Boosted trees learn a rule on two columns, and the same seed gives the same trees', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => [(i * 7919) % 101, (i * 104_729) % 97, (i * 31) % 13]);
  const rule = ([a = 0, b = 0]: number[]): number => Number(a > 50 !== b > 40);
  const train = (): ReturnType<typeof boost> => boost(binRows(rows), Int32Array.from(rows.keys()), Float64Array.from(rows, rule), new Float64Array(rows.length).fill(1),
    { trees: 40, leaves: 8, rate: 0.3, minHessian: 1, columnShare: 1, rowShare: 0.8, penalty: 1, seed: 7 });
  const trees = train();
  expect(train()).toEqual(trees);
  const wrong = rows.filter((row) => Math.round(probability(sumOfTrees(trees, row))) !== rule(row));
  expect(wrong.length).toBeLessThan(20);
});

test('The number of kept blocks gives the highest expected F1', () => {
  expect(bestSet([0.9, 0.6, 0.1], [100, 100, 100])).toMatchObject({ kept: [true, true, false] });
  expect(bestSet([0.9, 0.3, 0.01], [100, 10, 500]).kept).toEqual([true, false, false]); // half of the expected F1 is the threshold
  expect(bestSet([0.4, 0.3], [100, 100]).kept).toEqual([true, true]);
  expect(bestSet([], [])).toEqual({ kept: [], expectedF1: 0 });
});
