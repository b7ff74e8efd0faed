// Reads CSV and TSV according to RFC 4180, and writes rows as a Markdown table.

const maxColumns = 200;

/** Rows of fields; quoted fields may contain separators, quotes and line breaks. The separator is the most frequent candidate of the first line. */
export function parseTable(text: string): string[][] {
  const first = text.slice(0, text.indexOf('\n') + 1 || undefined);
  const separator = [',', ';', '\t', '|'].toSorted((a, b) => first.split(b).length - first.split(a).length)[0]!;
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i]!;
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[i + 1] === '"') { field += '"'; i += 1; } else quoted = false;
    } else if (letter === '"' && field === '') quoted = true;
    else if (letter === separator) { row.push(field); field = ''; } else if (letter === '\n') {
      row.push(field.replace(/\r$/, ''));
      rows.push(row);
      row = [];
      field = '';
    } else field += letter;
  }
  if (field !== '' || row.length > 0) rows.push([...row, field]);
  return rows;
}

/** The first row is the header. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const width = Math.min(maxColumns, rows.reduce((most, row) => Math.max(most, row.length), 0));
  if (width === 0) return '';
  const line = (row: readonly string[]): string => `| ${Array.from({ length: width }, (_, i) => (row[i] ?? '').replace(/\s+/g, ' ').replaceAll('|', '\\|').trim()).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(Array.from({ length: width }, () => '---')), ...rest.map(line)].join('\n');
}
