// Classifies our own example lines, each by an engine that has never seen the family of software that it comes from.
import { readFileSync } from 'node:fs';
import { exampleLines, type ExampleLine } from '../../agent/errors/example-lines.ts';
import { decodeVectors } from '../../agent/errors/example-vectors.ts';
import { EmbeddingEngine } from '../../agent/errors/embedding-engine.ts';
import { trainLinear } from '../../agent/errors/linear-classifier.ts';
import { readEntry } from '../../agent/errors/reading/log-entry.ts';
import { classifyByRules } from '../../agent/errors/rules-engine.ts';
import type { Engine } from '../../agent/contract/engine.ts';
import { ErrorLabel } from '../../agent/errors/verdict.ts';
import type { Answer } from '../support/error-scores.ts';
import { projectFile } from './memory-locations.ts';

/** The stored vectors are those of the lines, so no model is needed. */
export function heldOutAnswers(engine: Engine): Answer[] {
  const lines = exampleLines();
  if (engine === 'rules') return lines.map((line) => answer(line, classifyByRules(readEntry(line.text))));
  const examples = decodeVectors(readFileSync(projectFile('agent/errors/data/example-vectors.bin')));
  const vectors = lines.map((_, at) => Float32Array.from(examples.vectors.subarray(at * examples.dimensions, (at + 1) * examples.dimensions), (value) => value * examples.scales[at]!));
  const all = new EmbeddingEngine(() => Promise.reject(new Error('Vectors are stored')), lines, examples);
  const answers = new Map<ExampleLine, Answer>();
  for (const family of new Set(lines.map((line) => line.family))) {
    const samples = lines.flatMap((line, at) => (line.family === family ? [] : [{ vector: vectors[at]!, label: ErrorLabel.options.indexOf(line.label) }]));
    const weights = trainLinear(samples, ErrorLabel.options.length, examples.dimensions);
    for (const [at, line] of lines.entries()) if (line.family === family) answers.set(line, answer(line, all.classifyVector(readEntry(line.text), vectors[at]!, family, weights)));
  }
  return lines.map((line) => answers.get(line)!);
}

function answer(line: ExampleLine, verdict: { label: ErrorLabel; abstained: boolean }): Answer {
  return { label: line.label, also: [], given: verdict.label, abstained: verdict.abstained };
}
