// Finds the sentences of pages that support or refute claims, and weighs them: copies count as one source, instructions to agents are not evidence, and a statement that newer sources correct is outdated. Pure.
import type { Evidence } from './evidence.ts';
import { citationOf, joinCopiedSentences, quotableSentences, sourcesOf, yearOf, type ReadPage } from './page-sentences.ts';
import { parseClaim, stanceOf, type ParsedClaim } from './stance.ts';

const OUTDATED_YEARS = 1;

/** Finds at most one entry for each page, claim and stance, in the order of claims and pages. Yields to other work between pages. */
export async function findEvidence(claims: readonly string[], pages: readonly ReadPage[]): Promise<Evidence[]> {
  const parsed = claims.map(parseClaim);
  const sources = await sourcesOf(pages);
  const found: Evidence[] = [];
  for (const page of pages) found.push(...await entriesOf(parsed, page, sources.get(page.capture.id) ?? ''));
  const ordered = found.toSorted((a, b) => a.claim - b.claim);
  return parsed.flatMap((claim, index) => weighed(claim, joinCopiedSentences(ordered.filter((entry) => entry.claim === index))));
}

async function entriesOf(claims: readonly ParsedClaim[], page: ReadPage, source: string): Promise<Evidence[]> {
  const { capture } = page;
  const entries: Evidence[] = [];
  for await (const sentence of quotableSentences(page)) {
    for (const [claim, parsed] of claims.entries()) {
      const judged = stanceOf(parsed, sentence.parsed);
      if (judged === undefined || entries.some((entry) => entry.claim === claim && entry.stance === judged.stance)) continue;
      entries.push({
        ...citationOf(page, sentence, source), claim, stance: judged.stance, why: judged.why, outdated: false, weight: 0,
        components: { dated: capture.published === null ? 0.8 : 1, signed: capture.authors.length > 0 ? 1 : 0.8, honest: capture.injections.length > 0 ? 0.3 : 1, current: 1 },
      });
    }
  }
  return entries;
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
