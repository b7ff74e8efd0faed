// The workflow fact-check: claims, searches, pages, evidence, report. Records each page as soon as it is done, so an interrupted run fetches nothing twice.
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import type { StepProgress } from '../../../common/step.ts';
import { claimsOf } from '../evidence/claims.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { findEvidence, type ReadPage } from '../evidence/find-evidence.ts';
import { checkedClaim } from '../evidence/verdict.ts';
import { webAddress } from '../fetch/web-fetch.ts';
import type { Collector } from '../fetch/collector.ts';
import { localEngine } from '../search/local-engine.ts';
import type { SearchEngine } from '../search/search-engine.ts';
import type { ResearchStore } from '../store/research-stores.ts';
import type { RunPage } from '../store/sqlite-ledger.ts';
import type { FactCheckReport, ResearchRun } from './research-run.ts';

export interface FactCheckDeps {
  store: ResearchStore;
  collector: Collector;
  /** The configured web search engines. */
  engines: readonly SearchEngine[];
  now: () => number;
}

export interface Watch { signal: AbortSignal; progress: (progress: StepProgress) => void }

const RESULTS_PER_SEARCH = 20;
const AT_ONCE = 4;
/** Errors that concern one page or search, not the run. */
const ofThePage = new Set(['address_refused', 'fetch_failed', 'invalid_request', 'not_found', 'too_large', 'timeout']);

/** Searches for each claim and collects the pages that are found, up to the limits of the run. If repeated, continues. @throws SomnusError `cancelled`, and errors of the store */
export async function collectForClaims(run: ResearchRun, deps: FactCheckDeps, watch: Watch): Promise<void> {
  const { id, input } = run;
  const { store: { ledger }, now } = deps;
  const until = now() + input.maxSeconds * 1000;
  if (ledger.pages(id).length === 0) ledger.plan(id, await planOf(input, deps, watch));
  const pages = ledger.pages(id);
  const waiting = pages.filter(({ captureId, problem }) => captureId === null && problem === null);
  let done = pages.length - waiting.length;
  const visit = visitorOf(run, deps, watch);
  const work = async (): Promise<void> => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
      ledger.setPage(id, now() > until ? { ...page, problem: 'the time limit of the run was reached' } : await visit(page.url));
      done += 1;
      watch.progress({ message: `${done} of ${pages.length} pages`, percent: (done / pages.length) * 100 });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function visitorOf({ input }: ResearchRun, { store, collector }: FactCheckDeps, { signal }: Watch): (url: string) => Promise<RunPage> {
  const { offline, allowHosts } = input;
  /** Origins that limit requests or did not answer, with the reason. They are not asked again in this run. */
  const unavailable = new Map<string, string>();
  return async (url) => {
    const { origin } = new URL(url);
    const reason = unavailable.get(origin);
    if (reason !== undefined) return { url, captureId: null, problem: reason };
    try {
      const { capture } = await collector.collect(store, url, { maxAgeMs: input.maxAgeSeconds * 1000, allowHosts, offline, signal });
      if (capture.blocker === 'rate_limited') unavailable.set(origin, `${origin} limits requests${capture.retryAt === null ? '' : ` until ${capture.retryAt}`}`);
      return { url, captureId: capture.id, problem: capture.reason };
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (signal.aborted || !ofThePage.has(error.code)) throw error;
      if (error.code === 'timeout') unavailable.set(origin, `${origin} does not answer`);
      return { url, captureId: null, problem: error.message };
    }
  };
}

/** Finds the evidence in the run's pages and writes it to the ledger. Repeatable. */
export async function weighClaims({ id, input }: ResearchRun, { store }: Pick<FactCheckDeps, 'store'>): Promise<void> {
  store.ledger.setEvidence(id, await findEvidence(claimsOf(input.claims), await readPages(id, store)));
}

/** Makes the report, with only the evidence that resolves, and with what is missing. */
export async function reportOn({ id, input }: ResearchRun, { store }: Pick<FactCheckDeps, 'store'>): Promise<FactCheckReport> {
  const { resolved, unresolved } = await store.ledger.evidence(id);
  const visited = store.ledger.pages(id);
  const captures = visited.flatMap(({ captureId }) => (captureId === null ? [] : captureIfKept(store, captureId)));
  const claims = claimsOf(input.claims).map((claim, index) => checkedClaim(claim, resolved.filter((entry) => entry.claim === index)));
  const failed = visited.filter(({ captureId }) => captureId === null);
  const count = (state: string): number => captures.filter((capture) => capture.state === state).length;
  return {
    claims,
    contradictions: claims.flatMap(({ evidence }, claim) => {
      const [supports, refutes] = [positions(evidence, 'supports'), positions(evidence, 'refutes')];
      return supports.length > 0 && refutes.length > 0 ? [{ claim, supports, refutes }] : [];
    }),
    copies: copiesAmong(resolved),
    injections: captures.flatMap(({ id: captureId, finalUrl: url, injections: spans }) => (spans.length === 0 ? [] : [{ captureId, url, spans }])),
    pages: { read: count('read'), blocked: count('blocked'), quarantined: count('quarantined'), failed: failed.length },
    gaps: [
      ...claims.flatMap(({ claim, evidence }) => (evidence.length === 0 ? [`No evidence about: ${claim}`] : [])),
      ...failed.map(({ url, problem }) => `${url}: ${problem ?? 'not collected'}`),
      ...captures.flatMap(({ url, state, reason }) => (state === 'read' ? [] : [`${url}: ${reason ?? state}`])),
    ],
    unresolved,
  };
}

/** The pages to visit, in this order, and the addresses and searches that failed. */
async function planOf(input: ResearchRun['input'], { store, engines }: FactCheckDeps, { signal, progress }: Watch): Promise<RunPage[]> {
  const found: string[][] = [[...input.urls]];
  const problems: RunPage[] = [];
  for (const engine of chosenEngines(input, [...engines, localEngine(store)])) {
    for (const claim of claimsOf(input.claims)) {
      progress({ message: `asking ${engine.name}` });
      try {
        found.push((await engine.search(claim, { limit: RESULTS_PER_SEARCH, signal })).map(({ url }) => url));
      } catch (thrown) {
        const error = toSomnusError(thrown);
        if (signal.aborted || !ofThePage.has(error.code)) throw error;
        problems.push({ url: `${engine.name}: ${claim}`, captureId: null, problem: error.message });
      }
    }
  }
  // The first of each list, then the second of each, so that every claim gets its share if not all pages can be read.
  const mixed = Array.from({ length: Math.max(...found.map((list) => list.length)) }, (_, place) => found.flatMap((list) => list[place] ?? [])).flat();
  const pages = new Map<string, RunPage>();
  for (const address of mixed) {
    if (pages.size === input.maxPages) break;
    const page = pageAt(address);
    if (!pages.has(page.url)) pages.set(page.url, page);
  }
  return [...pages.values(), ...problems];
}

function pageAt(address: string): RunPage {
  try {
    return { url: webAddress(address).href, captureId: null, problem: null };
  } catch (thrown) {
    const { code, message } = toSomnusError(thrown);
    if (!ofThePage.has(code)) throw thrown;
    return { url: address.slice(0, 500), captureId: null, problem: message };
  }
}

function chosenEngines({ engines, offline }: ResearchRun['input'], all: readonly SearchEngine[]): SearchEngine[] {
  if (offline) return all.filter(({ name }) => name === 'local');
  const unknown = engines?.find((name) => !all.some((engine) => engine.name === name));
  if (unknown !== undefined) throw new SomnusError('invalid_request', `There is no search engine ${unknown}`, { hint: `Configured: ${all.map(({ name }) => name).join(', ')}.` });
  return all.filter(({ name }) => engines?.includes(name) ?? true);
}

async function readPages(id: string, store: ResearchStore): Promise<ReadPage[]> {
  const pages = new Map<string, ReadPage>();
  for (const { captureId } of store.ledger.pages(id)) {
    for (const capture of captureId === null ? [] : captureIfKept(store, captureId)) {
      if (capture.textHash !== null) pages.set(capture.id, { capture, text: (await store.captures.content(capture.textHash)).toString('utf8') });
    }
  }
  return [...pages.values()];
}

function captureIfKept(store: ResearchStore, id: string): ReadPage['capture'][] {
  try {
    return [store.captures.get(id).capture];
  } catch (thrown) {
    if (thrown instanceof SomnusError && thrown.code === 'not_found') return []; // deleted in the meantime
    throw thrown;
  }
}

function positions(evidence: readonly Evidence[], stance: Evidence['stance']): number[] {
  return evidence.flatMap((entry, at) => (entry.stance === stance ? [at] : []));
}

function copiesAmong(evidence: readonly Evidence[]): string[][] {
  const urls = Map.groupBy(evidence, ({ source }) => source);
  return [...urls.values()].map((entries) => [...new Set(entries.map(({ url }) => url))].toSorted()).filter((list) => list.length > 1);
}
