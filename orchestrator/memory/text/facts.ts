// Extracts facts that people state about themselves, by rules: name, work, home, preferences, dates, possessions, decisions. Prefers precision to
// completeness: the turn itself is kept and found anyway, but a wrong fact is injected everywhere.
import type { Relation } from '../memory.ts';

export interface FoundFact {
  relation: Relation;
  /** The fact as a sentence. */
  text: string;
  /** A newer fact with the same subject and predicate supersedes this one. */
  single: boolean;
  kind: 'identity' | 'preference' | 'work' | 'place' | 'date' | 'decision';
}

interface Rule {
  pattern: RegExp;
  predicate: string;
  kind: FoundFact['kind'];
  single: boolean;
  confidence: number;
  say: (subject: string, object: string, predicate: string) => string;
}

const STOPS = '[.,;!?\\n]| now| these days| and | but | because | so | since |$';
const END = `(?=${STOPS})`;
const KIN = 'sister|brother|wife|husband|partner|girlfriend|boyfriend|mother|mom|mum|father|dad|son|daughter|grandmother|grandma|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|best friend|boss|manager|colleague|neighbou?r|dog|cat|horse|parrot|kitten|puppy';
/** Must be capitalized, although the rest of the pattern ignores case. */
const NAMED = "(?-i:\\p{Lu})[\\p{L}'’-]+(?: (?-i:\\p{Lu})[\\p{L}'’-]+)?";
const rule = (pattern: string, predicate: string, kind: FoundFact['kind'], options: { single?: boolean; confidence?: number; say: Rule['say'] }): Rule => ({
  pattern: new RegExp(pattern, 'giu'), predicate, kind, single: options.single ?? false, confidence: options.confidence ?? 0.8, say: options.say,
});

const RULES: readonly Rule[] = [
  rule("\\bmy name(?:'s| is) (\\p{L}[\\p{L}'-]*(?: \\p{Lu}[\\p{L}'-]*)?)", 'name', 'identity', { single: true, confidence: 0.95, say: (s, o) => `${s}'s name is ${o}` }),
  rule('\\b(?:please )?call me (\\p{Lu}[\\p{L}-]*)', 'name', 'identity', { single: true, say: (s, o) => `${s} wants to be called ${o}` }),
  rule('\\b(?:i am|i\'m) (\\d{1,3}) years old', 'age', 'identity', { single: true, confidence: 0.95, say: (s, o) => `${s} is ${o} years old` }),
  rule(`\\bi (?:now )?work (?:at|for) ([^.,;!?\\n]{2,60}?)(?= as |${STOPS})`, 'works at', 'work', { single: true, say: (s, o) => `${s} works at ${o}` }),
  rule(`\\b(?:i work as|i'm working as|my job is|i'm employed as) (?:an? )?([^.,;!?\\n]{2,60}?)(?= at | for |${STOPS})`, 'works as', 'work', { single: true, say: (s, o) => `${s} works as ${o}` }),
  rule(`\\bi (?:got|started|accepted) (?:a|my) (?:new )?job (?:at|with|as) (?:an? )?([^.,;!?\\n]{2,60}?)${END}`, 'works at', 'work', { single: true, confidence: 0.7, say: (s, o) => `${s} works at ${o}` }),
  rule(`\\b(?:i|we) (?:now |currently )?live in ([^.,;!?\\n]{2,60}?)${END}`, 'lives in', 'place', { single: true, say: (s, o) => `${s} lives in ${o}` }),
  rule(`\\b(?:i|we) (?:just |recently )?moved to ([^.,;!?\\n]{2,60}?)(?= (?:last|in|this|two|three|a few|\\d)|${STOPS})`, 'lives in', 'place', { single: true, confidence: 0.75, say: (s, o) => `${s} lives in ${o}` }),
  rule(`\\bi(?: am|'m) (?:originally )?from ([^.,;!?\\n]{2,60}?)${END}`, 'is from', 'place', { single: true, say: (s, o) => `${s} is from ${o}` }),
  rule(`\\bmy birthday is (?:on )?([^.,;!?\\n]{3,40}?)${END}`, 'birthday', 'date', { single: true, confidence: 0.9, say: (s, o) => `${s}'s birthday is ${o}` }),
  rule(`\\bmy favou?rite (\\p{L}[\\p{L} ]{1,30} is [^.,;!?\\n]{2,60}?)${END}`, 'favourite', 'preference', { say: (s, o) => `${s}'s favourite ${o}` }),
  rule(`\\bi (?:really |much |absolutely )?(?:prefer|love|enjoy|like) ([^.,;!?\\n]{3,60}?)${END}`, 'likes', 'preference', { confidence: 0.6, say: (s, o) => `${s} likes ${o}` }),
  rule(`\\bi (?:really |absolutely )?(?:hate|dislike|can't stand|don't like) ([^.,;!?\\n]{3,60}?)${END}`, 'dislikes', 'preference', { confidence: 0.7, say: (s, o) => `${s} dislikes ${o}` }),
  rule(`\\bi(?: am|'m) allergic to ([^.,;!?\\n]{2,60}?)${END}`, 'is allergic to', 'identity', { confidence: 0.9, say: (s, o) => `${s} is allergic to ${o}` }),
  rule(`\\b(?:we|i)(?:'ve| have)? (?:decided|agreed) (?:to|on|that) ([^.;!?\\n]{4,120}?)(?=[.;!?\\n]|$)`, 'decided', 'decision', { say: (s, o) => `${s} decided: ${o}` }),
  rule(`\\bmy (?<predicate>${KIN})(?:'s name is|,? who is called|,? called|,? named| is called| is named| is|,)? (?<object>${NAMED})`, 'relative', 'identity', { say: (s, o, predicate) => `${s}'s ${predicate} is ${o}` }),
];

/** The kinds of facts. */
export const predicates: readonly string[] = [...new Set(RULES.map(({ predicate }) => predicate).filter((predicate) => predicate !== 'relative')), ...KIN.split('|').filter((word) => !word.includes('?'))];

/** A fact of a known kind, with the wording of the rules; undefined for other kinds. */
export function factOf(predicate: string, object: string, speaker: string, saidAt: string): FoundFact | undefined {
  const rule_ = RULES.find((one) => one.predicate === predicate) ?? (predicates.includes(predicate) ? RULES.find((one) => one.predicate === 'relative') : undefined);
  return rule_ && { kind: rule_.kind, single: rule_.single, text: rule_.say(speaker, object, predicate), relation: { subject: speaker, predicate, object, validFrom: saidAt, confidence: rule_.confidence } };
}

const ONE_VALUE = new Set(RULES.filter(({ single }) => single).map(({ predicate }) => predicate));

/** Whether a newer fact with this predicate supersedes an older one. */
export function hasOneValue(predicate: string): boolean {
  return ONE_VALUE.has(predicate);
}

/** Longer turns are rarely typed: they are pasted, and speak for someone else. */
const MAX_TYPED = 1200;

/** What a speaker says in their own words: without quotations, code, quoted replies and lines of a transcript. */
export function ownWords(text: string): string {
  const own = text.replace(/```[\s\S]*?(?:```|$)/g, '\n').replace(/`[^`\n]*`/g, ' ').replace(/^\s*(?:>|[|+-] |\d+[.)] ).*$/gm, '')
    .replace(/^\s*\p{Lu}[\p{L}\p{N}_.'-]*(?: \p{Lu}[\p{L}\p{N}_.'-]*){0,2}:\s.*$/gmu, '').replace(/[“"][^“”"]{0,2000}[”"]/g, ' ').replace(/(?<!\p{L})‘[^’\n]{0,500}’(?!\p{L})/gu, ' ');
  return own.length > MAX_TYPED ? '' : own;
}

const HYPOTHETICAL = new RegExp(`\\b(?:if|would|wouldn't|might|maybe|wish|used to|don't (?:really )?(?:work|live)|not sure)\\b[^.!?\\n]{0,40}$`, 'i');
const MAX_FACTS = 8;

/** Extracts facts from what a speaker says about themselves; pronouns for other people yield none. */
export function facts(text: string, speaker: string, saidAt: string): FoundFact[] {
  const found: FoundFact[] = [];
  for (const sentence of text.match(/[^.!?\n]+[.!?]*/g) ?? []) {
    if (/\?\s*$/.test(sentence)) continue;
    for (const { pattern, predicate: usual, kind, single, confidence, say } of RULES) {
      for (const match of sentence.matchAll(pattern)) {
        const object = (match.groups?.['object'] ?? match[1] ?? '').trim();
        const predicate = match.groups?.['predicate']?.toLowerCase() ?? usual;
        if (object === '' || /^(?:to|it|that|this|them|you|him|her|how|when|what|the idea|your)\b/i.test(object) || HYPOTHETICAL.test(sentence.slice(0, match.index))) continue;
        found.push({ kind, single, text: say(speaker, object, predicate), relation: { subject: speaker, predicate, object, validFrom: saidAt, confidence } });
      }
    }
  }
  return found.slice(0, MAX_FACTS);
}
