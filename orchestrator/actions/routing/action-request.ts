// What a caller asks for: a command, where it may run, and what the caller knows about it. Also the decision that answers it.
import { z } from 'zod';
import { ActionClass, ActionContext, Trait } from './rule.ts';

export const ActionHints = z.strictObject({
  language: z.string().min(1).max(40).optional().meta({ description: 'The language of the work, such as python or sql, for commands that do not tell.' }),
  gpu: z.boolean().optional().meta({ description: 'Whether it needs a GPU.' }),
  heavy: z.boolean().optional().meta({ description: 'Whether it needs much CPU time or memory. Overrides what the rules conclude.' }),
  untrusted: z.boolean().optional().meta({ description: 'Whether its code is not trusted. Overrides what the rules conclude.' }),
  filesIn: z.array(z.string().min(1).max(4096)).max(100).optional().meta({ description: 'Files and folders of the VM that it reads.' }),
  filesOut: z.array(z.string().min(1).max(4096)).max(100).optional().meta({ description: 'Files and folders that are needed in the VM afterwards.' }),
  deadlineMs: z.int().positive().max(2_147_483_647).optional().meta({ description: 'When the result is needed, in milliseconds from now.' }),
  agents: z.int().min(1).max(100).optional().meta({ description: 'The number of agents that share the work.' }),
});
export type ActionHints = z.infer<typeof ActionHints>;

export const RequestedContext = z.enum(['auto', ...ActionContext.options]);
export type RequestedContext = z.infer<typeof RequestedContext>;

/**
 * What a caller must know before it runs the action. `untrusted-in-vm`: the command is not trusted, but would run in the VM; it runs there only when the
 * caller asks for the VM or says that the command is trusted. `best-context-unavailable`: another context would suit it better, but this host cannot run it. `not-fully-read`: a
 * part of the command line was not understood.
 */
export const Caution = z.enum(['untrusted-in-vm', 'best-context-unavailable', 'not-fully-read']);
export type Caution = z.infer<typeof Caution>;

export const Decision = z.strictObject({
  context: ActionContext.meta({ description: 'Where it runs.' }),
  class: ActionClass.meta({ description: 'What kind of work it is.' }),
  reason: z.string(),
  programs: z.array(z.string()).meta({ description: 'The programs that the command line starts, as far as they can be seen in it.' }),
  traits: z.array(Trait).meta({ description: 'What the rules concluded about it.' }),
  matched: z.array(z.strictObject({
    rule: z.string(), why: z.string(), program: z.string().nullable().meta({ description: 'The program it matched; null for a rule about the whole command.' }),
    scores: z.partialRecord(ActionContext, z.number()),
  })),
  alternatives: z.array(z.strictObject({ context: ActionContext, score: z.number(), unavailable: z.string().nullable().meta({ description: 'Why this host cannot run it there.' }) }))
    .meta({ description: 'All contexts, the best first.' }),
  cautions: z.array(Caution).meta({ description: 'What the caller must know: see the actions guide.' }),
});
export type Decision = z.infer<typeof Decision>;
