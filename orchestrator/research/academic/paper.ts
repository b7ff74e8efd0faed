// A scholarly work as catalogs describe it. Every value comes from a catalog; a value that no catalog has is null.
import { z } from 'zod';

export const Author = z.strictObject({
  literal: z.string().meta({ description: 'The name as the catalog writes it.' }),
  family: z.string().nullable().meta({ description: 'Null if the catalog does not say which part of the name it is.' }),
  given: z.string().nullable(),
});
export type Author = z.infer<typeof Author>;

export const paperTypes = ['article', 'proceedings', 'book', 'chapter', 'preprint', 'thesis', 'dataset', 'report', 'other'] as const;
export const catalogNames = ['crossref', 'openalex', 'pubmed', 'semantic-scholar', 'arxiv'] as const;
export type CatalogName = (typeof catalogNames)[number];

export const Paper = z.strictObject({
  doi: z.string().nullable().meta({ description: 'In lower case, without the address of doi.org.' }),
  arxivId: z.string().nullable().meta({ description: 'Without its version.' }),
  pmid: z.string().nullable(),
  type: z.enum(paperTypes),
  title: z.string(),
  authors: z.array(Author),
  published: z.string().nullable().meta({ description: 'Year, month or day, as precisely as known: 2024, 2024-05, 2024-05-31.' }),
  venue: z.string().nullable(),
  volume: z.string().nullable(),
  issue: z.string().nullable(),
  pages: z.string().nullable(),
  publisher: z.string().nullable(),
  abstract: z.string().nullable(),
  citedBy: z.int().nullable(),
  retracted: z.boolean().nullable().meta({ description: 'Null if no catalog says.' }),
  openCopies: z.array(z.string()).meta({ description: 'Addresses where the work can be read for free, according to the catalogs.' }),
  foundIn: z.array(z.enum(catalogNames)),
});
export type Paper = z.infer<typeof Paper>;

/** A work that a catalog found, before it is joined with those of the others. */
export type FoundPaper = Omit<Paper, 'foundIn'>;

export interface Catalog {
  readonly name: CatalogName;
  /** Best first. @throws SomnusError `fetch_failed`, `timeout`, `cancelled` */
  search(query: string, options: { limit: number; signal: AbortSignal }): Promise<FoundPaper[]>;
}

const nothing: FoundPaper = {
  doi: null, arxivId: null, pmid: null, type: 'other', title: '', authors: [], published: null, venue: null, volume: null, issue: null, pages: null, publisher: null, abstract: null, citedBy: null, retracted: null, openCopies: [],
};

/** Undefined without a title: a work that cannot be named cannot be cited. */
export function foundPaper(values: { [K in keyof FoundPaper]?: FoundPaper[K] | undefined }): FoundPaper | undefined {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as Partial<FoundPaper>;
  const paper = { ...nothing, ...given };
  return paper.title.trim() === '' ? undefined : { ...paper, title: plain(paper.title), doi: doiOf(paper.doi), arxivId: arxivIdOf(paper.arxivId), abstract: paper.abstract === null ? null : plain(paper.abstract) };
}

/** "https://doi.org/10.1000/ABC" and "10.1000/abc" are the same. */
export function doiOf(text: string | null | undefined): string | null {
  return /\b10\.\d{4,9}\/\S+/.exec(text ?? '')?.[0].toLowerCase() ?? null;
}

function arxivIdOf(text: string | null): string | null {
  return /(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?\/\d{7})(?=v\d+|$)/.exec(text ?? '')?.[0] ?? null;
}

/** Without the markup that catalogs leave in titles and abstracts. */
function plain(text: string): string {
  return text.replace(/<[^>]{1,100}>/g, ' ').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').replace(/\s+/g, ' ').trim();
}

export function namedAuthor(literal: string): Author {
  return { literal: plain(literal), family: null, given: null };
}
