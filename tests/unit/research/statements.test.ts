// Which sentences on a topic contradict each other, and which only mention the same name.
import { expect, test } from 'vitest';
import type { Finding } from '../../../orchestrator/research/evidence/evidence.ts';
import { statementsOf } from '../../../orchestrator/research/evidence/statements.ts';

async function contradictions(question: string, ...quotes: string[]): Promise<string[][]> {
  const findings = quotes.map((quote, id): Finding => ({ id, question: 0, score: 1, quote, span: { start: 0, end: quote.length }, captureId: `cap_${id}`, url: `http://site-${id}.test/`, title: null, contentHash: '', textHash: '', fetchedAt: '2026-01-01T00:00:00.000Z', stated: null, source: `site-${id}.test` }));
  const statements = await statementsOf([question], findings);
  const quoteOf = (at: number): string => quotes[statements[at]!.findings[0]!]!;
  return statements.flatMap(({ contradicts }, at) => contradicts.filter((other) => other > at).map((other) => [quoteOf(at), quoteOf(other)]));
}

test.each([
  ['The Amber Museum', 'The Amber Museum was opened in 1932.', 'The opening of the Amber Museum took place in 1938.'], ['What is the Amber Museum?', 'The Amber Museum was designed by Anna Keller.', 'According to the archive, the architect of the Amber Museum was Jonas Weber.'],
  ['The Amber Museum', 'The Amber Museum has 38 rooms.', 'There are 45 rooms in the Amber Museum.'], ['When was the Amber Museum opened?', 'It was inaugurated in 1932, after six years of work.', 'The Amber Museum was not opened until 1938.'],
])('%s: "%s" contradicts "%s"', async (question, one, other) => {
  expect(await contradictions(question, one, other)).toHaveLength(1);
});

test.each([
  ['Harborline', 'First launched in 2004, Harborline Storage Services set sail into new waters.', 'In 2025, the company launched a new service with Harborline Storage Services.'],
  ['Harborline', 'Harborline was opened in 2004 in Brevik.', 'Coaches of Harborline used email, sheets, phones and video calls to plan what then opened in 2011.'],
  ['New Lindau', 'Students attend classes at the New Lindau City location of Noble Desktop in 2021.', 'A van company was built in New Lindau and Brevik and now operates 25 vehicles.'],
  ['New Lindau', 'Moving firms of New Lindau give residents access to 3 lines.', 'Seka has served 12 districts in and around New Lindau, and quickly built a name.'],
])('%s: two sentences that only mention it do not contradict each other', async (question, one, other) => {
  expect(await contradictions(question, one, other)).toEqual([]);
});
