// Serves a planted web on loopback, with a search engine that answers like SearXNG. Each page is on its own host, which a client can find only with its own resolver, or all are on one host.
import { words } from '../../orchestrator/memory/text/terms.ts';
import type { PlantedPage, PlantedWeb } from './planted-web.ts';
import { WebServer, type WebPage, type WebVisit } from './web-server.ts';

export interface PlantedServer extends AsyncDisposable {
  web: WebServer;
  searxngUrl: string;
  origins: string[];
  urlOf(page: PlantedPage): string;
  /** Addresses of pages that were asked for, in order. */
  visited(): string[];
}

export async function servePlanted(planted: PlantedWeb, { oneHost = false }: { oneHost?: boolean } = {}): Promise<PlantedServer> {
  const web = await WebServer.start();
  const address = (host: string, path: string): string => (oneHost ? `${web.origin}/${host}${path}` : `http://${host}:${web.port}${path}`);
  const byAddress = new Map(planted.pages.map((page) => [address(page.host, page.path), page]));
  const serve = ({ headers, path }: WebVisit): WebPage => {
    const page = byAddress.get(`http://${headers.host}${path}`);
    return page === undefined ? { status: 404, body: 'Not here' } : { body: page.html };
  };
  for (const { host, path } of planted.pages) web.pages.set(oneHost ? `/${host}${path}` : path, serve);
  web.pages.set('/search', ({ path }) => {
    const asked = words(new URL(path, 'http://search.test').searchParams.get('q') ?? '');
    const rated = planted.pages.map((page) => {
      const has = new Set(words(page.html));
      return { page, score: asked.filter((word) => word.length > 3 && has.has(word)).length };
    }).filter(({ score }) => score > 1).toSorted((a, b) => b.score - a.score).slice(0, 10);
    const results = rated.map(({ page }) => ({ url: address(page.host, page.path), title: page.path, content: '', engine: 'planted', score: 1 }));
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: asked.join(' '), number_of_results: 0, results, answers: [], corrections: [], infoboxes: [], suggestions: [], unresponsive_engines: [] }) };
  });
  return {
    web, searxngUrl: oneHost ? web.origin : address('search.test', '/'), origins: oneHost ? [web.origin] : [...planted.pages.map(({ host }) => host), 'search.test', ...planted.traps].map((host) => `http://${host}:${web.port}`),
    urlOf: ({ host, path }) => address(host, path),
    visited: () => web.visits.map(({ headers, path }) => `http://${headers.host}${path}`).filter((url) => !url.includes('/search')),
    [Symbol.asyncDispose]: async () => await web[Symbol.asyncDispose](),
  };
}
