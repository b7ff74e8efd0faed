import { expect, test } from 'vitest';
import { arxiv } from '../../../orchestrator/research/academic/arxiv.ts';
import { toBibtex, toCsl } from '../../../orchestrator/research/academic/citation-formats.ts';
import { crossref, openAlex, pubmed, semanticScholar } from '../../../orchestrator/research/academic/json-catalogs.ts';
import { mergePapers } from '../../../orchestrator/research/academic/merge-papers.ts';
import type { Catalog, FoundPaper } from '../../../orchestrator/research/academic/paper.ts';
import { arxivAnswer, crossrefAnswer, openAlexAnswer, pubmedSearchAnswer, pubmedSummaryAnswer, semanticScholarAnswer } from '../../support/catalog-answers.ts';
import { scratchResearch } from '../../support/research.ts';
import { WebServer, type WebPage } from '../../support/web-server.ts';

const json = (value: unknown): WebPage => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const signal = new AbortController().signal;
const tafamidis = '10.1056/nejmoa1805689';

async function withCatalogs(work: (catalogs: Record<'crossref' | 'openAlex' | 'semanticScholar' | 'pubmed' | 'arxiv', Catalog>, web: WebServer) => Promise<void>): Promise<void> {
  await using web = await WebServer.start({
    '/works': json(crossrefAnswer), '/graph/v1/paper/search': json(semanticScholarAnswer), '/entrez/eutils/esearch.fcgi': json(pubmedSearchAnswer), '/entrez/eutils/esummary.fcgi': json(pubmedSummaryAnswer),
    '/api/query': { headers: { 'content-type': 'application/atom+xml' }, body: arxivAnswer },
  });
  await using other = await WebServer.start({ '/works': json(openAlexAnswer) });
  using research = scratchResearch(web.origin, other.origin);
  await work({
    crossref: crossref(research.web, web.origin), openAlex: openAlex(research.web, other.origin), semanticScholar: semanticScholar(research.web, web.origin), pubmed: pubmed(research.web, web.origin), arxiv: arxiv(research.web, web.origin),
  }, web);
}

test('Each catalog is asked in its own way, and its values are used unchanged', async () => await withCatalogs(async (catalogs, web) => {
  const ask = async (catalog: Catalog): Promise<FoundPaper[]> => await catalog.search('tafamidis & attention', { limit: 3, signal });
  const [first, second, ...none] = await ask(catalogs.crossref);
  expect(first).toEqual({
    doi: tafamidis, arxivId: null, pmid: null, type: 'article', title: 'Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy',
    authors: [{ literal: 'Mathew S. Maurer', family: 'Maurer', given: 'Mathew S.' }, { literal: 'Jeffrey H. Schwartz', family: 'Schwartz', given: 'Jeffrey H.' }, { literal: 'ATTR-ACT Study Investigators', family: null, given: null }],
    published: '2018-09-13', venue: 'New England Journal of Medicine', volume: '379', issue: '11', pages: '1007-1016', publisher: 'Massachusetts Medical Society', citedBy: 1500, retracted: null, openCopies: [],
    abstract: 'Abstract Transthyretin amyloid cardiomyopathy is caused by the deposition of transthyretin amyloid fibrils.',
  });
  expect([second, none]).toMatchObject([{ doi: '10.3791/20970', published: null, retracted: true, authors: [] }, []]);
  expect(await ask(catalogs.openAlex)).toMatchObject([
    { doi: tafamidis, pmid: '30145929', published: '2018-08-27', pages: '1007-1016', abstract: 'Transthyretin amyloid fibrils', retracted: false, openCopies: ['https://www.nejm.org/doi/pdf/10.1056/NEJMoa1805689?articleTools=true'] },
    { doi: '10.48550/arxiv.1706.03762', arxivId: '1706.03762', type: 'preprint', authors: [], abstract: null, openCopies: [] },
  ]);
  expect(await ask(catalogs.semanticScholar)).toMatchObject([{ doi: null, arxivId: '1706.03762', type: 'proceedings', pages: '5998-6008', openCopies: [] }, { doi: tafamidis, pmid: '30145929', pages: '1007-1016' }]);
  expect(await ask(catalogs.pubmed)).toMatchObject([{ doi: tafamidis, pmid: '30145929', published: '2018-09-13', title: 'Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy', authors: [{ literal: 'Maurer MS', family: null }, {}] }]);
  expect(await ask(catalogs.arxiv)).toMatchObject([{
    arxivId: '1706.03762', type: 'preprint', title: 'Attention Is All You Need', authors: [{ literal: 'Ashish Vaswani' }, { literal: 'Noam Shazeer' }], published: '2017-06-12', abstract: 'The dominant sequence transduction models are based on recurrent & convolutional networks.',
    openCopies: ['https://arxiv.org/pdf/1706.03762v7'],
  }]);
  expect(web.visits.map(({ path }) => path)).toEqual([
    '/works?query.bibliographic=tafamidis+%26+attention&rows=3', expect.stringMatching(/^\/graph\/v1\/paper\/search\?query=tafamidis\+%26\+attention&limit=3&fields=title/), '/entrez/eutils/esearch.fcgi?db=pubmed&retmode=json&term=tafamidis+%26+attention&retmax=3&sort=relevance',
    '/entrez/eutils/esummary.fcgi?db=pubmed&retmode=json&id=30145929', '/api/query?search_query=all%3Atafamidis+AND+all%3Aattention&max_results=3&sortBy=relevance',
  ]);
}));

test('Entries of several catalogs for one work become one paper, without any value that no catalog has', async () => await withCatalogs(async (catalogs) => {
  const lists = await Promise.all(Object.values(catalogs).map(async (catalog) => ({ catalog: catalog.name, papers: await catalog.search('x', { limit: 3, signal }) })));
  const papers = mergePapers(lists);
  expect(papers.map(({ doi, arxivId, foundIn }) => ({ doi, arxivId, foundIn }))).toEqual([
    { doi: tafamidis, arxivId: null, foundIn: ['crossref', 'openalex', 'pubmed', 'semantic-scholar'] }, { doi: '10.48550/arxiv.1706.03762', arxivId: '1706.03762', foundIn: ['openalex', 'semantic-scholar', 'arxiv'] }, { doi: '10.3791/20970', arxivId: null, foundIn: ['crossref'] },
  ]);
  expect(papers[0]).toMatchObject({ published: '2018-09-13', citedBy: 1800, retracted: false, publisher: 'Massachusetts Medical Society', pmid: '30145929' });
  expect(papers[1]).toMatchObject({ venue: 'arXiv (Cornell University)', publisher: null, volume: null, authors: [{ literal: 'Ashish Vaswani' }, { literal: 'Noam Shazeer' }] });
  expect(mergePapers([])).toEqual([]);
}));

test('Works without a common id are the same only if title and year match', () => {
  const paper = (title: string, published: string, doi: string | null = null): FoundPaper => ({ doi, arxivId: null, pmid: null, type: 'article', title, authors: [], published, venue: null, volume: null, issue: null, pages: null, publisher: null, abstract: null, citedBy: null, retracted: null, openCopies: [] });
  const count = (...papers: FoundPaper[]): number => mergePapers(papers.map((one) => ({ catalog: 'crossref', papers: [one] }))).length;
  expect(count(paper('On the tides of the western sea', '2020'), paper('On the Tides of the Western Sea.', '2021'))).toBe(1);
  expect(count(paper('On the tides of the western sea', '2020'), paper('On the tides of the western sea', '2023'))).toBe(2);
  expect(count(paper('Editorial', '2020'), paper('Editorial', '2020'))).toBe(2);
  expect(count(paper('On the tides of the western sea', '2020', '10.1/a'), paper('On the tides of the western sea', '2020', '10.1/b'))).toBe(2);
});

test('Papers are written as BibTeX and CSL, with unique keys and escaped texts', async () => await withCatalogs(async (catalogs) => {
  const papers = mergePapers([{ catalog: 'crossref', papers: await catalogs.crossref.search('x', { limit: 3, signal }) }, { catalog: 'arxiv', papers: await catalogs.arxiv.search('x', { limit: 3, signal }) }]);
  const [tafamidisPaper, attention] = papers;
  expect(toBibtex([tafamidisPaper!])).toBe(`@article{maurer2018tafamidis,
  title = {Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy},
  author = {Maurer, Mathew S. and Schwartz, Jeffrey H. and ATTR-ACT Study Investigators},
  journal = {New England Journal of Medicine},
  year = {2018},
  volume = {379},
  number = {11},
  pages = {1007--1016},
  publisher = {Massachusetts Medical Society},
  doi = {10.1056/nejmoa1805689},
  month = sep
}
`);
  expect(toBibtex([attention!, { ...attention!, title: 'Attention & 100% {more} DNA', retracted: true }])).toMatch(/^@misc\{vaswani2017attention,[^@]*eprint = \{1706\.03762\},\n {2}archiveprefix = \{arXiv\}[^@]*@misc\{vaswani2017attentionb,\n {2}title = \{Attention \\& 100\\% \\\{more\\\} \{DNA\}\}[^@]*note = \{Retracted\}/);
  expect(toCsl([tafamidisPaper!])).toEqual([{
    id: 'maurer2018tafamidis', type: 'article-journal', title: tafamidisPaper!.title, author: [{ family: 'Maurer', given: 'Mathew S.' }, { family: 'Schwartz', given: 'Jeffrey H.' }, { literal: 'ATTR-ACT Study Investigators' }], issued: { 'date-parts': [[2018, 9, 13]] },
    'container-title': 'New England Journal of Medicine', volume: '379', issue: '11', page: '1007-1016', publisher: 'Massachusetts Medical Society', DOI: tafamidis, abstract: tafamidisPaper!.abstract,
  }]);
}));

test('A catalog that fails causes an error, and records in another form are left out', async () => {
  await using web = await WebServer.start({ '/works': json({ message: { items: [{ DOI: 5 }, null, { DOI: '10.1000/a', title: ['A title'], volume: 7 }, { DOI: '10.1000/b', title: ['Another title'] }] } }), '/api/query': { status: 503 } });
  using research = scratchResearch(web.origin);
  expect((await crossref(research.web, web.origin).search('x', { limit: 5, signal })).map(({ doi }) => doi)).toEqual(['10.1000/b']);
  await expect(arxiv(research.web, web.origin).search('x', { limit: 5, signal })).rejects.toMatchObject({ code: 'fetch_failed' });
  await expect(openAlex(research.web, web.origin).search('x', { limit: 5, signal })).rejects.toMatchObject({ code: 'fetch_failed' });
});
