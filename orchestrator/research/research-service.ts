// The service of research for the API: collected pages, research runs and scholarly works.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { Operation } from '../operations/operation.ts';
import type { PaperList } from './academic/find-papers.ts';
import type { CatalogName } from './academic/paper.ts';
import { Capture } from './capture.ts';
import type { ResearchRun, StartRun } from './runs/research-run.ts';
import type { Workflow } from './workflows/workflow.ts';

export const CollectPage = z.strictObject({
  url: z.string().min(1).max(4096),
  maxAgeSeconds: z.number().min(0).default(0).meta({ description: 'A stored capture that was fetched or checked within this time is returned without a request. 0: ask the server whether the page has changed.' }),
});
export type CollectPage = z.infer<typeof CollectPage>;

export const CollectedPage = z.strictObject({
  capture: Capture,
  from: z.enum(['store', 'network', 'unchanged']).meta({ description: '`unchanged`: the server confirmed that the stored capture is current.' }),
});
export type CollectedPage = z.infer<typeof CollectedPage>;

export const Passage = z.strictObject({
  captureId: z.string(), url: z.string(), title: z.string().nullable(), published: z.string().nullable(), textHash: z.string(), start: z.int(), end: z.int(), text: z.string(), score: z.number().meta({ description: 'Comparable within one search.' }),
});
export type Passage = z.infer<typeof Passage>;

export const PassageList = z.strictObject({
  items: z.array(Passage),
  mode: z.enum(['hybrid', 'keywords']).meta({ description: '`keywords`: searched by words only, because no embedding model is available.' }),
  withoutVectors: z.int().meta({ description: 'How many passages only words can find; their vectors are computed in the background.' }),
});
export type PassageList = z.infer<typeof PassageList>;

export const RememberRun = z.strictObject({ space: Name.optional().meta({ description: 'A memory space; main if omitted.' }) });
export type RememberRun = z.infer<typeof RememberRun>;

export const RememberedRun = z.strictObject({
  memories: z.array(z.string()).meta({ description: 'Ids of the memories, in the order of the report.' }), stored: z.int().meta({ description: 'How many are new.' }), known: z.int().meta({ description: 'How many were already stored.' }),
});
export type RememberedRun = z.infer<typeof RememberedRun>;

export const AddWorkflow = z.strictObject({ source: z.string().min(1).max(65_536).meta({ description: 'YAML; see docs/research.md.' }) });
export type AddWorkflow = z.infer<typeof AddWorkflow>;

export interface ResearchService {
  /** Fetches and stores a page. @throws address_refused, fetch_failed, too_large, timeout, invalid_request */
  collect(caller: Caller, request: CollectPage, signal: AbortSignal): Promise<CollectedPage>;
  /** Newest first. */
  list(caller: Caller, query: PageQuery & { url?: string | undefined }): Promise<Page<Capture>>;
  /** @throws not_found */
  get(caller: Caller, id: string): Promise<Capture>;
  /** The text that evidence quotes. @throws not_found; invalid_state if the capture has no text */
  text(caller: Caller, id: string): Promise<string>;
  /** As a WARC file. @throws not_found */
  archive(caller: Caller, id: string): Promise<Buffer>;
  /** @throws not_found */
  remove(caller: Caller, id: string): Promise<void>;
  /** Passages of collected pages that contain any of the words or mean something similar, best first. */
  search(caller: Caller, query: { q: string; limit: number }): Promise<PassageList>;
  /** Scholarly works, joined from all catalogs or from the named ones. */
  papers(caller: Caller, query: { q: string; limit: number; catalogs?: readonly CatalogName[] | undefined }, signal: AbortSignal): Promise<PaperList>;
  /** @throws invalid_request for an unknown search engine, a writer that is not configured, or wrong parameters of an own workflow; not_found if there is no such workflow */
  start(caller: Caller, request: StartRun, options: { idempotencyKey?: string | undefined }): Promise<{ run: ResearchRun; operation: Operation }>;
  /** Newest first, without reports. */
  runs(caller: Caller, query: PageQuery): Promise<Page<ResearchRun>>;
  /** @throws not_found */
  run(caller: Caller, id: string): Promise<ResearchRun>;
  /** Deletes a run and its evidence; keeps the pages. @throws not_found; operation_in_progress while it runs */
  removeRun(caller: Caller, id: string): Promise<void>;
  /** Stores the results of a run in the caller's memory, with their sources. Repeatable. @throws not_found; invalid_state without results; locked, unavailable */
  remember(caller: Caller, id: string, request: RememberRun): Promise<RememberedRun>;
  /** Stores a workflow as a new version; repeating it changes nothing. @throws invalid_request */
  addWorkflow(caller: Caller, request: AddWorkflow): Promise<Workflow>;
  /** The newest versions, by name. */
  workflows(caller: Caller, query: PageQuery): Promise<Page<Workflow>>;
  /** The newest version if none is given. @throws not_found */
  workflow(caller: Caller, name: string, version: number | undefined): Promise<Workflow>;
  /** Deletes all versions; runs keep what they did. @throws not_found */
  removeWorkflow(caller: Caller, name: string): Promise<void>;
}
