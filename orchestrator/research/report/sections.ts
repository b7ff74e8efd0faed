// Composes the section of a report on one question from what the pages say, as quotes: what most sources say comes first, and what contradicts it follows. Pure.
import type { Finding } from '../evidence/evidence.ts';
import type { Statement } from '../evidence/statements.ts';
import type { ReportSection, ReportSentence } from '../runs/research-report.ts';

export interface Known { findings: readonly Finding[]; statements: readonly Statement[] }

const MOST_SENTENCES = 30;
const ANSWERED_SOURCES = 2;

/** `own` are the statements about the question, those of most sources first; `written` are the checked sentences of a language model. */
export function sectionOf(question: string, own: readonly Statement[], known: Known, written: readonly ReportSentence[]): ReportSection {
  const sources = new Set(own.flatMap(({ findings }) => findings.flatMap((id) => findingOf(known, id)?.source ?? []))).size;
  const aspects = Map.groupBy(own.slice(0, MOST_SENTENCES), ({ aspect }) => aspect);
  const common = { question, sources, coverage: sources === 0 ? 'no evidence' as const : sources < ANSWERED_SOURCES ? 'one source' as const : 'answered' as const };
  if (written.length > 0) return { ...common, writtenBy: 'model', parts: [{ title: null, sentences: [...written, ...unsaidContradictions(own, written, known)] }] };
  const said = new Set<Statement>();
  const ordered = [...aspects].toSorted(([a], [b]) => Number(a === null) - Number(b === null)); // what no other part is about comes last
  return {
    ...common, writtenBy: 'quotes',
    parts: ordered.map(([aspect, statements]) => ({ title: aspect === null ? (aspects.size > 1 ? 'Other' : null) : aspect[0]!.toUpperCase() + aspect.slice(1), sentences: sentencesOn(statements, known, said) })).filter(({ sentences }) => sentences.length > 0),
  };
}

/** Contradictions are shown even if the model is silent about them: those of which no sentence cites both sides. */
function unsaidContradictions(own: readonly Statement[], written: readonly ReportSentence[], known: Known): ReportSentence[] {
  const isCited = (sentence: ReportSentence, { findings }: Statement): boolean => findings.some((id) => sentence.findings.includes(id));
  const unsaid = own.filter((one) => one.contradicts.some((at) => !written.some((sentence) => isCited(sentence, one) && isCited(sentence, known.statements[at]!))));
  return sentencesOn(unsaid, known, new Set());
}

function sentencesOn(statements: readonly Statement[], known: Known, said: Set<Statement>): ReportSentence[] {
  return statements.flatMap((statement) => {
    if (said.has(statement)) return []; // as a contradiction of an earlier one
    const all = [statement, ...statement.contradicts.flatMap((at) => known.statements[at] ?? [])];
    for (const one of all) said.add(one);
    return [{ text: `${all.length > 1 ? 'Sources disagree. ' : ''}${all.map((one) => quoted(one, known)).join(' ')}`, findings: all.flatMap(({ findings }) => findings) }];
  });
}

/** "site.org (2024-03-11) and 2 other sources: “…”" */
function quoted({ findings, sources, outdated }: Statement, known: Known): string {
  const first = findings.flatMap((id) => findingOf(known, id) ?? [])[0];
  if (first === undefined) return '';
  const others = sources - 1;
  const notes = [...(first.stated === null || first.quote.includes(first.stated.slice(0, 4)) ? [] : [first.stated.slice(0, 10)]), ...(outdated ? ['outdated'] : [])].join(', ');
  const who = `${first.source}${notes === '' ? '' : ` (${notes})`}${others === 0 ? '' : ` and ${others} other source${others === 1 ? '' : 's'}`}`;
  return `${who}: “${first.quote}”`;
}

function findingOf({ findings }: Known, id: number): Finding | undefined {
  return findings.find((finding) => finding.id === id);
}
