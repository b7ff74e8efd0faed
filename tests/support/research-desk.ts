// Research runs on a generated web of 60 pages, through the operation engine, as operations.
import type { MemoryCalls } from '../../orchestrator/memory/process/memory-protocol.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { Research } from '../../orchestrator/research/research.ts';
import type { ResearchReport } from '../../orchestrator/research/runs/research-report.ts';
import { StartRun, type ResearchRun } from '../../orchestrator/research/runs/research-run.ts';
import { researchRunKind } from '../../orchestrator/research/runs/run-kind.ts';
import { languageModel } from '../../orchestrator/research/writing/language-model.ts';
import { PassageSearch, type Embed } from '../../orchestrator/research/search/passage-search.ts';
import { searxng } from '../../orchestrator/research/search/web-engines.ts';
import { alice, log, openWorkshop, scratchFolder, type Workshop } from './operations.ts';
import { servePlanted, type PlantedServer } from './planted-server.ts';
import { plantedWeb, type PlantedWeb } from './planted-web.ts';
import { scratchResearch, type ScratchResearch } from './research.ts';

export interface Desk { planted: PlantedWeb; server: PlantedServer; scratch: ScratchResearch; shop: Workshop; research: Research }
export interface DeskOptions { /** The path of a language model on the server. */ model?: string; memory?: MemoryCalls; embed?: Embed }
export interface DoneRun { run: ResearchRun; report: ResearchReport; operation: Operation }

export async function withDesk(seed: number, work: (desk: Desk) => Promise<void>, options: DeskOptions = {}): Promise<void> {
  const planted = plantedWeb(seed);
  await using server = await servePlanted(planted);
  using scratch = scratchResearch(...server.origins);
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  await work({ planted, server, scratch, shop, research: researchIn(shop, scratch, server, options) });
}

export function researchIn(shop: Workshop, { stores, collector, web }: ScratchResearch, server: PlantedServer, { model: path, memory, embed }: DeskOptions = {}): Research {
  const engines = [searxng(web, server.searxngUrl)];
  const passageSearch = new PassageSearch({ embed: embed ?? (async () => undefined), log });
  const model = path === undefined ? undefined : languageModel({ url: server.web.origin + path, model: 'small', timeoutSeconds: 30, key: async () => 'secret' });
  shop.engine.register(researchRunKind({ stores, collector, engines, passageSearch, model }));
  return new Research({ stores, collector, engines, passageSearch, hasModel: model !== undefined, memory: { service: async () => { if (memory === undefined) throw new Error('this test has no memory'); return memory; } }, catalogs: [], operations: shop.engine, idempotency: shop.idempotency, now: () => new Date() });
}

/** Runs a workflow to its end. */
export async function runWorkflow({ research, shop }: Desk, request: unknown): Promise<DoneRun> {
  const { run, operation } = await research.start(alice, StartRun.parse(request), {});
  await shop.engine.run(operation.id);
  const done = await research.run(alice, run.id);
  const ended = await shop.engine.get(alice, operation.id);
  if (done.report === null) throw new Error(JSON.stringify(ended));
  return { run: done, report: done.report, operation: ended };
}
