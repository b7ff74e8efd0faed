// Measures how well pages are read: the mean F1 over words of extracted texts against reference texts, overall and by page type, and the median time per page; also for Readability and Defuddle.
// The reader is trained on pages like those of `../shared/eval/pages`, so results there show how well it remembers them; `npm run train:pages -- --pages DIR --only-validate` shows what to expect for unseen sites.
// npm run bench:extract -- --pages DIR [--only ours]   The last line is JSON: {overall, byType, medianMs, readability, defuddle}.
import { parseArgs } from 'node:util';
import { Readability } from '@mozilla/readability';
import { Defuddle } from 'defuddle/node';
import { parseHTML } from 'linkedom';
import { readPage } from '../../orchestrator/reading/page/read-page.ts';
import { readLabeledPages, type LabeledPage } from '../../orchestrator/reading/training/labeled-pages.ts';
import { wordsF1 } from '../../orchestrator/reading/training/word-scores.ts';

const { values } = parseArgs({ options: { pages: { type: 'string' }, only: { type: 'string' } } });
if (values.pages === undefined) throw new Error('--pages DIR is missing');

const extractors: Record<string, (html: string, page: LabeledPage) => string | Promise<string>> = {
  ours: (html, page) => readPage(html, page.url).text,
  readability: (html) => new Readability(documentOf(html)).parse()?.textContent ?? '',
  defuddle: async (html, page) => documentOf(`<html><body>${(await Defuddle(documentOf(html), page.url)).content}</body></html>`).body.textContent ?? '',
};
const complain = console.error;
const pages = readLabeledPages(values.pages);
readPage('<p>The model is loaded before the first page is measured.</p>');
const results: Record<string, object> = {};
for (const [name, extract] of Object.entries(extractors)) {
  if (values.only !== undefined && values.only !== name) continue;
  const scores: { type: string; f1: number; ms: number }[] = [];
  let failed = 0;
  for (const page of pages) {
    const html = page.html();
    console.error = () => {}; // Defuddle logs errors about pages that it cannot parse
    const started = performance.now();
    const text = await Promise.resolve().then(() => extract(html, page)).catch(() => { failed += 1; return ''; });
    const ms = performance.now() - started;
    console.error = complain;
    scores.push({ type: page.type, f1: wordsF1(text, page.text), ms });
  }
  const result = summary(scores);
  results[name] = failed > 0 ? { ...result, failed } : result;
  console.error(`${name}: ${JSON.stringify(results[name])}`);
}
const { ours, ...others } = results;
console.log(JSON.stringify({ ...ours, ...others }));

function documentOf(html: string): ReturnType<typeof parseHTML>['document'] {
  return parseHTML(/<html/i.test(html) ? html : `<html><body>${html}</body></html>`).document;
}

function summary(scores: readonly { type: string; f1: number; ms: number }[]): { overall: number; byType: Record<string, number>; medianMs: number } {
  const mean = (some: readonly { f1: number }[]): number => Number((some.reduce((sum, { f1 }) => sum + f1, 0) / some.length).toFixed(4));
  const times = scores.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    overall: mean(scores), byType: Object.fromEntries([...new Set(scores.map(({ type }) => type))].toSorted().map((type) => [type, mean(scores.filter((score) => score.type === type))])),
    medianMs: Number((times[Math.floor(times.length / 2)] ?? 0).toFixed(1)),
  };
}
