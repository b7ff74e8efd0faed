// A rule of the rules engine: data that says which words are evidence of which label, and how strong.
import type { ErrorLabel } from '../verdict.ts';

/**
 * certain: names the cause, and no other label fits. likely: names the cause in words that other software could use otherwise.
 * weak: says only that something failed.
 */
export type Strength = 'certain' | 'likely' | 'weak';

export interface Rule {
  id: string;
  label: ErrorLabel;
  strength: Strength;
  /** Matched against the text in lower case. */
  pattern: RegExp;
}

export const weights: Readonly<Record<Strength, number>> = { certain: 0.95, likely: 0.75, weak: 0.5 };

/** Builds the rules of one label. */
export function rulesOf(label: ErrorLabel, strength: Strength, patterns: Readonly<Record<string, RegExp>>): Rule[] {
  return Object.entries(patterns).map(([id, pattern]) => ({ id: `${label.toLowerCase()}/${id}`, label, strength, pattern }));
}
