import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { EmbeddingEngine } from '../../../agent/errors/embedding-engine.ts';
import { digestOf, exampleLines, type ExampleLine } from '../../../agent/errors/example-lines.ts';
import { decodeVectors, encodeVectors, quantize } from '../../../agent/errors/example-vectors.ts';
import { trainLinear, linearScores } from '../../../agent/errors/linear-classifier.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { readEntry } from '../../../agent/errors/reading/log-entry.ts';
import { classifyByRules } from '../../../agent/errors/rules-engine.ts';
import { rules } from '../../../agent/errors/rules/all.ts';
import { ErrorLabel, Verdict } from '../../../agent/errors/verdict.ts';
import { VerdictCache } from '../../../agent/errors/verdict-cache.ts';
import { scoresOf } from '../../support/error-scores.ts';

const labelOf = (text: string): ErrorLabel => classifyByRules(readEntry(text)).label;

describe('Rules', () => {
  test.each([
    ['0 failed, 3 passed', 'NONE'], ['1 failed, 3 passed', 'RUNTIME_ERROR'], ['Finished with 0 errors', 'NONE'], ['Finished with 2 errors', 'RUNTIME_ERROR'],
    ['error_handler registered', 'NONE'], ['connection re-established', 'NONE'], ['test_disk_full ... ok', 'NONE'], ['unable to allocate CUDA0 buffer', 'CUDA_ERROR'], ['unable to allocate CPU buffer', 'OUT_OF_MEMORY'],
    ['a.service: Failed to connect stderr to the journal socket, ignoring: No such file or directory', 'NONE'], ['a.service: Failed to connect to the database socket: Connection refused', 'NETWORK_FAILURE'],
  ])('Of twins, "%s" is %s', (text, label) => expect(labelOf(text)).toBe(label));

  test.each([
    ['libcudart.so.12: cannot open shared object file', 'DEPENDENCY_MISSING'], ['pip: ERROR: [Errno 28] No space left on device', 'DISK_FULL'], ['pip: ERROR: Max retries exceeded with url', 'NETWORK_FAILURE'],
    ['bob@host: Permission denied (publickey).', 'AUTH_ERROR'], ['open /srv/a: permission denied', 'PERMISSION_DENIED'], ['listen tcp :80: bind: address already in use', 'CONFIG_ERROR'],
    ['RuntimeError: CUDA error: out of memory', 'CUDA_ERROR'], ['java.lang.OutOfMemoryError: Java heap space', 'OUT_OF_MEMORY'],
  ])('The cause decides before the exception\'s class: "%s" is %s', (text, label) => expect(labelOf(text)).toBe(label));

  test('The deepest cause of a trace decides', () => {
    expect(labelOf('org.a.StartException: failed\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: No space left on device')).toBe('DISK_FULL');
  });

  test('Every rule has an id of its own, and no rule matches an empty text', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    expect(rules.filter(({ pattern }) => pattern.test(''))).toEqual([]);
    expect(rules.filter(({ pattern }) => pattern.global || pattern.sticky)).toEqual([]);
  });

  test('Every label has at least twenty example lines, and NONE the most', () => {
    const counts = Map.groupBy(exampleLines(), ({ label }) => label);
    for (const label of ErrorLabel.options) expect(counts.get(label)!.length).toBeGreaterThanOrEqual(20);
    expect(counts.get('NONE')!.length).toBe(Math.max(...[...counts.values()].map(({ length }) => length)));
  });
});

describe('Embedding engine', () => {
  // A space of three dimensions stands for the model: one for each label.
  const lines: ExampleLine[] = [
    { family: 'a', label: 'NETWORK_FAILURE', text: 'link lost' }, { family: 'b', label: 'NONE', text: 'all good' }, { family: 'b', label: 'DISK_FULL', text: 'volume at its end' },
  ];
  const unit = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map((each) => Float32Array.from(each));
  const samples = lines.map(({ label }, at) => ({ vector: unit[at]!, label: ErrorLabel.options.indexOf(label) }));
  const quantized = unit.map(quantize);
  const examples = {
    model: 'test', dimensions: 3, digest: digestOf(lines), labels: ErrorLabel.options, scales: Float32Array.from(quantized, ({ scale }) => scale),
    vectors: Int8Array.from(quantized.flatMap(({ values }) => [...values])), weights: trainLinear(samples, ErrorLabel.options.length, 3),
  };
  const engineFor = (vector: readonly number[]): EmbeddingEngine => new EmbeddingEngine(() => Promise.resolve(Float32Array.from(vector)), lines, examples);

  test('The nearest examples decide where no rule speaks, and are named as evidence', async () => {
    const verdict = Verdict.parse(await engineFor([0, 0, 1]).classify(readEntry('brim reached')));
    expect(verdict).toMatchObject({ engine: 'embedding', label: 'DISK_FULL' });
    expect(verdict.evidence).toContainEqual(expect.objectContaining({ kind: 'example', text: 'volume at its end' }));
  });

  test('A rule outweighs an example that is only near', async () => {
    expect((await engineFor([0.6, 0.5, 0.62]).classify(readEntry('no space left on device'))).label).toBe('DISK_FULL');
  });

  test('It abstains between two labels that are equally near, unless the examples of one are left out', async () => {
    const between = [Math.SQRT1_2, 0, Math.SQRT1_2];
    expect(await engineFor(between).classify(readEntry('x'))).toMatchObject({ abstained: true });
    expect(engineFor(between).classifyVector(readEntry('x'), Float32Array.from(between), 'b')).toMatchObject({ label: 'NETWORK_FAILURE', abstained: false });
  });

  test('Vectors survive being stored, and those of other lines are refused', () => {
    const stored = decodeVectors(encodeVectors(examples));
    expect([...stored.vectors]).toEqual([...examples.vectors]);
    expect([...stored.weights]).toEqual([...examples.weights]);
    expect(() => new EmbeddingEngine(() => Promise.resolve(unit[0]!), lines.slice(1), stored)).toThrow('other example lines');
    expect(() => decodeVectors(encodeVectors(examples).subarray(0, 80))).toThrow('cannot be read');
  });

  test('The vectors in the repository belong to its example lines', async () => {
    const stored = decodeVectors(await readFile(new URL('../../../agent/errors/data/example-vectors.bin', import.meta.url)));
    expect(stored.digest).toBe(digestOf(exampleLines()));
    expect(stored.labels).toEqual(ErrorLabel.options);
  });

  test('Training separates what can be separated, and gives the same weights again', () => {
    for (const { vector, label } of samples) expect(Math.max(...linearScores(examples.weights, vector, 10))).toBe(linearScores(examples.weights, vector, 10)[label]);
    expect([...trainLinear(samples, 10, 3)]).toEqual([...examples.weights]);
  });
});

describe('Line classifier', () => {
  test('A template is classified once', () => {
    const classifier = new LineClassifier();
    const first = classifier.classifyNow('worker 12 crashed: exit status 3');
    expect(classifier.known('worker 77 crashed: exit status 3')?.verdict).toBe(first.verdict);
    expect(classifier.cachedTemplates).toBe(1);
  });

  test('Secrets are in nothing that it returns', () => {
    const classified = new LineClassifier().classifyNow('ERROR login with password=hunter2hunter2 at postgres://app:s3cretpass@db failed');
    expect(JSON.stringify(classified)).not.toMatch(/hunter2|s3cretpass/);
  });

  test('The cache forgets what was used longest ago', () => {
    const cache = new VerdictCache(2);
    const verdict = classifyByRules(readEntry('ok'));
    for (const template of ['a', 'b']) cache.set(template, verdict);
    cache.get('a');
    cache.set('c', verdict);
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([verdict, undefined, verdict, 2]);
  });
});

test('Scores count abstentions as NONE and accept other labels only leniently', () => {
  const scores = scoresOf([
    { label: 'NONE', also: [], given: 'DISK_FULL', abstained: false }, { label: 'NONE', also: [], given: 'DISK_FULL', abstained: true },
    { label: 'DISK_FULL', also: ['OUT_OF_MEMORY'], given: 'OUT_OF_MEMORY', abstained: false }, { label: 'DISK_FULL', also: [], given: 'NONE', abstained: false },
  ], ErrorLabel.options);
  expect(scores).toMatchObject({ n: 4, falseAlarmRate: 0.5, missRate: 0.5, abstainRate: 0.25, accuracy: 0.25, lenientAccuracy: 0.5 });
  expect(scores.perLabel.NONE).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5, n: 2 });
});
