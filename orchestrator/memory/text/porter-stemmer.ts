// Porter's stemmer (M. F. Porter, "An algorithm for suffix stripping", 1980): "dancing", "danced" and "dances" become one term.

const VOWEL = '[aeiouy]';
const CONSONANT = '[^aeiou]';
const CONSONANTS = `${CONSONANT}[^aeiouy]*`;
const VOWELS = `${VOWEL}[aeiou]*`;
const MEASURE_OVER_0 = new RegExp(`^(?:${CONSONANTS})?${VOWELS}${CONSONANTS}`);
const MEASURE_IS_1 = new RegExp(`^(?:${CONSONANTS})?${VOWELS}${CONSONANTS}(?:${VOWELS})?$`);
const MEASURE_OVER_1 = new RegExp(`^(?:${CONSONANTS})?${VOWELS}${CONSONANTS}${VOWELS}${CONSONANTS}`);
const HAS_VOWEL = new RegExp(`^(?:${CONSONANTS})?${VOWEL}`);
const SHORT_SYLLABLE = new RegExp(`^${CONSONANTS}${VOWEL}[^aeiouwxy]$`);

const STEP_2: readonly (readonly [suffix: string, replacement: string])[] = [
  ['ational', 'ate'], ['tional', 'tion'], ['enci', 'ence'], ['anci', 'ance'], ['izer', 'ize'], ['bli', 'ble'], ['alli', 'al'], ['entli', 'ent'],
  ['eli', 'e'], ['ousli', 'ous'], ['ization', 'ize'], ['ation', 'ate'], ['ator', 'ate'], ['alism', 'al'], ['iveness', 'ive'], ['fulness', 'ful'],
  ['ousness', 'ous'], ['aliti', 'al'], ['iviti', 'ive'], ['biliti', 'ble'], ['logi', 'log'],
];
const STEP_3: readonly (readonly [suffix: string, replacement: string])[] = [
  ['icate', 'ic'], ['ative', ''], ['alize', 'al'], ['iciti', 'ic'], ['ical', 'ic'], ['ful', ''], ['ness', ''],
];
const STEP_4 = /^(.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/;

/** Returns the stem of a lower-case English word; returns words in other alphabets or with digits unchanged. */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  let w = word.startsWith('y') ? `Y${word.slice(1)}` : word;
  w = withoutPlural(w);
  w = withoutPastOrGerund(w);
  if (w.endsWith('y') && HAS_VOWEL.test(w.slice(0, -1))) w = `${w.slice(0, -1)}i`;
  w = replaceSuffix(w, STEP_2);
  w = replaceSuffix(w, STEP_3);
  w = withoutDerivation(w);
  if (w.endsWith('e')) {
    const base = w.slice(0, -1);
    if (MEASURE_OVER_1.test(base) || (MEASURE_IS_1.test(base) && !SHORT_SYLLABLE.test(base))) w = base;
  }
  if (w.endsWith('ll') && MEASURE_OVER_1.test(w)) w = w.slice(0, -1);
  return w.toLowerCase();
}

function withoutPlural(w: string): string {
  if (w.endsWith('sses') || w.endsWith('ies')) return w.slice(0, -2);
  return w.endsWith('s') && !w.endsWith('ss') ? w.slice(0, -1) : w;
}

function withoutPastOrGerund(w: string): string {
  if (w.endsWith('eed')) return MEASURE_OVER_0.test(w.slice(0, -3)) ? w.slice(0, -1) : w;
  const base = w.endsWith('ed') ? w.slice(0, -2) : w.endsWith('ing') ? w.slice(0, -3) : undefined;
  if (base === undefined || !HAS_VOWEL.test(base)) return w;
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`;
  if (/([^aeiouylsz])\1$/.test(base)) return base.slice(0, -1);
  return SHORT_SYLLABLE.test(base) ? `${base}e` : base;
}

function replaceSuffix(w: string, table: readonly (readonly [string, string])[]): string {
  const longest = table.filter(([suffix]) => w.endsWith(suffix)).toSorted(([a], [b]) => b.length - a.length)[0];
  if (longest === undefined) return w;
  const base = w.slice(0, -longest[0].length);
  return MEASURE_OVER_0.test(base) ? base + longest[1] : w;
}

function withoutDerivation(w: string): string {
  const base = STEP_4.exec(w)?.[1] ?? (/(?:s|t)ion$/.test(w) ? w.slice(0, -3) : undefined);
  return base !== undefined && MEASURE_OVER_1.test(base) ? base : w;
}
