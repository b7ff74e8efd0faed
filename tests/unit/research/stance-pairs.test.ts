// Claims and sentences that were written after the rules and that no rule was changed for: what the rules say is nearly always right, and they say nothing about some that a reader would decide.
import { expect, test } from 'vitest';
import { parseClaim, parseSentence, stanceOf } from '../../../orchestrator/research/evidence/stance.ts';
import pairs from './stance-pairs.json' with { type: 'json' };

test('For unseen sentences, at least 97 % of the stances are right, and at least 85 % are found', () => {
  const judged = pairs.map(([claim = '', sentence = '', expected]) => ({ expected, given: stanceOf(parseClaim(claim), parseSentence(sentence, ''))?.stance ?? 'nothing' }));
  const right = judged.filter(({ expected, given }) => given === expected && given !== 'nothing').length;
  expect(right / judged.filter(({ given }) => given !== 'nothing').length).toBeGreaterThanOrEqual(0.97);
  expect(right / judged.filter(({ expected }) => expected !== 'nothing').length).toBeGreaterThanOrEqual(0.85);
});
