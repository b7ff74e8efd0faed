import { expect, test } from 'vitest';
import { claimsOf } from '../../../orchestrator/research/evidence/claims.ts';
import { copyGroups } from '../../../orchestrator/research/evidence/near-copies.ts';
import { quantitiesIn } from '../../../orchestrator/research/evidence/quantities.ts';
import { parseClaim, parseSentence, stanceOf } from '../../../orchestrator/research/evidence/stance.ts';

const stance = (claim: string, sentence: string, context = ''): string => stanceOf(parseClaim(claim), parseSentence(sentence, context))?.stance ?? 'says nothing';

test.each([
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge opened in 1932.', 'supports'],
  ['The Penfeld Bridge was opened in 1932.', 'The inauguration of the Penfeld Bridge was on 4 May 1932.', 'supports'],
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge was opened in 1935.', 'refutes'],
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge was not opened in 1932 but in 1935.', 'refutes'],
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge was not opened until 1932.', 'supports'],
  ['The Penfeld Bridge was opened in 1932.', 'It is a myth that the Penfeld Bridge was opened in 1932.', 'refutes'],
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge may have opened in 1932.', 'says nothing'],
  ['The Penfeld Bridge was opened in 1932.', 'Was the Penfeld Bridge opened in 1935?', 'says nothing'],
  ['The Penfeld Bridge was opened in 1932.', 'The Amber Bridge was opened in 1935.', 'says nothing'],
  ['The Penfeld Bridge was opened in 1932.', 'The Penfeld Bridge was painted in 1935.', 'says nothing'],
  ['The Penfeld Bridge was not opened in 1932.', 'The Penfeld Bridge opened in 1932.', 'refutes'],
  ['The Penfeld Bridge was designed by Anna Keller.', 'Anna Keller was the architect of the Penfeld Bridge.', 'supports'],
  ['The Penfeld Bridge was designed by Anna Keller.', 'The Penfeld Bridge was designed by Jonas Weber.', 'refutes'],
  ['The Penfeld Bridge is 2 km long.', 'The Penfeld Bridge is 2,000 metres long.', 'supports'],
  ['The Penfeld Bridge is about 2 km long.', 'The length of the Penfeld Bridge is 1,960 m.', 'supports'],
  ['The Penfeld Bridge is 2 km long.', 'The Penfeld Bridge is 3 km long.', 'refutes'],
  ['The Penfeld Bridge cost 5 million euros.', 'The price of the Penfeld Bridge was €5 million.', 'supports'],
  ['The Penfeld Bridge is open to visitors.', 'The Penfeld Bridge is closed to visitors.', 'refutes'],
  ['In 2010 Penfeld had 12,000 inhabitants.', 'In 2020 Penfeld had 15,000 inhabitants.', 'says nothing'],
])('Claim %j, sentence %j: %s', (claim, sentence, expected) => { expect(stance(claim, sentence)).toBe(expected); });

test('A pronoun stands for what the title or the preceding sentences name', () => {
  expect(stance('The Penfeld Bridge was opened in 1932.', 'It was opened in 1935.', 'The Penfeld Bridge')).toBe('refutes');
  expect(stance('The Penfeld Bridge was opened in 1932.', 'It was opened in 1935.', 'The Amber Tower')).toBe('says nothing');
});

test('Quantities have a kind and a value in base units', () => {
  const of = (sentence: string): string[] => quantitiesIn(sentence).map(({ kind, value }) => `${kind} ${value}`);
  expect(of('On 4 May 1932, 12,500 people paid $1.5 million for 3 km of track, 40 percent more than in 1929.')).toEqual(['date 504', 'year 1932', 'people 12500', 'USD 1500000', 'length 3000', 'percent 40', 'year 1929']);
  expect(of('The 3rd of twelve rooms is 61 m above 2024-05-06.')).toEqual(['ordinal 3', 'count 12', 'length 61', 'date 506', 'year 2024']);
});

test('A sentence that says several things is checked part by part', () => {
  expect(claimsOf(['The bridge was opened in 1932 and has six piers. It was designed by Anna Keller and built by Lindau Steel.'])).toEqual(['The bridge was opened in 1932.', 'The bridge has six piers.', 'It was designed by Anna Keller.', 'It was built by Lindau Steel.']);
});

test('Copies are found even if they are shortened, embedded in other text or lightly edited; other texts on the same subject are not copies', async () => {
  const story = 'The harbor of Penfeld was closed on Monday after a storm had damaged the old quay. Engineers inspected the wall and found cracks along thirty metres. The mayor said that repairs would take until autumn and that ferries would land at the northern pier.';
  const edited = `Agency report. ${story.replace('on Monday', 'on Tuesday').replace(' along thirty metres', '')} All rights reserved.`;
  const other = 'Ferries to Penfeld land at the northern pier until autumn, because a storm has damaged the quay of the harbor. Cracks were found in its wall, as engineers told this newspaper after they had looked at it.';
  const groups = await copyGroups([
    { id: 'copy', text: edited, published: '2024-05-02' }, { id: 'original', text: story, published: '2024-05-01' }, { id: 'other', text: other, published: '2024-05-03' }, { id: 'undated', text: `${story} ${other}`, published: null },
  ]);
  expect(Object.fromEntries(groups)).toEqual({ copy: 'original', original: 'original', other: 'other', undated: 'original' });
});
