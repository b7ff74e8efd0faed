// Converts text to the terms that the keyword retriever indexes and searches.
import { stem } from './porter-stemmer.ts';

/** Words that say nothing about a text's topic. Contractions lose their apostrophe first ("don't" becomes "dont"). */
const STOP_WORDS = new Set(`a about after all also am an and any are as at be because been before being both but by can could did do does doing
don dont each for from further had has have having he her here hers herself him himself his how i if im in into is isnt it its itself ive just
ll let lets me might more most my myself no nor not now of off on once only or other our ours ourselves out over own re s same she should so some
such t than that thats the their theirs them themselves then there these they this those through to too under until up us ve very was we were
what when where which while who whom why will with would you youre your yours yourself yourselves d m etc whats whos`.split(/\s+/));

/** Accents of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic, which are often left out. In other scripts, marks distinguish words. */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]/g;
/** Scripts without spaces between words: Unicode's segmentation finds the words by dictionary. A run of Katakana is usually one word. */
const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Lower-case words of any script, without accents; numbers stay whole. */
export function words(text: string): string[] {
  const plain = text.normalize('NFKD').replace(OPTIONAL_MARKS, '').normalize('NFC').toLowerCase().replace(/['’]/g, '');
  const spaced = plain.replace(WITHOUT_SPACES, (run) => ` ${Array.from(segmenter.segment(run), ({ segment }) => segment).join(' ')} `);
  return spaced.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
}

/** The stems of all words but stop words, in the order of the text, with repeats. */
export function terms(text: string): string[] {
  return words(text).filter((word) => !STOP_WORDS.has(word)).map(stem);
}
