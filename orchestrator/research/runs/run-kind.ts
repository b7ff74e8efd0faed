// Research runs as operations: collect, weigh, report. Each step can be repeated; pages and evidence are in the user's research store.
import { z } from 'zod';
import type { OperationKind } from '../../operations/operation.ts';
import type { Collector } from '../fetch/collector.ts';
import type { SearchEngine } from '../search/search-engine.ts';
import type { ResearchStores } from '../store/research-stores.ts';
import { collectForClaims, reportOn, weighClaims, type FactCheckDeps } from './fact-check.ts';
import type { ResearchRun } from './research-run.ts';

export interface RunKindDeps {
  stores: ResearchStores;
  collector: Collector;
  engines: readonly SearchEngine[];
}

interface RunContext { run: ResearchRun; deps: FactCheckDeps }

export function researchRunKind({ stores, collector, engines }: RunKindDeps): OperationKind<{ runId: string }, RunContext> {
  return {
    kind: 'research.run',
    lane: 'research',
    input: z.strictObject({ runId: z.string() }),
    afterCrash: 'resume',
    cancellable: true,
    async open({ runId }, { owner }) {
      const store = stores.of(owner);
      return { run: store.ledger.run(runId), deps: { store, collector, engines, now: () => performance.now() } };
    },
    steps: [
      { name: 'research.collect', timeoutMs: 7_500_000, run: async ({ run, deps }, step) => await collectForClaims(run, deps, step) },
      { name: 'research.weigh', timeoutMs: 600_000, run: async ({ run, deps }) => await weighClaims(run, deps) },
    ],
    async succeed({ run, deps }) {
      const report = await reportOn(run, deps);
      deps.store.ledger.setReport(run.id, report);
      return { runId: run.id, verdicts: report.claims.map(({ claim, verdict }) => ({ claim, verdict })) };
    },
  };
}
