// Writes data tables as Markdown tables. Tables that are only used for layout are not data tables.
import { elementsOf, type PageElement } from './html-tree.ts';
import { inlineMarkdown, type InlineContext } from './inline-markdown.ts';

const maxColumns = 40;

/** Returns undefined for a layout table: one that contains a table or long flow content, or has only one row or column. */
export function tableMarkdown(table: PageElement, context: InlineContext): string | undefined {
  const rows: string[][] = [];
  let headed = false;
  let caption = '';
  for (const element of elementsOf(table)) {
    if (element !== table && element.tag === 'table') return undefined;
    if (element.tag === 'caption') caption = cellText(element, context);
    if (element.tag !== 'tr') continue;
    const row: string[] = [];
    for (const cell of element.children) {
      if (typeof cell === 'string' || (cell.tag !== 'td' && cell.tag !== 'th')) continue;
      if (cell.tag === 'th' && rows.length === 0) headed = true;
      const text = cellText(cell, context);
      if (text.length > 1500) return undefined;
      const span = Math.min(Math.max(1, Number.parseInt(cell.attributes['colspan'] ?? '1', 10) || 1), maxColumns);
      row.push(text, ...Array.from({ length: span - 1 }, () => ''));
    }
    if (row.some((text) => text !== '')) rows.push(row.slice(0, maxColumns));
  }
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (rows.length < 2 || width < 2) return undefined;
  if (!headed && width === 2 && rows.some((row) => row.some((text) => text.length > 400))) return undefined;
  const line = (row: readonly string[]): string => `| ${Array.from({ length: width }, (_, i) => row[i] ?? '').join(' | ')} |`;
  const [first = [], ...rest] = headed ? rows : [[], ...rows];
  return [...(caption === '' ? [] : [caption, '']), line(first), line(Array.from({ length: width }, () => '---')), ...rest.map(line)].join('\n');
}

function cellText(cell: PageElement, context: InlineContext): string {
  return inlineMarkdown(spacedBlocks(cell), context).replaceAll('\n', ' ').replaceAll('|', '\\|').replace(/ {2,}/g, ' ').trim();
}

/** The nodes of a cell with a space after each block, so that paragraphs do not run together. */
function spacedBlocks(cell: PageElement): (PageElement | string)[] {
  return cell.children.flatMap((child) => (typeof child !== 'string' && /^(?:p|div|li|ul|ol|h\d)$/.test(child.tag) ? [...spacedBlocks(child), ' '] : [child]));
}
