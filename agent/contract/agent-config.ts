// The settings in the guest's /etc/somnus/agent.json. The agent checks it by hand (intelligence/check-config.ts), because it does not load zod.
import { z } from 'zod';
import { Engine } from './engine.ts';
import { FixMode } from './fixing.ts';

export const AgentConfig = z.strictObject({
  /** Whether the journal, and with it the kernel's log, is read for errors. */
  journal: z.boolean(),
  /** Log files that are read for errors: absolute paths, with `*`, `?` and `**`. */
  files: z.array(z.string().max(400).regex(/^\//)).max(64),
  /** systemd units that are watched: their state, resources and restarts. */
  units: z.array(z.string().regex(/^[A-Za-z0-9][\w@.:-]{0,120}\.service$/)).max(32),
  /** Texts; processes whose command line contains one of them are watched. */
  patterns: z.array(z.string().min(3).max(200)).max(32),
  /** Which fixes the agent may apply. */
  fixes: FixMode,
  /** How log lines are classified. `embedding` needs its model in the guest: `somnus upgrade-agent --engine embedding` copies it. */
  engine: Engine,
});
export type AgentConfig = z.infer<typeof AgentConfig>;
