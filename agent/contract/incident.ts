// What the agent tells about an incident: what failed, why, how often, what can be done. Shared by the agent, its HTTP server and the host.
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
  /** The message without what varies in it. */
  template: z.string().max(512),
  /** The text of the first line, with secrets redacted. */
  example: z.string().max(1024),
  engine: Engine,
  confidence: z.number().min(0).max(1),
  evidence: z.array(Evidence).max(8),
  count: z.int().min(1),
  ratePerMinute: z.number().min(0),
  /** Many more in the last minute than in a usual one. */
  spiking: z.boolean(),
  firstAtMs: z.number(),
  lastAtMs: z.number(),
  /** The incident that this one follows from. */
  rootId: z.string().max(32).nullable(),
  closedAtMs: z.number().nullable(),
  /** The line that said so. */
  closedBy: z.string().max(512).nullable(),
  fixes: z.array(Fix).max(8),
  /** What was tried, oldest first. */
  attempts: z.array(FixAttempt).max(8),
});
export type Incident = z.infer<typeof Incident>;

/** A part of the incidents, the one with the newest line first. */
export const IncidentPage = z.strictObject({ items: z.array(Incident).max(20), total: z.int(), nextOffset: z.int().nullable() });
export type IncidentPage = z.infer<typeof IncidentPage>;

/** How the reading of logs goes. */
export const IntelligentStats = z.strictObject({
  unixMs: z.number(),
  engine: Engine,
  /** Incidents that no line has closed, and all that are kept. */
  open: z.int(),
  total: z.int(),
  /** Errors that a storm of new templates left without an incident. */
  uncollected: z.int(),
  linesRead: z.int(),
  /** Journal entries that were too long. */
  linesDropped: z.int(),
  filesFollowed: z.int(),
  filesSkipped: z.int(),
  /** What prevents the agent from reading or saving, for people. */
  problems: z.array(z.string().max(256)).max(8),
  fixes: FixMode,
  /** Templates that were marked as no error. */
  learned: z.int(),
});
export type IntelligentStats = z.infer<typeof IntelligentStats>;
