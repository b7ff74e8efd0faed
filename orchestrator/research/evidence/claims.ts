// Splits the text to check into claims that can each be true or false on their own. Pure.
import { sentencesOf } from '../passages.ts';

const auxiliary = 'is|are|was|were|has|have|had';

/** Each sentence is a claim. "X was opened in 1932 and has 40 rooms" becomes two, both with the subject. */
export function claimsOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => sentencesOf(text).map(({ start, end }) => text.slice(start, end))).flatMap(split))];
}

function split(sentence: string): string[] {
  const match = new RegExp(`^(.{2,120}?) (${auxiliary}) (.+?),? and (?:(${auxiliary}) |(?=\\w+(?:ed|lt|nd|wn|en) (?:in|by|at|on|for|from|to|with)\\b))(.+)$`, 'i').exec(sentence);
  if (match === null) return [sentence];
  const [, subject = '', first = '', one = '', second, other = ''] = match;
  return [`${subject} ${first} ${one}.`, ...split(`${subject} ${second ?? first} ${other}`)];
}
