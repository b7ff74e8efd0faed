// A research run and what it is asked to do. The schemas of the API and of the store.
import { z } from 'zod';
import { idSchema } from '../../../common/ids.ts';
import { ResearchReport } from './research-report.ts';

const Url = z.string().min(1).max(4096);
const Host = z.string().min(1).max(253).toLowerCase();

/** Which pages a run may visit. */
const limits = {
  allowHosts: z.array(Host).max(100).optional().meta({ description: 'Only these hosts and their subdomains are visited.' }),
  maxPages: z.int().min(0).max(500).default(60).meta({ description: 'Maximum number of pages to collect.' }),
  maxSeconds: z.int().min(1).max(7200).default(1200).meta({ description: 'Maximum time for collecting pages; the run then uses what has been collected.' }),
  maxMiB: z.int().min(1).max(10_000).default(500).meta({ description: 'Maximum size of all pages together; after that, no more pages are collected.' }),
  maxAgeSeconds: z.number().min(0).default(86_400).meta({ description: 'Stored pages of at most this age are not requested again.' }),
  offline: z.boolean().default(false).meta({ description: 'Use only pages that were collected before.' }),
};
const Engines = z.array(z.string().max(50)).max(10).optional().meta({ description: 'Which search engines to ask. If omitted: all configured ones, and the local index.' });

export const FactCheckInput = z.strictObject({
  claims: z.array(z.string().min(3).max(1000)).min(1).max(50).meta({ description: 'Sentences. If one says several things, each part is checked separately.' }),
  urls: z.array(Url).max(200).default([]).meta({ description: 'Pages to read in addition to those that are found.' }),
  engines: Engines,
  ...limits,
});
export type FactCheckInput = z.infer<typeof FactCheckInput>;

export const DeepDiveInput = z.strictObject({
  questions: z.array(z.string().min(3).max(1000)).min(1).max(30).meta({ description: 'Questions or topics; each becomes a section of the report. A topic is divided by what the pages say about it.' }),
  urls: z.array(Url).max(200).default([]).meta({ description: 'Pages to read in addition to those that are found.' }),
  engines: Engines,
  writer: z.enum(['quotes', 'model']).optional().meta({ description: 'Whether the report consists of quotes, or a language model writes it. If omitted: the model, if one is configured.' }),
  ...limits,
});
export type DeepDiveInput = z.infer<typeof DeepDiveInput>;

export const CollectInput = z.strictObject({
  urls: z.array(Url).min(1).max(500).meta({ description: 'Pages, feeds and sitemaps. The pages that a feed or sitemap lists are collected too.' }),
  ...limits,
  maxPages: limits.maxPages.default(100),
});
export type CollectInput = z.infer<typeof CollectInput>;

const common = {
  id: idSchema('run'),
  operationId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  report: ResearchReport.nullable().meta({ description: 'Null in lists, and until the run has ended.' }),
};

export const StartRun = z.discriminatedUnion('workflow', [
  z.strictObject({ workflow: z.literal('fact-check'), input: FactCheckInput }),
  z.strictObject({ workflow: z.literal('deep-dive'), input: DeepDiveInput }),
  z.strictObject({ workflow: z.literal('collect'), input: CollectInput }),
]);
export type StartRun = z.infer<typeof StartRun>;

export const ResearchRun = z.discriminatedUnion('workflow', [
  z.strictObject({ ...common, workflow: z.literal('fact-check'), input: FactCheckInput }),
  z.strictObject({ ...common, workflow: z.literal('deep-dive'), input: DeepDiveInput }),
  z.strictObject({ ...common, workflow: z.literal('collect'), input: CollectInput }),
]);
export type ResearchRun = z.infer<typeof ResearchRun>;
