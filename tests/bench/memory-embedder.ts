// Verifies that the embedder is the expected model (Spearman on the STS Benchmark), measures its speed, and checks that it does not leak.
// npm run bench:embedder -- [--dataset FILE] [--model DIR] [--soak N]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import { modelFolder, projectFile } from './memory-locations.ts';

const { values } = parseArgs({ options: { dataset: { type: 'string' }, model: { type: 'string' }, soak: { type: 'string', default: '0' } } });
const pairs = readFileSync(values.dataset ?? projectFile('../shared/eval/stsb-test.csv'), 'utf8').split('\n').filter((line) => line !== '').map((line) => {
  const [, , , , score, a, b] = line.split('\t');
  if (score === undefined || a === undefined || b === undefined) throw new Error(`Not an STS-B line: ${line}`);
  return { score: Number(score), a, b };
});

const embedder = await OnnxEmbedder.start(modelFolder(values.model));
const texts = pairs.flatMap(({ a, b }) => [a, b]);
await embedder.embed(texts.slice(0, 32), 'query');

let started = performance.now();
const single: Float32Array[] = [];
for (const text of texts) single.push(...await embedder.embed([text], 'query'));
const singleSeconds = (performance.now() - started) / 1000;

started = performance.now();
const batched = await embedder.embed(texts, 'background');
const batchedSeconds = (performance.now() - started) / 1000;

const rssMiB = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);
const before = rssMiB();
for (let done = 0; done < Number(values.soak); done += 500) await embedder.embed(Array.from({ length: 500 }, (_, i) => `${done + i} ${texts[(done + i) % texts.length]}`), 'background');
const soak = Number(values.soak) > 0 ? { embeddings: Number(values.soak), rssBeforeMiB: before, rssAfterMiB: rssMiB() } : undefined;
await embedder.close();

console.log(JSON.stringify({
  model: embedder.model, pairs: pairs.length,
  spearman: { single: spearmanOf(single), batched: spearmanOf(batched) },
  textsPerSecond: { single: Math.round(texts.length / singleSeconds), batched: Math.round(texts.length / batchedSeconds) },
  soak,
}));

function spearmanOf(vectors: readonly Float32Array[]): number {
  const cosines = pairs.map((_, i) => vectors[2 * i]!.reduce((sum, x, d) => sum + x * vectors[2 * i + 1]![d]!, 0));
  return Math.round(10_000 * pearson(ranks(cosines), ranks(pairs.map((pair) => pair.score)))) / 100;
}

/** Ranks from 1; ties share their mean. */
function ranks(numbers: readonly number[]): number[] {
  const order = numbers.map((_, i) => i).toSorted((a, b) => numbers[a]! - numbers[b]!);
  const result: number[] = [];
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && numbers[order[to + 1]!] === numbers[order[from]!]) to += 1;
    for (let i = from; i <= to; i += 1) result[order[i]!] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return result;
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number): number => a.reduce((total, _, i) => total + f(i), 0);
  return sum((i) => (a[i]! - ma) * (b[i]! - mb)) / Math.sqrt(sum((i) => (a[i]! - ma) ** 2) * sum((i) => (b[i]! - mb) ** 2));
}
