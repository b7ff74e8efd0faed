// Measures error intelligence on labeled lines, or its speed. Prints JSON on the last line.
// npm run bench:errors -- --file FILE.jsonl [--engine rules|embedding] [--throughput] [--model DIR] [--wrong]
// --wrong lists the lines that got another label; --held-out measures on our own example lines, each family by the examples of the others.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { exampleLines } from '../../agent/errors/example-lines.ts';
import { Engine } from '../../agent/contract/engine.ts';
import { ErrorLabel } from '../../agent/errors/verdict.ts';
import { LineClassifier } from '../../agent/errors/line-classifier.ts';
import { scoresOf, type Answer } from '../support/error-scores.ts';
import { openEngine } from './errors-model.ts';
import { heldOutAnswers } from './errors-held-out.ts';
import { throughput } from './errors-throughput.ts';

const { values } = parseArgs({
  options: {
    file: { type: 'string' }, engine: { type: 'string', default: 'embedding' }, throughput: { type: 'boolean', default: false },
    model: { type: 'string' }, wrong: { type: 'boolean', default: false }, 'held-out': { type: 'boolean', default: false },
  },
});
const engine = Engine.parse(values.engine);
const Line = z.object({ text: z.string(), label: ErrorLabel, also: z.array(ErrorLabel).default([]) });

if (values.file === undefined && !values['held-out']) throw new Error('Give --file FILE.jsonl, or --held-out');
const lines = values.file === undefined
  ? exampleLines().map(({ text, label }) => ({ text, label, also: [] }))
  : readFileSync(values.file, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => Line.parse(JSON.parse(line)));

if (values.throughput) console.log(JSON.stringify({ engine, ...await throughput(lines.map(({ text }) => text), engine, values.model) }));
else {
  const answers = values['held-out'] ? heldOutAnswers(engine) : await answersOf(lines);
  if (values.wrong) for (const [at, { label, given, abstained }] of answers.entries()) if (abstained || label !== given) console.log(`${label} → ${given}${abstained ? ' (abstained)' : ''}: ${JSON.stringify(lines[at]!.text.slice(0, 160))}`);
  console.log(JSON.stringify({ engine, ...scoresOf(answers, ErrorLabel.options) }));
}

async function answersOf(all: readonly z.infer<typeof Line>[]): Promise<Answer[]> {
  const opened = engine === 'embedding' ? await openEngine(values.model) : undefined;
  const classifier = new LineClassifier(opened?.engine);
  const answers: Answer[] = [];
  for (const { text, label, also } of all) {
    const { verdict } = await classifier.classify(text);
    answers.push({ label, also, given: verdict.label, abstained: verdict.abstained });
  }
  await opened?.close();
  return answers;
}
