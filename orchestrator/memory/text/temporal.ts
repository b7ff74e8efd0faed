// Finds dates in a text ("yesterday", "last Tuesday", "in March", "8 May 2023") and resolves them against a reference time, in local time. Local times are in milliseconds, as if they were UTC;
// `Clock` converts them.

export interface TimeSpan {
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  grain: 'day' | 'week' | 'month' | 'year';
}

const DAY_MS = 86_400_000;

/** Converts between instants and the local time of a time zone. */
export class Clock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** @param timeZone an IANA name, such as Europe/Tallinn @throws RangeError for an unknown zone */
  constructor(timeZone: string) {
    if (timeZone !== 'UTC') this.#format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  }

  toLocal(instantMs: number): number {
    if (this.#format === undefined) return instantMs;
    const parts = Object.fromEntries(this.#format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'], parts['second']);
  }

  /** A local time that a clock change skips or repeats is off by at most that hour. */
  toInstant(localMs: number): number {
    const guess = localMs - (this.toLocal(localMs) - localMs);
    return guess + (localMs - this.toLocal(guess));
  }

  /** The local day, such as 2026-05-08. */
  dayOf(instantMs: number): string {
    return isoDay(this.toLocal(instantMs));
  }
}
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const NUMBERS: Record<string, number> = { a: 1, an: 1, one: 1, two: 2, couple: 2, three: 3, few: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10 };
const MONTH = `(${MONTHS.join('|')}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\\.?`;
const WEEKDAY = `(${WEEKDAYS.join('|')})`;
const NUMBER = `(\\d{1,3}|${Object.keys(NUMBERS).join('|')})`;

const TIME_WORDS = new RegExp(`\\b(?:yesterday|today|tonight|tomorrow|last|next|ago|weeks?|weekend|months?|years?|${WEEKDAYS.join('|')}|${MONTHS.join('|')}|recently|since|just|\\d{4})\\b`, 'i');

/** Whether a text mentions a time. */
export function mentionsTime(text: string): boolean {
  return TIME_WORDS.test(text);
}

type Resolve = (match: RegExpExecArray, nowMs: number) => TimeSpan | undefined;

const RULES: readonly (readonly [pattern: string, resolve: Resolve])[] = [
  ['\\b(\\d{4})-(\\d{2})-(\\d{2})\\b', (m) => dayOf(Number(m[1]), Number(m[2]) - 1, Number(m[3]))],
  [`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH},? (\\d{4})\\b`, (m) => dayOf(Number(m[3]), monthIndex(m[2]), Number(m[1]))],
  [`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})\\b`, (m) => dayOf(Number(m[3]), monthIndex(m[1]), Number(m[2]))],
  [`\\b${MONTH},? (?:of )?(\\d{4})\\b`, (m) => monthOf(Number(m[2]), monthIndex(m[1]))],
  [`\\b(?:on )?(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}(?! ?\\d)`, (m, now) => nearestDay(monthIndex(m[2]), Number(m[1]), now)],
  [`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?\\b(?! ?\\d)`, (m, now) => nearestDay(monthIndex(m[1]), Number(m[2]), now)],
  [`\\b(?:in|during|last|this|since|until|by) ${MONTH}\\b(?! ?\\d)`, (m, now) => lastMonthNamed(monthIndex(m[1]), now)],
  ['\\b(?:the )?day before yesterday\\b', (_m, now) => day(now - 2 * DAY_MS)],
  ['\\byesterday\\b|\\blast night\\b', (_m, now) => day(now - DAY_MS)],
  ['\\btoday\\b|\\btonight\\b|\\bthis (?:morning|afternoon|evening)\\b', (_m, now) => day(now)],
  ['\\btomorrow\\b', (_m, now) => day(now + DAY_MS)],
  [`\\b${NUMBER} (?:of )?days? ago\\b`, (m, now) => day(now - amount(m[1]) * DAY_MS)],
  [`\\b${NUMBER} (?:of )?weeks? ago\\b`, (m, now) => week(now - 7 * amount(m[1]) * DAY_MS)],
  [`\\b${NUMBER} (?:of )?months? ago\\b`, (m, now) => shiftedMonth(now, -amount(m[1]))],
  [`\\b${NUMBER} (?:of )?years? ago\\b`, (m, now) => year(new Date(now).getUTCFullYear() - amount(m[1]))],
  [`\\blast ${WEEKDAY}\\b`, (m, now) => weekdayBefore(WEEKDAYS.indexOf(m[1]!.toLowerCase()), now)],
  [`\\b(?:next|this|coming) ${WEEKDAY}\\b`, (m, now) => weekdayAfter(WEEKDAYS.indexOf(m[1]!.toLowerCase()), now)],
  [`\\bon ${WEEKDAY}\\b`, (m, now) => weekdayBefore(WEEKDAYS.indexOf(m[1]!.toLowerCase()), now)],
  ['\\blast weekend\\b', (_m, now) => span(weekdayBefore(6, now).fromMs, 2, 'day')],
  ['\\b(last|this|next) week\\b', (m, now) => week(now + 7 * relative(m[1]) * DAY_MS)],
  ['\\b(last|this|next) month\\b', (m, now) => shiftedMonth(now, relative(m[1]))],
  ['\\b(last|this|next) year\\b', (m, now) => year(new Date(now).getUTCFullYear() + relative(m[1]))],
  ['\\b(?:in|during|since) (\\d{4})\\b', (m) => year(Number(m[1]))],
];
const COMPILED = RULES.map(([pattern, resolve]) => ({ pattern: new RegExp(pattern, 'gi'), resolve }));

/** Returns the time spans that a text names, relative to when it was said, all in local time; each part of the text is used once, by the most specific rule. */
export function timeSpans(text: string, referenceMs: number): TimeSpan[] {
  if (!mentionsTime(text) && !/\d|\bmorning|evening|afternoon/i.test(text)) return [];
  let rest = text;
  const found: TimeSpan[] = [];
  for (const { pattern, resolve } of COMPILED) {
    for (const match of rest.matchAll(pattern)) {
      const resolved = resolve(match as RegExpExecArray, referenceMs);
      if (resolved !== undefined) found.push(resolved);
      rest = rest.slice(0, match.index) + '\0'.repeat(match[0].length) + rest.slice(match.index + match[0].length);
    }
  }
  return found;
}

/** Index terms of a span: the days of short spans, the months it touches, and its year, so that a question about a month finds its days. */
export function spanTerms(span_: TimeSpan): string[] {
  const terms = new Set<string>();
  if (span_.grain === 'day' || span_.grain === 'week') {
    for (let at = span_.fromMs; at < span_.toMs; at += DAY_MS) terms.add(`day:${isoDay(at)}`);
  }
  if (span_.grain !== 'year') for (let at = span_.fromMs; at < span_.toMs; at = monthOfMs(at).toMs) terms.add(`month:${isoDay(at).slice(0, 7)}`);
  terms.add(`year:${isoDay(span_.fromMs).slice(0, 4)}`);
  return [...terms];
}

/** Search terms of a span that a question names: only its finest terms. */
export function askedTerms(asked: TimeSpan): string[] {
  const prefix = asked.grain === 'year' ? 'year:' : asked.grain === 'month' ? 'month:' : 'day:';
  return spanTerms(asked).filter((term) => term.startsWith(prefix));
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}
function span(fromMs: number, days: number, grain: TimeSpan['grain']): TimeSpan {
  return { fromMs, toMs: fromMs + days * DAY_MS, grain };
}
function day(ms: number): TimeSpan {
  return span(startOfDay(ms), 1, 'day');
}
function week(ms: number): TimeSpan {
  const sinceMonday = (new Date(ms).getUTCDay() + 6) % 7;
  return span(startOfDay(ms) - sinceMonday * DAY_MS, 7, 'week');
}
function year(value: number): TimeSpan | undefined {
  return value < 1900 || value > 2200 ? undefined : { fromMs: Date.UTC(value, 0), toMs: Date.UTC(value + 1, 0), grain: 'year' };
}
function dayOf(yearValue: number, month: number, date: number): TimeSpan | undefined {
  const ms = Date.UTC(yearValue, month, date);
  return yearValue < 1900 || yearValue > 2200 || new Date(ms).getUTCDate() !== date ? undefined : day(ms);
}
function monthOf(yearValue: number, month: number): TimeSpan {
  return { fromMs: Date.UTC(yearValue, month), toMs: Date.UTC(yearValue, month + 1), grain: 'month' };
}
function monthOfMs(ms: number): TimeSpan {
  const date = new Date(ms);
  return monthOf(date.getUTCFullYear(), date.getUTCMonth());
}
function shiftedMonth(ms: number, by: number): TimeSpan {
  const date = new Date(ms);
  return monthOf(date.getUTCFullYear(), date.getUTCMonth() + by);
}
function nearestDay(month: number, date: number, nowMs: number): TimeSpan | undefined {
  const thisYear = new Date(nowMs).getUTCFullYear();
  return [thisYear - 1, thisYear, thisYear + 1].map((y) => dayOf(y, month, date)).filter((d) => d !== undefined)
    .toSorted((a, b) => Math.abs(a.fromMs - nowMs) - Math.abs(b.fromMs - nowMs))[0];
}
function lastMonthNamed(month: number, nowMs: number): TimeSpan {
  const now = new Date(nowMs);
  return monthOf(now.getUTCFullYear() - (month > now.getUTCMonth() ? 1 : 0), month);
}
function weekdayBefore(weekday: number, nowMs: number): TimeSpan {
  const back = (new Date(nowMs).getUTCDay() - weekday + 7) % 7 || 7;
  return day(nowMs - back * DAY_MS);
}
function weekdayAfter(weekday: number, nowMs: number): TimeSpan {
  const ahead = (weekday - new Date(nowMs).getUTCDay() + 7) % 7 || 7;
  return day(nowMs + ahead * DAY_MS);
}
function monthIndex(name: string | undefined): number {
  return MONTHS.findIndex((month) => month.startsWith((name ?? '').toLowerCase().slice(0, 3)));
}
function amount(text: string | undefined): number {
  return NUMBERS[(text ?? '').toLowerCase()] ?? Number(text);
}
function relative(word: string | undefined): number {
  return word?.toLowerCase() === 'last' ? -1 : word?.toLowerCase() === 'next' ? 1 : 0;
}
