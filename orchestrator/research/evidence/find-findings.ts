// Finds the sentences of pages that say something about questions: each names the subject of its question, or continues a text that does, and is about what the question asks. Pure.
import { terms } from '../../memory/text/terms.ts';
import { quantitiesIn } from './quantities.ts';
import type { Finding } from './evidence.ts';
import { citationOf, joinCopiedSentences, quotableSentences, sourcesOf, type PageSentence, type ReadPage } from './page-sentences.ts';
import { parseQuestion, type ParsedQuestion } from './questions.ts';

const MOST_OF_PAGE = 5;
const MOST_OF_QUESTION = 60;
const FEWEST_WORDS = 4;
const pronoun = /^(?:It|He|She|They|Its|His|Her|Their)\b/;

/** The best sentences for each question, in the order of questions, best first. Their ids count from 0. Yields to other work between pages. */
export async function findFindings(questions: readonly string[], pages: readonly ReadPage[]): Promise<Finding[]> {
  const parsed = questions.map(parseQuestion);
  const sources = await sourcesOf(pages);
  const found: Finding[][] = parsed.map(() => []);
  for (const page of pages) {
    const ofPage: Finding[][] = parsed.map(() => []);
    for await (const sentence of quotableSentences(page)) {
      for (const [question, asked] of parsed.entries()) {
        const score = scoreOf(asked, sentence);
        if (score > 0) ofPage[question]!.push({ ...citationOf(page, sentence, sources.get(page.capture.id) ?? ''), id: 0, question, score: Number(score.toFixed(3)) });
      }
    }
    for (const [question, findings] of ofPage.entries()) found[question]!.push(...best(findings, MOST_OF_PAGE));
  }
  return found.flatMap((findings) => joinCopiedSentences(best(findings, MOST_OF_QUESTION))).map((finding, id) => ({ ...finding, id }));
}

/** 0 if the sentence does not answer the question. */
function scoreOf({ subject, says, asks }: ParsedQuestion, { quote, parsed: { stems, concepts, context, names } }: PageSentence): number {
  if (quote.split(/\s+/).length < FEWEST_WORDS || quote.endsWith('?')) return 0;
  const named = share(subject, stems);
  if (subject.size > 0 && !([...subject].every((word) => stems.has(word) || context.has(word)) && (named >= 0.5 || pronoun.test(quote)))) return 0;
  const covered = share(says, concepts);
  if (covered < (subject.size > 0 ? 0.5 : 0.6)) return 0;
  if (asks === 'date' && !quantitiesIn(quote).some(({ kind }) => kind === 'year' || kind === 'date')) return 0;
  if (asks === 'amount' && !quantitiesIn(quote).some(({ kind }) => kind !== 'year' && kind !== 'date' && kind !== 'ordinal')) return 0;
  if (asks === 'name' && !names.some((name) => name.every((word) => !subject.has(word)))) return 0;
  if (says.size === 0 && !/[.!…。][)"'”’»\]]*$/.test(quote)) return 0; // a heading or a link
  const told = Math.min(terms(quote).length, 20) / 100; // of two sentences that fit equally, the one that says more
  return covered + named / 2 + told;
}

function best(findings: readonly Finding[], most: number): Finding[] {
  return findings.toSorted((a, b) => b.score - a.score).slice(0, most);
}

function share(wanted: ReadonlySet<string>, given: ReadonlySet<string>): number {
  return wanted.size === 0 ? 1 : [...wanted].filter((one) => given.has(one)).length / wanted.size;
}
