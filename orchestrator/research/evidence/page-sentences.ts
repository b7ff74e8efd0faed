// The sentences of a stored page that may be quoted: without instructions to agents, each with what it may refer to. Pure.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { terms } from '../../memory/text/terms.ts';
import type { Capture, Span } from '../capture.ts';
import { sentencesOf } from '../passages.ts';
import type { Citation } from './evidence.ts';
import { copyGroups } from './near-copies.ts';
import { parseSentence, type ParsedSentence } from './stance.ts';

export interface ReadPage { capture: Capture; text: string }

export interface PageSentence { quote: string; span: Span; parsed: ParsedSentence }

/** How many preceding sentences a sentence may refer to. */
const CONTEXT_SENTENCES = 2;
/** Identical sentences of at least this many words are copies, wherever they are. */
const COPIED_SENTENCE_WORDS = 12;
const LONGEST_SENTENCE = 1000;
const SENTENCES_AT_ONCE = 50;

/** In the order of the text. Yields to other work between parts of a long text. */
export async function* quotableSentences({ capture, text }: ReadPage): AsyncGenerator<PageSentence> {
  const sentences = sentencesOf(text);
  for (const [at, span] of sentences.entries()) {
    if (at % SENTENCES_AT_ONCE === 0) await nextTurn();
    if (capture.injections.some(({ start, end }) => span.start < end && span.end > start)) continue;
    const quote = text.slice(span.start, span.end);
    if (quote.length > LONGEST_SENTENCE) continue; // not a sentence
    const before = sentences.slice(Math.max(0, at - CONTEXT_SENTENCES), at);
    const context = [...before.map(({ start, end }) => text.slice(start, end)), capture.title ?? ''].join(' ');
    yield { quote, span, parsed: parseSentence(quote, context.slice(-2 * LONGEST_SENTENCE)) };
  }
}

/** The source of each page, by the id of its capture: its host, or that of the page that published the same text first. */
export async function sourcesOf(pages: readonly ReadPage[]): Promise<Map<string, string>> {
  const groups = await copyGroups(pages.map(({ capture, text }) => ({ id: capture.id, text, published: capture.published })));
  const hosts = new Map(pages.map(({ capture }) => [capture.id, hostOf(capture.finalUrl)]));
  return new Map(pages.map(({ capture: { id, finalUrl } }) => [id, hosts.get(groups.get(id) ?? '') ?? hostOf(finalUrl)]));
}

export function citationOf({ capture }: ReadPage, { quote, span }: PageSentence, source: string): Citation {
  const { id: captureId, finalUrl: url, title, contentHash, textHash, fetchedAt, published } = capture;
  return { quote, span, captureId, url, title, contentHash, textHash: textHash ?? '', fetchedAt, stated: statedIn(quote) ?? published, source };
}

/** Gives identical sentences the source of the first one. */
export function joinCopiedSentences<T extends Citation>(entries: readonly T[]): T[] {
  const sourceOf = new Map<string, string>();
  return entries.map((entry) => {
    const sentence = terms(entry.quote).join(' ');
    if (entry.quote.split(/\s+/).length < COPIED_SENTENCE_WORDS) return entry;
    const source = sourceOf.get(sentence) ?? entry.source;
    sourceOf.set(sentence, source);
    return { ...entry, source };
  });
}

/** A date as a number of years, so that two can be compared. */
export function yearOf(date: string): number {
  return Number(date.slice(0, 4)) + (date.length >= 7 ? (Number(date.slice(5, 7)) - 1) / 12 : 0);
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}

/** "As of 2015", "In 2015, the population was". */
function statedIn(sentence: string): string | undefined {
  return /\b(?:as of|as at|in|since)(?: \w+)? ((?:19|20)\d\d)\b/i.exec(sentence)?.[1];
}
