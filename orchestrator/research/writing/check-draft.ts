// Keeps only the sentences of a model that the quotes they cite support. Pure.
import { names } from '../../memory/text/names.ts';
import { stem } from '../../memory/text/porter-stemmer.ts';
import { terms, words } from '../../memory/text/terms.ts';
import type { Finding } from '../evidence/evidence.ts';
import { injectionsIn } from '../evidence/injections.ts';
import { conceptOf } from '../evidence/relations.ts';
import type { ReportSentence } from '../runs/research-report.ts';

/** The share of a sentence's words that its quotes or the question must contain. */
const SUPPORTED_SHARE = 0.5;
/** Words that may begin a sentence although no quote contains them. */
const opening = new Set('according another both conflicting contradicting contradictory different however meanwhile most multiple one several similarly source sources still three today together two yet'.split(' '));

export interface CheckedDraft { kept: ReportSentence[]; dropped: number }

/** `findings` are those on the question that resolve. */
export async function checkedDraft(sentences: readonly ReportSentence[], question: string, findings: readonly Finding[]): Promise<CheckedDraft> {
  const kept: ReportSentence[] = [];
  for (const sentence of sentences) {
    const cited = sentence.findings.map((id) => findings.find((finding) => finding.id === id));
    const resolves = cited.length > 0 && cited.every((finding) => finding !== undefined);
    if (resolves && isSupported(sentence.text, question, cited) && (await injectionsIn(sentence.text)).length === 0) kept.push(sentence);
  }
  return { kept, dropped: sentences.length - kept.length };
}

/** Every number and name is in the quotes (a name may also be in the question, or be a source), and so are most other words. */
function isSupported(text: string, question: string, cited: readonly Finding[]): boolean {
  if (/https?:\/\/|[<>[\]]/.test(text)) return false;
  const quotes = cited.map(({ quote, source, title, stated }) => `${quote} ${source} ${title ?? ''} ${stated ?? ''}`).join(' ');
  const quoted = new Set(words(quotes));
  const numbers = numbersIn(quotes);
  if (![...numbersIn(text)].every((number) => numbers.has(number))) return false;
  const known = new Set([...words(question), ...quoted].map(stem));
  const [first = ''] = words(text);
  if (terms(first).length > 0 && !opening.has(first) && !known.has(stem(first))) return false; // every sentence begins with a capital, so its first word may be a name
  if (!names(text).every((name) => words(name).every((word) => known.has(stem(word))))) return false;
  const concepts = new Set([...terms(quotes), ...terms(question)].map(conceptOf));
  const own = terms(text).map(conceptOf);
  return own.filter((one) => concepts.has(one)).length >= own.length * SUPPORTED_SHARE;
}

/** Numbers as they are written, without separators of thousands. */
function numbersIn(text: string): Set<string> {
  return new Set((text.match(/\d[\d.,\u00a0\u202f]*/g) ?? []).map((number) => number.replace(/[,\u00a0\u202f]/g, '').replace(/\.$/, '')));
}
