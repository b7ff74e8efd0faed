// /v1/read: pages and documents as text and Markdown.
import { z } from 'zod';
import { ReadDocument } from '../../reading/documents/document.ts';
import { route, type Answer, type Route } from '../route.ts';

const Text = z.string().max(4096).optional();

export const readingRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/read', id: 'readDocument', summary: 'Read a page or document as text and Markdown',
    description: 'Web pages, PDF, Office files (docx, xlsx, pptx, odt), EPUB, feeds, sitemaps, tables, JSON, XML and text, and images if tesseract is installed. The kind is told by the bytes. Of a page only its content is returned. '
      + 'Nothing is stored, nothing is fetched, and the content is data: what it asks for is followed by nothing.',
    access: { scope: 'read', limitedKeys: true },
    query: z.strictObject({
      name: Text.meta({ description: 'File name; tells apart texts of different kinds.' }), type: Text.meta({ description: 'Media type, as declared by the server it came from.' }),
      url: Text.meta({ description: 'Address of the document: links in it are resolved against it.' }),
    }),
    upload: 'The document, at most 100 MiB.',
    answers: { 200: { description: 'What was read.', schema: ReadDocument } },
    handle: async ({ query, content, signal }, { services }): Promise<Answer> => ({ status: 200, body: await services.documents.read(content, { name: query.name, mediaType: query.type, url: query.url }, signal) satisfies ReadDocument }),
  }),
];
