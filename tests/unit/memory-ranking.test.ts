import { expect, test } from 'vitest';
import type { Question } from '../../orchestrator/memory/retrieval/question.ts';
import { SpaceIndex } from '../../orchestrator/memory/retrieval/space-index.ts';
import { wholeView } from '../../orchestrator/memory/retrieval/view.ts';
import { Clock } from '../../orchestrator/memory/text/temporal.ts';

const DIMENSIONS = 8;
const NOW_MS = Date.UTC(2026, 5, 1);
const questions = ['When did Ann repair the kiln?', 'What did Ben bake yesterday?', 'Where is libvirt9 in March?', 'kiln bread boat'];
const vector = (seed: number): Float32Array => Float32Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(seed * 7 + at));

function filledIndex(): SpaceIndex {
  const index = new SpaceIndex(DIMENSIONS, new Clock('UTC'));
  const texts = ['I repaired the kiln in March.', 'Did you bake bread?', 'Ann said that libvirt9 is done.', 'The boat of Ben is in the harbour.'];
  for (let at = 0; at < 40; at += 1) add(index, at, texts[at % 4]!);
  return index;
}

function add(index: SpaceIndex, at: number, text: string): void {
  for (const { chunk } of index.add({ record: at, text, session: `s${at % 3}`, speaker: at % 2 === 0 ? 'Ann' : 'Ben', timeMs: Date.UTC(2026, 2, 1 + at) })) index.setVector(chunk, vector(at));
}

const asked = (index: SpaceIndex, text: string): Question => index.question(text, NOW_MS, wholeView(index.table, () => true));
const rank = async (index: SpaceIndex, text: string) => await index.rank(asked(index, text), vector(text.length), wholeView(index.table, () => true));
type Scores = Awaited<ReturnType<typeof rank>>;
const copied = (ranking: Scores) => ({ fused: ranking.fused.slice(), window: ranking.window.slice(), cosines: ranking.cosines.slice(), weight: ranking.weight, knowsIdentifier: ranking.knowsIdentifier, sessions: ranking.sessions() });

test('The scores of a question do not depend on the questions before it and beside it', async () => {
  const alone = await Promise.all(questions.map(async (text) => copied(await rank(filledIndex(), text))));
  expect(alone.map(({ knowsIdentifier }) => knowsIdentifier)).toEqual([false, false, true, false]);
  const index = filledIndex();
  for (let round = 0; round < 3; round += 1) {
    for (const [at, text] of questions.entries()) {
      using ranking = await rank(index, text);
      expect(copied(ranking)).toEqual(alone[at]);
    }
    const together = await Promise.all(questions.map(async (text) => await rank(index, text)));
    expect(together.map(copied)).toEqual(alone);
    for (const ranking of together) ranking[Symbol.dispose]();
  }
});

test('A question after many new memories gets scores for all of them', async () => {
  const index = filledIndex();
  (await rank(index, 'kiln'))[Symbol.dispose]();
  for (let at = 40; at < 200; at += 1) add(index, at, `The kiln is hot, number ${at}.`);
  using ranking = await rank(index, 'kiln');
  expect(ranking.fused).toHaveLength(200);
  expect(ranking.window.slice(40).every((score) => score > 0)).toBe(true);
});
