// somnus research papers
import { text } from 'node:stream/consumers';
import type { CollectedPage, Paper } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface PapersOptions { limit: number | undefined; catalog: CatalogName[]; format: 'bibtex' | 'csl' | undefined; fetch: boolean }
type CatalogName = Paper['foundIn'][number];

/** All catalogs are asked at the same time, and each may take this long. */
const SEARCH_TIMEOUT_MS = 120_000;
const FETCH_TIMEOUT_MS = 180_000;

export async function findPapers(cli: Cli, { words }: { words: string[] }, { limit, catalog, format, fetch }: PapersOptions): Promise<void> {
  const api = await cli.api();
  const query = { q: words.join(' '), limit, ...(catalog.length === 0 ? {} : { catalogs: catalog.join(',') }) };
  if (format !== undefined) {
    const content = await text(await api.open('get', '/v1/research/papers', { query: { ...query, format }, timeoutMs: SEARCH_TIMEOUT_MS }));
    cli.out.line(content.trimEnd());
    return;
  }
  const found = await api.call('get', '/v1/research/papers', { query, timeoutMs: SEARCH_TIMEOUT_MS });
  for (const gap of found.gaps) cli.out.note(sanitize(gap));
  const copies: CollectedPage[] = [];
  for (const paper of fetch ? found.items : []) {
    const [url] = paper.openCopies;
    if (url === undefined) continue;
    try {
      copies.push(await api.call('post', '/v1/research/captures', { body: { url, maxAgeSeconds: 86_400 }, timeoutMs: FETCH_TIMEOUT_MS }));
    } catch (error) {
      cli.out.note(sanitize(`${url}: ${(error as Error).message}`));
    }
  }
  const captureOf = (paper: Paper): string | undefined => copies.find(({ capture }) => paper.openCopies.includes(capture.url))?.capture.id;
  cli.out.result(fetch ? { ...found, captures: copies.map(({ capture }) => capture) } : found, () => found.items.map((paper) => paperText(paper, captureOf(paper))).join('\n\n'));
}

function paperText(paper: Paper, captureId: string | undefined): string {
  const { title, authors, published, venue, doi, openCopies, foundIn, retracted } = paper;
  const names = authors.slice(0, 4).map(({ literal }) => literal).join(', ');
  return [
    sanitize(`${retracted === true ? 'RETRACTED: ' : ''}${title}`), sanitize(`  ${[`${names}${authors.length > 4 ? ' and others' : ''}`, venue, published].filter((part) => part !== null && part !== '').join('. ')}`),
    sanitize(`  ${[doi === null ? undefined : `https://doi.org/${doi}`, openCopies[0]].filter((part) => part !== undefined).join('  ')}${captureId === undefined ? '' : `  ${captureId}`}  (${foundIn.join(', ')})`),
  ].join('\n');
}
