// /v1/memory/files: files of any size as memories. The caller first announces a file with what is known about it, then sends its bytes. Names are content, so they are in a body: paths and queries are logged.
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Name } from '../../../common/ids.ts';
import { FileInput, RememberedFile } from '../../memory/files/memory-files.ts';
import { MAIN_SPACE } from '../../memory/spaces.ts';
import { Ref, route, type Route } from '../route.ts';

const PART_BYTES = 1_048_576;
/** Enough for a text of 1 MiB and a vector of the maximum length. */
const ANNOUNCED_BYTES = 4 * 1_048_576;

const change = { scope: 'write', limitedKeys: true } as const;
const IdParams = z.strictObject({ id: Ref });

export const memoryFileRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/memory/files', id: 'announceMemoryFile', summary: 'Announce a file to remember', description: 'Then send its bytes with PUT to the address in `Location`.',
    access: change, body: FileInput, maxBodyBytes: ANNOUNCED_BYTES, answers: { 201: { description: 'The id that the memory will have.', schema: z.strictObject({ id: z.string() }) } },
    handle: async ({ caller, body }, { services }) => {
      const announced = await (await services.memory.service()).files.beginFile(caller, body);
      return { status: 201, headers: { location: `/v1/memory/files/${announced.id}` }, body: announced };
    },
  }),
  route({
    method: 'put', path: '/v1/memory/files/{id}', id: 'rememberFile', summary: 'Store an announced file as a memory',
    description: 'The text of documents, source code, pages and, if tesseract is installed, images can be searched. For other files, the commands in `files.readers` of memory.yaml extract the text. If the request fails, announce the file again.',
    access: change, params: IdParams, upload: 'The bytes, at most `storage.maxFileBytes` in memory.yaml.',
    answers: { 200: { description: 'Not stored: the same file already is, or its text only repeats recalled text.', schema: RememberedFile }, 201: { description: 'Stored.', schema: RememberedFile } },
    handle: async ({ caller, params, content }, { services }) => {
      const { files } = await services.memory.service();
      try {
        let number = 0;
        for await (const part of partsOf(content)) {
          await files.addToFile(caller, params.id, number, part);
          number += 1;
        }
        const stored = await files.rememberFile(caller, params.id);
        return stored.outcome === 'stored' ? { status: 201, headers: { location: `/v1/memory/memories/${stored.id}` }, body: stored } : { status: 200, body: stored };
      } catch (error) {
        await Promise.resolve(files.dropFile(caller, params.id)).catch(() => {}); // removed at the next start at the latest
        throw error;
      }
    },
  }),
  route({
    method: 'get', path: '/v1/memory/memories/{id}/file', id: 'getMemoryFile', summary: 'Download the file that is attached to a memory',
    access: { scope: 'read', limitedKeys: true }, params: IdParams, query: z.strictObject({ space: Name.default(MAIN_SPACE) }),
    answers: { 200: { description: 'The bytes.', contentType: 'application/octet-stream' } },
    handle: async ({ caller, params, query }, { services }) => {
      const { files } = await services.memory.service();
      const { bytes } = await files.file(caller, params.id, query);
      const parts = async function* (): AsyncGenerator<Buffer> {
        for (let number = 0; ; number += 1) {
          const part = await files.filePart(caller, params.id, number, query);
          if (part === undefined) return;
          yield Buffer.from(part);
        }
      };
      return { status: 200, headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes) }, body: Readable.from(parts()) };
    },
  }),
];

/** Cuts a stream into parts of about a MiB. */
async function* partsOf(content: Readable): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(chunks);
    chunks = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(chunks);
}
