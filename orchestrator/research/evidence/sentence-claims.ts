// Turns a sentence that answers a question into claims, so that the rules of stance can tell which other sentences agree with it and which contradict it. Pure.
import { names } from '../../memory/text/names.ts';
import { stem } from '../../memory/text/porter-stemmer.ts';
import { words } from '../../memory/text/terms.ts';
import { quantitiesIn } from './quantities.ts';
import type { ParsedQuestion } from './questions.ts';
import { areOpposite, conceptOf } from './relations.ts';
import { isDenial, isPresent, isRounded, type ParsedClaim } from './stance.ts';

interface Place { start: number; end: number }
interface Word extends Place { stem: string; concept: string }

/** For a question, at most one claim: the value that answers it. For a topic, one for each relation of the sentence that has a value. None for denials and guesses, which can contradict others only. */
export function claimsOfSentence(sentence: string, { subject, says, asks }: ParsedQuestion): ParsedClaim[] {
  const all = quantitiesIn(sentence);
  const anchors = wordsOf(sentence).filter(({ stem: own, concept, start }) => !subject.has(own) && (says.size > 0 ? says.has(concept) || [...says].some((asked) => areOpposite(asked.replace(/^=/, ''), own)) : concept.startsWith('=') || isCounted(start, all)));
  const claimOf = (about: readonly Word[], quantities: ParsedClaim['quantities'], otherNames: ParsedClaim['otherNames']): ParsedClaim => ({
    text: sentence, subject, otherNames, quantities, says: new Set(about.map(({ concept }) => concept)), saysStems: new Set(about.map((word) => word.stem)), negated: false, rounded: isRounded(sentence), canChange: isPresent(sentence),
  });
  const years = all.filter(({ kind }) => kind === 'year');
  const values = asks === 'date' ? (years.length > 0 ? years : all.filter(({ kind }) => kind === 'date')) : asks === 'amount' ? all.filter(({ kind }) => !['year', 'date', 'ordinal'].includes(kind)) : asks === 'name' ? [] : all.filter(({ kind }) => kind !== 'ordinal' && kind !== 'date');
  const foreign = asks === 'date' || asks === 'amount' ? [] : foreignNames(sentence, subject);
  const claims = says.size === 0
    ? [...Map.groupBy(anchors, ({ concept }) => concept).values()].flatMap((about) => {
      const others = anchors.filter((one) => !about.includes(one));
      const [own] = byDistance(values.filter((value) => isNearest(value, about, others)), about);
      const near = foreign.filter((name) => isNearest(name, about, others));
      return own !== undefined ? [claimOf(about, [own], [])] : near.length > 0 ? [claimOf(about, [], near.map((name) => name.stems))] : [];
    })
    : asks === undefined ? [claimOf(anchors, [], [])] : asks === 'name' ? [claimOf(anchors, [], foreign.map((name) => name.stems))] : [claimOf(anchors, byDistance(values, anchors).slice(0, 1), [])];
  return claims.filter((claim) => (claim.says.size > 0 || claim.quantities.length + claim.otherNames.length > 0) && !isDenial(claim, sentence));
}

/** Whether the word at this place is what a number counts: "rooms" in "38 rooms". */
function isCounted(start: number, quantities: ParsedClaim['quantities']): boolean {
  return quantities.some(({ kind, end }) => kind === 'count' && start === end + 1);
}

function wordsOf(sentence: string): Word[] {
  return [...sentence.matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: text, index }) => {
    const own = stem(text.toLowerCase());
    return { stem: own, concept: conceptOf(own), start: index, end: index + text.length };
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
