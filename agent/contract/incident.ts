// What the agent reports about an incident: what failed, why, how often, and what can be done. Shared by the agent, its HTTP server and the host.
import { z } from 'zod';
import { Fix } from '../errors/fixes/fix.ts';
import { ErrorLabel, Evidence } from '../errors/verdict.ts';
import { Engine } from './engine.ts';
import { FixAttempt, FixMode } from './fixing.ts';

export const Incident = z.strictObject({
  id: z.string().max(32),
  /** The unit, program, file or command that the lines come from. */
  place: z.string().max(256),
  category: ErrorLabel,
  /** The message with its variable parts replaced. */
  template: z.string().max(512),
  /** The first entry in one line; for a stack trace, the error that caused it. Agents before contract 3 omit it. */
  message: z.string().max(300).optional(),
  /** The text of the first entry, with secrets redacted. */
  example: z.string().max(1024),
  engine: Engine,
  confidence: z.number().min(0).max(1),
  evidence: z.array(Evidence).max(8),
  count: z.int().min(1),
  ratePerMinute: z.number().min(0),
  /** Whether there were many more lines in the last minute than usual. */
  spiking: z.boolean(),
  firstAtMs: z.number(),
  lastAtMs: z.number(),
  /** The incident that caused this one. */
  rootId: z.string().max(32).nullable(),
  closedAtMs: z.number().nullable(),
  /** The line, or the fix, that closed the incident. */
  closedBy: z.string().max(512).nullable(),
  fixes: z.array(Fix).max(8),
  /** Fixes that were tried, oldest first. */
  attempts: z.array(FixAttempt).max(8),
});
export type Incident = z.infer<typeof Incident>;

/** A page of incidents, most recent first. */
export const IncidentPage = z.strictObject({ items: z.array(Incident).max(20), total: z.int(), nextOffset: z.int().nullable() });
export type IncidentPage = z.infer<typeof IncidentPage>;

/** Statistics about reading logs. */
export const IntelligentStats = z.strictObject({
  unixMs: z.number(),
  engine: Engine,
  /** The number of incidents that are not closed, and of all that are kept. */
  open: z.int(),
  total: z.int(),
  /** Errors that were only counted, because there were too many incidents. */
  uncollected: z.int(),
  linesRead: z.int(),
  /** Journal entries that were too long to read. */
  linesDropped: z.int(),
  filesFollowed: z.int(),
  filesSkipped: z.int(),
  /** What prevents the agent from reading logs or saving incidents, as text for people. */
  problems: z.array(z.string().max(256)).max(8),
  fixes: FixMode,
  /** The number of templates that were marked as not an error. */
  learned: z.int(),
});
export type IntelligentStats = z.infer<typeof IntelligentStats>;
