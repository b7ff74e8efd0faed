// Research in a folder of its own. Names below `.test` lead to loopback. Pages are read in this process unless a test needs the confined one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from '../../orchestrator/reading/documents/parse-document.ts';
import { addressGuard } from '../../orchestrator/research/fetch/address-guard.ts';
import { Collector } from '../../orchestrator/research/fetch/collector.ts';
import { WebClient } from '../../orchestrator/research/fetch/web-fetch.ts';
import { ResearchStores, type ResearchStore } from '../../orchestrator/research/store/research-stores.ts';
import { log } from './operations.ts';

export interface ScratchResearch extends Disposable {
  folder: string;
  stores: ResearchStores;
  store: ResearchStore;
  web: WebClient;
  collector: Collector;
  /** May be changed. */
  internalOrigins: string[];
  clock: { now: Date };
}

export function scratchResearch(...internalOrigins: string[]): ScratchResearch {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-research-'));
  const stores = new ResearchStores({ folder, log });
  const clock = { now: new Date('2026-05-01T00:00:00.000Z') };
  const web = new WebClient({ guard: addressGuard(), internalOrigins, userAgent: 'test', resolve: async (host) => (host.endsWith('.test') ? [{ address: '127.0.0.1', family: 4 }] : []) });
  const collector = new Collector({ web, now: () => clock.now, read: async (bytes, hints) => await parseDocument(bytes, hints) });
  return {
    folder, stores, store: stores.of('usr_alice'), web, collector, internalOrigins, clock,
    [Symbol.dispose]() {
      stores[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
