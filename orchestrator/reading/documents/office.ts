// Word, Excel, PowerPoint and OpenDocument files. mammoth converts Word to HTML; the others are zips of XML, of which only text and tables are read.
import mammoth from 'mammoth';
import { segment } from '../page/blocks.ts';
import { elementsOf, parseHtml, parseXml, rawText, type PageElement } from '../page/html-tree.ts';
import { toMarkdown } from '../page/markdown.ts';
import type { DocumentContent, ReadDocument } from './document.ts';
import { decodeText } from './text-encoding.ts';
import { markdownTable } from './tables.ts';
import { checkZip, readZip } from './zip-files.ts';

const maxRows = 20_000;

export async function readDocx(bytes: Uint8Array): Promise<DocumentContent> {
  checkZip(bytes);
  const noImages = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes) }, { convertImage: noImages, externalFileAccess: false });
  return { ...htmlContent(value), ...coreProperties(bytes) };
}

/** Reads a whole HTML text, without choosing blocks. */
export function htmlContent(html: string): { text: string; markdown: string; headings: ReadDocument['headings'] } {
  const root = parseHtml(html);
  const { blocks } = segment(root);
  return {
    text: blocks.map(({ text }) => text).join('\n'), markdown: toMarkdown(root, blocks, undefined),
    headings: blocks.flatMap(({ element, text }) => (/^h[1-6]$/.test(element.tag) ? [{ level: Number(element.tag[1]), title: text }] : [])),
  };
}

export function readXlsx(bytes: Uint8Array): DocumentContent {
  const files = readZip(bytes, (name) => /^xl\/(?:workbook\.xml|sharedStrings\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/.test(name));
  const strings = [...elementsOf(xmlOf(files.get('xl/sharedStrings.xml')))].filter(({ tag }) => tag === 'si').map((item) => [...elementsOf(item)].filter(({ tag, parent }) => tag === 't' && parent?.tag !== 'rPh').map(rawText).join(''));
  const targets = new Map([...elementsOf(xmlOf(files.get('xl/_rels/workbook.xml.rels')))].filter(({ tag }) => tag === 'Relationship').map(({ attributes }) => [attributes['Id'] ?? '', attributes['Target'] ?? '']));
  const sheets: { name: string; rows: string[][] }[] = [];
  let cut = false;
  for (const { tag, attributes } of elementsOf(xmlOf(files.get('xl/workbook.xml')))) {
    if (tag !== 'sheet') continue;
    const target = targets.get(attributes['r:id'] ?? '') ?? '';
    const file = files.get(target.startsWith('/') ? target.slice(1) : `xl/${target}`);
    if (file === undefined) continue;
    const rows = sheetRows(xmlOf(file), strings);
    cut ||= rows.length > maxRows;
    sheets.push({ name: attributes['name'] ?? '', rows: rows.slice(0, maxRows) });
  }
  return {
    ...coreProperties(bytes), parts: sheets.length, headings: sheets.map(({ name }) => ({ level: 2, title: name })),
    text: sheets.map(({ name, rows }) => `${name}\n${rows.map((row) => row.join('\t')).join('\n')}`).join('\n\n'),
    markdown: sheets.map(({ name, rows }) => `## ${name}\n\n${markdownTable(rows)}`).join('\n\n'),
    warnings: cut ? [`Sheets are truncated after ${maxRows} rows.`] : [],
  };
}

function sheetRows(sheet: PageElement, strings: readonly string[]): string[][] {
  const rows: string[][] = [];
  for (const element of elementsOf(sheet)) {
    if (element.tag !== 'row') continue;
    const row: string[] = [];
    for (const cell of element.children) {
      if (typeof cell === 'string' || cell.tag !== 'c') continue;
      const column = columnOf(cell.attributes['r']) ?? row.length;
      if (column > 500) continue;
      while (row.length < column) row.push('');
      row.push(cellValue(cell, strings));
    }
    if (row.some((value) => value !== '')) rows.push(row);
    if (rows.length > maxRows) break;
  }
  return rows;
}

function cellValue(cell: PageElement, strings: readonly string[]): string {
  const type = cell.attributes['t'];
  const parts = [...elementsOf(cell)];
  if (type === 'inlineStr') return parts.filter(({ tag }) => tag === 't').map(rawText).join('');
  const value = parts.find(({ tag }) => tag === 'v');
  const raw = value === undefined ? '' : rawText(value);
  if (type === 's') return strings[Number(raw)] ?? '';
  return type === 'b' ? (raw === '1' ? 'TRUE' : 'FALSE') : raw;
}

/** The column of a cell reference: "C7" is column 2. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  return letters === undefined ? undefined : Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

export function readPptx(bytes: Uint8Array): DocumentContent {
  const files = readZip(bytes, (name) => /^ppt\/(?:slides|notesSlides)\/[^/]+\.xml$/.test(name));
  const number = (name: string): number => Number(/(\d+)\.xml$/.exec(name)?.[1] ?? 0);
  const slides = [...files].filter(([name]) => name.startsWith('ppt/slides/')).toSorted(([a], [b]) => number(a) - number(b)).map(([name, file]) => {
    const [title = '', ...lines] = paragraphsOf(xmlOf(file), 'a:p', 'a:t');
    const notes = files.get(`ppt/notesSlides/notesSlide${number(name)}.xml`);
    return { title, lines, notes: notes === undefined ? [] : paragraphsOf(xmlOf(notes), 'a:p', 'a:t').filter((line) => !/^\d+$/.test(line)) };
  });
  return {
    ...coreProperties(bytes), parts: slides.length, headings: slides.map(({ title }) => ({ level: 2, title })),
    text: slides.map(({ title, lines, notes }) => [title, ...lines, ...notes].join('\n')).join('\n\n'),
    markdown: slides.map(({ title, lines, notes }) => [`## ${title}`, lines.map((line) => `- ${line}`).join('\n'), notes.map((line) => `> ${line}`).join('\n')].filter((part) => part !== '').join('\n\n')).join('\n\n'),
  };
}

export function readOdt(bytes: Uint8Array): DocumentContent {
  const root = xmlOf(readZip(bytes, (name) => name === 'content.xml').get('content.xml'));
  const lines: string[] = [];
  const markdown: string[] = [];
  const headings: ReadDocument['headings'] = [];
  for (const element of elementsOf(root)) {
    if (element.tag !== 'text:h' && element.tag !== 'text:p') continue;
    const text = rawText(element).replace(/\s+/g, ' ').trim();
    if (text === '') continue;
    lines.push(text);
    if (element.tag === 'text:h') {
      const level = Math.min(6, Number(element.attributes['text:outline-level'] ?? 1) || 1);
      headings.push({ level, title: text });
      markdown.push(`${'#'.repeat(level)} ${text}`);
    } else markdown.push(element.parent?.tag === 'text:list-item' ? `- ${text}` : text);
  }
  return { text: lines.join('\n'), markdown: markdown.join('\n\n'), headings };
}

function paragraphsOf(root: PageElement, paragraph: string, run: string): string[] {
  return [...elementsOf(root)].filter(({ tag }) => tag === paragraph).map((element) => [...elementsOf(element)].filter(({ tag }) => tag === run).map(rawText).join('').trim()).filter((text) => text !== '');
}

/** Title, author and date from the document properties. */
function coreProperties(bytes: Uint8Array): Pick<DocumentContent, 'title' | 'authors' | 'published'> {
  const root = xmlOf(readZip(bytes, (name) => name === 'docProps/core.xml').get('docProps/core.xml'));
  const value = (tag: string): string | undefined => {
    for (const element of elementsOf(root)) if (element.tag === tag) return rawText(element).trim() || undefined;
    return undefined;
  };
  const author = value('dc:creator');
  return { title: value('dc:title'), authors: author === undefined ? [] : [author], published: value('dcterms:created') };
}

function xmlOf(file: Uint8Array | undefined): PageElement {
  return parseXml(file === undefined ? '' : decodeText(file));
}
