// Research runs as operations: collect, weigh, write with a language model if there is one, report. Each step can be repeated; pages and evidence are in the user's research store.
import { z } from 'zod';
import type { OperationKind } from '../../operations/operation.ts';
import type { Collector } from '../fetch/collector.ts';
import type { PassageSearch } from '../search/passage-search.ts';
import type { SearchEngine } from '../search/search-engine.ts';
import type { ResearchStores } from '../store/research-stores.ts';
import type { LanguageModel } from '../writing/language-model.ts';
import { collectPages, type CollectDeps } from './collect-pages.ts';
import { reportOn, weighPages, writeSections } from './read-run.ts';
import { taskOf, type Task } from './task.ts';

export interface RunKindDeps {
  stores: ResearchStores;
  collector: Collector;
  engines: readonly SearchEngine[];
  passageSearch: PassageSearch;
  /** Undefined: none is configured. */
  model: LanguageModel | undefined;
}

interface RunContext { runId: string; task: Task; deps: CollectDeps }

export function researchRunKind({ stores, collector, engines, passageSearch, model }: RunKindDeps): OperationKind<{ runId: string }, RunContext> {
  return {
    kind: 'research.run',
    lane: 'research',
    input: z.strictObject({ runId: z.string() }),
    afterCrash: 'resume',
    cancellable: true,
    async open({ runId }, { owner }) {
      const store = stores.of(owner);
      return { runId, task: taskOf(store.ledger.run(runId)), deps: { store, collector, engines, passageSearch, now: () => performance.now() } };
    },
    steps: [
      { name: 'research.collect', timeoutMs: 7_500_000, run: async ({ runId, task, deps }, step) => await collectPages(runId, task, deps, step) },
      { name: 'research.weigh', timeoutMs: 600_000, run: async ({ runId, task, deps }) => await weighPages(runId, task, deps.store) },
      {
        name: 'research.write', timeoutMs: 7_200_000, when: ({ task }) => model !== undefined && task.questions.length > 0 && task.writer !== 'quotes',
        run: async ({ runId, task, deps }, step) => { if (model !== undefined) await writeSections(runId, task, deps.store, model, step); },
      },
    ],
    async succeed({ runId, task, deps: { store } }) {
      const report = await reportOn(runId, task, store);
      store.ledger.setReport(runId, report);
      return {
        runId, pages: report.pages, ...(task.claims.length === 0 ? {} : { verdicts: report.claims.map(({ claim, verdict }) => ({ claim, verdict })) }),
        ...(task.questions.length === 0 ? {} : { coverage: report.sections.map(({ question, coverage }) => ({ question, coverage })) }),
      };
    },
  };
}
