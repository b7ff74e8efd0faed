// Trains the model of page reading from labeled pages and writes orchestrator/reading/page/page-model.json: node orchestrator/reading/training/train-pages.ts --pages DIR [--folds N] [--validate-folds N] [--only-validate]
// Cross-validation is by site: no host is in both parts. It runs first and prints the F1 over words that pages of unseen sites can expect; `--validate-folds` takes a sample of the folds.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { segment, type Segmented } from '../page/blocks.ts';
import { blockFeatures } from '../page/block-features.ts';
import { probability, sumOfTrees, type BoostedTrees } from '../page/boosted-trees.ts';
import { bestSet } from '../page/choose-blocks.ts';
import { parseHtml } from '../page/html-tree.ts';
import { pageFacts, pageFeatures } from '../page/page-facts.ts';
import { pageTypes, typeOfPage, type PageModel } from '../page/page-model.ts';
import { alignTruth } from './align-truth.ts';
import { binRows, boost, type BoostingOptions } from './boosting.ts';
import { readLabeledPages } from './labeled-pages.ts';
import { wordsF1 } from './word-scores.ts';

const { values } = parseArgs({ options: { pages: { type: 'string' }, folds: { type: 'string', default: '5' }, 'validate-folds': { type: 'string' }, 'only-validate': { type: 'boolean', default: false } } });
if (values.pages === undefined) throw new Error('--pages DIR is missing');
const folds = Number(values.folds);
const validated = Number(values['validate-folds'] ?? folds);

const ofBlocks: BoostingOptions = { trees: 400, leaves: 16, rate: 0.04, minHessian: 0.05, columnShare: 0.15, rowShare: 0.7, penalty: 0.2, seed: 1 };
const ofTypes: BoostingOptions = { trees: 60, leaves: 6, rate: 0.1, minHessian: 1, columnShare: 0.3, rowShare: 0.8, penalty: 1, seed: 1 };

interface Prepared {
  type: string;
  text: string;
  page: Segmented;
  rows: Float32Array[];
  ofPage: number[];
  labels: number[];
  fold: number;
  /** The page's blocks are rows [offset, offset + rows.length). */
  offset: number;
}

const pages: Prepared[] = [];
let offset = 0;
for (const labeled of readLabeledPages(values.pages)) {
  const root = parseHtml(labeled.html());
  const page = segment(root);
  const facts = pageFacts(root, page, labeled.url);
  const ofPage = pageFeatures(facts, page);
  const rows = blockFeatures(page, facts, ofPage);
  pages.push({ type: labeled.type, text: labeled.text, page, rows, ofPage, labels: alignTruth(page.blocks.map(({ text }) => text), labeled.text), fold: foldOf(labeled.url), offset });
  offset += rows.length;
}
const pageOfRow = Int32Array.from(pages.flatMap(({ rows }, i) => rows.map(() => i)));
const labels = Float64Array.from(pages.flatMap((page) => page.labels));
const weights = Float64Array.from(pages.flatMap(weightsOf));
const rowData = binRows(pages.flatMap(({ rows }) => rows));
const typeData = binRows(pages.map(({ ofPage }) => ofPage));

const unseen = new Float64Array(labels.length);
let typesRight = 0;
for (let fold = 0; fold < validated; fold += 1) {
  const blocks = trainBlocks((page) => page.fold !== fold);
  const types = trainTypes((page) => page.fold !== fold);
  for (const page of pages) {
    if (page.fold !== fold) continue;
    for (const [i, row] of page.rows.entries()) unseen[page.offset + i] = probability(sumOfTrees(blocks, row));
    typesRight += Number(typeOfPage(types, page.ofPage).type === page.type);
  }
}
if (validated > 0) report();

if (!values['only-validate']) {
  const model: PageModel = { blocks: trainBlocks(() => true), types: trainTypes(() => true) };
  writeFileSync(new URL('../page/page-model.json', import.meta.url), `${JSON.stringify(model)}\n`);
}

function trainBlocks(included: (page: Prepared) => boolean): BoostedTrees {
  return boost(rowData, Int32Array.from(pageOfRow.keys()).filter((i) => included(pages[pageOfRow[i]!]!)), labels, weights, ofBlocks);
}

function trainTypes(included: (page: Prepared) => boolean): PageModel['types'] {
  const used = Int32Array.from(pages.keys()).filter((i) => included(pages[i]!));
  const one = new Float64Array(pages.length).fill(1);
  return Object.fromEntries(pageTypes.map((type) => [type, boost(typeData, used, Float64Array.from(pages, (page) => Number(page.type === type)), one, ofTypes)])) as PageModel['types'];
}

/** What a block's words are worth to the F1 of its page. */
function weightsOf({ page, labels: own }: Prepared): number[] {
  const content = page.blocks.reduce((sum, { words }, i) => sum + words * own[i]!, 0);
  const all = page.blocks.reduce((sum, { words }) => sum + words, 0);
  return page.blocks.map(({ words }) => 100 * Math.min(1, Math.max(words, 0.3) / (content + 0.25 * all + 20)));
}

/** By the last two parts of the host's name, so that all pages of a site are in one fold. */
function foldOf(url: string): number {
  let hash = 2_166_136_261;
  for (const letter of new URL(url).hostname.split('.').slice(-2).join('.')) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619) >>> 0;
  return (hash >>> 7) % folds;
}

/** Prints what pages of unseen sites can expect. */
function report(): void {
  const scores = pages.filter(({ fold }) => fold < validated).map((page) => {
    const { kept } = bestSet([...unseen.subarray(page.offset, page.offset + page.rows.length)], page.page.blocks.map(({ words }) => words));
    return { type: page.type, f1: wordsF1(page.page.blocks.filter((_, i) => kept[i]).map(({ text }) => text).join('\n'), page.text) };
  });
  const mean = (some: readonly { f1: number }[]): number => Number((some.reduce((sum, { f1 }) => sum + f1, 0) / some.length).toFixed(4));
  process.stdout.write(`${JSON.stringify({ overall: mean(scores), byType: Object.fromEntries(pageTypes.map((type) => [type, mean(scores.filter((score) => score.type === type))])), typesRight: typesRight / scores.length })}\n`);
}
