// The report of a research run: claims with verdicts, questions with sentences, and the evidence for each of them.
import { z } from 'zod';
import { Span } from '../capture.ts';
import { Evidence, Finding } from '../evidence/evidence.ts';
import { Statement } from '../evidence/statements.ts';

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

export const ReportSentence = z.strictObject({
  text: z.string(),
  findings: z.array(z.int()).min(1).meta({ description: 'Ids of the findings that it is based on.' }),
});
export type ReportSentence = z.infer<typeof ReportSentence>;

export const ReportSection = z.strictObject({
  question: z.string(),
  coverage: z.enum(['answered', 'one source', 'no evidence']).meta({ description: '`answered`: at least two independent sources say something about it.' }),
  sources: z.int().meta({ description: 'How many independent sources say something about it.' }),
  writtenBy: z.enum(['quotes', 'model']).default('quotes').meta({ description: '`quotes`: the sentences are quotes. `model`: a language model wrote them; each was compared with the quotes that it cites.' }),
  parts: z.array(z.strictObject({ title: z.string().nullable().meta({ description: 'What the part is about, for topics; otherwise null.' }), sentences: z.array(ReportSentence) })),
});
export type ReportSection = z.infer<typeof ReportSection>;

export const ResearchReport = z.strictObject({
  claims: z.array(CheckedClaim),
  contradictions: z.array(z.strictObject({ claim: z.int(), supports: z.array(z.int()), refutes: z.array(z.int()) })).meta({ description: 'Claims on which sources contradict each other, with the positions of the entries in their evidence.' }),
  sections: z.array(ReportSection).default([]).meta({ description: 'One for each question.' }),
  statements: z.array(Statement).default([]).meta({ description: 'What the pages say about the questions.' }),
  findings: z.array(Finding).default([]).meta({ description: 'The quotes behind statements and sentences. Every entry was compared with its stored page when the report was made.' }),
  copies: z.array(z.array(z.string())).meta({ description: 'Addresses of pages with the same text, which count as one source.' }),
  injections: z.array(z.strictObject({ captureId: z.string(), url: z.string(), spans: z.array(Span) })).meta({ description: 'Pages that try to instruct agents. Somnus did not follow these passages, and quoted nothing from them.' }),
  pages: z.strictObject({ read: z.int(), blocked: z.int(), quarantined: z.int(), failed: z.int(), stored: z.int().default(0).meta({ description: 'How many of the pages were stored before and not sent again by their servers.' }) }),
  earlierRuns: z.array(z.string()).default([]).meta({ description: 'Runs that were started earlier and read some of the same captures: what this run started from. Newest first, at most 20.' }),
  gaps: z.array(z.string()).meta({ description: 'What could not be found or read.' }),
  droppedSentences: z.int().default(0).meta({ description: 'How many sentences of the language model were left out because the quotes that they cite do not support them or do not exist.' }),
  unresolved: z.int().meta({ description: 'How many pieces of evidence were left out because their quotes are no longer in the stored pages.' }),
});
export type ResearchReport = z.infer<typeof ResearchReport>;
