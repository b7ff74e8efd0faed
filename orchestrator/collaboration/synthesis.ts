// Joins the answers of a collaboration's sub-tasks. Pure.
import { isDeepStrictEqual } from 'node:util';
import { SomnusError } from '../../common/errors.ts';

export interface NamedAnswer { name: string; answer: string }

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** All answers, each ending its line. */
export function mergeTexts(answers: readonly NamedAnswer[]): string {
  return answers.map(({ answer }) => (answer === '' || answer.endsWith('\n') ? answer : `${answer}\n`)).join('');
}

/** Concatenates lists and merges objects. @throws invalid_state when an answer is not JSON, or two differ in the same place */
export function mergeJson(answers: readonly NamedAnswer[]): string {
  const [first, ...others] = answers.map(({ name, answer }) => ({ name, value: parsed(name, answer) }));
  if (first === undefined) return 'null\n';
  return `${JSON.stringify(others.reduce((whole, { name, value }) => merged(whole, value, name, '$'), first.value), null, 2)}\n`;
}

function merged(a: Json, b: Json, name: string, path: string): Json {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (isObject(a) && isObject(b)) {
    const whole: { [key: string]: Json } = Object.assign(Object.create(null) as object, a);
    for (const [key, value] of Object.entries(b)) whole[key] = key in whole ? merged(whole[key] as Json, value, name, `${path}.${key}`) : value;
    return whole;
  }
  if (isDeepStrictEqual(a, b)) return a;
  throw new SomnusError('invalid_state', `The answer of ${name} contradicts an earlier one at ${path.slice(0, 200)}`, { hint: 'Use lists or different keys, or combine the answers with `reduce`.' });
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(name: string, answer: string): Json {
  try {
    return JSON.parse(answer) as Json;
  } catch (cause) {
    throw new SomnusError('invalid_state', `The answer of ${name} is not JSON`, { cause });
  }
}

/** The most frequent answer; of texts, the spaces around them do not count. @throws invalid_state on a tie, or when an answer is not JSON */
export function vote(answers: readonly NamedAnswer[], format: 'text' | 'json'): { winner: string; votes: Record<string, number> } {
  const votes = new Map<string, number>();
  for (const { name, answer } of answers) {
    const choice = format === 'json' ? JSON.stringify(sorted(parsed(name, answer))) : answer.trim();
    votes.set(choice, (votes.get(choice) ?? 0) + 1);
  }
  const ranked = [...votes].toSorted(([, a], [, b]) => b - a);
  const [first, second] = ranked;
  if (first === undefined) throw new SomnusError('invalid_state', 'There are no answers to vote with');
  if (second !== undefined && second[1] === first[1]) throw new SomnusError('invalid_state', `The vote is a tie: ${ranked.map(([choice, count]) => `${count} for ${JSON.stringify(choice.slice(0, 100))}`).join(', ').slice(0, 600)}`);
  return { winner: first[0], votes: Object.fromEntries(ranked) };
}

/** With the keys of objects in order, so that equal objects have equal texts. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
