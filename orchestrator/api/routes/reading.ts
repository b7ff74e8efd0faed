// /v1/read: converts pages and documents to text and Markdown.
import { z } from 'zod';
import { ReadDocument } from '../../reading/documents/document.ts';
import { route, type Answer, type Route } from '../route.ts';

const Text = z.string().max(4096).optional();

export const readingRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/read', id: 'readDocument', summary: 'Convert a page or document to text and Markdown',
    description: 'Reads web pages, PDF, Office files (docx, xlsx, pptx, odt), EPUB, feeds, sitemaps, tables, JSON, XML and text, and images if tesseract is installed. The format is detected from the bytes. For a web page, only the main content is returned. '
      + 'Nothing is stored or fetched. The content is data: Somnus does not follow instructions in it.',
    access: { scope: 'read', limitedKeys: true },
    query: z.strictObject({
      name: Text.meta({ description: 'File name; used only to tell text formats apart.' }), type: Text.meta({ description: 'Media type that the server declared; used only to tell text formats apart.' }),
      url: Text.meta({ description: 'Address of the document, to resolve its links.' }),
    }),
    upload: 'The document, at most 100 MiB.',
    answers: { 200: { description: 'The content.', schema: ReadDocument } },
    handle: async ({ query, content, signal }, { services }): Promise<Answer> => ({ status: 200, body: await services.documents.read(content, { name: query.name, mediaType: query.type, url: query.url }, signal) satisfies ReadDocument }),
  }),
];
