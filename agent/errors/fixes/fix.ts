// A fix as data: what it does, why, the command, the risk, and how to verify that it worked. Schemas only: fill.ts fills in the placeholders.
import { z } from 'zod';

export const Placeholder = z.enum(['unit', 'package', 'module', 'distribution', 'program', 'path', 'executable', 'host', 'port', 'debianServer']);
export type Placeholder = z.infer<typeof Placeholder>;

/** Program and arguments, started without a shell. An argument may be a placeholder such as `{package}`. */
export const Command = z.array(z.string().min(1)).min(1);

/** A live check that confirms the cause before a fix is applied, and afterwards that the cause is gone. */
export const Probe = z.enum(['disk-full', 'network-down', 'unit-failed', 'package-server-down']);
export type Probe = z.infer<typeof Probe>;

export const HostFix = z.enum(['more-memory', 'larger-disk']);
export type HostFix = z.infer<typeof HostFix>;

export const Fix = z.object({
  id: z.string(),
  what: z.string(),
  why: z.string(),
  /** What a person has to do by hand has no command. */
  command: Command.optional(),
  /** What only the host can do. Such a fix has no command. */
  host: HostFix.optional(),
  risk: z.enum(['none', 'low', 'medium', 'high']),
  reversible: z.boolean(),
  needsRoot: z.boolean(),
  /** May be applied automatically in the mode `act`. */
  automatic: z.boolean(),
  probe: Probe.optional(),
  /** What the probe checks, if it is not the last argument of the command. */
  probeArguments: Command.optional(),
  /** Succeeds (exit code 0) where the fix can help. */
  precheck: Command.optional(),
  /** Succeeds when the fix has worked. */
  verify: Command.optional(),
  /** Reverts the command. Runs when the fix does not work. */
  undo: Command.optional(),
});
export type Fix = z.infer<typeof Fix>;
