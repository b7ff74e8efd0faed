// Finds names of people, places and things by English spelling: capitals where grammar requires none. Rules, no model.

const NOT_NAMES = new Set(`I I'm I've I'd I'll OK Okay Yes No Yeah Hey Hi Hello Thanks Thank Wow The A An And But So Oh Well It That This They We You He She My Our Your
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September October November December`.split(/\s+/));

const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*/gu;

/** Returns each name in the text once, without possessive endings. The first word of a sentence counts only as part of a longer name. */
export function names(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(NAME)) {
    const words = match[0].replace(/['’]s$/, '').split(/\s+/);
    if (startsSentence(text, match.index)) words.shift();
    while (words.length > 0 && NOT_NAMES.has(words[0]!)) words.shift();
    while (words.length > 0 && NOT_NAMES.has(words.at(-1)!)) words.pop();
    const name = words.join(' ');
    if (name.length > 1) found.add(name);
  }
  return [...found];
}

function startsSentence(text: string, index: number): boolean {
  return /(?:^|[.!?:\n"“(])\s*$/.test(text.slice(Math.max(0, index - 4), index));
}
