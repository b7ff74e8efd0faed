// Finds the sentences of pages that support or refute claims, and weighs them: copies count as one source, instructions to agents are not evidence, and a statement that newer sources correct is outdated. Pure.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { terms } from '../../memory/text/terms.ts';
import type { Capture } from '../capture.ts';
import { sentencesOf } from '../passages.ts';
import type { Evidence } from './evidence.ts';
import { copyGroups } from './near-copies.ts';
import { parseClaim, parseSentence, stanceOf, type ParsedClaim } from './stance.ts';

export interface ReadPage { capture: Capture; text: string }

/** How many preceding sentences a sentence may refer to. */
const CONTEXT_SENTENCES = 2;
/** Identical sentences of at least this many words are copies, wherever they are. */
const COPIED_SENTENCE_WORDS = 12;
const OUTDATED_YEARS = 1;
const LONGEST_SENTENCE = 1000;
const SENTENCES_AT_ONCE = 50;

/** Finds at most one entry for each page, claim and stance, in the order of claims and pages. Yields to other work between pages. */
export async function findEvidence(claims: readonly string[], pages: readonly ReadPage[]): Promise<Evidence[]> {
  const parsed = claims.map(parseClaim);
  const groups = await copyGroups(pages.map(({ capture, text }) => ({ id: capture.id, text, published: capture.published })));
  const found: Evidence[] = [];
  const hosts = new Map(pages.map(({ capture }) => [capture.id, hostOf(capture.finalUrl)]));
  for (const page of pages) found.push(...await entriesOf(parsed, page, hosts.get(groups.get(page.capture.id) ?? '') ?? hostOf(page.capture.finalUrl)));
  const ordered = found.toSorted((a, b) => a.claim - b.claim);
  return parsed.flatMap((claim, index) => weighed(claim, joinCopiedSentences(ordered.filter((entry) => entry.claim === index))));
}

async function entriesOf(claims: readonly ParsedClaim[], { capture, text }: ReadPage, source: string): Promise<Evidence[]> {
  const sentences = sentencesOf(text);
  const entries: Evidence[] = [];
  for (const [at, span] of sentences.entries()) {
    if (at % SENTENCES_AT_ONCE === 0) await nextTurn();
    if (capture.injections.some(({ start, end }) => span.start < end && span.end > start)) continue;
    const quote = text.slice(span.start, span.end);
    if (quote.length > LONGEST_SENTENCE) continue; // not a sentence
    const before = sentences.slice(Math.max(0, at - CONTEXT_SENTENCES), at);
    const context = [...before.map(({ start, end }) => text.slice(start, end)), capture.title ?? ''].join(' ');
    const sentence = parseSentence(quote, context.slice(-2 * LONGEST_SENTENCE));
    for (const [claim, parsed] of claims.entries()) {
      const judged = stanceOf(parsed, sentence);
      if (judged === undefined || entries.some((entry) => entry.claim === claim && entry.stance === judged.stance)) continue;
      entries.push({
        claim, stance: judged.stance, quote, span, captureId: capture.id, url: capture.finalUrl, title: capture.title, contentHash: capture.contentHash, textHash: capture.textHash ?? '', fetchedAt: capture.fetchedAt, stated: statedIn(quote) ?? capture.published,
        source, why: judged.why, outdated: false, weight: 0,
        components: { dated: capture.published === null ? 0.8 : 1, signed: capture.authors.length > 0 ? 1 : 0.8, honest: capture.injections.length > 0 ? 0.3 : 1, current: 1 },
      });
    }
  }
  return entries;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}

/** "As of 2015", "In 2015, the population was". */
function statedIn(sentence: string): string | undefined {
  return /\b(?:as of|as at|in|since)(?: \w+)? ((?:19|20)\d\d)\b/i.exec(sentence)?.[1];
}

function joinCopiedSentences(entries: readonly Evidence[]): Evidence[] {
  const sourceOf = new Map<string, string>();
  return entries.map((entry) => {
    const sentence = terms(entry.quote).join(' ');
    if (entry.quote.split(/\s+/).length < COPIED_SENTENCE_WORDS) return entry;
    const source = sourceOf.get(sentence) ?? entry.source;
    sourceOf.set(sentence, source);
    return { ...entry, source };
  });
}

function weighed(claim: ParsedClaim, entries: readonly Evidence[]): Evidence[] {
  return entries.map((entry) => {
    const outdated = claim.canChange && isOutdated(entry, entries);
    const components = { ...entry.components, current: outdated ? 0.25 : 1 };
    const weight = components.dated * components.signed * components.honest * components.current;
    return { ...entry, outdated, components, weight: Number(weight.toFixed(3)) };
  });
}

/** Whether this was stated at least a year before the newest source that says otherwise. The caller checks that it is about something that changes. */
function isOutdated({ stance, stated }: Evidence, entries: readonly Evidence[]): boolean {
  if (stated === null) return false;
  const newer = entries.flatMap((other) => (other.stance !== stance && other.stated !== null ? [yearOf(other.stated)] : []));
  return newer.length > 0 && Math.max(...newer) - yearOf(stated) >= OUTDATED_YEARS;
}

function yearOf(date: string): number {
  return Number(date.slice(0, 4)) + (date.length >= 7 ? (Number(date.slice(5, 7)) - 1) / 12 : 0);
}
