// A routing rule: the programs, arguments or traits that it matches, and the class, traits and points that it gives. Rules are data; users can add their own in files.
import { z } from 'zod';

/** Where an action can run. */
export const actionContexts = ['vm', 'container', 'multi-agent', 'hybrid'] as const;
export const ActionContext = z.enum(actionContexts);
export type ActionContext = z.infer<typeof ActionContext>;

/** Kinds of work. */
export const ActionClass = z.enum(['build', 'research', 'analysis', 'data', 'container', 'collaboration', 'system']);
export type ActionClass = z.infer<typeof ActionClass>;

/** What rules conclude about a command; other rules turn traits into points for contexts. */
export const Trait = z.enum(['stateful', 'heavy', 'untrusted', 'throw-away', 'container-tool', 'several-agents', 'staged', 'gpu', 'files-in-and-out', 'long', 'short', 'failed-in-vm', 'out-of-memory', 'vm-busy']);
export type Trait = z.infer<typeof Trait>;

const Pattern = z.string().min(1).max(500).refine(isPattern, 'must be a regular expression');

export const Rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lowercase letters, digits and dashes').meta({ description: 'Unique. Your rule replaces the built-in rule with the same id.' }),
  why: z.string().min(1).max(200).meta({ description: 'Reason that is shown when the rule matches.' }),
  programs: z.array(z.string()).min(1).optional().meta({ description: 'Names of programs, without folders. An empty name matches a program that is run by its path. Default: all programs.' }),
  arguments: Pattern.optional().meta({ description: "Regular expression for the program's arguments, joined by spaces." }),
  script: Pattern.optional().meta({ description: 'Regular expression for the script that the program runs, or for the path of the program itself.' }),
  traits: z.array(Trait).min(1).optional().meta({ description: 'Traits that the command must all have.' }),
  unless: z.array(Trait).min(1).optional().meta({ description: 'Traits that the command must not have.' }),
  class: ActionClass.optional().meta({ description: 'The class of work.' }),
  weight: z.number().min(0).max(100).default(10).meta({ description: 'If a command line has several classes, the one with the greatest weight is used.' }),
  gives: z.array(Trait).default([]).meta({ description: 'Traits that the rule adds.' }),
  scores: z.partialRecord(ActionContext, z.number().min(-1000).max(1000)).default({}).meta({ description: "Points for contexts; the context with the most points is chosen. A VM starts with 50." }),
});
export type Rule = z.infer<typeof Rule>;
/** A rule as written: fields with defaults may be missing. */
export type RuleInput = z.input<typeof Rule>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}
