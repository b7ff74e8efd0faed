// The composition root of research: stores, web clients, search engines and catalogs.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import type { DocumentReader } from './reading/documents/document-reader.ts';
import { arxiv } from './research/academic/arxiv.ts';
import { crossref, openAlex, pubmed, semanticScholar } from './research/academic/json-catalogs.ts';
import type { Catalog } from './research/academic/paper.ts';
import { addressGuard } from './research/fetch/address-guard.ts';
import { Collector } from './research/fetch/collector.ts';
import { WebClient } from './research/fetch/web-fetch.ts';
import type { OperationEngine } from './operations/operation-engine.ts';
import type { SqliteIdempotency } from './operations/sqlite-idempotency.ts';
import type { MemoryLoader } from './memory/memory-loader.ts';
import { Research } from './research/research.ts';
import { researchRunKind } from './research/runs/run-kind.ts';
import { PassageSearch } from './research/search/passage-search.ts';
import { brave, searxng } from './research/search/web-engines.ts';
import type { SearchEngine } from './research/search/search-engine.ts';
import { ResearchStores } from './research/store/research-stores.ts';
import { languageModel, type LanguageModel } from './research/writing/language-model.ts';

export interface ResearchOptions {
  config: Config;
  paths: Pick<DataPaths, 'researchDir'>;
  documents: DocumentReader;
  memory: Pick<MemoryLoader, 'service' | 'current'>;
  operations: Pick<OperationEngine, 'submit' | 'get' | 'assertFree' | 'register'>;
  idempotency: Pick<SqliteIdempotency, 'once'>;
  now: () => Date;
  makeRoom: () => boolean;
  stack: AsyncDisposableStack;
  log: Logger;
}

export interface ResearchParts { research: Research; stores: ResearchStores }

export function composeResearch({ config, paths, documents, memory, operations, idempotency, now, makeRoom, stack, log }: ResearchOptions): ResearchParts {
  const stores = new ResearchStores({ folder: paths.researchDir, log, makeRoom });
  stack.use(stores);
  const userAgent = `Mozilla/5.0 (compatible; Somnus/${packageJson.version})`;
  const guard = addressGuard({ networks: [config.network.subnet] });
  const web = new WebClient({ guard, internalOrigins: config.research.internalOrigins, userAgent });
  const never = new AbortController().signal;
  const collector = new Collector({ web, now, read: async (bytes, hints, signal = never) => await documents.read(Readable.from([Buffer.from(bytes)]), hints, signal) });
  const clientFor = (...urls: (string | undefined)[]): WebClient => new WebClient({ guard, internalOrigins: urls.flatMap((url) => (url === undefined ? [] : [new URL(url).origin])), userAgent });
  const engines = enginesOf(config, clientFor);
  const passageSearch = new PassageSearch({ embed: async (texts, priority) => await memory.current?.service.embed(texts, priority), log });
  stack.use(passageSearch);
  const model = modelOf(config);
  operations.register(researchRunKind({ stores, collector, engines, passageSearch, model }));
  return { research: new Research({ stores, collector, engines, passageSearch, hasModel: model !== undefined, memory, catalogs: catalogsOf(config, clientFor), operations, idempotency, now }), stores };
}

/** The address of an engine comes from the configuration, so it may be private; the addresses of its results may not. */
function enginesOf({ research: { searxngUrl, braveKeyFile } }: Config, clientFor: (...urls: (string | undefined)[]) => WebClient): SearchEngine[] {
  return [
    ...(searxngUrl === undefined ? [] : [searxng(clientFor(searxngUrl), searxngUrl)]),
    ...(braveKeyFile === undefined ? [] : [brave(clientFor(), async () => (await readFile(braveKeyFile, 'utf8')).trim())]),
  ];
}

function modelOf({ research: { model } }: Config): LanguageModel | undefined {
  if (model === undefined) return undefined;
  const { keyFile, name, ...endpoint } = model;
  return languageModel({ ...endpoint, model: name, key: keyFile === undefined ? undefined : async () => (await readFile(keyFile, 'utf8')).trim() });
}

function catalogsOf({ research: { catalogUrls } }: Config, clientFor: (...urls: (string | undefined)[]) => WebClient): Catalog[] {
  const client = clientFor(...Object.values(catalogUrls));
  return [crossref(client, catalogUrls.crossref), openAlex(client, catalogUrls.openalex), pubmed(client, catalogUrls.pubmed), semanticScholar(client, catalogUrls['semantic-scholar']), arxiv(client, catalogUrls.arxiv)];
}
