// Answers of catalogs of scholarly works, in the form in which each service answers, shortened to a few records. The records describe three works that exist, with what the catalogs publish about them.

const abstract = 'Transthyretin amyloid cardiomyopathy is caused by the deposition of transthyretin amyloid fibrils.';

export const crossrefAnswer = {
  status: 'ok', 'message-type': 'work-list', 'message-version': '1.0.0', message: {
    facets: {}, 'total-results': 57_259, 'items-per-page': 3, query: { 'start-index': 0, 'search-terms': null }, items: [
      {
        DOI: '10.1056/NEJMoa1805689', type: 'journal-article', title: ['Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy'], 'container-title': ['New England Journal of Medicine'], publisher: 'Massachusetts Medical Society', volume: '379', issue: '11',
        page: '1007-1016', issued: { 'date-parts': [[2018, 9, 13]] }, author: [{ given: 'Mathew S.', family: 'Maurer', sequence: 'first', affiliation: [] }, { given: 'Jeffrey H.', family: 'Schwartz', sequence: 'additional', affiliation: [] }, { name: 'ATTR-ACT Study Investigators', sequence: 'additional', affiliation: [] }],
        'is-referenced-by-count': 1500, abstract: `<jats:title>Abstract</jats:title><jats:p>${abstract}</jats:p>`, ISSN: ['0028-4793'], URL: 'https://doi.org/10.1056/nejmoa1805689',
      },
      { DOI: '10.3791/20970', type: 'journal-article', title: ['CRISPR-Mediated Base Editing Tools: A Genome Editing Technique to Induce Targeted Base Substitution'], 'container-title': ['Journal of Visualized Experiments'], issued: { 'date-parts': [[null]] }, 'is-referenced-by-count': 0, 'updated-by': [{ type: 'retraction', DOI: '10.3791/0' }] },
      { DOI: '10.1000/untitled', title: [] },
    ],
  },
};

export const openAlexAnswer = {
  meta: { count: 2, db_response_time_ms: 30, page: 1, per_page: 25, groups_count: null }, group_by: [], results: [
    {
      id: 'https://openalex.org/W2888036721', doi: 'https://doi.org/10.1056/nejmoa1805689', title: 'Tafamidis Treatment', display_name: 'Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy', relevance_score: 900.1, publication_year: 2018, publication_date: '2018-08-27',
      ids: { openalex: 'https://openalex.org/W2888036721', doi: 'https://doi.org/10.1056/nejmoa1805689', mag: '2888036721', pmid: 'https://pubmed.ncbi.nlm.nih.gov/30145929' }, language: 'en', type: 'article', is_retracted: false, cited_by_count: 1712,
      primary_location: { is_oa: true, landing_page_url: 'https://doi.org/10.1056/nejmoa1805689', pdf_url: null, source: { id: 'https://openalex.org/S62468778', display_name: 'New England Journal of Medicine' }, license: null, version: 'publishedVersion' },
      open_access: { is_oa: true, oa_status: 'bronze', oa_url: 'https://www.nejm.org/doi/pdf/10.1056/NEJMoa1805689?articleTools=true', any_repository_has_fulltext: true }, best_oa_location: { pdf_url: 'https://www.nejm.org/doi/pdf/10.1056/NEJMoa1805689?articleTools=true', landing_page_url: null, source: null },
      authorships: [{ author_position: 'first', author: { id: 'https://openalex.org/A1', display_name: 'Mathew S. Maurer', orcid: null }, institutions: [] }], biblio: { volume: '379', issue: '11', first_page: '1007', last_page: '1016' },
      abstract_inverted_index: { fibrils: [2], amyloid: [1], Transthyretin: [0] },
    },
    {
      id: 'https://openalex.org/W2963403868', doi: 'https://doi.org/10.48550/arxiv.1706.03762', display_name: 'Attention Is All You Need', publication_date: '2017-06-12', type: 'preprint', is_retracted: false, cited_by_count: 6500, biblio: {}, authorships: [], ids: {}, open_access: {}, best_oa_location: null, abstract_inverted_index: null,
      primary_location: { landing_page_url: 'http://arxiv.org/abs/1706.03762', pdf_url: 'https://arxiv.org/pdf/1706.03762', source: { display_name: 'arXiv (Cornell University)' } },
    },
  ],
};

export const semanticScholarAnswer = {
  total: 2, offset: 0, next: 2, data: [
    {
      paperId: '204e3073870fae3d05bcbc2f6a8e263d9b72e776', externalIds: { MAG: '2963403868', DBLP: 'conf/nips/VaswaniSPUJGKP17', ArXiv: '1706.03762', CorpusId: 13_756_489 }, title: 'Attention is All you Need', abstract: null, venue: 'Neural Information Processing Systems', year: 2017,
      citationCount: 120_000, openAccessPdf: { url: '', status: null, license: null }, publicationTypes: ['JournalArticle', 'Conference'], publicationDate: '2017-06-12', journal: { pages: '5998-6008' }, authors: [{ authorId: '40348417', name: 'Ashish Vaswani' }, { authorId: '1846258', name: 'Noam Shazeer' }],
    },
    {
      paperId: '8e7cd303f4752286575f61363c63d8c6ec2b0249', externalIds: { MAG: '2888036721', DOI: '10.1056/NEJMoa1805689', CorpusId: 205_103_334, PubMed: '30145929' }, title: 'Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy', venue: 'New England Journal of Medicine', year: 2018,
      citationCount: 1800, openAccessPdf: { url: 'https://www.nejm.org/doi/pdf/10.1056/NEJMoa1805689?articleTools=true', status: 'BRONZE', license: null }, publicationTypes: ['JournalArticle'], publicationDate: '2018-08-27', journal: { name: 'The New England Journal of Medicine', pages: '\n          1007-1016\n        ', volume: '379 11' },
      authors: [{ authorId: '3787925', name: 'M. Maurer' }], abstract: null,
    },
  ],
};

export const pubmedSearchAnswer = { header: { type: 'esearch', version: '0.3' }, esearchresult: { count: '1', retmax: '1', retstart: '0', idlist: ['30145929'], translationset: [], querytranslation: 'tafamidis[All Fields]' } };
export const pubmedSummaryAnswer = {
  header: { type: 'esummary', version: '0.3' }, result: {
    uids: ['30145929'], 30_145_929: {
      uid: '30145929', pubdate: '2018 Sep 13', epubdate: '2018 Aug 27', source: 'N Engl J Med', authors: [{ name: 'Maurer MS', authtype: 'Author', clusterid: '' }, { name: 'Schwartz JH', authtype: 'Author', clusterid: '' }], lastauthor: 'Rapezzi C',
      title: 'Tafamidis Treatment for Patients with Transthyretin Amyloid Cardiomyopathy.', volume: '379', issue: '11', pages: '1007-1016', lang: ['eng'], issn: '0028-4793', essn: '1533-4406', pubtype: ['Journal Article', 'Randomized Controlled Trial'], fulljournalname: 'The New England journal of medicine',
      articleids: [{ idtype: 'pubmed', idtypen: 1, value: '30145929' }, { idtype: 'doi', idtypen: 3, value: '10.1056/NEJMoa1805689' }], history: [], references: [],
    },
  },
};

export const arxivAnswer = `<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <title>arXiv Query: search_query=all:attention&amp;id_list=&amp;start=0&amp;max_results=1</title>
  <updated>2026-04-01T00:00:00Z</updated>
  <opensearch:totalResults>1</opensearch:totalResults>
  <entry>
    <id>http://arxiv.org/abs/1706.03762v7</id>
    <title>Attention Is All
      You Need</title>
    <updated>2023-08-02T00:41:18Z</updated>
    <link href="https://arxiv.org/abs/1706.03762v7" rel="alternate" type="text/html"/>
    <link href="http://arxiv.org/pdf/1706.03762v7" rel="related" type="application/pdf" title="pdf"/>
    <summary>The dominant sequence transduction models are based on recurrent &amp; convolutional networks.</summary>
    <category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
    <published>2017-06-12T17:57:34Z</published>
    <arxiv:comment>15 pages, 5 figures</arxiv:comment>
    <arxiv:primary_category term="cs.CL"/>
    <author><name>Ashish Vaswani</name></author>
    <author><name>Noam Shazeer</name><arxiv:affiliation>Google</arxiv:affiliation></author>
  </entry>
  <entry><id>https://arxiv.org/api/errors#incorrect_id</id><title>Error</title><summary>incorrect id format</summary></entry>
</feed>`;
