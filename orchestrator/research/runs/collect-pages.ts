// The first part of a run: searches and pages. Records each page as soon as it is done, so an interrupted run fetches nothing twice.
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import type { StepProgress } from '../../../common/step.ts';
import type { Collector } from '../fetch/collector.ts';
import { webAddress } from '../fetch/web-fetch.ts';
import { localEngine } from '../search/local-engine.ts';
import type { PassageSearch } from '../search/passage-search.ts';
import type { SearchEngine } from '../search/search-engine.ts';
import type { ResearchStore } from '../store/research-stores.ts';
import type { RunPage } from '../store/sqlite-ledger.ts';
import type { Task } from './task.ts';

export interface CollectDeps {
  store: ResearchStore;
  collector: Collector;
  /** The configured web search engines. */
  engines: readonly SearchEngine[];
  passageSearch: PassageSearch;
  now: () => number;
}

export interface Watch { signal: AbortSignal; progress: (progress: StepProgress) => void }

const RESULTS_PER_SEARCH = 20;
const AT_ONCE = 4;
/** Errors that concern one page or search, not the run. */
const ofThePage = new Set(['address_refused', 'fetch_failed', 'invalid_request', 'not_found', 'too_large', 'timeout']);

/** Searches and collects the pages that are found, up to the limits of the run. If repeated, continues. @throws SomnusError `cancelled`, and errors of the store */
export async function collectPages(runId: string, task: Task, deps: CollectDeps, watch: Watch): Promise<void> {
  const { store: { ledger }, now } = deps;
  const until = now() + task.maxSeconds * 1000;
  if (ledger.pages(runId).length === 0) ledger.plan(runId, await planOf(task, deps, watch));
  const visit = visitorOf(runId, task, deps, watch);
  for (let waiting = waitingOf(ledger.pages(runId)); waiting.length > 0; waiting = waitingOf(ledger.pages(runId))) {
    const work = async (): Promise<void> => {
      for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
        const visited = now() > until ? { ...page, problem: 'the time limit of the run was reached' } : await visit(page.url);
        const listed = task.expands ? await listedBy(visited, deps, task, watch) : [];
        ledger.visited(runId, visited, listed, task.maxPages);
        const pages = ledger.pages(runId);
        const done = pages.length - waitingOf(pages).length;
        watch.progress({ message: `${done} of ${pages.length} pages`, percent: (done / pages.length) * 100 });
      }
    };
    const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
  deps.passageSearch.fill(deps.store);
}

function waitingOf(pages: readonly RunPage[]): RunPage[] {
  return pages.filter(({ captureId, problem }) => captureId === null && problem === null);
}

function visitorOf(runId: string, { offline, allowHosts, maxAgeSeconds, maxMiB }: Task, { store, collector }: CollectDeps, { signal }: Watch): (url: string) => Promise<RunPage> {
  /** Origins that limit requests or did not answer, with the reason. They are not asked again in this run. */
  const unavailable = new Map<string, string>();
  const sizeOf = (captureId: string | null): number => (captureId === null ? 0 : store.captures.find(captureId)?.bytes ?? 0);
  let bytes = store.ledger.pages(runId).reduce((sum, { captureId }) => sum + sizeOf(captureId), 0);
  return async (url) => {
    const { origin } = new URL(url);
    const reason = bytes >= maxMiB * 2 ** 20 ? 'the size limit of the run was reached' : unavailable.get(origin);
    if (reason !== undefined) return { url, captureId: null, problem: reason, origin: null };
    try {
      const { capture, from } = await collector.collect(store, url, { maxAgeMs: maxAgeSeconds * 1000, allowHosts, offline, signal });
      bytes += capture.bytes;
      if (capture.blocker === 'rate_limited') unavailable.set(origin, `${origin} limits requests${capture.retryAt === null ? '' : ` until ${capture.retryAt}`}`);
      return { url, captureId: capture.id, problem: capture.reason, origin: from };
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (signal.aborted || !ofThePage.has(error.code)) throw error;
      if (error.code === 'timeout') unavailable.set(origin, `${origin} does not answer`);
      return { url, captureId: null, problem: error.message, origin: null };
    }
  };
}

/** The pages that a feed or sitemap lists; none for another page. */
async function listedBy({ captureId }: RunPage, { store, collector }: CollectDeps, { maxPages }: Task, { signal }: Watch): Promise<RunPage[]> {
  const capture = captureId === null ? undefined : store.captures.find(captureId);
  if (capture === undefined || (capture.kind !== 'feed' && capture.kind !== 'sitemap')) return [];
  const addresses = await collector.entriesOf(store, capture, signal);
  return addresses.slice(0, maxPages).map((url) => pageAt(url, new URL(capture.finalUrl)));
}

/** The pages to visit, in this order, and the addresses and searches that failed. */
async function planOf(task: Task, { store, engines, passageSearch }: CollectDeps, { signal, progress }: Watch): Promise<RunPage[]> {
  const found: string[][] = [[...task.urls]];
  const problems: RunPage[] = [];
  for (const engine of chosenEngines(task, [localEngine(store, passageSearch), ...engines])) { // what is known comes first
    for (const query of task.queries) {
      progress({ message: `asking ${engine.name}` });
      try {
        found.push((await engine.search(query, { limit: RESULTS_PER_SEARCH, signal })).map(({ url }) => url));
      } catch (thrown) {
        const error = toSomnusError(thrown);
        if (signal.aborted || !ofThePage.has(error.code)) throw error;
        problems.push({ url: `${engine.name}: ${query}`, captureId: null, problem: error.message, origin: null });
      }
    }
  }
  // The first of each list, then the second of each, so that every query gets its share if not all pages can be read.
  const mixed = Array.from({ length: Math.max(...found.map((list) => list.length)) }, (_, place) => found.flatMap((list) => list[place] ?? [])).flat();
  const pages = new Map<string, RunPage>();
  for (const address of mixed) {
    if (pages.size === task.maxPages) break;
    const page = pageAt(address);
    if (!pages.has(page.url)) pages.set(page.url, page);
  }
  return [...pages.values(), ...problems];
}

function pageAt(address: string, base?: URL): RunPage {
  try {
    return { url: webAddress(address, base).href, captureId: null, problem: null, origin: null };
  } catch (thrown) {
    const { code, message } = toSomnusError(thrown);
    if (!ofThePage.has(code)) throw thrown;
    return { url: address.slice(0, 500), captureId: null, problem: message, origin: null };
  }
}

function chosenEngines({ engines, offline }: Task, all: readonly SearchEngine[]): SearchEngine[] {
  if (offline) return all.filter(({ name }) => name === 'local');
  const unknown = engines?.find((name) => !all.some((engine) => engine.name === name));
  if (unknown !== undefined) throw new SomnusError('invalid_request', `There is no search engine ${unknown}`, { hint: `Configured: ${all.map(({ name }) => name).join(', ')}.` });
  return all.filter(({ name }) => engines?.includes(name) ?? true);
}
