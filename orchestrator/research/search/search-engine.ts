// The interface of search engines, which find addresses of pages.

export interface SearchResult { url: string; title: string | null }

export interface SearchEngine {
  readonly name: string;
  /** Best first. @throws SomnusError `fetch_failed`, `timeout`, `cancelled` */
  search(query: string, options: { limit: number; signal: AbortSignal }): Promise<SearchResult[]>;
}
