// Reads PDF with unpdf (PDF.js for servers): text with positions, title and author. Nothing is rendered, and scripts in a PDF do not run.
import { getDocumentProxy } from 'unpdf';
import { SomnusError } from '../../../common/errors.ts';
import type { DocumentContent, ReadDocument } from './document.ts';
import { readingOrder, type PdfLine, type PdfPiece } from './pdf-lines.ts';
import { structureOf } from './pdf-structure.ts';

const maxPages = 2000;

/** @throws SomnusError `locked` for a PDF that needs a password, `invalid_request` for one that cannot be parsed */
export async function readPdf(bytes: Uint8Array): Promise<DocumentContent> {
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch((thrown: unknown) => {
    if (thrown instanceof Error && thrown.name === 'PasswordException') throw new SomnusError('locked', 'The PDF needs a password', { hint: 'Save a copy without a password and read that.', cause: thrown });
    throw new SomnusError('invalid_request', 'The PDF is damaged', { hint: 'Fetch or export the document again.', cause: thrown });
  });
  try {
    const pages: PdfLine[][] = [];
    const heights: number[] = [];
    const warnings: string[] = [];
    let empty = 0;
    for (let number = 1; number <= Math.min(pdf.numPages, maxPages); number += 1) {
      const page = await pdf.getPage(number);
      const [, bottom = 0, right = 612, top = 792] = page.view;
      const { items, styles } = await page.getTextContent();
      const pieces: PdfPiece[] = [];
      for (const item of items) {
        if (!('str' in item) || item.str === '') continue;
        const [, skew = 0, , scale = 0, x = 0, y = 0] = item.transform as number[];
        if (Math.abs(skew) > Math.abs(scale)) continue; // excludes rotated text
        const style = styles[item.fontName];
        pieces.push({ text: item.str, x, y: y - bottom, width: item.width, size: Math.abs(scale) || item.height, bold: /bold|black|heavy|demi/i.test(`${item.fontName} ${style?.fontFamily ?? ''} ${await fontName(page, item.fontName)}`) });
      }
      if (pieces.length === 0) empty += 1;
      pages.push(readingOrder(pieces, right));
      heights.push(top - bottom);
      page.cleanup();
    }
    if (empty > 0) warnings.push(`${empty} of ${pages.length} pages have no text. They may be scans.`);
    if (pdf.numPages > maxPages) warnings.push(`Pages after ${maxPages} were not read.`);
    const found = structureOf(pages, heights);
    return { ...found, ...await informationOf(pdf, found.headings), parts: pdf.numPages, warnings };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** The name of the font, once the page's operators have loaded it. */
async function fontName(page: Awaited<ReturnType<Pdf['getPage']>>, id: string): Promise<string> {
  const { commonObjs } = page;
  if (!commonObjs.has(id)) await page.getOperatorList();
  return commonObjs.has(id) ? String((commonObjs.get(id) as { name?: string } | null)?.name ?? '') : '';
}

async function informationOf(pdf: Pdf, headings: ReadDocument['headings']): Promise<Pick<DocumentContent, 'title' | 'authors' | 'published' | 'language'>> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const { Title, Author, CreationDate, Language } = info as Record<string, unknown>; // any of these can have any type
  const title = nonEmpty(Title);
  const date = /^D:(\d{4})(\d\d)(\d\d)/.exec(nonEmpty(CreationDate) ?? '');
  return {
    title: (title === undefined || /^(?:untitled|microsoft word|.*\.(?:docx?|tex|dvi|indd))/i.test(title) ? undefined : title) ?? headings[0]?.title,
    authors: (nonEmpty(Author) ?? '').split(/\s*[;]\s*|\s+and\s+/).filter((name) => name.trim() !== ''), published: date === null ? undefined : `${date[1]}-${date[2]}-${date[3]}`, language: nonEmpty(Language),
  };
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value !== 'string' || value.trim() === '' ? undefined : value.trim();
}
