// What memory keeps of a run: one memory for each statement and each claim with evidence, in words that are understood without the report, with where it is from. Pure.
import type { RememberInput } from '../../memory/remembering.ts';
import type { Citation } from '../evidence/evidence.ts';
import type { ResearchReport } from './research-report.ts';

/** In the order of the report. The same quote, or the same claim of a run, has the same `sourceId`, so remembering it again stores nothing. */
export function memoriesOf(runId: string, { claims, findings, statements, sections }: ResearchReport, space: string | undefined): RememberInput[] {
  const inSpace = space === undefined ? {} : { space };
  const findingOf = (id: number): Citation | undefined => findings.find((finding) => finding.id === id);
  const saying = (ids: readonly number[]): string => {
    const [first] = ids.flatMap((id) => findingOf(id) ?? []);
    return first === undefined ? '' : `“${first.quote}” (${first.source}${first.stated === null ? '' : `, ${first.stated.slice(0, 10)}`})`;
  };
  return [
    ...statements.flatMap(({ question, findings: ids, sources, contradicts, outdated }) => {
      const [first] = ids.flatMap((id) => findingOf(id) ?? []);
      if (first === undefined) return [];
      const against = contradicts.map((at) => saying(statements[at]?.findings ?? [])).filter((text) => text !== '');
      const text = `${sections[question]?.question ?? ''} ${saying(ids)}, said by ${sources} independent source${sources === 1 ? '' : 's'}${outdated ? ', outdated' : ''}.${against.length === 0 ? '' : ` Contradicted by ${against.join(' and ')}.`}`;
      return [{ ...inSpace, type: 'document' as const, text, occurredAt: first.fetchedAt, sourceId: `research ${first.textHash} ${first.span.start}`, metadata: { ...placeOf(runId, first), sources: String(sources) } }];
    }),
    ...claims.flatMap(({ claim, verdict, explanation, evidence }, index) => {
      const [first] = evidence;
      if (first === undefined) return [];
      return [{ ...inSpace, type: 'document' as const, text: `${claim} Verdict of a fact check: ${verdict}. ${explanation} For example: “${first.quote}” (${first.source})`, occurredAt: first.fetchedAt, sourceId: `research ${runId} ${index}`, metadata: { ...placeOf(runId, first), verdict } }];
    }),
  ];
}

function placeOf(runId: string, { url, captureId, textHash, span, fetchedAt, stated }: Citation): Record<string, string> {
  return { run: runId, url: url.slice(0, 2000), capture: captureId, text: textHash, offsets: `${span.start}-${span.end}`, fetched: fetchedAt, ...(stated === null ? {} : { stated }) };
}
