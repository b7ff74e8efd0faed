// The pages that a user has collected, as a search engine: it needs no key and no network.
import type { ResearchStore } from '../store/research-stores.ts';
import type { PassageSearch } from './passage-search.ts';
import type { SearchEngine } from './search-engine.ts';

export function localEngine(store: ResearchStore, passageSearch: Pick<PassageSearch, 'search'>): SearchEngine {
  return {
    name: 'local',
    search: async (query, { limit }) => (await passageSearch.search(store, query, { limit, perText: 1 })).hits.map(({ captureId }) => {
      const { url, title } = store.captures.get(captureId).capture;
      return { url, title };
    }),
  };
}
