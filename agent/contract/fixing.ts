// How far the agent may go in fixing what it finds, and what it has tried.
import { z } from 'zod';

/** off: fixes are shown but not applied. suggest: applied on request. act: safe ones also without a request. */
export const FixMode = z.enum(['off', 'suggest', 'act']);
export type FixMode = z.infer<typeof FixMode>;

export const FixAttempt = z.strictObject({
  fixId: z.string().max(64),
  what: z.string().max(256),
  atMs: z.number(),
  /** Applied without a request. */
  automatic: z.boolean(),
  /**
   * fixed: verified. applied: it ran, and there is no way to verify it. not-needed: a look at the system did not confirm the cause. not-possible: the
   * check before it failed. failed: its command did. not-fixed: it ran, and the cause is still there.
   */
  outcome: z.enum(['fixed', 'applied', 'not-needed', 'not-possible', 'failed', 'not-fixed']),
  /** The last line of output. */
  detail: z.string().max(256),
});
export type FixAttempt = z.infer<typeof FixAttempt>;
