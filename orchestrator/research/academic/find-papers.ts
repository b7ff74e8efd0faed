// Asks all catalogs at once and joins what they say. If a catalog fails, it is a gap in the answer, not an error.
import { z } from 'zod';
import { toSomnusError } from '../../../common/errors.ts';
import { mergePapers } from './merge-papers.ts';
import { Paper, type Catalog } from './paper.ts';

export const PaperList = z.strictObject({
  items: z.array(Paper),
  gaps: z.array(z.string()).meta({ description: 'Catalogs that did not answer.' }),
});
export type PaperList = z.infer<typeof PaperList>;

/** @throws SomnusError `cancelled`, and errors that no catalog caused */
export async function findPapers(catalogs: readonly Catalog[], query: string, { limit, signal }: { limit: number; signal: AbortSignal }): Promise<PaperList> {
  const gaps: string[] = [];
  const lists = await Promise.all(catalogs.map(async (catalog) => {
    try {
      return { catalog: catalog.name, papers: await catalog.search(query, { limit, signal }) };
    } catch (thrown) {
      const { code, message } = toSomnusError(thrown);
      if (signal.aborted || !['fetch_failed', 'timeout', 'too_large', 'address_refused'].includes(code)) throw thrown;
      gaps.push(`${catalog.name}: ${message}`);
      return { catalog: catalog.name, papers: [] };
    }
  }));
  return { items: mergePapers(lists).slice(0, limit), gaps: gaps.toSorted((a, b) => a.localeCompare(b)) };
}
