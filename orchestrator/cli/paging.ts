// Lists, one page or all of them.
import type { Page } from '../store/page.ts';
import type { Query } from './api/api-client.ts';
import type { Cli } from './command.ts';

export interface PageOptions { all: boolean; limit: number | undefined; cursor: string | undefined }

/** The page asked for; with `all` every page as one. Says on standard error when there is more. */
export async function page<T>(cli: Cli, path: string, filter: Query, options: PageOptions): Promise<Page<T>> {
  const api = await cli.api();
  if (options.all) return { items: await Array.fromAsync(api.items<T>(path, { ...filter, limit: 500 })), nextCursor: null };
  const found = await api.call<Page<T>>('GET', path, { query: { ...filter, limit: options.limit, cursor: options.cursor } });
  if (found.nextCursor !== null) cli.out.note(`There is more: --all shows it, --cursor ${found.nextCursor} the next page.`);
  return found;
}
