// Reads a question or topic: what it is about, what it asks about that, and what kind of value answers it. By rules, for English. Pure.
import { names } from '../../memory/text/names.ts';
import { stem } from '../../memory/text/porter-stemmer.ts';
import { terms, words } from '../../memory/text/terms.ts';
import { sentencesOf } from '../passages.ts';
import { conceptOf } from './relations.ts';

export interface ParsedQuestion {
  text: string;
  /** Stems of the names in it; empty if it names nothing. */
  subject: ReadonlySet<string>;
  /** The concepts that it asks about; empty for a topic, which asks for everything about its subject. */
  says: ReadonlySet<string>;
  /** The kind of value that answers it, if it says so. */
  asks: 'date' | 'amount' | 'name' | 'yes or no' | undefined;
}

const asksDate = /^(?:since |until )?when\b|\b(?:what|which) (?:year|date|day)\b/i;
const asksAmount = /\bhow (?:many|much|high|tall|long|wide|deep|old|far|large|big|heavy|fast)\b|^what (?:is|was|are|were) the (?:height|length|width|depth|weight|size|area|population|number|price|cost|age|speed)\b/i;
const asksName = /^(?:by |for )?who(?:m|se)?\b|^where\b|^in (?:what|which) (?:town|city|country|place)\b/i;
const asksWhether = /^(?:is|are|was|were|do|does|did|has|have|had|can)\b/i;
const opening = /^(?:(?:what|when|where|who|whom|whose|which|why|how|since|until|many|much|in|by|for|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|tell|me|us|about|explain|describe|summarize|everything|known|know|we)\s+)+/i;
/** Words of a question that say nothing about its answer. */
const asking = new Set(['many', 'much', 'year', 'date', 'tell', 'known', 'know', 'everything', 'explain', 'describe', 'summarize', 'overview'].map(stem));

export function parseQuestion(text: string): ParsedQuestion {
  const rest = text.replace(opening, '');
  const subject = new Set(names(`x ${rest}`).flatMap((name) => words(name).map(stem)));
  const says = new Set(terms(text).filter((term) => !subject.has(term) && !asking.has(term)).map(conceptOf));
  const isQuestion = /\?\s*$/.test(text) || (opening.test(text) && rest !== text);
  const asks = asksDate.test(text) ? 'date' : asksAmount.test(text) ? 'amount' : asksName.test(text) ? 'name' : asksWhether.test(text) ? 'yes or no' : undefined;
  return { text, subject, says: isQuestion || subject.size === 0 ? says : new Set(), asks };
}

/** Each sentence of the texts is a question. */
export function questionsOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => sentencesOf(text).map(({ start, end }) => text.slice(start, end))))];
}
