// Finds the structure of a PDF from its lines: drops running heads and page numbers, joins lines into paragraphs, and recognizes headings, captions and references by size, weight and wording.
import type { ReadDocument } from './document.ts';
import type { PdfLine } from './pdf-lines.ts';

const numbered = /^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|Appendix [A-Z]\b|[A-Z]\.)\s+\p{Lu}/u;
const named = /^(?:abstract|introduction|background|related work|methods?|materials and methods|results?|discussion|conclusions?|acknowledge?ments?|references|bibliography|appendix)\b.{0,30}$/i;
const caption = /^(?:fig(?:ure)?\.?|table|tab\.|algorithm|listing)\s*\d+[.:]?\s/i;
const listMark = /^(?:[•▪‣◦–-]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s/;

type Part = { kind: 'heading'; level: number; text: string } | { kind: 'paragraph' | 'caption' | 'item' | 'reference'; text: string };

/** @param pages the lines of each page in reading order */
export function structureOf(pages: readonly (readonly PdfLine[])[], pageHeights: readonly number[]): Pick<ReadDocument, 'text' | 'markdown' | 'headings' | 'references' | 'captions'> {
  const repeated = runningLines(pages, pageHeights);
  const size = bodySize(pages);
  const sizes = [...new Set(pages.flat().filter((line) => line.size > size * 1.12).map((line) => Math.round(line.size)))].toSorted((a, b) => b - a).slice(0, 3);
  const parts: Part[] = [];
  let inReferences = false;
  for (const [number, lines] of pages.entries()) {
    let before: PdfLine | undefined;
    const kept = lines.filter((line) => !repeated.has(keyOf(line, pageHeights[number]!)));
    const spacing = usualSpacing(kept);
    for (const line of kept) {
      const last = parts.at(-1);
      const level = headingLevel(line, size, sizes);
      if (level !== undefined) {
        if (last?.kind === 'heading' && last.level === level && before !== undefined && before.y - line.y < line.size * 1.8 && before.y > line.y && !numbered.test(line.text)) last.text += ` ${line.text}`;
        else parts.push({ kind: 'heading', level, text: line.text });
        inReferences = /^(?:\d+\.?\s*)?(?:references|bibliography|literature cited|works cited)\b/i.test(line.text);
      } else if (caption.test(line.text) && !(last?.kind === 'paragraph' && before !== undefined && isNext(before, line, spacing) && !/[.:!?]$/.test(last.text))) parts.push({ kind: 'caption', text: line.text });
      else if (inReferences) {
        if (last?.kind !== 'reference' || startsReference(line, before)) parts.push({ kind: 'reference', text: line.text });
        else last.text = joinLines(last.text, line.text);
      } else if (listMark.test(line.text)) parts.push({ kind: 'item', text: line.text.replace(/^[•▪‣◦–-]\s*/, '') });
      else if (last !== undefined && last.kind !== 'heading' && continues(last.text, before, line, spacing)) last.text = joinLines(last.text, line.text);
      else parts.push({ kind: 'paragraph', text: line.text });
      before = line;
    }
  }
  return {
    text: parts.map(({ text }) => text).join('\n'), markdown: parts.map(markdownOf).join('\n\n'),
    headings: parts.flatMap((part) => (part.kind === 'heading' ? [{ level: part.level, title: part.text }] : [])),
    references: parts.flatMap((part) => (part.kind === 'reference' ? [part.text] : [])), captions: parts.flatMap((part) => (part.kind === 'caption' ? [part.text] : [])),
  };
}

function markdownOf(part: Part): string {
  const text = part.text.replace(/[\\`*[\]<]/g, '\\$&');
  if (part.kind === 'heading') return `${'#'.repeat(part.level)} ${text}`;
  if (part.kind === 'caption') return `*${text}*`;
  return part.kind === 'paragraph' ? text.replace(/^([#>+-]|\d+[.)])(?=\s)/, '\\$1') : `- ${text}`;
}

/** Lines at the top or bottom that are repeated on most pages, apart from numbers in them. */
function runningLines(pages: readonly (readonly PdfLine[])[], heights: readonly number[]): Set<string> {
  const counts = new Map<string, number>();
  for (const [i, lines] of pages.entries()) {
    const height = heights[i]!;
    const edge = lines.filter((line) => line.y > height * 0.9 || line.y < height * 0.1);
    for (const key of new Set(edge.map((line) => keyOf(line, height)))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const least = Math.max(2, pages.length * 0.4);
  return new Set([...counts].flatMap(([key, count]) => (count >= least ? [key] : [])));
}

function keyOf(line: PdfLine, height: number): string {
  const edge = line.y > height * 0.9 ? 'top' : line.y < height * 0.1 ? 'bottom' : 'middle';
  return edge === 'middle' ? `${line.y}:${line.x}:${line.text}:middle` : `${edge}:${line.text.replaceAll(/\d+/g, '#').toLowerCase()}`;
}

/** The font size of most of the text. */
function bodySize(pages: readonly (readonly PdfLine[])[]): number {
  const letters = new Map<number, number>();
  for (const line of pages.flat()) {
    const size = Math.round(line.size * 2) / 2;
    letters.set(size, (letters.get(size) ?? 0) + line.text.length);
  }
  return [...letters].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 10;
}

function headingLevel(line: PdfLine, size: number, sizes: readonly number[]): number | undefined {
  const { text } = line;
  if (text.length > 160 || text.length < 3 || !/\p{L}{2}/u.test(text) || /_|\. ?\. ?\./.test(text) || caption.test(text)) return undefined; // excludes names in code and lines of a table of contents
  if (line.size > size * 1.12) return Math.min(3, sizes.indexOf(Math.round(line.size)) + 1 || 3);
  const marked = line.bold || (text === text.toUpperCase() && text.length < 60 && /\p{Lu}{3}/u.test(text));
  if (marked && text.length < 100 && !/[.,;]$/.test(text) && (numbered.test(text) || named.test(text) || line.bold)) return 3;
  return named.test(text) && text.length < 25 && /^\p{Lu}/u.test(text) && !/[.,;:]$/.test(text) ? 3 : undefined;
}

/** The most frequent distance between baselines. */
function usualSpacing(lines: readonly PdfLine[]): number {
  const distances = new Map<number, number>();
  for (let i = 1; i < lines.length; i += 1) {
    const distance = Math.round((lines[i - 1]!.y - lines[i]!.y) * 2) / 2;
    if (distance > 2 && distance < 40) distances.set(distance, (distances.get(distance) ?? 0) + 1);
  }
  return [...distances].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 14;
}

function isNext(before: PdfLine, line: PdfLine, spacing: number): boolean {
  const distance = before.y - line.y;
  return distance > 0 && distance < spacing * 1.35;
}

/** A line continues a paragraph when it follows closely and is not indented, or when a column or page ended in the middle of a sentence. */
function continues(text: string, before: PdfLine | undefined, line: PdfLine, spacing: number): boolean {
  const open = !/[.!?:"”)\]]$/.test(text);
  if (before === undefined) return open && /^\p{Ll}/u.test(line.text);
  if (Math.abs(before.size - line.size) > 1.2) return false;
  if (!isNext(before, line, spacing)) return before.y < line.y && open && /^[\p{Ll}\p{N}(]/u.test(line.text);
  return line.x - before.x < line.size * 0.8 || open;
}

function startsReference(line: PdfLine, before: PdfLine | undefined): boolean {
  if (/^(?:\[[\w+-]{1,12}\]|\d{1,3}\.)\s/.test(line.text)) return true;
  return before !== undefined && before.x - line.x > line.size * 0.5 && /^\p{Lu}/u.test(line.text);
}

/** Joins a word that was hyphenated at the end of a line. */
function joinLines(text: string, next: string): string {
  if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  return `${text} ${next}`;
}
