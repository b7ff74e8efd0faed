// The result of reading a document of any kind.
import { z } from 'zod';
import { pageTypes } from '../page/page-model.ts';
import { documentKinds, type DocumentKind } from './sniff.ts';

export const DocumentEntry = z.strictObject({ url: z.string().nullable(), title: z.string().nullable(), published: z.string().nullable(), text: z.string().nullable() });
export type DocumentEntry = z.infer<typeof DocumentEntry>;

export const ReadDocument = z.strictObject({
  kind: z.enum(documentKinds),
  mediaType: z.string(),
  title: z.string().nullable(),
  authors: z.array(z.string()),
  published: z.string().nullable().meta({ description: 'Date of publication that the document states, in ISO 8601.' }),
  language: z.string().nullable().meta({ description: 'Language that the document states.' }),
  text: z.string().meta({ description: 'The content as plain text.' }),
  markdown: z.string(),
  headings: z.array(z.strictObject({ level: z.int().min(1).max(6), title: z.string() })),
  references: z.array(z.string()).meta({ description: 'Entries of the reference list of a PDF.' }),
  captions: z.array(z.string()).meta({ description: 'Captions of figures and tables of a PDF.' }),
  entries: z.array(DocumentEntry).meta({ description: 'Entries of a feed or sitemap.' }),
  parts: z.int().nullable().meta({ description: 'Number of pages, slides, sheets, chapters or rows.' }),
  page: z.strictObject({ type: z.enum(pageTypes), confidence: z.number().meta({ description: 'Expected quality of the extracted content: F1 over words, from 0 to 1.' }) }).nullable().meta({ description: 'Only for web pages; otherwise null.' }),
  warnings: z.array(z.string()).meta({ description: 'What is missing or uncertain, such as omitted pages.' }),
});
export type ReadDocument = z.infer<typeof ReadDocument>;

/** The content that one of the readers found. */
export type DocumentContent = { [K in keyof ReadDocument]?: ReadDocument[K] | undefined };

export function documentOf(kind: DocumentKind, mediaType: string, content: DocumentContent): ReadDocument {
  return {
    kind, mediaType, title: content.title ?? null, authors: content.authors ?? [], published: content.published ?? null, language: content.language ?? null, text: content.text ?? '', markdown: content.markdown ?? '',
    headings: content.headings ?? [], references: content.references ?? [], captions: content.captions ?? [], entries: content.entries ?? [], parts: content.parts ?? null, page: content.page ?? null, warnings: content.warnings ?? [],
  };
}
