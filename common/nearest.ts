// Finds the known word that a mistyped one was probably meant to be.

/** The known word with the fewest changed letters; undefined when none is known. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  return known.toSorted((a, b) => editDistance(a, wrong) - editDistance(b, wrong))[0];
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
