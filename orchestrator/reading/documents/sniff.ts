// Detects the kind of a document from its bytes, because names and declared types can be wrong; the declared type only tells text formats apart.
import { listZip } from './zip-files.ts';

export const documentKinds = ['page', 'pdf', 'docx', 'xlsx', 'pptx', 'odt', 'epub', 'feed', 'sitemap', 'json', 'table', 'xml', 'markdown', 'text', 'image'] as const;
export type DocumentKind = (typeof documentKinds)[number];

interface Sniffed {
  /** Undefined for unreadable kinds, such as programs, archives and media. */
  kind: DocumentKind | undefined;
  mediaType: string;
}

export interface Hints {
  /** File name, or the last part of the address. */
  name?: string | undefined;
  /** Content-Type that the server or the sender declared. */
  mediaType?: string | undefined;
}

const images: readonly [magic: readonly number[], mediaType: string][] = [
  [[0x89, 0x50, 0x4e, 0x47], 'image/png'], [[0xff, 0xd8, 0xff], 'image/jpeg'], [[0x47, 0x49, 0x46, 0x38], 'image/gif'], [[0x49, 0x49, 0x2a, 0x00], 'image/tiff'], [[0x4d, 0x4d, 0x00, 0x2a], 'image/tiff'], [[0x42, 0x4d], 'image/bmp'],
];
const ooxml: readonly [entry: string, kind: DocumentKind, mediaType: string][] = [
  ['word/document.xml', 'docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xl/workbook.xml', 'xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['ppt/presentation.xml', 'pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
];

export function sniff(bytes: Uint8Array, hints: Hints = {}): Sniffed {
  const head = latin(bytes.subarray(0, 2048));
  if (head.slice(0, 1024).includes('%PDF-')) return { kind: 'pdf', mediaType: 'application/pdf' };
  if (head.startsWith('PK\u0003\u0004')) return sniffZip(bytes);
  const image = imageType(bytes);
  if (image !== undefined) return { kind: 'image', mediaType: image };
  if (isBinary(bytes)) return { kind: undefined, mediaType: 'application/octet-stream' };
  return sniffText(head.replace(/^\u00ef\u00bb\u00bf|^\u00ff\u00fe|^\u00fe\u00ff/, '').replaceAll('\0', '').trimStart(), hints);
}

/** The media type of an image; undefined for other content. */
export function imageType(bytes: Uint8Array): string | undefined {
  for (const [magic, mediaType] of images) if (magic.every((byte, i) => bytes[i] === byte) && (mediaType !== 'image/bmp' || (bytes[6] === 0 && bytes[7] === 0))) return mediaType;
  const head = latin(bytes.subarray(0, 12));
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'image/webp' : undefined;
}

function sniffZip(bytes: Uint8Array): Sniffed {
  const entries = listZip(bytes);
  const names = new Set(entries.map(({ name }) => name));
  for (const [entry, kind, mediaType] of ooxml) if (names.has(entry)) return { kind, mediaType };
  // The first entry of these formats contains their media type, uncompressed, right after its name.
  const declared = /^mimetype(application\/[a-z0-9.+-]+)/.exec(latin(bytes.subarray(30, 150)))?.[1];
  if (declared?.startsWith('application/epub+zip') === true || names.has('META-INF/container.xml')) return { kind: 'epub', mediaType: 'application/epub+zip' };
  if (declared?.startsWith('application/vnd.oasis.opendocument.text') === true) return { kind: 'odt', mediaType: 'application/vnd.oasis.opendocument.text' };
  return { kind: undefined, mediaType: 'application/zip' };
}

function sniffText(head: string, { name = '', mediaType = '' }: Hints): Sniffed {
  const start = head.slice(0, 1500);
  if (/^(?:<\?xml[^>]*>|<!--[^]*?-->|<!DOCTYPE[^>]*>|<\?[^>]*>|\s)*<(?:rss|feed|rdf:RDF)[\s>]/i.test(start)) return { kind: 'feed', mediaType: /<feed[\s>]/.test(start) ? 'application/atom+xml' : 'application/rss+xml' };
  if (/<(?:urlset|sitemapindex)[\s>]/.test(start)) return { kind: 'sitemap', mediaType: 'application/xml' };
  if (/<!doctype\s+html|<html[\s>]/i.test(start)) return { kind: 'page', mediaType: 'text/html' };
  if (start.startsWith('<?xml')) return { kind: 'xml', mediaType: 'application/xml' };
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  if (type === 'text/html' || type === 'application/xhtml+xml' || ['html', 'htm', 'xhtml'].includes(ending)) return { kind: 'page', mediaType: 'text/html' };
  if (type.endsWith('json') || ending === 'json' || ending === 'jsonl' || ending === 'ndjson') return { kind: 'json', mediaType: 'application/json' };
  if (type === 'text/csv' || ending === 'csv') return { kind: 'table', mediaType: 'text/csv' };
  if (type === 'text/tab-separated-values' || ending === 'tsv') return { kind: 'table', mediaType: 'text/tab-separated-values' };
  if (type === 'text/markdown' || ending === 'md' || ending === 'markdown') return { kind: 'markdown', mediaType: 'text/markdown' };
  if (/^<(?:head|body|title|meta|div|p|h1|article|main|table|section)[\s>]/i.test(start)) return { kind: 'page', mediaType: 'text/html' };
  if (type.endsWith('xml') || ending === 'xml') return { kind: 'xml', mediaType: 'application/xml' };
  if (/^[[{]/.test(start) && /[\]}"\d,]/.test(start)) return { kind: 'json', mediaType: 'application/json' };
  return { kind: 'text', mediaType: 'text/plain' };
}

/** Whether the bytes have zeros outside UTF-16, or many control characters. */
function isBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return false;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return true;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) controls += 1;
  }
  return controls > head.length / 20;
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
