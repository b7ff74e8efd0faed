// Reads the bytes of any known document in this process. Call it only in the reader's child process: parsers of untrusted data run nowhere else.
import { SomnusError } from '../../../common/errors.ts';
import { readPage } from '../page/read-page.ts';
import { documentOf, type DocumentContent, type ReadDocument } from './document.ts';
import { sniff, type DocumentKind, type Hints } from './sniff.ts';
import { markdownTable, parseTable } from './tables.ts';
import { decodeText } from './text-encoding.ts';

export interface DocumentHints extends Hints {
  /** Where the document came from; links in it are resolved against it. */
  url?: string | undefined;
}

const maxTextLetters = 20_000_000;
const maxTableRows = 20_000;

/** @throws SomnusError `unsupported_media_type` for anything but a document, `invalid_request` for a damaged one, `too_large`, `locked` */
export async function parseDocument(bytes: Uint8Array, hints: DocumentHints): Promise<ReadDocument> {
  const { kind, mediaType } = sniff(bytes, hints);
  if (kind === undefined || kind === 'image') throw new SomnusError('unsupported_media_type', `Documents of type ${mediaType} have no readable text`, { hint: 'Send a page, PDF, Office file, EPUB, feed, table or text.' });
  const document = documentOf(kind, mediaType, await contentOf(kind, bytes, hints).catch((thrown: unknown) => { throw asDamaged(thrown, kind); }));
  if (document.text.length <= maxTextLetters) return document;
  return { ...document, text: document.text.slice(0, maxTextLetters), markdown: document.markdown.slice(0, maxTextLetters), warnings: [...document.warnings, `The text is truncated after ${maxTextLetters} characters.`] };
}

/** Parsers of untrusted data fail in many ways; all of them mean that the document is damaged. */
function asDamaged(thrown: unknown, kind: DocumentKind): SomnusError {
  if (thrown instanceof SomnusError) return thrown;
  return new SomnusError('invalid_request', `The ${kind} document cannot be parsed: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { hint: 'Fetch or export the document again.', cause: thrown });
}

async function contentOf(kind: Exclude<DocumentKind, 'image'>, bytes: Uint8Array, hints: DocumentHints): Promise<DocumentContent> {
  switch (kind) {
    case 'pdf': return await (await import('./pdf-unpdf.ts')).readPdf(bytes);
    case 'docx': return await (await import('./office.ts')).readDocx(bytes);
    case 'xlsx': return (await import('./office.ts')).readXlsx(bytes);
    case 'pptx': return (await import('./office.ts')).readPptx(bytes);
    case 'odt': return (await import('./office.ts')).readOdt(bytes);
    case 'epub': return (await import('./epub.ts')).readEpub(bytes);
    case 'feed': return (await import('./feeds.ts')).readFeed(decodeText(bytes, hints.mediaType));
    case 'sitemap': return (await import('./feeds.ts')).readSitemap(decodeText(bytes, hints.mediaType));
    case 'page': return pageContent(decodeText(bytes, hints.mediaType), hints.url);
    case 'table': return tableContent(decodeText(bytes, hints.mediaType));
    case 'json': return jsonContent(decodeText(bytes, hints.mediaType));
    case 'xml': return fenced(decodeText(bytes, hints.mediaType), 'xml');
    case 'markdown': case 'text': return textContent(decodeText(bytes, hints.mediaType));
  }
}

function pageContent(html: string, url: string | undefined): DocumentContent {
  const { title, authors, published, language, text, markdown, type, confidence } = readPage(html, url);
  return { title, authors, published, language, text, markdown, headings: headingsIn(markdown), page: { type, confidence } };
}

function tableContent(source: string): DocumentContent {
  const rows = parseTable(source);
  return { text: source, markdown: markdownTable(rows.slice(0, maxTableRows)), parts: rows.length, warnings: rows.length > maxTableRows ? [`The table is truncated after ${maxTableRows} rows.`] : [] };
}

/** Indents valid JSON; leaves invalid JSON and JSON lines as they are. */
function jsonContent(source: string): DocumentContent {
  try {
    return fenced(JSON.stringify(JSON.parse(source), undefined, 2), 'json');
  } catch {
    return fenced(source, 'json');
  }
}

function fenced(text: string, language: string): DocumentContent {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length + 1)));
  return { text, markdown: `${fence}${language}\n${text.trimEnd()}\n${fence}` };
}

function textContent(text: string): DocumentContent {
  const headings = headingsIn(text);
  return { text, markdown: text, headings, title: headings[0]?.title };
}

function headingsIn(markdown: string): ReadDocument['headings'] {
  let inCode = false;
  return markdown.split('\n').flatMap((line) => {
    if (line.startsWith('```')) inCode = !inCode;
    const found = inCode ? null : /^(#{1,6}) (.+)$/.exec(line);
    return found === null ? [] : [{ level: found[1]!.length, title: found[2]!.trim() }];
  });
}
