// Measures verdicts against labels, over all labels that occur.
import type { ErrorLabel } from '../../agent/errors/verdict.ts';

export interface Answer {
  label: ErrorLabel;
  /** Other labels that count as right in the lenient accuracy. */
  also: readonly ErrorLabel[];
  given: ErrorLabel;
  abstained: boolean;
}

export interface LabelScore { precision: number; recall: number; f1: number; n: number }

export interface Scores {
  n: number;
  macroF1: number;
  perLabel: Partial<Record<ErrorLabel, LabelScore>>;
  /** Share of NONE lines that were called an error. */
  falseAlarmRate: number;
  /** Share of errors that were called NONE. */
  missRate: number;
  abstainRate: number;
  accuracy: number;
  lenientAccuracy: number;
}

/** An abstention counts as NONE. */
export function scoresOf(answers: readonly Answer[], labels: readonly ErrorLabel[]): Scores {
  const final = answers.map((answer) => ({ ...answer, given: answer.abstained ? 'NONE' as const : answer.given }));
  const perLabel: Scores['perLabel'] = {};
  for (const label of labels) {
    const expected = final.filter((answer) => answer.label === label).length;
    const given = final.filter((answer) => answer.given === label).length;
    if (expected + given === 0) continue;
    const right = final.filter((answer) => answer.label === label && answer.given === label).length;
    perLabel[label] = { precision: rounded(right, given), recall: rounded(right, expected), f1: rounded(2 * right, expected + given), n: expected };
  }
  const f1s = Object.values(perLabel).map(({ f1 }) => f1);
  const none = final.filter(({ label }) => label === 'NONE');
  const errors = final.filter(({ label }) => label !== 'NONE');
  return {
    n: final.length,
    macroF1: rounded(f1s.reduce((sum, f1) => sum + f1, 0), f1s.length),
    perLabel,
    falseAlarmRate: rounded(none.filter(({ given }) => given !== 'NONE').length, none.length),
    missRate: rounded(errors.filter(({ given }) => given === 'NONE').length, errors.length),
    abstainRate: rounded(answers.filter(({ abstained }) => abstained).length, answers.length),
    accuracy: rounded(final.filter(({ label, given }) => label === given).length, final.length),
    lenientAccuracy: rounded(final.filter(({ label, also, given }) => label === given || also.includes(given)).length, final.length),
  };
}

function rounded(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round(10_000 * part / whole) / 10_000;
}
