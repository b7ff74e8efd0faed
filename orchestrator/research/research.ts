// Implements research for the API, with a separate store for each user.
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';
import type { MemoryCalls } from '../memory/process/memory-protocol.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { findPapers, type PaperList } from './academic/find-papers.ts';
import type { Catalog, CatalogName } from './academic/paper.ts';
import type { Capture } from './capture.ts';
import type { Collector } from './fetch/collector.ts';
import type { AddWorkflow, CollectedPage, CollectPage, Passage, PassageList, RememberedRun, RememberRun, ResearchService } from './research-service.ts';
import { memoriesOf } from './runs/memories-of.ts';
import type { NewRun, ResearchRun, ResolvedRun, StartRun } from './runs/research-run.ts';
import { taskOf } from './runs/task.ts';
import type { PassageSearch } from './search/passage-search.ts';
import type { SearchEngine } from './search/search-engine.ts';
import type { ResearchStore, ResearchStores } from './store/research-stores.ts';
import { warcOf } from './store/warc.ts';
import { parseWorkflow, withParameters, type Workflow } from './workflows/workflow.ts';

export interface ResearchDeps {
  stores: ResearchStores;
  collector: Collector;
  engines: readonly SearchEngine[];
  catalogs: readonly Catalog[];
  passageSearch: PassageSearch;
  /** Where results can be remembered. */
  memory: { service(): Promise<Pick<MemoryCalls, 'rememberAll'>> };
  /** Whether a language model is configured. */
  hasModel: boolean;
  operations: Pick<OperationEngine, 'submit' | 'get' | 'assertFree'>;
  idempotency: Pick<SqliteIdempotency, 'once'>;
  now: () => Date;
}

export class Research implements ResearchService {
  readonly #deps: ResearchDeps;

  constructor(deps: ResearchDeps) {
    this.#deps = deps;
  }

  async collect(caller: Caller, { url, maxAgeSeconds }: CollectPage, signal: AbortSignal): Promise<CollectedPage> {
    const store = this.#store(caller);
    const collected = await this.#deps.collector.collect(store, url, { maxAgeMs: maxAgeSeconds * 1000, signal });
    this.#deps.passageSearch.fill(store);
    return collected;
  }

  async list(caller: Caller, query: PageQuery & { url?: string | undefined }): Promise<Page<Capture>> {
    return this.#store(caller).captures.list(query);
  }

  async get(caller: Caller, id: string): Promise<Capture> {
    return this.#store(caller).captures.get(id).capture;
  }

  async text(caller: Caller, id: string): Promise<string> {
    const { captures } = this.#store(caller);
    const { textHash, reason } = captures.get(id).capture;
    if (textHash === null) throw new SomnusError('invalid_state', `The page was not read: ${reason}`, { hint: 'Its bytes are in `somnus research archive`.' });
    return (await captures.content(textHash)).toString('utf8');
  }

  async archive(caller: Caller, id: string): Promise<Buffer> {
    const { captures } = this.#store(caller);
    const { capture, headers } = captures.get(id);
    const text = capture.textHash === null ? undefined : (await captures.content(capture.textHash)).toString('utf8');
    return await warcOf({ capture, headers, bytes: await captures.content(capture.contentHash), text });
  }

  async remove(caller: Caller, id: string): Promise<void> {
    this.#store(caller).captures.remove(id);
  }

  async search(caller: Caller, { q, limit }: { q: string; limit: number }): Promise<PassageList> {
    const store = this.#store(caller);
    const { captures } = store;
    const texts = new Map<string, string>();
    const items: Passage[] = [];
    const { hits, mode, withoutVectors } = await this.#deps.passageSearch.search(store, q, { limit });
    for (const hit of hits) {
      const text = texts.get(hit.textHash) ?? (await captures.content(hit.textHash)).toString('utf8');
      texts.set(hit.textHash, text);
      const { finalUrl, title, published } = captures.get(hit.captureId).capture;
      items.push({ ...hit, url: finalUrl, title, published, text: text.slice(hit.start, hit.end) });
    }
    return { items, mode, withoutVectors };
  }

  async papers(_caller: Caller, { q, limit, catalogs }: { q: string; limit: number; catalogs?: readonly CatalogName[] | undefined }, signal: AbortSignal): Promise<PaperList> {
    return await findPapers(this.#deps.catalogs.filter(({ name }) => catalogs?.includes(name) ?? true), q, { limit, signal });
  }

  async start(caller: Caller, request: StartRun, { idempotencyKey }: { idempotencyKey?: string | undefined }): Promise<{ run: ResearchRun; operation: Operation }> {
    const { operations, idempotency, now } = this.#deps;
    const { ledger } = this.#store(caller);
    const { id, operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { research: request.workflow, input: request.input } }, () => {
      const at = now();
      const run = { ...this.#resolved(caller, request), id: newId('run', at.getTime()), createdAt: at.toISOString() };
      this.#assertPossible(run);
      ledger.addRun(run); // first, because the operation reads it
      const { id: made } = operations.submit({ kind: 'research.run', input: { runId: run.id }, owner: caller.user, actor: caller.keyId, target: { type: 'research', id: run.id, name: run.id } });
      ledger.setOperation(run.id, made);
      return { id: run.id, operationId: made };
    });
    return { run: ledger.run(id), operation: await operations.get(caller, operationId) };
  }

  /** With the document of an own workflow. */
  #resolved(caller: Caller, request: StartRun): ResolvedRun {
    if (request.workflow !== 'own') return request;
    const { name, version, parameters } = request.input;
    const workflow = this.#store(caller).workflows.get(name, version);
    return { workflow: 'own', input: { name, version: workflow.version, parameters, document: withParameters(parseWorkflow(workflow.source), parameters) } };
  }

  #assertPossible(run: NewRun): void {
    const { engines, writer } = taskOf(run);
    const known = [...this.#deps.engines.map(({ name }) => name), 'local'];
    const unknown = engines?.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new SomnusError('invalid_request', `There is no search engine ${JSON.stringify(unknown)}`, { hint: `Configured: ${known.join(', ')}.` });
    if (writer === 'model' && !this.#deps.hasModel) throw new SomnusError('invalid_request', 'No language model is configured', { hint: 'Set `research.model` in the configuration, or leave out the writer: the report then consists of quotes.' });
  }

  async remember(caller: Caller, id: string, { space }: RememberRun): Promise<RememberedRun> {
    const { report } = this.#store(caller).ledger.run(id);
    if (report === null) throw new SomnusError('invalid_state', `${id} has no report yet`, { hint: 'Wait until the run has ended.' });
    const memories = memoriesOf(id, report, space);
    if (memories.length === 0) throw new SomnusError('invalid_state', `${id} has found nothing that could be remembered`, { hint: 'Only runs with claims or questions have results; see `somnus research report`.' });
    const remembered = await (await this.#deps.memory.service()).rememberAll(caller, memories);
    const stored = remembered.filter(({ outcome }) => outcome === 'stored').length;
    return { memories: remembered.flatMap((one) => one.id ?? []), stored, known: remembered.length - stored };
  }

  async addWorkflow(caller: Caller, { source }: AddWorkflow): Promise<Workflow> {
    return this.#store(caller).workflows.add(source, this.#deps.now().toISOString());
  }

  async workflows(caller: Caller, query: PageQuery): Promise<Page<Workflow>> {
    return this.#store(caller).workflows.list(query);
  }

  async workflow(caller: Caller, name: string, version: number | undefined): Promise<Workflow> {
    return this.#store(caller).workflows.get(name, version);
  }

  async removeWorkflow(caller: Caller, name: string): Promise<void> {
    this.#store(caller).workflows.remove(name);
  }

  async runs(caller: Caller, query: PageQuery): Promise<Page<ResearchRun>> {
    return this.#store(caller).ledger.runs(query);
  }

  async run(caller: Caller, id: string): Promise<ResearchRun> {
    return this.#store(caller).ledger.run(id);
  }

  async removeRun(caller: Caller, id: string): Promise<void> {
    const { ledger } = this.#store(caller);
    ledger.run(id);
    this.#deps.operations.assertFree(id);
    ledger.removeRun(id);
  }

  #store({ user }: Caller): ResearchStore {
    return this.#deps.stores.of(user);
  }
}
