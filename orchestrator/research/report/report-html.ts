// Writes a report as one HTML page, with the evidence behind each sentence. It contains no scripts and loads nothing; text of pages is escaped. Pure.
import type { Citation } from '../evidence/evidence.ts';
import { linkOf, placeOf, type CitedSentence, type ReportDocument } from './report-document.ts';

/** What a browser may do with the page: nothing but show it. */
export const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const style = 'body{font:16px/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}summary{cursor:pointer}blockquote{margin:.5rem 1rem;padding-left:.75rem;border-left:3px solid #999}small{color:#555;overflow-wrap:anywhere}';

export function reportHtml({ title, summary, chapters, notes }: ReportDocument): string {
  return [
    '<!doctype html>', '<html lang="en"><head><meta charset="utf-8">', `<meta http-equiv="Content-Security-Policy" content="${escaped(REPORT_POLICY)}">`, '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title><style>${style}</style></head><body>`, `<h1>${escaped(title)}</h1>`, ...summary.map((line) => `<p>${escaped(line)}</p>`),
    ...chapters.flatMap((chapter) => [
      `<section><h2>${escaped(chapter.title)}</h2>`, `<p>${escaped(chapter.note)}</p>`,
      ...chapter.parts.flatMap((part) => [...(part.title === null ? [] : [`<h3>${escaped(part.title)}</h3>`]), ...part.sentences.map(sentenceHtml)]), '</section>',
    ]),
    ...(notes.length === 0 ? [] : ['<h2>Sources and gaps</h2>', '<ul>', ...notes.map((note) => `<li>${escaped(note)}</li>`), '</ul>']),
    '</body></html>', '',
  ].join('\n');
}

function sentenceHtml({ text, citations }: CitedSentence): string {
  return `<details><summary>${escaped(text)}</summary>${citations.map(citationHtml).join('')}</details>`;
}

function citationHtml(citation: Citation): string {
  const link = linkOf(citation);
  const name = escaped(citation.title ?? citation.url);
  return `<blockquote>${escaped(citation.quote)}<br>${link === undefined ? name : `<a href="${escaped(link)}" rel="noopener noreferrer">${name}</a>`}<br><small>${escaped(citation.url)}, ${escaped(placeOf(citation))}</small></blockquote>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
