// Which fixes the agent may apply, and what it has tried.
import { z } from 'zod';

/** off: fixes are only shown. suggest: fixes are applied on request. act: safe fixes are also applied automatically. */
export const FixMode = z.enum(['off', 'suggest', 'act']);
export type FixMode = z.infer<typeof FixMode>;

export const FixAttempt = z.strictObject({
  fixId: z.string().max(64),
  what: z.string().max(256),
  atMs: z.number(),
  /** Whether it was applied without a request. */
  automatic: z.boolean(),
  /**
   * fixed: it ran and was verified. applied: it ran, but cannot be verified. not-needed: a live check did not find the cause. not-possible:
   * its precheck failed. failed: its command failed. not-fixed: it ran, but the cause still exists.
   */
  outcome: z.enum(['fixed', 'applied', 'not-needed', 'not-possible', 'failed', 'not-fixed']),
  /** The last line of the output. */
  detail: z.string().max(256),
});
export type FixAttempt = z.infer<typeof FixAttempt>;
