// Which fixes the agent may apply, and what it has tried.
import { z } from 'zod';
import { fixOutcomes, MAX_ATTEMPT_TEXT, MAX_FIX_ID } from '../constants.ts';

export { MAX_ATTEMPT_TEXT } from '../constants.ts';

/** off: fixes are only shown. suggest: fixes are applied on request. act: safe fixes are also applied automatically. */
export const FixMode = z.enum(['off', 'suggest', 'act']);
export type FixMode = z.infer<typeof FixMode>;

export const FixAttempt = z.strictObject({
  fixId: z.string().max(MAX_FIX_ID),
  what: z.string().max(MAX_ATTEMPT_TEXT),
  atMs: z.number(),
  /** Whether it was applied without a request. */
  automatic: z.boolean(),
  /**
   * fixed: it ran and was verified. applied: it ran, but cannot be verified. not-needed: a live check did not find the cause. not-possible:
   * its precheck failed. failed: its command failed. not-fixed: it ran, but the cause still exists.
   */
  outcome: z.enum(fixOutcomes),
  /** The last line of the output. */
  detail: z.string().max(MAX_ATTEMPT_TEXT),
});
export type FixAttempt = z.infer<typeof FixAttempt>;
