// Embeds the example lines and trains the linear classifier on them. Run after a change to data/example-lines.json or embedding-text.ts:
//   npm run train:errors -- --model FOLDER
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OnnxModel } from '../../../common/embedding/onnx-model.ts';
import { embeddingText } from '../embedding-text.ts';
import { digestOf, exampleLines } from '../example-lines.ts';
import { encodeVectors, quantize } from '../example-vectors.ts';
import { trainLinear } from '../linear-classifier.ts';
import { readEntry } from '../reading/log-entry.ts';
import { ErrorLabel } from '../verdict.ts';

const { values: { model: folder } } = parseArgs({ options: { model: { type: 'string', default: '/usr/local/lib/somnus/models/all-MiniLM-L6-v2' } } });
const lines = exampleLines();
const labels = ErrorLabel.options;
const model = await OnnxModel.load(folder, 1);
const samples = [];
for (const { text, label } of lines) samples.push({ vector: await model.embed(embeddingText(readEntry(text))), label: labels.indexOf(label) });
const quantized = samples.map(({ vector }) => quantize(vector));
const vectors = new Int8Array(lines.length * model.dimensions);
for (const [at, { values }] of quantized.entries()) vectors.set(values, at * model.dimensions);
const file = fileURLToPath(new URL('../data/example-vectors.bin', import.meta.url));
writeFileSync(file, encodeVectors({
  model: basename(folder), dimensions: model.dimensions, digest: digestOf(lines), labels,
  scales: Float32Array.from(quantized, ({ scale }) => scale), vectors, weights: trainLinear(samples, labels.length, model.dimensions),
}));
await model.close();
process.stdout.write(`${lines.length} example lines, ${file}\n`);
