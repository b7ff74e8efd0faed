// The report of a run as headings and sentences with their citations, which Markdown and HTML are written from. Pure.
import type { Citation } from '../evidence/evidence.ts';
import type { ResearchReport } from '../runs/research-report.ts';
import type { ResearchRun } from '../runs/research-run.ts';

export interface CitedSentence { text: string; citations: readonly Citation[] }
export interface ReportPart { title: string | null; sentences: readonly CitedSentence[] }
export interface ReportChapter { title: string; note: string; parts: readonly ReportPart[] }
export interface ReportDocument { title: string; summary: readonly string[]; chapters: readonly ReportChapter[]; /** What is missing, and what a reader must know about the sources. */ notes: readonly string[] }

export function reportDocument(run: ResearchRun, report: ResearchReport): ReportDocument {
  const { claims, sections, findings, pages, copies, injections, unresolved, droppedSentences, earlierRuns, gaps } = report;
  const answered = sections.filter(({ coverage }) => coverage === 'answered').length;
  return {
    title: titleOf(run),
    summary: [
      ...(sections.length === 0 ? [] : [`${answered} of ${sections.length} questions answered by at least two independent sources.`]),
      ...(claims.length === 0 ? [] : [`${claims.filter(({ verdict }) => verdict !== 'not enough evidence').length} of ${claims.length} claims decided.`]),
      ...(earlierRuns.length === 0 ? [] : [`Started from what was known: shares pages with ${earlierRuns.join(', ')}.`]),
      `${pages.read} pages read (${pages.stored} of all pages were already stored), ${pages.blocked} blocked, ${pages.quarantined} quarantined, ${pages.failed} not collected.`,
    ],
    chapters: [
      ...sections.map(({ question, coverage, sources, writtenBy, parts }) => ({
        title: question, note: coverage === 'no evidence' ? 'No evidence.' : `${sources} independent source${sources === 1 ? '' : 's'}.${writtenBy === 'model' ? ' Written by a language model from the quotes.' : ''}`,
        parts: parts.map(({ title, sentences }) => ({ title, sentences: sentences.map(({ text, findings: ids }) => ({ text, citations: findings.filter(({ id }) => ids.includes(id)) })) })),
      })),
      ...claims.map(({ claim, verdict, explanation, evidence }) => ({
        title: claim, note: `${verdict[0]!.toUpperCase()}${verdict.slice(1)}. ${explanation}`,
        parts: [{ title: null, sentences: evidence.map((entry) => ({ text: `${entry.source} ${entry.stance} it${entry.outdated ? ' (outdated)' : ''}: “${entry.quote}”`, citations: [entry] })) }],
      })),
    ],
    notes: [
      ...copies.map((urls) => `Pages with the same text or sentence, counted as one source: ${urls.join(', ')}`),
      ...injections.map(({ url, spans }) => `${url} tries to instruct agents (passages: ${spans.length}). Somnus did not follow them and quotes nothing from them.`),
      ...(unresolved === 0 ? [] : [`Quotes left out because they are no longer in the stored pages: ${unresolved}`]),
      ...(droppedSentences === 0 ? [] : [`Sentences of the language model left out because their quotes do not support them: ${droppedSentences}`]),
      ...gaps,
    ],
  };
}

function titleOf(run: ResearchRun): string {
  switch (run.workflow) {
    case 'fact-check': return 'Fact check';
    case 'deep-dive': return run.input.questions[0]!;
    case 'collect': return 'Collected pages';
    case 'own': return run.input.document.description === '' ? run.input.name : run.input.document.description;
  }
}

/** The web address of a citation; undefined for anything else, which is not made a link. */
export function linkOf({ url }: Citation): string | undefined {
  const parsed = URL.parse(url);
  return parsed !== null && ['http:', 'https:'].includes(parsed.protocol) ? parsed.href : undefined;
}

/** Where exactly the quote is. */
export function placeOf({ captureId, span, textHash, fetchedAt, stated }: Citation): string {
  return `${stated === null ? '' : `stated ${stated.slice(0, 10)}, `}fetched ${fetchedAt.slice(0, 10)}, capture ${captureId}, characters ${span.start} to ${span.end} of the text with SHA-256 ${textHash}`;
}
