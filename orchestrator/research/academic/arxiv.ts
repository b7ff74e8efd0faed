// The catalog of arXiv, which answers with an Atom feed.
import { Parser } from 'htmlparser2';
import type { WebClient } from '../fetch/web-fetch.ts';
import { webText } from '../fetch/web-json.ts';
import { foundPaper, namedAuthor, type Catalog, type FoundPaper } from './paper.ts';

export function arxiv(web: Pick<WebClient, 'get'>, endpoint = 'https://export.arxiv.org'): Catalog {
  return {
    name: 'arxiv',
    async search(query, { limit, signal }) {
      const url = new URL('/api/query', endpoint);
      const words = query.match(/[\p{L}\p{N}]+/gu) ?? [];
      url.search = new URLSearchParams({ search_query: words.map((word) => `all:${word}`).join(' AND '), max_results: String(limit), sortBy: 'relevance' }).toString();
      return papersIn(await webText(web, { name: 'arXiv', url, signal }));
    },
  };
}

/** Texts of an entry by element, and its links. */
interface Entry { texts: Map<string, string[]>; pdf: string | undefined }

function papersIn(feed: string): FoundPaper[] {
  const papers: FoundPaper[] = [];
  let entry: Entry | undefined;
  let content = '';
  const parser = new Parser({
    onopentag(name, attributes) {
      content = '';
      if (name === 'entry') entry = { texts: new Map(), pdf: undefined };
      if (name === 'link' && attributes['title'] === 'pdf' && entry !== undefined) entry.pdf = attributes['href'];
    },
    ontext(text) { content += text; },
    onclosetag(name) {
      if (entry !== undefined) entry.texts.set(name, [...entry.texts.get(name) ?? [], content.trim()]);
      content = '';
      if (name !== 'entry' || entry === undefined) return;
      const paper = paperOf(entry);
      if (paper !== undefined) papers.push(paper);
      entry = undefined;
    },
  }, { xmlMode: true, decodeEntities: true });
  parser.end(feed);
  return papers;
}

function paperOf({ texts, pdf }: Entry): FoundPaper | undefined {
  const first = (name: string): string | undefined => texts.get(name)?.[0];
  const id = /\/abs\/(.+)$/.exec(first('id') ?? '')?.[1];
  if (id === undefined) return undefined; // arXiv reports errors as entries
  return foundPaper({
    arxivId: id, doi: first('arxiv:doi'), type: 'preprint', title: first('title') ?? '', authors: texts.get('name')?.map(namedAuthor), published: first('published')?.slice(0, 10), abstract: first('summary'),
    openCopies: [(pdf ?? `https://arxiv.org/pdf/${id}`).replace(/^http:/, 'https:')],
  });
}
