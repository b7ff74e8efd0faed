// The pages that a user has collected, as a search engine: it needs no key and no network.
import type { ResearchStore } from '../store/research-stores.ts';
import type { SearchEngine } from './search-engine.ts';

export function localEngine({ captures, passages }: ResearchStore): SearchEngine {
  return {
    name: 'local',
    search: async (query, { limit }) => passages.search(query, { limit, perText: 1 }).map(({ captureId }) => {
      const { url, title } = captures.get(captureId).capture;
      return { url, title };
    }),
  };
}
