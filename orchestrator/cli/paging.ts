// Reads lists, one page or all of them.
import type { Page } from '../store/page.ts';
import type { Query } from './api/api-client.ts';
import type { Cli } from './command.ts';

export interface PageOptions { all: boolean; limit: number | undefined; cursor: string | undefined }

/** Returns the requested page; with `all`, every page as one. Prints a note when there is more. */
export async function page<T>(cli: Cli, path: string, filter: Query, options: PageOptions): Promise<Page<T>> {
  const api = await cli.api();
  if (options.all) return { items: await Array.fromAsync(api.items<T>(path, { ...filter, limit: 500 })), nextCursor: null };
  const found = await api.call<Page<T>>('GET', path, { query: { ...filter, limit: options.limit, cursor: options.cursor } });
  if (found.nextCursor !== null) cli.out.note(`More results: use --all for all, or --cursor ${found.nextCursor} for the next page.`);
  return found;
}
