import { expect, test } from 'vitest';
import { mergeJson, mergeTexts, vote } from '../../../orchestrator/collaboration/synthesis.ts';

const answers = (...texts: string[]) => texts.map((answer, at) => ({ name: `part${at}`, answer }));

test('Texts are joined in the order of the plan, each ending its line', () => {
  expect(mergeTexts(answers('a', 'b\n', '', 'c'))).toBe('a\nb\nc\n');
});

test('JSON answers are merged: lists are concatenated, objects merged at each level, equal values kept', () => {
  expect(JSON.parse(mergeJson(answers('{"words": {"a": 1}, "files": ["x"], "lang": "en"}', '{"words": {"b": 2}, "files": ["y"], "lang": "en"}')))).toEqual({ words: { a: 1, b: 2 }, files: ['x', 'y'], lang: 'en' });
  expect(JSON.parse(mergeJson(answers('[1]', '[1, 2]')))).toEqual([1, 1, 2]);
  expect(JSON.parse(mergeJson(answers('{"__proto__": {"x": 1}}', '{"y": 2}')))).toEqual(JSON.parse('{"__proto__": {"x": 1}, "y": 2}'));
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('Answers that contradict each other, or are not JSON, are refused by name and place', () => {
  expect(() => mergeJson(answers('{"a": {"b": 1}}', '{"a": {"b": 2}}'))).toThrow('The answer of part1 contradicts an earlier one at $.a.b');
  expect(() => mergeJson(answers('{}', 'no'))).toThrow('The answer of part1 is not JSON');
});

test('The most frequent answer wins a vote; a tie has no winner', () => {
  expect(vote(answers('yes\n', 'no', ' yes'), 'text')).toEqual({ winner: 'yes', votes: { yes: 2, no: 1 } });
  expect(vote(answers('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', '{}'), 'json').winner).toBe('{"a":1,"b":2}');
  expect(() => vote(answers('a', 'b'), 'text')).toThrow('The vote is a tie: 1 for "a", 1 for "b"');
});
