// Catalogs of scholarly works that answer with JSON: Crossref, OpenAlex, Semantic Scholar and PubMed. Each needs no key. Their answers are data that is checked; a record in another form is left out.
import { z } from 'zod';
import type { WebClient } from '../fetch/web-fetch.ts';
import { webJson } from '../fetch/web-json.ts';
import { foundPaper, namedAuthor, type Catalog, type FoundPaper, type paperTypes } from './paper.ts';

type Web = Pick<WebClient, 'get'>;
type PaperType = (typeof paperTypes)[number];

const text = z.string().nullish();
const types: Readonly<Record<string, PaperType>> = {
  'journal-article': 'article', article: 'article', review: 'article', letter: 'article', 'proceedings-article': 'proceedings', book: 'book', monograph: 'book', 'edited-book': 'book', 'book-chapter': 'chapter', 'posted-content': 'preprint',
  preprint: 'preprint', dissertation: 'thesis', dataset: 'dataset', report: 'report',
};

function addressOf(endpoint: string, path: string, query: Record<string, string>): URL {
  const url = new URL(path, endpoint);
  url.search = new URLSearchParams(query).toString();
  return url;
}

/** Records of the expected form, read one by one. */
function papersOf<T>(records: readonly unknown[], schema: z.ZodType<T>, read: (record: T) => FoundPaper | undefined): FoundPaper[] {
  return records.flatMap((record) => {
    const { data } = schema.safeParse(record);
    const paper = data === undefined ? undefined : read(data);
    return paper === undefined ? [] : [paper];
  });
}

const CrossrefWork = z.object({
  DOI: z.string(), title: z.array(z.string()).nullish(), type: text, author: z.array(z.object({ given: text, family: text, name: text })).nullish(), issued: z.object({ 'date-parts': z.array(z.array(z.int().nullable())) }).nullish(),
  'container-title': z.array(z.string()).nullish(), volume: text, issue: text, page: text, publisher: text, abstract: text, 'is-referenced-by-count': z.int().nullish(), 'updated-by': z.array(z.object({ type: text })).nullish(),
});

export function crossref(web: Web, endpoint = 'https://api.crossref.org'): Catalog {
  return {
    name: 'crossref',
    async search(query, { limit, signal }) {
      const url = addressOf(endpoint, '/works', { 'query.bibliographic': query, rows: String(limit) });
      const { message } = await webJson(web, z.object({ message: z.object({ items: z.array(z.unknown()) }) }), { name: 'Crossref', url, signal });
      return papersOf(message.items, CrossrefWork, (work) => foundPaper({
        doi: work.DOI, type: types[work.type ?? ''] ?? 'other', title: work.title?.[0],
        authors: work.author?.flatMap(({ given = null, family = null, name }) => {
          const literal = name ?? [given, family].filter((part) => part !== null).join(' ');
          return literal === '' ? [] : [{ literal, family, given }];
        }),
        published: work.issued?.['date-parts'][0]?.filter((part) => part !== null).map((part) => String(part).padStart(2, '0')).join('-'), venue: work['container-title']?.[0], volume: work.volume, issue: work.issue, pages: work.page,
        publisher: work.publisher, abstract: work.abstract, citedBy: work['is-referenced-by-count'], retracted: work['updated-by']?.some(({ type }) => type === 'retraction') === true ? true : undefined,
      }));
    },
  };
}

const Location = z.object({ pdf_url: text, landing_page_url: text, source: z.object({ display_name: text }).nullish() }).nullish();
const OpenAlexWork = z.object({
  doi: text, ids: z.object({ pmid: text }).nullish(), display_name: text, type: text, publication_date: text, authorships: z.array(z.object({ author: z.object({ display_name: text }) })).nullish(), primary_location: Location, best_oa_location: Location,
  open_access: z.object({ oa_url: text }).nullish(), biblio: z.object({ volume: text, issue: text, first_page: text, last_page: text }).nullish(), cited_by_count: z.int().nullish(), is_retracted: z.boolean().nullish(),
  abstract_inverted_index: z.record(z.string(), z.array(z.int().min(0).max(20_000))).nullish(),
});

export function openAlex(web: Web, endpoint = 'https://api.openalex.org'): Catalog {
  return {
    name: 'openalex',
    async search(query, { limit, signal }) {
      const url = addressOf(endpoint, '/works', { search: query, 'per-page': String(limit) });
      const { results } = await webJson(web, z.object({ results: z.array(z.unknown()) }), { name: 'OpenAlex', url, signal });
      return papersOf(results, OpenAlexWork, (work) => foundPaper({
        doi: work.doi, pmid: /\d+$/.exec(work.ids?.pmid ?? '')?.[0], arxivId: /^https?:\/\/arxiv\.org\/abs\/(.+)/.exec(work.primary_location?.landing_page_url ?? '')?.[1], type: types[work.type ?? ''] ?? 'other', title: work.display_name ?? '',
        authors: work.authorships?.flatMap(({ author }) => (author.display_name == null ? [] : [namedAuthor(author.display_name)])), published: work.publication_date, venue: work.primary_location?.source?.display_name, volume: work.biblio?.volume,
        issue: work.biblio?.issue, pages: pagesOf(work.biblio), abstract: inOrder(work.abstract_inverted_index), citedBy: work.cited_by_count, retracted: work.is_retracted,
        openCopies: webAddresses(work.best_oa_location?.pdf_url, work.open_access?.oa_url),
      }));
    },
  };
}

const SemanticScholarWork = z.object({
  externalIds: z.object({ DOI: text, ArXiv: text, PubMed: text }).nullish(), title: text, year: z.int().nullish(), publicationDate: text, authors: z.array(z.object({ name: text })).nullish(), venue: text, abstract: text, citationCount: z.int().nullish(),
  journal: z.object({ name: text, volume: text, pages: text }).nullish(), openAccessPdf: z.object({ url: text }).nullish(), publicationTypes: z.array(z.string()).nullish(),
});

export function semanticScholar(web: Web, endpoint = 'https://api.semanticscholar.org'): Catalog {
  return {
    name: 'semantic-scholar',
    async search(query, { limit, signal }) {
      const fields = 'title,abstract,venue,year,publicationDate,publicationTypes,journal,authors,externalIds,openAccessPdf,citationCount';
      const url = addressOf(endpoint, '/graph/v1/paper/search', { query, limit: String(limit), fields });
      const { data } = await webJson(web, z.object({ data: z.array(z.unknown()).nullish() }), { name: 'Semantic Scholar', url, signal });
      return papersOf(data ?? [], SemanticScholarWork, (work) => foundPaper({
        doi: work.externalIds?.DOI, arxivId: work.externalIds?.ArXiv, pmid: work.externalIds?.PubMed, type: typeOfSemanticScholar(work.publicationTypes ?? []), title: work.title ?? '',
        authors: work.authors?.flatMap(({ name }) => (name == null ? [] : [namedAuthor(name)])), published: work.publicationDate ?? work.year?.toString(), venue: work.journal?.name ?? work.venue, volume: work.journal?.volume?.trim(), pages: work.journal?.pages?.trim(),
        abstract: work.abstract, citedBy: work.citationCount, openCopies: webAddresses(work.openAccessPdf?.url),
      }));
    },
  };
}

const PubmedSummary = z.object({
  uid: z.string(), title: text, pubdate: text, source: text, fulljournalname: text, volume: text, issue: text, pages: text, pubtype: z.array(z.string()).nullish(), authors: z.array(z.object({ name: text, authtype: text })).nullish(),
  articleids: z.array(z.object({ idtype: text, value: text })).nullish(),
});
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

export function pubmed(web: Web, endpoint = 'https://eutils.ncbi.nlm.nih.gov'): Catalog {
  const ask = async <T>(program: string, query: Record<string, string>, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> => (
    await webJson(web, schema, { name: 'PubMed', url: addressOf(endpoint, `/entrez/eutils/${program}.fcgi`, { db: 'pubmed', retmode: 'json', ...query }), signal })
  );
  return {
    name: 'pubmed',
    async search(query, { limit, signal }) {
      const { esearchresult: { idlist } } = await ask('esearch', { term: query, retmax: String(limit), sort: 'relevance' }, z.object({ esearchresult: z.object({ idlist: z.array(z.string().regex(/^\d+$/)) }) }), signal);
      if (idlist.length === 0) return [];
      const { result } = await ask('esummary', { id: idlist.join(',') }, z.object({ result: z.record(z.string(), z.unknown()) }), signal);
      return papersOf(idlist.map((id) => result[id]), PubmedSummary, (work) => foundPaper({
        doi: work.articleids?.find(({ idtype }) => idtype === 'doi')?.value, pmid: work.uid, type: 'article', title: work.title?.replace(/\.$/, ''),
        authors: work.authors?.flatMap(({ name }) => (name == null ? [] : [namedAuthor(name)])), published: dateOfPubmed(work.pubdate ?? ''), venue: work.fulljournalname ?? work.source, volume: work.volume, issue: work.issue, pages: work.pages,
        retracted: work.pubtype?.includes('Retracted Publication') === true ? true : undefined,
      }));
    },
  };
}

/** "2018 Sep 13", "2018 Sep", "2018". */
function dateOfPubmed(date: string): string | undefined {
  const [, year, month, day] = /^(\d{4})(?: ([A-Z][a-z]{2}))?(?: (\d{1,2}))?/.exec(date) ?? [];
  const at = months.indexOf(month?.toLowerCase() ?? '') + 1;
  return year === undefined || at === 0 ? year : [year, String(at).padStart(2, '0'), ...(day === undefined ? [] : [day.padStart(2, '0')])].join('-');
}

function pagesOf(biblio: { first_page?: string | null | undefined; last_page?: string | null | undefined } | null | undefined): string | undefined {
  const { first_page: first, last_page: last } = biblio ?? {};
  return first == null ? undefined : last == null || last === first ? first : `${first}-${last}`;
}

/** An abstract is stored as the places of its words. */
function inOrder(index: Readonly<Record<string, number[]>> | null | undefined): string | undefined {
  if (index == null) return undefined;
  return Object.entries(index).flatMap(([word, places]) => places.map((place) => ({ word, place }))).toSorted((a, b) => a.place - b.place).map(({ word }) => word).join(' ');
}

function typeOfSemanticScholar(given: readonly string[]): PaperType {
  return given.includes('Conference') ? 'proceedings' : given.includes('Book') ? 'book' : given.includes('Dataset') ? 'dataset' : given.includes('JournalArticle') || given.includes('Review') ? 'article' : 'other';
}

function webAddresses(...addresses: (string | null | undefined)[]): string[] {
  return [...new Set(addresses.flatMap((address) => (address != null && /^https?:\/\//i.test(address) ? [address] : [])))];
}
