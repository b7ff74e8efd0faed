// The second part of a run: evidence and findings in its pages, and the report on them.
import type { StepRun } from '../../../common/step.ts';
import type { Evidence, Finding } from '../evidence/evidence.ts';
import { findEvidence } from '../evidence/find-evidence.ts';
import { findFindings } from '../evidence/find-findings.ts';
import type { ReadPage } from '../evidence/page-sentences.ts';
import { statementsOf } from '../evidence/statements.ts';
import { checkedClaim } from '../evidence/verdict.ts';
import { sectionOf } from '../report/sections.ts';
import type { ResearchStore } from '../store/research-stores.ts';
import { checkedDraft } from '../writing/check-draft.ts';
import type { LanguageModel } from '../writing/language-model.ts';
import { draftSection } from '../writing/write-section.ts';
import type { ResearchReport } from './research-report.ts';
import type { Task } from './task.ts';

/** Finds the evidence and findings in the run's pages and writes them to the ledger. Repeatable. */
export async function weighPages(runId: string, { claims, questions }: Task, store: ResearchStore): Promise<void> {
  if (claims.length + questions.length === 0) return;
  const pages = await readPages(runId, store);
  store.ledger.setEvidence(runId, await findEvidence(claims, pages), await findFindings(questions, pages));
}

/** Has the language model write about each question, once. If repeated, continues. */
export async function writeSections(runId: string, { questions }: Task, { ledger }: ResearchStore, model: LanguageModel, { signal, progress }: Pick<StepRun, 'signal' | 'progress'>): Promise<void> {
  const { findings } = await ledger.evidence(runId);
  for (const [index, question] of questions.entries()) {
    progress({ message: `section ${index + 1} of ${questions.length}`, percent: (index / questions.length) * 100 });
    if (ledger.draft(runId, index) === undefined) ledger.setDraft(runId, index, await draftSection(model, question, findings.filter((one) => one.question === index), signal));
  }
}

/** Makes the report, with only the evidence that resolves, and with what is missing. */
export async function reportOn(runId: string, task: Task, store: ResearchStore): Promise<ResearchReport> {
  const { evidence, findings, unresolved } = await store.ledger.evidence(runId);
  const visited = store.ledger.pages(runId);
  const captures = visited.flatMap(({ captureId }) => (captureId === null ? [] : store.captures.find(captureId) ?? []));
  const claims = task.claims.map((claim, index) => checkedClaim(claim, evidence.filter((entry) => entry.claim === index)));
  const statements = await statementsOf(task.questions, findings);
  const drafts = task.questions.map((_, index) => store.ledger.draft(runId, index));
  const checked = await Promise.all(task.questions.map(async (question, index) => await checkedDraft(drafts[index]?.sentences ?? [], question, findings.filter((one) => one.question === index))));
  const sections = task.questions.map((question, index) => sectionOf(question, statements.filter((one) => one.question === index), { findings, statements }, checked[index]!.kept));
  const failed = visited.filter(({ captureId }) => captureId === null);
  const count = (state: string): number => captures.filter((capture) => capture.state === state).length;
  return {
    claims, sections, statements, findings,
    contradictions: claims.flatMap(({ evidence: entries }, claim) => {
      const [supports, refutes] = [positions(entries, 'supports'), positions(entries, 'refutes')];
      return supports.length > 0 && refutes.length > 0 ? [{ claim, supports, refutes }] : [];
    }),
    copies: copiesAmong([...evidence, ...findings]),
    injections: captures.flatMap(({ id: captureId, finalUrl: url, injections: spans }) => (spans.length === 0 ? [] : [{ captureId, url, spans }])),
    pages: { read: count('read'), blocked: count('blocked'), quarantined: count('quarantined'), failed: failed.length, stored: visited.filter(({ origin }) => origin === 'store' || origin === 'unchanged').length },
    earlierRuns: store.ledger.earlierRuns(runId),
    gaps: [
      ...claims.flatMap(({ claim, evidence: entries }) => (entries.length === 0 ? [`No evidence about: ${claim}`] : [])),
      ...sections.flatMap(({ question, coverage }) => (coverage === 'no evidence' ? [`No evidence about: ${question}`] : coverage === 'one source' ? [`Only one independent source about: ${question}`] : [])),
      ...drafts.flatMap((draft, index) => (draft?.problem ? [`${draft.problem}: the section on ${JSON.stringify(task.questions[index])} consists of quotes`] : [])),
      ...failed.map(({ url, problem }) => `${url}: ${problem ?? 'not collected'}`),
      ...captures.flatMap(({ url, state, reason }) => (state === 'read' ? [] : [`${url}: ${reason ?? state}`])),
    ],
    droppedSentences: checked.reduce((sum, { dropped }) => sum + dropped, 0), unresolved,
  };
}

async function readPages(runId: string, store: ResearchStore): Promise<ReadPage[]> {
  const pages = new Map<string, ReadPage>();
  for (const { captureId } of store.ledger.pages(runId)) {
    const capture = captureId === null ? undefined : store.captures.find(captureId);
    if (capture !== undefined && capture.textHash !== null) pages.set(capture.id, { capture, text: (await store.captures.content(capture.textHash)).toString('utf8') });
  }
  return [...pages.values()];
}

function positions(evidence: readonly Evidence[], stance: Evidence['stance']): number[] {
  return evidence.flatMap((entry, at) => (entry.stance === stance ? [at] : []));
}

function copiesAmong(evidence: readonly (Evidence | Finding)[]): string[][] {
  const urls = Map.groupBy(evidence, ({ source }) => source);
  return [...urls.values()].map((entries) => [...new Set(entries.map(({ url }) => url))].toSorted()).filter((list) => list.length > 1);
}
