// Evidence: a sentence of a stored page that supports or refutes a claim, or says something about a question. Page, text and offsets can be checked against their hashes.
import { z } from 'zod';
import { Span } from '../capture.ts';

/** A quoted sentence with everything that is needed to find it again. */
export const Citation = z.strictObject({
  quote: z.string(),
  span: Span,
  captureId: z.string(),
  url: z.string(),
  title: z.string().nullable(),
  contentHash: z.string(),
  textHash: z.string(),
  fetchedAt: z.iso.datetime(),
  stated: z.string().nullable().meta({ description: 'The date of the statement: the one that its sentence gives, otherwise that of its page.' }),
  source: z.string().meta({ description: 'The host of the page, or of the first page with the same text or the same sentence. Each source counts once.' }),
});
export type Citation = z.infer<typeof Citation>;

export const Evidence = Citation.extend({
  claim: z.int().min(0).meta({ description: 'Which claim of the run, counted from 0.' }),
  stance: z.enum(['supports', 'refutes']),
  why: z.string().meta({ description: 'The rule that decided.' }),
  outdated: z.boolean().meta({ description: 'Whether the statement is about something that changes, and newer sources say otherwise.' }),
  weight: z.number().meta({ description: 'From 0 to 1: the product of `components`.' }),
  components: z.strictObject({
    dated: z.number(), signed: z.number().meta({ description: 'Whether the page names an author.' }), honest: z.number().meta({ description: 'Lower if the page tries to instruct agents.' }), current: z.number().meta({ description: 'Lower if the statement is outdated.' }),
  }),
});
export type Evidence = z.infer<typeof Evidence>;

export const Finding = Citation.extend({
  id: z.int().min(0).meta({ description: 'Its number in the ledger of the run.' }),
  question: z.int().min(0).meta({ description: 'Which question of the run, counted from 0.' }),
  score: z.number().meta({ description: 'How well the sentence fits the question; comparable within one run.' }),
});
export type Finding = z.infer<typeof Finding>;
