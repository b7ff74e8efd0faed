// Finds the reading order of a PDF page: joins positioned pieces of text into lines, and reads lines column by column. A line that spans the columns separates the lines above it from those below.

/** A piece of text. Coordinates are in points; y increases upward. */
export interface PdfPiece { text: string; x: number; y: number; width: number; size: number; bold: boolean }

export interface PdfLine { text: string; x: number; end: number; y: number; size: number; bold: boolean }

/** The lines of a page in reading order. */
export function readingOrder(pieces: readonly PdfPiece[], pageWidth: number): PdfLine[] {
  const segments = segmentsOf(pieces);
  const gutter = gutterOf(segments, pageWidth);
  const sorted = segments.toSorted((a, b) => b.y - a.y || a.x - b.x);
  if (gutter === undefined) return joinedRows(sorted);
  const ordered: PdfLine[] = [];
  let left: PdfLine[] = [];
  let right: PdfLine[] = [];
  const flush = (): void => {
    ordered.push(...joinedRows(left), ...joinedRows(right));
    left = [];
    right = [];
  };
  for (const segment of sorted) {
    if (segment.end <= gutter + 2) left.push(segment);
    else if (segment.x >= gutter - 2) right.push(segment);
    else {
      flush();
      ordered.push(segment);
    }
  }
  flush();
  return ordered;
}

/** Joins pieces on one baseline that are close together; a wide gap starts a new segment, which may be in another column. */
function segmentsOf(pieces: readonly PdfPiece[]): PdfLine[] {
  const rows: PdfPiece[][] = [];
  for (const piece of pieces.filter(({ text }) => text.trim() !== '').toSorted((a, b) => b.y - a.y || a.x - b.x)) {
    const row = rows.findLast((candidate, i) => i >= rows.length - 3 && Math.abs(candidate[0]!.y - piece.y) < Math.max(candidate[0]!.size, piece.size) * 0.45);
    if (row === undefined) rows.push([piece]);
    else row.push(piece);
  }
  return rows.flatMap((row) => {
    const lines: PdfLine[] = [];
    for (const piece of row.toSorted((a, b) => a.x - b.x)) {
      const last = lines.at(-1);
      const gap = last === undefined ? 0 : piece.x - last.end;
      if (last === undefined || gap > Math.max(piece.size, last.size) * 1.1) lines.push({ text: piece.text, x: piece.x, end: piece.x + piece.width, y: piece.y, size: piece.size, bold: piece.bold });
      else {
        const spaced = gap > piece.size * 0.15 && !last.text.endsWith(' ') && !piece.text.startsWith(' ');
        last.text += (spaced ? ' ' : '') + piece.text;
        last.end = Math.max(last.end, piece.x + piece.width);
        if (piece.text.trim().length > 2) last.bold &&= piece.bold;
        if (piece.size > last.size) { last.size = piece.size; last.y = piece.y; }
      }
    }
    return lines.map((line) => ({ ...line, text: line.text.replace(/\s+/g, ' ').trim() }));
  });
}

/** The middle of the empty strip between two columns; undefined if there is only one column. */
function gutterOf(segments: readonly PdfLine[], pageWidth: number): number | undefined {
  let best: { x: number; crossing: number } | undefined;
  const width = segments.reduce((sum, { x, end }) => sum + end - x, 0);
  for (let x = pageWidth * 0.35; x <= pageWidth * 0.65; x += 2) {
    const left = segments.filter(({ end }) => end <= x + 1);
    const right = segments.filter((segment) => segment.x >= x - 1);
    const crossing = 1 - [...left, ...right].reduce((sum, segment) => sum + segment.end - segment.x, 0) / (width || 1);
    if (left.length < 6 || right.length < 6 || crossing > 0.4) continue;
    const long = (some: readonly PdfLine[]): number => some.filter((segment) => segment.end - segment.x > pageWidth * 0.22).length;
    if (long(left) < 4 || long(right) < 4) continue; // a list with numbers on its right is not two columns
    if (best === undefined || crossing < best.crossing - 1e-6) best = { x, crossing };
  }
  return best?.x;
}

/** Joins the segments of one row within a column: cells of a table, or words after a wide space. */
function joinedRows(segments: readonly PdfLine[]): PdfLine[] {
  const lines: PdfLine[] = [];
  for (const segment of segments) {
    const last = lines.at(-1);
    if (last !== undefined && Math.abs(last.y - segment.y) < Math.max(last.size, segment.size) * 0.45 && segment.x >= last.end - 1) {
      last.text += ` ${segment.text}`;
      last.end = segment.end;
    } else lines.push({ ...segment });
  }
  return lines;
}
