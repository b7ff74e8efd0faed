// A research run and what it is asked to do. The schemas of the API and of the store.
import { z } from 'zod';
import { idSchema, Name } from '../../../common/ids.ts';
import { WorkflowDocument } from '../workflows/workflow.ts';
import { ResearchReport } from './research-report.ts';
import { runLimits, SearchEngines, Texts, Url, Writer } from './run-limits.ts';

const Pages = z.array(Url).max(200).default([]).meta({ description: 'Pages to read in addition to those that are found.' });

export const FactCheckInput = z.strictObject({
  claims: Texts.meta({ description: 'Sentences. If one says several things, each part is checked separately.' }),
  urls: Pages,
  engines: SearchEngines,
  ...runLimits,
});
export type FactCheckInput = z.infer<typeof FactCheckInput>;

export const DeepDiveInput = z.strictObject({
  questions: Texts.meta({ description: 'Questions or topics; each becomes a section of the report. A topic is divided by what the pages say about it.' }),
  urls: Pages,
  engines: SearchEngines,
  writer: Writer.optional(),
  ...runLimits,
});
export type DeepDiveInput = z.infer<typeof DeepDiveInput>;

export const CollectInput = z.strictObject({
  urls: z.array(Url).min(1).max(500).meta({ description: 'Pages, feeds and sitemaps. The pages that a feed or sitemap lists are collected too.' }),
  ...runLimits,
  maxPages: runLimits.maxPages.default(100),
});
export type CollectInput = z.infer<typeof CollectInput>;

/** A run of a workflow of the user's own. */
export const OwnInput = z.strictObject({
  name: Name,
  version: z.int().min(1).optional().meta({ description: 'The newest if omitted.' }),
  parameters: z.record(z.string().max(40), z.string().max(1000)).default({}),
});
export type OwnInput = z.infer<typeof OwnInput>;

const common = {
  id: idSchema('run'),
  operationId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  report: ResearchReport.nullable().meta({ description: 'Null in lists, and until the run has ended.' }),
};
const factCheck = { workflow: z.literal('fact-check'), input: FactCheckInput };
const deepDive = { workflow: z.literal('deep-dive'), input: DeepDiveInput };
const collect = { workflow: z.literal('collect'), input: CollectInput };

export const StartRun = z.discriminatedUnion('workflow', [
  z.strictObject(factCheck), z.strictObject(deepDive), z.strictObject(collect),
  z.strictObject({ workflow: z.literal('own'), input: OwnInput }),
]);
export type StartRun = z.infer<typeof StartRun>;

export const ResearchRun = z.discriminatedUnion('workflow', [
  z.strictObject({ ...common, ...factCheck }), z.strictObject({ ...common, ...deepDive }), z.strictObject({ ...common, ...collect }),
  z.strictObject({
    ...common, workflow: z.literal('own'),
    input: OwnInput.required({ version: true }).extend({ document: WorkflowDocument.meta({ description: 'The workflow with its parameters replaced, so that the run does not depend on later changes of it.' }) }),
  }),
]);
export type ResearchRun = z.infer<typeof ResearchRun>;

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** What the store keeps of a run when it is started. */
export type NewRun = Without<ResearchRun, 'operationId' | 'report'>;
/** A request to start a run, with the document of an own workflow. */
export type ResolvedRun = Without<NewRun, 'id' | 'createdAt'>;
