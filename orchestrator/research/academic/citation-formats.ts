// Writes papers as BibTeX and as CSL JSON, for reference managers, with values from catalogs only. Pure.
import { words } from '../../memory/text/terms.ts';
import type { Paper } from './paper.ts';

const bibtexTypes: Readonly<Record<Paper['type'], string>> = {
  article: 'article', proceedings: 'inproceedings', book: 'book', chapter: 'incollection', preprint: 'misc', thesis: 'phdthesis', dataset: 'misc', report: 'techreport', other: 'misc',
};
const cslTypes: Readonly<Record<Paper['type'], string>> = {
  article: 'article-journal', proceedings: 'paper-conference', book: 'book', chapter: 'chapter', preprint: 'article', thesis: 'thesis', dataset: 'dataset', report: 'report', other: 'document',
};
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const special: Readonly<Record<string, string>> = { '\\': '\\textbackslash{}', '{': '\\{', '}': '\\}', '&': '\\&', '%': '\\%', $: '\\$', '#': '\\#', _: '\\_', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' };

export function toBibtex(papers: readonly Paper[]): string {
  const keys = citationKeys(papers);
  return papers.map((paper, at) => {
    const [year, month] = paper.published?.split('-') ?? [];
    const venueField = paper.type === 'proceedings' || paper.type === 'chapter' ? 'booktitle' : 'journal';
    const fields: [string, string | null | undefined][] = [
      ['title', escaped(paper.title, true)], ['author', paper.authors.length === 0 ? null : paper.authors.map(({ family, given, literal }) => escaped(family === null ? literal : given === null ? family : `${family}, ${given}`)).join(' and ')],
      [venueField, paper.type === 'book' ? null : escaped(paper.venue)], ['year', year], ['volume', escaped(paper.volume)], ['number', escaped(paper.issue)], ['pages', escaped(paper.pages)?.replace(/(?<=\w)[-–](?=\w)/, '--')], ['publisher', escaped(paper.publisher)],
      ['doi', paper.doi], ...(paper.arxivId === null ? [] : [['eprint', paper.arxivId], ['archiveprefix', 'arXiv']] as [string, string][]), ['pmid', paper.pmid], ['url', paper.openCopies[0]], ['note', paper.retracted === true ? 'Retracted' : null],
    ];
    const lines = fields.flatMap(([name, value]) => (value === null || value === undefined || value === '' ? [] : [`  ${name} = {${value}}`]));
    if (month !== undefined) lines.push(`  month = ${months[Number(month) - 1] ?? month}`);
    return `@${bibtexTypes[paper.type]}{${keys[at]},\n${lines.join(',\n')}\n}\n`;
  }).join('\n');
}

export function toCsl(papers: readonly Paper[]): Record<string, unknown>[] {
  const keys = citationKeys(papers);
  return papers.map((paper, at) => {
    const date = paper.published?.split('-').map(Number);
    const entries: Record<string, unknown> = {
      id: keys[at], type: cslTypes[paper.type], title: paper.title, author: paper.authors.length === 0 ? undefined : paper.authors.map(({ family, given, literal }) => (family === null ? { literal } : { family, ...(given === null ? {} : { given }) })),
      issued: date === undefined ? undefined : { 'date-parts': [date] }, 'container-title': paper.venue, volume: paper.volume, issue: paper.issue, page: paper.pages, publisher: paper.publisher, DOI: paper.doi, PMID: paper.pmid,
      number: paper.arxivId === null ? undefined : `arXiv:${paper.arxivId}`, URL: paper.openCopies[0], abstract: paper.abstract, note: paper.retracted === true ? 'Retracted' : undefined,
    };
    return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined && value !== null));
  });
}

/** Family name, year and first word of the title; a letter distinguishes equal keys. */
function citationKeys(papers: readonly Paper[]): string[] {
  const taken = new Map<string, number>();
  return papers.map(({ authors, published, title }) => {
    const [author] = authors;
    const name = words(author?.family ?? author?.literal.split(' ').at(-1) ?? 'anonymous').join('');
    const word = words(title).find((one) => one.length > 3) ?? '';
    const key = `${name}${published?.slice(0, 4) ?? ''}${word}`.replace(/[^a-z0-9]/g, '') || 'work';
    const count = taken.get(key) ?? 0;
    taken.set(key, count + 1);
    return count === 0 ? key : `${key}${String.fromCharCode(97 + (count % 26))}${count >= 26 ? Math.floor(count / 26) : ''}`;
  });
}

/** With `keepCase`, words with inner capitals, such as DNA and pH, keep them in every style. */
function escaped(text: string | null, keepCase = false): string | null {
  if (text === null) return null;
  const plain = text.replace(/[\\{}&%$#_~^]/g, (character) => special[character] ?? character);
  return keepCase ? plain.replace(/\b\p{L}[\p{L}\p{N}]*\p{Lu}[\p{L}\p{N}]*/gu, '{$&}') : plain;
}
