// A research run and its report. The schemas of the API and of the store.
import { z } from 'zod';
import { idSchema } from '../../../common/ids.ts';
import { Span } from '../capture.ts';
import { Evidence } from '../evidence/evidence.ts';

const Url = z.string().min(1).max(4096);
const Host = z.string().min(1).max(253).toLowerCase();

export const FactCheckInput = z.strictObject({
  claims: z.array(z.string().min(3).max(1000)).min(1).max(50).meta({ description: 'Sentences. If one says several things, each part is checked separately.' }),
  urls: z.array(Url).max(200).default([]).meta({ description: 'Pages to read in addition to those that are found.' }),
  engines: z.array(z.string().max(50)).max(10).optional().meta({ description: 'Which search engines to ask. If omitted: all configured ones, and the local index.' }),
  allowHosts: z.array(Host).max(100).optional().meta({ description: 'Only these hosts and their subdomains are visited.' }),
  maxPages: z.int().min(0).max(500).default(60).meta({ description: 'Maximum number of pages to collect.' }),
  maxSeconds: z.int().min(1).max(7200).default(1200).meta({ description: 'Maximum time for collecting pages; the run then uses what has been collected.' }),
  maxAgeSeconds: z.number().min(0).default(86_400).meta({ description: 'Stored pages of at most this age are not requested again.' }),
  offline: z.boolean().default(false).meta({ description: 'Use only pages that were collected before.' }),
});
export type FactCheckInput = z.infer<typeof FactCheckInput>;

export const Verdict = z.enum(['supported', 'refuted', 'conflicting', 'not enough evidence']);
export type Verdict = z.infer<typeof Verdict>;

export const CheckedClaim = z.strictObject({
  claim: z.string(),
  verdict: Verdict,
  explanation: z.string(),
  balance: z.number().nullable().meta({ description: 'From 0 (all sources refute the claim) to 1 (all support it): the share of the weight of independent sources that supports the claim. Null without evidence. Not a probability.' }),
  supportingSources: z.int(),
  refutingSources: z.int(),
  evidence: z.array(Evidence).meta({ description: 'Every entry was compared with its stored page when the report was made.' }),
});
export type CheckedClaim = z.infer<typeof CheckedClaim>;

export const FactCheckReport = z.strictObject({
  claims: z.array(CheckedClaim),
  contradictions: z.array(z.strictObject({ claim: z.int(), supports: z.array(z.int()), refutes: z.array(z.int()) })).meta({ description: 'Claims on which sources contradict each other, with the positions of the entries in their evidence.' }),
  copies: z.array(z.array(z.string())).meta({ description: 'Addresses of pages with the same text, which count as one source.' }),
  injections: z.array(z.strictObject({ captureId: z.string(), url: z.string(), spans: z.array(Span) })).meta({ description: 'Pages that try to instruct agents. Somnus did not follow these passages, and quoted nothing from them.' }),
  pages: z.strictObject({ read: z.int(), blocked: z.int(), quarantined: z.int(), failed: z.int() }),
  gaps: z.array(z.string()).meta({ description: 'What could not be found or read.' }),
  unresolved: z.int().meta({ description: 'How many pieces of evidence were left out because their quotes are no longer in the stored pages.' }),
});
export type FactCheckReport = z.infer<typeof FactCheckReport>;

export const ResearchRun = z.strictObject({
  id: idSchema('run'),
  workflow: z.enum(['fact-check']),
  input: FactCheckInput,
  operationId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  report: FactCheckReport.nullable().meta({ description: 'Null in lists, and until the run has ended.' }),
});
export type ResearchRun = z.infer<typeof ResearchRun>;
