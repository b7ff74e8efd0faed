// Writes a report as Markdown, with a footnote for each quote. Text of pages is escaped, so it can neither format the report nor load anything into it. Pure.
import type { Citation } from '../evidence/evidence.ts';
import { linkOf, placeOf, type ReportDocument } from './report-document.ts';

export function reportMarkdown({ title, summary, chapters, notes }: ReportDocument): string {
  const footnotes: Citation[] = [];
  const noteOf = (citation: Citation): string => {
    const known = footnotes.indexOf(citation);
    return `[^${known >= 0 ? known + 1 : footnotes.push(citation)}]`;
  };
  const body = chapters.flatMap((chapter) => [
    `## ${escaped(chapter.title)}`, escaped(chapter.note),
    ...chapter.parts.flatMap((part) => [...(part.title === null ? [] : [`### ${escaped(part.title)}`]), ...part.sentences.map(({ text, citations }) => `${escaped(text)}${citations.map(noteOf).join('')}`)]),
  ]);
  return `${[
    `# ${escaped(title)}`, summary.map(escaped).join('\n'), ...body,
    ...(notes.length === 0 ? [] : ['## Sources and gaps', notes.map((note) => `- ${escaped(note)}`).join('\n')]),
    ...footnotes.map((citation, at) => `[^${at + 1}]: “${escaped(citation.quote)}” ${linkOf(citation) === undefined ? escaped(citation.url) : `<${linkOf(citation)}>`}, ${escaped(placeOf(citation))}`),
  ].join('\n\n')}\n`;
}

function escaped(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|!~]/g, '\\$&').replace(/^(\d+)([.)])/, '$1\\$2').replace(/^([-+=])/, '\\$1');
}
