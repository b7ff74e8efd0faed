// What reading a document gives, whatever it was.
import type { PageType } from '../page/page-model.ts';
import type { DocumentKind } from './sniff.ts';

export interface ReadDocument {
  kind: DocumentKind;
  mediaType: string;
  title: string | undefined;
  authors: string[];
  /** ISO 8601, as the document states it. */
  published: string | undefined;
  language: string | undefined;
  /** The content as plain text. */
  text: string;
  markdown: string;
  headings: { level: number; title: string }[];
  /** Entries of the list of references. */
  references: string[];
  /** Captions of figures and tables. */
  captions: string[];
  /** Entries of a feed or sitemap. */
  entries: DocumentEntry[];
  /** Pages of a PDF, slides, sheets or chapters. */
  parts: number | undefined;
  /** Of a web page: what kind it is, and how well its content is expected to have been found. */
  page: { type: PageType; confidence: number } | undefined;
  /** What was left out, for a reader. */
  warnings: string[];
}

export interface DocumentEntry { url: string | undefined; title: string | undefined; published: string | undefined; text: string | undefined }

/** A document with nothing but its kind; readers fill in what they find. */
export function emptyDocument(kind: DocumentKind, mediaType: string): ReadDocument {
  return { kind, mediaType, title: undefined, authors: [], published: undefined, language: undefined, text: '', markdown: '', headings: [], references: [], captions: [], entries: [], parts: undefined, page: undefined, warnings: [] };
}
