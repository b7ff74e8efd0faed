// All built-in rules.
import { Rule } from '../rule.ts';
import { contextRules } from './contexts.ts';
import { programRules } from './programs.ts';
import { workRules } from './work.ts';

export const builtInRules: readonly Rule[] = [...programRules, ...workRules, ...contextRules].map((rule) => Rule.parse(rule));
