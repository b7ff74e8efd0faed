// Parts of a request to run an action (hints, requested context), and the decision about it.
import { z } from 'zod';
import { ActionClass, ActionContext, Trait } from './rule.ts';

export const ActionHints = z.strictObject({
  language: z.string().min(1).max(40).optional().meta({ description: 'Programming language of a program that is run by its path, such as python or sql.' }),
  gpu: z.boolean().optional().meta({ description: 'Whether the command needs a GPU.' }),
  heavy: z.boolean().optional().meta({ description: 'Whether the command needs a lot of CPU time or memory. Overrides the rules.' }),
  untrusted: z.boolean().optional().meta({ description: 'Whether the command is not trusted. Overrides the rules.' }),
  filesIn: z.array(z.string().min(1).max(4096)).max(100).optional().meta({ description: 'Files and folders in the VM that the command reads.' }),
  filesOut: z.array(z.string().min(1).max(4096)).max(100).optional().meta({ description: 'Files and folders that must be in the VM afterwards.' }),
  deadlineMs: z.int().positive().max(2_147_483_647).optional().meta({ description: 'Time within which the result is needed, in milliseconds.' }),
  agents: z.int().min(1).max(100).optional().meta({ description: 'The number of agents that share the work.' }),
});
export type ActionHints = z.infer<typeof ActionHints>;

export const RequestedContext = z.enum(['auto', ...ActionContext.options]);
export type RequestedContext = z.infer<typeof RequestedContext>;

/**
 * What a caller must know before running the action. `untrusted-in-vm`: the command is not trusted, but would run in the VM; it runs there only when the
 * caller asks for the VM or says that the command is trusted. `best-context-unavailable`: another context would fit better, but is not available on this host. `not-fully-read`: a
 * part of the command line was not understood.
 */
export const Caution = z.enum(['untrusted-in-vm', 'best-context-unavailable', 'not-fully-read']);
export type Caution = z.infer<typeof Caution>;

export const Decision = z.strictObject({
  context: ActionContext.meta({ description: 'Where the command runs.' }),
  class: ActionClass.meta({ description: 'The kind of work.' }),
  reason: z.string(),
  programs: z.array(z.string()).meta({ description: 'The programs that the command line starts, as far as it shows them.' }),
  traits: z.array(Trait).meta({ description: 'What the rules concluded about the command.' }),
  matched: z.array(z.strictObject({
    rule: z.string(), why: z.string(), program: z.string().nullable().meta({ description: 'The program that the rule matched; null for a rule about the whole command.' }),
    scores: z.partialRecord(ActionContext, z.number()),
  })),
  alternatives: z.array(z.strictObject({ context: ActionContext, score: z.number(), unavailable: z.string().nullable().meta({ description: 'Why this context is not available on this host; null if it is.' }) }))
    .meta({ description: 'All contexts, best first.' }),
  cautions: z.array(Caution).meta({ description: 'What the caller must know; see docs/actions.md.' }),
});
export type Decision = z.infer<typeof Decision>;
