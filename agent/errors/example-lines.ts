// The labeled example lines that the embedding engine compares with. Written for Somnus; grouped by the software that they imitate.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import data from './data/example-lines.json' with { type: 'json' };
import { ErrorLabel } from './verdict.ts';

export interface ExampleLine { family: string; label: ErrorLabel; text: string }

const Families = z.record(z.string(), z.partialRecord(ErrorLabel, z.array(z.string().min(1))));

/** All example lines, always in the same order. */
export function exampleLines(): ExampleLine[] {
  return Object.entries(Families.parse(data)).flatMap(([family, labels]) => Object.entries(labels).flatMap(([label, texts]) => (
    (texts ?? []).map((text) => ({ family, label: ErrorLabel.parse(label), text }))
  )));
}

/** Changes when a line, its label or its place changes. */
export function digestOf(lines: readonly ExampleLine[]): string {
  return createHash('sha256').update(JSON.stringify(lines.map(({ label, text }) => [label, text]))).digest('hex');
}
