// Reads lists, one page or all of them.
import type { Page } from './api/api-client.ts';
import type { ItemOf, ListFor, ListPath } from './api/api-types.ts';
import type { Cli } from './command.ts';

export interface PageOptions { all: boolean; limit: number | undefined; cursor: string | undefined }

/** Returns the requested page; with `all`, every page as one. Prints a note when there is more. */
export async function page<P extends ListPath>(cli: Cli, path: P, list: ListFor<P>, options: PageOptions): Promise<Page<ItemOf<P>>> {
  const api = await cli.api();
  if (options.all) return { items: await Array.fromAsync(api.items(path, list)), nextCursor: null };
  const found = await api.page(path, list, { limit: options.limit, cursor: options.cursor });
  if (found.nextCursor !== null) cli.out.note(`More results: use --all for all, or --cursor ${found.nextCursor} for the next page.`);
  return found;
}
