// Turns a sentence that answers a question into claims, so that the rules of stance can tell which other sentences agree with it and which contradict it. Pure.
import { names } from '../../memory/text/names.ts';
import { stem } from '../../memory/text/porter-stemmer.ts';
import { terms, words } from '../../memory/text/terms.ts';
import { quantitiesIn } from './quantities.ts';
import type { ParsedQuestion } from './questions.ts';
import { areOpposite, conceptOf } from './relations.ts';
import { isDenial, isPresent, isRounded, type ParsedClaim } from './stance.ts';

export interface SentenceClaims {
  claims: ParsedClaim[];
  /** The relations that the sentence is about, also if it denies them; undefined if the question says what is asked. */
  about: ReadonlySet<string> | undefined;
}

interface Place { start: number; end: number }
interface Word extends Place { stem: string; concept: string; isCapital: boolean }

/**
 * The kinds of quantity that a thing has only one of for each relation, so that two different ones contradict each other. Keys are concepts of relations.ts.
 * Without a question that says what is asked, only these are compared: most sentences with another value say something else.
 */
const ofRelation = new Map<string, ReadonlySet<string>>([
  ...['open', 'build', 'found', 'invent', 'write', 'compose', 'discover', 'die', 'born', 'close', 'destroy', 'buy', 'begin', 'end'].map((word) => [conceptOf(stem(word)), new Set(['year'])] as const),
  ...['long', 'high', 'wide', 'deep'].map((word) => [conceptOf(stem(word)), new Set(['length'])] as const),
  ...['live', 'visit', 'employ'].map((word) => [conceptOf(stem(word)), new Set(['people', 'count'])] as const),
  [conceptOf('weigh'), new Set(['mass'])], [conceptOf('cost'), new Set(['EUR', 'USD', 'GBP', 'JPY', 'crown'])],
]);
/** Relations that a thing has to one name only. */
const toOneName = new Set(['design', 'invent', 'write', 'compose', 'found', 'discover', 'own', 'lead', 'located', 'marry'].map((word) => conceptOf(stem(word))));
/** How far a relation may be from the name of the subject. "The price of a ticket for the Amber Museum" has 22 characters between them. */
const NEAR_CHARACTERS = 40;
const countOf = /\b(?:has|have|had|contains?|contained|holds?|houses?|there (?:is|are|was|were))(?: \w+){0,2} ?$/i;

/**
 * For a question that asks for a value, or whether something is so, at most one claim. Otherwise one for each relation of the sentence that has a value which contradicts every other.
 * None for denials and guesses, which can contradict others only.
 */
export function claimsOfSentence(sentence: string, question: ParsedQuestion): SentenceClaims {
  const { subject, says, asks } = question;
  const claimOf = (about: readonly Word[], quantities: ParsedClaim['quantities'], otherNames: ParsedClaim['otherNames']): ParsedClaim => ({
    text: sentence, subject, otherNames, quantities, says: new Set(about.map(({ concept }) => concept)), saysStems: new Set(about.map((word) => word.stem)), negated: false, rounded: isRounded(sentence), canChange: isPresent(sentence),
  });
  const all = quantitiesIn(sentence);
  const others = wordsOf(sentence).filter((word) => !subject.has(word.stem));
  const claims = asks === undefined ? relationClaims(sentence, others, all, subject, claimOf) : ((): ParsedClaim[] => {
    const anchors = others.filter(({ stem: own, concept }) => says.has(concept) || [...says].some((asked) => areOpposite(asked.replace(/^=/, ''), own)));
    if (asks === 'yes or no') return [claimOf(anchors, [], [])];
    if (asks === 'name') return [claimOf(anchors, [], foreignNames(sentence, subject).map(({ stems }) => stems))];
    const years = all.filter(({ kind }) => kind === 'year');
    const values = asks === 'amount' ? all.filter(({ kind }) => !['year', 'date', 'ordinal'].includes(kind)) : years.length > 0 ? years : all.filter(({ kind }) => kind === 'date');
    return [claimOf(anchors, byDistance(values, anchors).slice(0, 1), [])];
  })();
  return { claims: claims.filter((claim) => (claim.says.size > 0 || claim.quantities.length + claim.otherNames.length > 0) && !isDenial(claim, sentence)), about: asks === undefined ? new Set(claims.flatMap((claim) => [...claim.says])) : undefined };
}

function relationClaims(sentence: string, words: readonly Word[], quantities: ParsedClaim['quantities'], subject: ReadonlySet<string>, claimOf: (about: readonly Word[], quantities: ParsedClaim['quantities'], names: ParsedClaim['otherNames']) => ParsedClaim): ParsedClaim[] {
  const foreign = foreignNames(sentence, subject);
  const places = subjectPlaces(sentence, subject);
  const isNear = (place: Place): boolean => distance(place, places) <= NEAR_CHARACTERS;
  const relations = words.filter((word) => word.concept.startsWith('=') && !word.isCapital && isNear(word));
  const counts = quantities.flatMap((quantity) => {
    const counted = words.find(({ start }) => quantity.kind === 'count' && start === quantity.end + 1 && countOf.test(sentence.slice(0, quantity.start)));
    return counted === undefined || !isNear(counted) ? [] : [claimOf([counted], [quantity], [])];
  });
  return [...counts, ...[...Map.groupBy(relations, ({ concept }) => concept)].flatMap(([concept, about]) => {
    const others = relations.filter((one) => one.concept !== concept);
    const [own] = byDistance(quantities.filter((value) => ofRelation.get(concept)?.has(value.kind) === true && isNearest(value, about, others.filter((one) => ofRelation.get(one.concept)?.has(value.kind) === true))), about);
    const near = toOneName.has(concept) ? foreign.filter((name) => isNearest(name, about, others.filter((one) => toOneName.has(one.concept)))) : [];
    return own !== undefined ? [claimOf(about, [own], [])] : near.length === 1 ? [claimOf(about, [], [near[0]!.stems])] : [];
  })];
}

/** Where a sentence names the subject, in full or shortened, but not as a part of a longer name such as "New York City" for "New York"; and a pronoun that it begins with. */
function subjectPlaces(sentence: string, subject: ReadonlySet<string>): Place[] {
  const named = [...sentence.matchAll(/\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*/gu)].flatMap(({ 0: run, index }) => {
    const stems = terms(run.replace(/['’]s\b/g, ''));
    return stems.length >= Math.max(1, subject.size / 2) && stems.every((one) => subject.has(one)) ? [{ start: index, end: index + run.length }] : [];
  });
  return /^(?:It|He|She|They|Its|His|Her|Their)\b/.test(sentence) ? [{ start: 0, end: 3 }, ...named] : named;
}

function wordsOf(sentence: string): Word[] {
  return [...sentence.matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: text, index }) => {
    const own = stem(text.toLowerCase());
    return { stem: own, concept: conceptOf(own), isCapital: index > 0 && /^\p{Lu}/u.test(text), start: index, end: index + text.length };
  });
}

function foreignNames(sentence: string, subject: ReadonlySet<string>): (Place & { stems: string[] })[] {
  return names(sentence).flatMap((name) => {
    const stems = words(name).map(stem).filter((word) => !subject.has(word) && !/^\d/.test(word));
    const start = sentence.indexOf(name);
    return stems.length === 0 || start < 0 ? [] : [{ stems, start, end: start + name.length }];
  });
}

function byDistance<T extends Place>(places: readonly T[], anchors: readonly Place[]): T[] {
  return places.toSorted((a, b) => distance(a, anchors) - distance(b, anchors));
}

function isNearest(place: Place, own: readonly Place[], others: readonly Place[]): boolean {
  return distance(place, own) <= distance(place, others);
}

function distance(place: Place, anchors: readonly Place[]): number {
  return Math.min(...anchors.map(({ start, end }) => Math.max(0, start - place.end, place.start - end)));
}
