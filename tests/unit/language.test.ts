// Holds what a person reads to docs/terms.md: one word for one thing, and American spelling.
import { expect, test } from 'vitest';
import { visibleStrings } from '../support/visible-strings.ts';

/** Words that docs/terms.md replaces, with the term to use. */
const replaced: readonly [RegExp, string][] = [
  [/\bways? out\b/i, 'available action'],
  [/\b(?:stand|stands|standing|stood) still\b/i, 'suspended'],
  [/\b(?:go|goes|going|went) on\b/i, 'continue, resume'],
  [/\b(?:set|sets|setting) aside\b/i, 'quarantine'],
  [/\b(?:put|puts|putting) back\b/i, 'restore'],
  [/\bghosts?\b/i, 'stale record'],
  [/\bhindrances?\b/i, 'blocked reason'],
  [/\berrands?\b/i, 'control command'],
  [/\bcrystals?\b/i, 'summary'],
  [/\b(?:tidy|tidies|tidied|tidying)\b/i, 'consolidate'],
  [/\bopeners?\b/i, 'credential'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\b(?:heals?|healed|healing)\b/i, 'restart automatically'],
  [/\b(?:takes?|taken|taking|took) away\b/i, 'remove'],
  [/\b(?:somebody|nobody|whoever)\b/i, 'name who does it'],
  [/\bfor ever\b/i, 'forever'],
  [/\bruns on(?:$|[.,;:)]| (?:when|without|after)\b)/i, 'keep running'],
  [/\b(?:does|do) not (?:answer|run) since\b/i, 'has not … since'],
  [/\b(?:an? (?:\w+ ){1,3}|(?:it|this|that|which) )(?:is|was) no (?:error|file|document|entry|file system)\b/i, 'is not a'],
  [/\b\w*(?:recogn|initial|summar|organ|normal|serial|synchron|author|optim|minim|final)is(?:e|es|ed|ing|ation|er)\b/i, 'American spelling: -ize'],
  [/\b(?:analys(?:ed|ing)|labell(?:ed|ing)|modell(?:ed|ing))\b/i, 'American spelling'],
  [/\b(?:behaviour|colour|favour|honour|neighbour|licence|catalogue|grey)(?:s|ed|ing)?\b/i, 'American spelling'],
];

/** Where such a word is not ours to choose. */
const exceptions: readonly [file: RegExp, text: RegExp][] = [
  [/^docs\/terms\.md$/, /./],
  [/^tests\/unit\/language\.test\.ts$/, /./],
  [/^orchestrator\/memory\/memory\.ts$/, /crystal/], // the name in data of 0.1.0
  [/^orchestrator\/actions\/routing\/rules\/programs\.ts$/, /^(?:crystal|tidy|clang-tidy)$/], // programs
  [/iproute2-devices\.ts$|network\.test\.ts$|isolation\.test\.ts$/, /^neighbour\b/], // a command of ip
];

test('No text uses a word that docs/terms.md replaces', async () => {
  const texts = await visibleStrings();
  expect(texts.length).toBeGreaterThan(10_000);
  const found = texts.flatMap(({ file, line, text }) => replaced
    .filter(([word]) => word.test(text) && !exceptions.some(([where, what]) => where.test(file) && what.test(text)))
    .map(([word, term]) => `${file}:${line}: "${word.exec(text)?.[0]}" → ${term}: ${text.slice(0, 120)}`));
  expect(found).toEqual([]);
});
