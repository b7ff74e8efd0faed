// Joins what several catalogs say about the same work: by DOI, arXiv id or PubMed id, or without these by title and year. Pure.
import { words } from '../../memory/text/terms.ts';
import { catalogNames, type CatalogName, type FoundPaper, type Paper } from './paper.ts';

interface Found { catalog: CatalogName; paper: FoundPaper }

/** Orders works by their best rank in any catalog. Takes each value from the first catalog, in the order of `catalogNames`, that has it. */
export function mergePapers(lists: readonly { catalog: CatalogName; papers: readonly FoundPaper[] }[]): Paper[] {
  const longest = Math.max(0, ...lists.map(({ papers }) => papers.length));
  const found = Array.from({ length: longest }, (_, place) => lists.flatMap(({ catalog, papers }) => (papers[place] === undefined ? [] : [{ catalog, paper: papers[place] }]))).flat();
  const groups: Found[][] = [];
  for (const one of found) {
    const same = groups.filter((group) => group.some(({ paper }) => isSame(paper, one.paper)));
    const [kept = [], ...others] = same;
    if (same.length === 0) groups.push(kept);
    kept.push(...others.flat(), one);
    for (const other of others) groups.splice(groups.indexOf(other), 1);
  }
  return groups.map(joined);
}

function isSame(a: FoundPaper, b: FoundPaper): boolean {
  if (a.doi !== null && b.doi !== null) return a.doi === b.doi;
  if (a.arxivId !== null && a.arxivId === b.arxivId) return true;
  if (a.pmid !== null && a.pmid === b.pmid) return true;
  return titleKey(a) === titleKey(b) && titleKey(a).length > 20 && Math.abs(yearOf(a) - yearOf(b)) <= 1;
}

function joined(group: readonly Found[]): Paper {
  const ordered = group.toSorted((a, b) => catalogNames.indexOf(a.catalog) - catalogNames.indexOf(b.catalog)).map(({ paper }) => paper);
  const first = <K extends keyof FoundPaper>(key: K): FoundPaper[K] => (ordered.find((paper) => paper[key] !== null) ?? ordered[0]!)[key];
  return {
    doi: first('doi'), arxivId: first('arxivId'), pmid: first('pmid'), type: ordered.find(({ type }) => type !== 'other')?.type ?? 'other', title: first('title'), authors: ordered.find(({ authors }) => authors.length > 0)?.authors ?? [],
    published: first('published'), venue: first('venue'), volume: first('volume'), issue: first('issue'), pages: first('pages'), publisher: first('publisher'), abstract: first('abstract'),
    citedBy: ordered.reduce<number | null>((most, { citedBy }) => (citedBy === null ? most : Math.max(most ?? 0, citedBy)), null),
    retracted: ordered.some(({ retracted }) => retracted === true) ? true : first('retracted'), openCopies: [...new Set(ordered.flatMap(({ openCopies }) => openCopies))],
    foundIn: catalogNames.filter((name) => group.some(({ catalog }) => catalog === name)),
  };
}

function titleKey({ title }: FoundPaper): string {
  return words(title).join(' ');
}

function yearOf({ published }: FoundPaper): number {
  return Number(published?.slice(0, 4) ?? Number.NaN);
}
