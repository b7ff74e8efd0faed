// A routing rule: what it looks for in a command, its hints, its past and the VM's load, and what it then says. Data, also in users' own files.
import { z } from 'zod';

/** Where an action can run. */
export const actionContexts = ['vm', 'container', 'multi-agent', 'hybrid'] as const;
export const ActionContext = z.enum(actionContexts);
export type ActionContext = z.infer<typeof ActionContext>;

/** What kind of work it is. */
export const ActionClass = z.enum(['build', 'research', 'analysis', 'data', 'container', 'collaboration', 'system']);
export type ActionClass = z.infer<typeof ActionClass>;

/** What the rules conclude about a command, from which others choose the context. */
export const Trait = z.enum(['stateful', 'heavy', 'untrusted', 'throw-away', 'container-tool', 'several-agents', 'staged', 'gpu', 'files-in-and-out', 'long', 'short', 'failed-in-vm', 'out-of-memory', 'vm-busy']);
export type Trait = z.infer<typeof Trait>;

const Pattern = z.string().min(1).max(500).refine(isPattern, 'must be a regular expression');

export const Rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes').meta({ description: 'Unique. A rule of yours with the id of a built-in one replaces it.' }),
  why: z.string().min(1).max(200).meta({ description: 'What is shown when it matches.' }),
  programs: z.array(z.string()).min(1).optional().meta({ description: 'Names of programs, without a folder; an empty one stands for a program that is run by its path. Without any, all programs.' }),
  arguments: Pattern.optional().meta({ description: "A regular expression for that program's arguments, joined by spaces." }),
  script: Pattern.optional().meta({ description: 'A regular expression for the name of the script that the program runs, or for the path of the program itself.' }),
  traits: z.array(Trait).min(1).optional().meta({ description: 'Traits that the command must have, all of them.' }),
  unless: z.array(Trait).min(1).optional().meta({ description: 'Traits that it must not have.' }),
  class: ActionClass.optional().meta({ description: 'The class of work.' }),
  weight: z.number().min(0).max(100).default(10).meta({ description: 'Of several classes in one command line, the one with the greatest weight counts.' }),
  gives: z.array(Trait).default([]).meta({ description: 'Traits that it adds.' }),
  scores: z.partialRecord(ActionContext, z.number().min(-1000).max(1000)).default({}).meta({ description: "Points for contexts; the one with the most wins. A VM starts with 50." }),
});
export type Rule = z.infer<typeof Rule>;
/** As it is written down: what has a default may be missing. */
export type RuleInput = z.input<typeof Rule>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}
