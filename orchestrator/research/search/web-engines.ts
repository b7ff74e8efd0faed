// Search engines on the web: SearXNG, which needs no key, and Brave. Only an admin configures their addresses; their answers are data that is checked.
import { z } from 'zod';
import type { WebClient } from '../fetch/web-fetch.ts';
import { webJson } from '../fetch/web-json.ts';
import type { SearchEngine, SearchResult } from './search-engine.ts';

const Result = z.object({ url: z.string(), title: z.string().nullish() });
const SearxngAnswer = z.object({ results: z.array(z.unknown()) });
const BraveAnswer = z.object({ web: z.object({ results: z.array(z.unknown()) }).nullish() });

/** `endpoint` is the address of the instance, whose settings must allow the format `json`. */
export function searxng(web: Pick<WebClient, 'get'>, endpoint: string): SearchEngine {
  return {
    name: 'searxng',
    async search(query, { limit, signal }) {
      const url = new URL('search', endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
      url.search = new URLSearchParams({ q: query, format: 'json' }).toString();
      return resultsOf((await webJson(web, SearxngAnswer, { name: 'SearXNG', url, signal })).results, limit);
    },
  };
}

/** Calls `key` for each search, so that a new key takes effect at once. */
export function brave(web: Pick<WebClient, 'get'>, key: () => Promise<string>, endpoint = 'https://api.search.brave.com'): SearchEngine {
  return {
    name: 'brave',
    async search(query, { limit, signal }) {
      const url = new URL('/res/v1/web/search', endpoint);
      url.search = new URLSearchParams({ q: query.slice(0, 400), count: String(Math.min(limit, 20)) }).toString();
      return resultsOf((await webJson(web, BraveAnswer, { name: 'Brave', url, headers: { 'x-subscription-token': await key() }, signal })).web?.results ?? [], limit);
    },
  };
}

/** Leaves out entries that are not results, such as infoboxes. */
function resultsOf(results: readonly unknown[], limit: number): SearchResult[] {
  return results.flatMap((result) => {
    const { data } = Result.safeParse(result);
    return data === undefined || !/^https?:\/\//i.test(data.url) ? [] : [{ url: data.url, title: data.title ?? null }];
  }).slice(0, limit);
}
