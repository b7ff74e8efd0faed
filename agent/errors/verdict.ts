// The result of reading a log entry: its label, how sure the engine is, and why. Both engines return this.
import { z } from 'zod';
import { Engine } from '../contract/engine.ts';

/** Categories of errors, named after what fixes them, and NONE for entries that report no error. */
export const ErrorLabel = z.enum([
  'CUDA_ERROR', 'NETWORK_FAILURE', 'DEPENDENCY_MISSING', 'RUNTIME_ERROR', 'DISK_FULL', 'OUT_OF_MEMORY', 'PERMISSION_DENIED', 'AUTH_ERROR', 'CONFIG_ERROR', 'NONE',
]);
export type ErrorLabel = z.infer<typeof ErrorLabel>;

/** What speaks for a label: a rule that matched, or an example line that is close in meaning. */
export const Evidence = z.object({
  label: ErrorLabel,
  kind: z.enum(['rule', 'example']),
  /** The rule's id or the family of the example. */
  source: z.string(),
  /** The matched text, with secrets redacted, or the example's line. */
  text: z.string(),
  /** The rule's strength or the example's cosine similarity, from 0 to 1. */
  weight: z.number().min(0).max(1),
});
export type Evidence = z.infer<typeof Evidence>;

export const Verdict = z.object({
  engine: Engine,
  label: ErrorLabel,
  confidence: z.number().min(0).max(1),
  /** The engine is not sure: the label is its best guess and must not start any action. */
  abstained: z.boolean(),
  evidence: z.array(Evidence),
});
export type Verdict = z.infer<typeof Verdict>;
