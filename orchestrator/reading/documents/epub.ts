// Reads EPUB: the chapters in the order of the spine, with the title, authors and language of the book.
import { SomnusError } from '../../../common/errors.ts';
import { elementsOf, parseXml, rawText, type PageElement } from '../page/html-tree.ts';
import type { DocumentContent } from './document.ts';
import { htmlContent } from './office.ts';
import { decodeText } from './text-encoding.ts';
import { readZip } from './zip-files.ts';

/** @throws SomnusError `invalid_request` when the archive has no package document */
export function readEpub(bytes: Uint8Array): DocumentContent {
  const files = readZip(bytes, (name) => /\.(?:xml|opf|x?html?)$/i.test(name));
  const container = xmlOf(files.get('META-INF/container.xml'));
  const packagePath = [...elementsOf(container)].find(({ tag }) => tag === 'rootfile')?.attributes['full-path'];
  const packageFile = packagePath === undefined ? undefined : files.get(packagePath);
  if (packagePath === undefined || packageFile === undefined) throw new SomnusError('invalid_request', 'The EPUB has no package document', { hint: 'Fetch or export the book again.' });
  const elements = [...elementsOf(xmlOf(packageFile))];
  const values = (tag: string): string[] => elements.filter((element) => element.tag === tag).map((element) => rawText(element).trim()).filter((text) => text !== '');
  const items = new Map(elements.filter(({ tag }) => localName(tag) === 'item').map(({ attributes }) => [attributes['id'] ?? '', attributes['href'] ?? '']));
  const chapters = elements.filter(({ tag }) => localName(tag) === 'itemref').flatMap(({ attributes }) => {
    const href = items.get(attributes['idref'] ?? '');
    const path = href === undefined ? undefined : decodeURIComponent(new URL(href, `file:///${packagePath}`).pathname.slice(1));
    const file = path === undefined ? undefined : files.get(path);
    return file === undefined ? [] : [htmlContent(decodeText(file))];
  }).filter(({ text }) => text !== '');
  return {
    title: values('dc:title')[0], authors: values('dc:creator'), published: values('dc:date')[0], language: values('dc:language')[0], parts: chapters.length,
    text: chapters.map(({ text }) => text).join('\n\n'), markdown: chapters.map(({ markdown }) => markdown.trim()).join('\n\n'), headings: chapters.flatMap(({ headings }) => headings),
  };
}

function xmlOf(file: Uint8Array | undefined): PageElement {
  return parseXml(file === undefined ? '' : decodeText(file));
}

function localName(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}
