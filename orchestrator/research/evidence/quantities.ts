// Reads the quantities of a sentence: years, dates, percentages, money and amounts with units, so that two sentences can be compared by value. Pure.

export interface Quantity {
  /** Quantities of one kind can be compared: `year`, `date`, `percent`, `ordinal`, a currency, a base unit, or the stem of what is counted; `count` if that is not known. */
  kind: string;
  value: number;
  /** Offsets in the sentence, with the unit. */
  start: number;
  end: number;
}

const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const monthPattern = months.map((month) => `${month.slice(0, 3)}(?:${month.slice(3)})?`).join('|');
const scales: Readonly<Record<string, number>> = { hundred: 100, thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12, m: 1e6, bn: 1e9, k: 1e3 };
const small = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen', 'twenty'];
const tens: Readonly<Record<string, number>> = { thirty: 30, forty: 40, fifty: 50, sixty: 60, seventy: 70, eighty: 80, ninety: 90 };
const numberWords = new Map([...small.map((word, value) => [word, value] as const), ...Object.entries(tens)]);
const units: readonly [pattern: RegExp, kind: string, factor: number][] = [
  [/^(?:kilomet(?:er|re)s?|km)\b/i, 'length', 1000], [/^(?:met(?:er|re)s?|m)\b/i, 'length', 1], [/^(?:centimet(?:er|re)s?|cm)\b/i, 'length', 0.01], [/^miles?\b/i, 'length', 1609.344], [/^(?:feet|foot|ft)\b/i, 'length', 0.3048],
  [/^(?:square kilomet(?:er|re)s|km²|km2|sq km)/i, 'area', 1e6], [/^(?:hectares?|ha)\b/i, 'area', 1e4], [/^(?:square met(?:er|re)s|m²|m2)/i, 'area', 1],
  [/^(?:kilograms?|kg)\b/i, 'mass', 1], [/^(?:metric )?(?:tonnes?|tons?|t)\b/i, 'mass', 1000], [/^(?:grams?|g)\b/i, 'mass', 0.001],
  [/^(?:degrees? celsius|°\s?c)/i, 'temperature', 1], [/^(?:megawatts?|mw)\b/i, 'power', 1e6], [/^(?:kilowatts?|kw)\b/i, 'power', 1e3],
  [/^(?:years?(?: old)?)\b/i, 'years', 1], [/^months?\b/i, 'months', 1], [/^weeks?\b/i, 'weeks', 1], [/^days?\b/i, 'days', 1], [/^(?:hours?)\b/i, 'hours', 1], [/^minutes?\b/i, 'minutes', 1],
  [/^(?:percent|per cent|%)/i, 'percent', 1], [/^(?:euros?|eur)\b/i, 'EUR', 1], [/^(?:(?:us )?dollars?|usd)\b/i, 'USD', 1], [/^(?:pounds?(?: sterling)?|gbp)\b/i, 'GBP', 1], [/^(?:crowns?|kronor|kroner)\b/i, 'crown', 1],
  [/^(?:people|persons|inhabitants|residents|citizens)\b/i, 'people', 1],
];
const currencies: Readonly<Record<string, string>> = { '€': 'EUR', '$': 'USD', '£': 'GBP', '¥': 'JPY' };
const numberPattern = new RegExp(`(?<![\\p{L}\\p{N}.,])(?:([€$£¥])\\s?)?((?:\\d{1,3}(?:[,\u00a0\u202f ]\\d{3})+|\\d+)(?:\\.\\d+)?|\\b(?:${[...numberWords.keys()].toReversed().join('|')})\\b)(st|nd|rd|th)?(?:[ -](${Object.keys(scales).join('|')})\\b)?`, 'giu');
const datePattern = new RegExp(`\\b(?:(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${monthPattern})\\.?|(${monthPattern})\\.? (\\d{1,2})(?:st|nd|rd|th)?)(?:,? (\\d{4}))?\\b|\\b(\\d{4})-(\\d\\d)-(\\d\\d)\\b`, 'giu');

/** In the order of the sentence. */
export function quantitiesIn(sentence: string): Quantity[] {
  const found: Quantity[] = [];
  const taken: [number, number][] = [];
  for (const match of sentence.matchAll(datePattern)) {
    const [text, day1, month1, month2, day2, year, isoYear, isoMonth, isoDay] = match;
    const month = isoMonth === undefined ? months.findIndex((name) => name.startsWith((month1 ?? month2 ?? '').toLowerCase().slice(0, 3))) + 1 : Number(isoMonth);
    const span = { start: match.index, end: match.index + text.length };
    taken.push([span.start, span.end]);
    found.push({ kind: 'date', value: month * 100 + Number(isoDay ?? day1 ?? day2), ...span });
    const ofYear = isoYear ?? year;
    if (ofYear !== undefined) found.push({ kind: 'year', value: Number(ofYear), ...span });
  }
  for (const match of sentence.matchAll(numberPattern)) {
    const [text, currency, digits = '', ordinal, written] = match;
    const start = match.index;
    // "€5 m" means millions, "5 m" means meters.
    const scale = currency === undefined && written !== undefined && written.length === 1 ? undefined : written;
    const end = start + (scale === written ? text.length : text.length - (written?.length ?? 0) - 1);
    if (taken.some(([from, to]) => start < to && end > from)) continue;
    const plain = digits.replace(/[,\s\u00a0\u202f]/g, '');
    const value = (numberWords.get(digits.toLowerCase()) ?? Number(plain)) * (scale === undefined ? 1 : scales[scale.toLowerCase()] ?? 1);
    if (ordinal !== undefined) {
      found.push({ kind: 'ordinal', value, start, end });
      continue;
    }
    const gap = /^[\s-]*/.exec(sentence.slice(end))?.[0].length ?? 0;
    const rest = sentence.slice(end + gap);
    const unit = units.flatMap(([pattern, kind, factor]) => {
      const found = pattern.exec(rest);
      return found === null ? [] : [{ kind, factor, length: found[0].length }];
    })[0];
    if (currency !== undefined) found.push({ kind: currencies[currency] ?? currency, value, start, end });
    else if (unit !== undefined) found.push({ kind: unit.kind, value: value * unit.factor, start, end: unit.kind === 'people' ? end : end + gap + unit.length });
    else if (/^\d{4}$/.test(digits) && scale === undefined && value >= 1000 && value <= 2100) found.push({ kind: 'year', value, start, end });
    else if (digits.toLowerCase() !== 'one') found.push({ kind: 'count', value, start, end }); // "one of them" counts nothing
  }
  return found.toSorted((a, b) => a.start - b.start);
}

/** Whether two values of one kind are equal, or about equal if either is rounded. */
export function sameValue(kind: string, a: number, b: number, rounded: boolean): boolean {
  if (a === b) return true;
  if (['year', 'date', 'ordinal', 'count', 'years', 'days', 'weeks', 'months'].includes(kind) && !rounded) return false;
  return Math.abs(a - b) <= Math.max(Math.abs(a), Math.abs(b)) * (rounded ? 0.05 : 0.01);
}
