// What the agent reports about the health of its VM: the watched processes, and one line that says what is wrong, why, and what to do.
import { z } from 'zod';
import { IntelligentStats } from './incident.ts';

/**
 * running: it is running. stopped: it is not running, and systemd does not consider that a failure. failed: it ended with an error, and systemd does not restart it.
 * backed-off: it was restarted too often; the agent starts it again at `retryAtMs`. given-up: several such pauses did not help, so it stays stopped.
 */
export const WatchedState = z.enum(['running', 'stopped', 'failed', 'backed-off', 'given-up']);
export type WatchedState = z.infer<typeof WatchedState>;

export const Watched = z.strictObject({
  /** The name of the unit, or the text that the command lines contain. */
  name: z.string().max(256),
  kind: z.enum(['unit', 'pattern']),
  state: WatchedState,
  processes: z.int().min(0),
  rssBytes: z.number(),
  cpuMs: z.number(),
  /** How often it has been restarted since the agent began to watch it. */
  restarts: z.int().min(0),
  sinceMs: z.number(),
  retryAtMs: z.number().nullable(),
  /** systemd's result for the last run, such as `exit-code` or `oom-kill`; null for success. */
  result: z.string().max(64).nullable(),
});
export type Watched = z.infer<typeof Watched>;

export const AgentHealth = z.strictObject({
  unixMs: z.number(),
  agentVersion: z.string().max(64),
  state: z.enum(['ok', 'attention']),
  /** One line that says what is wrong, why, and what to do. */
  summary: z.string().max(1024),
  watched: z.array(Watched).max(64),
  intelligence: IntelligentStats,
});
export type AgentHealth = z.infer<typeof AgentHealth>;

export const SoftReboot = z.strictObject({
  tookMs: z.number(),
  processes: z.array(z.strictObject({
    name: z.string().max(256),
    kind: z.enum(['unit', 'pattern']),
    /** ended: it stopped when asked. killed: it did not stop before the deadline. not-running: there was nothing to stop. */
    stopped: z.enum(['ended', 'killed', 'not-running']),
    /** Whether it is running again. */
    back: z.boolean(),
    tookMs: z.number(),
  })).max(64),
});
export type SoftReboot = z.infer<typeof SoftReboot>;
