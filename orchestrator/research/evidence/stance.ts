// Decides by rules whether a sentence supports or refutes a claim: whether both have the same subject and say the same kind of thing about it, and whether the values agree. Uses no model; a rule that is not sure decides nothing. Pure.
import { names } from '../../memory/text/names.ts';
import { stem } from '../../memory/text/porter-stemmer.ts';
import { terms, words } from '../../memory/text/terms.ts';
import { quantitiesIn, sameValue, type Quantity } from './quantities.ts';
import { areOpposite, conceptOf } from './relations.ts';

export type Stance = 'supports' | 'refutes';

export interface Judged {
  stance: Stance;
  /** The rule that decided, in words. */
  why: string;
}

/** A claim, parsed once. */
export interface ParsedClaim {
  text: string;
  /** Stems of the names that the claim begins with: what it is about. */
  subject: ReadonlySet<string>;
  /** Its other names, each as stems. */
  otherNames: readonly (readonly string[])[];
  /** The concepts of what it says about its subject, without names and quantities. */
  says: ReadonlySet<string>;
  saysStems: ReadonlySet<string>;
  quantities: readonly Quantity[];
  negated: boolean;
  rounded: boolean;
  /** Whether it is in the present tense, so that an older source may be outdated instead of wrong. */
  canChange: boolean;
  /** "The capital of Canada is Ottawa" for "Ottawa is the capital of Canada". */
  inverse?: ParsedClaim;
}

const negation = /\b(?:not(?! (?:only|just|merely)\b)(?![^.]*\buntil\b)|never|no longer|neither|cannot|no|refuse[sd]? to|fail(?:s|ed)? to|\w+n['’]t|contrary to|denie[sd]|denying|refute[sd]?|debunked|disproved)\b/i;
const doubt = /\b(?:(?:false|untrue|incorrect|wrong|mistaken|erroneous|baseless|invented|fabricated)(?:ly)?|myth|hoax|legend|rumou?r(?:s|ed)?|misconception|mistakenly|wrongly|error)\b/i;
/** Removes the month May, which is not a hedge. */
const withoutMay = (sentence: string): string => sentence.replace(/\bMay\b/g, '');
/** Words that deny that something is still so. */
const ended = /\b(?:resigned|stepped down|former|formerly|used to|ceased|no longer)\b/i;
const hedged = /\b(?:may|might|could|perhaps|possibly|reportedly|allegedly|supposedly|presumably|some say|it is said|if|whether|would|plans? to|planned to|is expected|was expected|should)\b|\?\s*$/i;
const rounding = /\b(?:about|around|approximately|nearly|almost|roughly|some|over|more than|close to|just under|circa|ca\.|~)\s*[€$£]?\d/i;
const present = /\b(?:is|are|has|have|lives?|costs?|employs|stands|lies|holds|contains|runs|produces|carries|weighs|serves|belongs|charges|works)\b/;
const past = /\b(?:was|were|had|did)\b/;
/** Matches sentences that refer to something that the sentence before, or the title, has named. */
const continues = /^(?:It|He|She|They|This|That|These|Its|His|Her|Their|The)\b/;

const knownVerb = /\b(?:is|are|was|were|has|have|had|does|did|will|can|costs?|employs?|built|bought|sold|wrote|won|lost|led|met|made|took|gave|held|kept|left|came|went|ran|stood|lay|stands|lies|sank|fell|rose|grew|began|became|drew|found|broke|fought|flew|spent)\b/;
/** Recognizes an unknown verb by its ending, after a word that can be a subject. */
const otherVerb = /(?<=\b[\p{L}\p{N}]{2,} )(?<!^(?:The|A|An|This|That|Its?|His|Her|Their) )[a-z]{2,}(?:s|ed)\b/u;
const inverted = /^(\p{Lu}[\p{L}\p{N}'’ -]*?) (is|was) (the [^,;]+?)\.?$/u;

export function parseClaim(text: string): ParsedClaim {
  const claim = parsePart(text);
  const [, name, verb, rest] = inverted.exec(text) ?? [];
  return name === undefined || rest === undefined || claim.quantities.length > 0 ? claim : { ...claim, inverse: parsePart(`${rest} ${verb} ${name}`) };
}

function parsePart(text: string): ParsedClaim {
  const all = quantitiesIn(text);
  const without = withoutSpans(text, all);
  const verbAt = (knownVerb.exec(without) ?? otherVerb.exec(without))?.index ?? text.length;
  const quantities = all.filter(({ start }) => start > verbAt); // "Python 3.0" is a name
  const subject = new Set(terms(text.slice(0, verbAt)));
  const tail = withoutSpans(text, quantities).slice(verbAt);
  const otherNames = names(`x ${tail}`).map((name) => words(name).map(stem).filter((word) => !subject.has(word))).filter((name) => name.length > 0);
  const inNames = new Set(otherNames.flat());
  const saysStems = new Set(terms(tail).filter((term) => !inNames.has(term) && !subject.has(term) && !/^\d/.test(term)));
  return { text, subject, otherNames, saysStems, says: new Set([...saysStems].map(conceptOf)), quantities, negated: negation.test(text), rounded: rounding.test(text), canChange: present.test(tail) && !past.test(tail) };
}

/** Whether a sentence denies, doubts or guesses what the claim says instead of stating it. */
export function isDenial(claim: ParsedClaim, sentence: string): boolean {
  const clauses = clausesOn(claim, sentence);
  return hedged.test(withoutMay(sentence)) || negation.test(clauses) || doubt.test(clauses) || (claim.canChange && ended.test(clauses));
}

export function isRounded(sentence: string): boolean {
  return rounding.test(sentence);
}

/** Whether a sentence is in the present tense, so that it can be outdated. */
export function isPresent(sentence: string): boolean {
  return present.test(sentence) && !past.test(sentence);
}

/** A sentence with what it may refer to, parsed once for all claims. */
export interface ParsedSentence {
  text: string;
  stems: ReadonlySet<string>;
  concepts: ReadonlySet<string>;
  /** Stems of the title of its page and of the sentences before. */
  context: ReadonlySet<string>;
  quantities: readonly Quantity[];
  /** Its names, each as stems. */
  names: readonly (readonly string[])[];
}

export function parseSentence(text: string, context: string): ParsedSentence {
  const stems = new Set(terms(text));
  return { text, stems, concepts: new Set([...stems].map(conceptOf)), context: new Set(terms(context)), quantities: quantitiesIn(text), names: names(text).map((name) => words(name).map(stem)) };
}

/** Undefined when the sentence says nothing for or against the claim. */
export function stanceOf(claim: ParsedClaim, sentence: ParsedSentence): Judged | undefined {
  return judged(claim, sentence) ?? (claim.inverse && judged(claim.inverse, sentence));
}

function judged(claim: ParsedClaim, parsed: ParsedSentence): Judged | undefined {
  const { text: sentence, quantities } = parsed;
  if (!isAbout(claim, parsed) || hedged.test(withoutMay(sentence))) return undefined;
  const covered = shareIn(claim.says, parsed.concepts);
  const clauses = clausesOn(claim, sentence);
  const flips = (negation.test(clauses) || doubt.test(clauses) || (claim.canChange && ended.test(clauses))) !== claim.negated;
  const found: Judged | undefined = claim.quantities.length > 0 ? byQuantity(claim, parsed, covered) : byNames(claim, parsed, covered) ?? byOpposite(claim, parsed, covered);
  if (found === undefined || !flips) return found;
  // "It was not opened in 1932" denies the claim's own value, and so does "not 1932 but 1935". A denial of another value decides nothing.
  return found.stance === 'supports' ? { stance: 'refutes', why: 'it denies the claim' } : sharesValue(claim, quantities) ? { stance: 'refutes', why: 'it denies the claim' } : claim.quantities.length === 0 && !doubt.test(clauses) ? { stance: 'supports', why: 'it denies the opposite' } : undefined;
}

/** The parts of a sentence that are about what the claim says. A denial in other parts is about something else. */
function clausesOn({ says, quantities, otherNames }: ParsedClaim, sentence: string): string {
  const parts = sentence.split(/[,;:]\s|\s[–—]\s|\b(?:which|who|whose|although|though|while|because)\b/).filter((clause) => {
    const stems = terms(clause);
    return says.size + otherNames.length + quantities.length === 0 || stems.some((one) => says.has(conceptOf(one)) || otherNames.some((name) => name.includes(one))) || quantitiesIn(clause).some(({ kind }) => quantities.some((own) => comparable(own.kind, kind)));
  });
  return parts.join(', ');
}

/** The subject is named in the sentence, or the sentence continues a text that names it. */
function isAbout({ subject }: ParsedClaim, { text, stems, context }: ParsedSentence): boolean {
  if (subject.size === 0) return false;
  if (shareIn(subject, stems) >= 0.99) return true;
  const named = [...subject].every((word) => stems.has(word) || context.has(word));
  return named && (continues.test(text) || shareIn(subject, stems) >= 0.3);
}

function byQuantity(claim: ParsedClaim, { text: sentence, stems, quantities, names: sentenceNames }: ParsedSentence, covered: number): Judged | undefined {
  if (covered < 0.5 || (claim.says.size > 1 && covered < 0.51)) return undefined;
  const rounded = claim.rounded || rounding.test(sentence);
  const years = claim.quantities.filter(({ kind }) => kind === 'year');
  const others = claim.quantities.filter(({ kind }) => kind !== 'year');
  const has = ({ kind, value }: Quantity): boolean => quantities.some((one) => comparable(one.kind, kind) && sameValue(kind, one.value, value, rounded));
  const isAsked = ({ kind }: Quantity): boolean => quantities.some((one) => comparable(one.kind, kind));
  // Besides another quantity, a year says when the claim is true: a sentence about another year is not about the claim.
  if (others.length > 0 && years.length > 0 && others.some(({ kind }) => kind !== 'date')) {
    if (quantities.some(({ kind }) => kind === 'year') && !years.some(has)) return undefined;
  }
  const decisive = others.some(({ kind }) => kind !== 'date') ? others.filter(({ kind }) => kind !== 'date') : claim.quantities;
  if (!decisive.every(isAsked)) return decisive.some((one) => one.kind === 'date') && years.some(isAsked) && !years.some(has) ? { stance: 'refutes', why: 'it gives another year' } : undefined;
  if (!claim.otherNames.every((name) => isNamed(name, stems, sentenceNames))) return undefined;
  if (decisive.every(has)) return { stance: 'supports', why: 'the same value' };
  const wrong = decisive.find((one) => !has(one));
  return { stance: 'refutes', why: `another value (${wrong?.kind ?? 'value'})` };
}

function byNames({ otherNames, subject }: ParsedClaim, { stems, context, names: sentenceNames }: ParsedSentence, covered: number): Judged | undefined {
  if (otherNames.length === 0 || covered < 0.5) return undefined;
  const missing = otherNames.filter((name) => !isNamed(name, stems, sentenceNames));
  if (missing.length === 0) return { stance: 'supports', why: 'the same name' };
  const known = new Set([...subject, ...otherNames.flat(), ...context]);
  const foreign = sentenceNames.filter((name) => name.some((word) => !known.has(word) && !/^\d/.test(word)));
  return missing.length === otherNames.length && foreign.length > 0 ? { stance: 'refutes', why: 'another name' } : undefined;
}

/** With all its words, or shortened to some of them: "Keller" for "Anna Keller", but not "Jonas Keller". */
function isNamed(name: readonly string[], stems: ReadonlySet<string>, sentenceNames: readonly (readonly string[])[]): boolean {
  return name.every((word) => stems.has(word)) || sentenceNames.some((short) => short.length > 0 && short.every((word) => name.includes(word)));
}

function byOpposite(claim: ParsedClaim, { stems, concepts, names: sentenceNames }: ParsedSentence, covered: number): Judged | undefined {
  if (!claim.otherNames.every((name) => isNamed(name, stems, sentenceNames))) return undefined;
  const says = [...claim.saysStems];
  const opposite = says.find((word) => !stems.has(word) && [...stems].some((other) => areOpposite(word, other)));
  const rest = says.filter((word) => word !== opposite).map(conceptOf);
  if (opposite !== undefined && (rest.length === 0 || rest.filter((word) => concepts.has(word)).length >= rest.length * 0.5)) return { stance: 'refutes', why: 'the opposite' };
  return covered >= 0.75 && claim.otherNames.length === 0 && opposite === undefined ? { stance: 'supports', why: 'the same statement' } : undefined;
}

function sharesValue({ quantities: own }: ParsedClaim, quantities: readonly Quantity[]): boolean {
  return own.some(({ kind, value }) => quantities.some((one) => comparable(one.kind, kind) && one.value === value));
}

/** A bare number is compared with any amount, but never with a year. */
function comparable(a: string, b: string): boolean {
  return a === b || (a === 'count' && b === 'people') || (a === 'people' && b === 'count');
}

function shareIn(wanted: ReadonlySet<string>, given: ReadonlySet<string>): number {
  if (wanted.size === 0) return 1;
  return [...wanted].filter((one) => given.has(one)).length / wanted.size;
}

/** The same text, with the spans replaced by spaces. */
function withoutSpans(text: string, spans: readonly { start: number; end: number }[]): string {
  return spans.reduce((left, { start, end }) => left.slice(0, start) + ' '.repeat(end - start) + left.slice(end), text);
}
