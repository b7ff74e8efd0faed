// Joins findings that say the same into statements, and finds the statements that contradict each other. Pure.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { stem } from '../../memory/text/porter-stemmer.ts';
import type { Finding } from './evidence.ts';
import { yearOf } from './page-sentences.ts';
import { parseQuestion } from './questions.ts';
import { claimsOfSentence, type SentenceClaims } from './sentence-claims.ts';
import { parseSentence, stanceOf, type ParsedSentence, type Stance } from './stance.ts';

export const Statement = z.strictObject({
  question: z.int().min(0),
  findings: z.array(z.int()).min(1).meta({ description: 'Ids of the findings that say it, best first.' }),
  sources: z.int().meta({ description: 'How many independent sources say it.' }),
  contradicts: z.array(z.int()).meta({ description: 'Positions of the statements that say otherwise.' }),
  outdated: z.boolean().meta({ description: 'Whether it is about something that changes, and a statement that is at least a year newer contradicts it.' }),
  aspect: z.string().nullable().meta({ description: 'What it is about, in a word of the sentence; only for topics.' }),
});
export type Statement = z.infer<typeof Statement>;

interface Known extends SentenceClaims { finding: Finding; sentence: ParsedSentence }

const OUTDATED_YEARS = 1;

/** In the order of questions; within each, those of most sources first. Yields to other work. */
export async function statementsOf(questions: readonly string[], findings: readonly Finding[]): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const [question, text] of questions.entries()) {
    const asked = parseQuestion(text);
    const groups: Known[][] = [];
    for (const finding of findings.filter((one) => one.question === question)) {
      await nextTurn();
      const known: Known = { finding, ...claimsOfSentence(finding.quote, asked), sentence: parseSentence(finding.quote, `${finding.title ?? ''} ${text}`) };
      const same = groups.find((group) => isSame(group, known));
      if (same === undefined) groups.push([known]);
      else same.push(known);
    }
    const ordered = groups.map((group) => ({ group, sources: new Set(group.map(({ finding }) => finding.source)).size })).toSorted((a, b) => b.sources - a.sources);
    const first = statements.length;
    const aspects = new Map<string, string | null>(); // the word for each concept, from the statement of most sources
    for (const [at, { group, sources }] of ordered.entries()) {
      await nextTurn();
      const contradicting = ordered.flatMap((other, place) => (place !== at && contradict(group, other.group) ? [place] : []));
      const outdated = group.some(({ claims }) => claims.some(({ canChange }) => canChange)) && contradicting.some((place) => isNewer(ordered[place]!.group, group));
      statements.push({ question, findings: group.map(({ finding }) => finding.id), sources, contradicts: contradicting.map((place) => first + place), outdated, aspect: asked.says.size === 0 ? aspectOf(group, aspects) : null });
    }
  }
  return statements;
}

function isSame(group: readonly Known[], known: Known): boolean {
  const [head] = group;
  if (head === undefined) return false;
  if (head.finding.quote === known.finding.quote) return true;
  return !contradict(group, [known]) && group.some((one) => stances(one, known).includes('supports') || stances(known, one).includes('supports'));
}

function contradict(a: readonly Known[], b: readonly Known[]): boolean {
  return a.some((one) => b.some((other) => {
    const both = [...stances(one, other), ...stances(other, one)];
    return both.includes('refutes') && !both.includes('supports');
  }));
}

/** What one sentence says about the claims of another. */
function stances({ claims }: Known, { sentence, about }: Known): Stance[] {
  return claims.filter(({ says }) => about === undefined || [...says].some((concept) => about.has(concept))).flatMap((claim) => stanceOf(claim, sentence)?.stance ?? []);
}

/** By at least a year; false if one of them has no date. */
function isNewer(group: readonly Known[], other: readonly Known[]): boolean {
  const [own, others] = [group, other].map((each) => each.flatMap(({ finding: { stated } }) => (stated === null ? [] : [yearOf(stated)])));
  return own!.length > 0 && others!.length > 0 && Math.max(...own!) - Math.max(...others!) >= OUTDATED_YEARS;
}

/** A word for what its first sentence says about the subject. */
function aspectOf([head]: readonly Known[], words: Map<string, string | null>): string | null {
  const [claim] = head?.claims ?? [];
  const [concept] = claim?.says ?? [];
  if (head === undefined || claim === undefined || concept === undefined) return null;
  const known = words.get(concept) ?? head.finding.quote.match(/\p{L}+/gu)?.find((word) => claim.saysStems.has(stem(word.toLowerCase())))?.toLowerCase() ?? null;
  words.set(concept, known);
  return known;
}
