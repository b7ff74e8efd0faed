// …/files: files and folders of a running environment, as streams of any size.
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import type { GuestFileInfo } from '../../../supervisor/guest/guest-channel.ts';
import { fileHeaders, FileWritten } from '../answers.ts';
import { RefParams, route, type Answer, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/files';
const Path = z.string().startsWith('/', 'must be an absolute path').max(4096);
const Archive = z.enum(['tar']).optional().meta({ description: 'Treat the path as a folder and the content as a tar archive of it.' });
const Mode = z.string().regex(/^0?[0-7]{3,4}$/, 'must be octal, such as 0644').transform((text) => Number.parseInt(text, 8)).optional();

export const fileRoutes: readonly Route[] = [
  route({
    method: 'head', path, id: 'statFile', summary: 'Describe a file or folder',
    access: { scope: 'read', limitedKeys: true }, params: RefParams, query: z.strictObject({ path: Path, archive: Archive }),
    answers: { 200: { description: `In the headers ${Object.values(fileHeaders).join(', ')}.` } },
    handle: async ({ caller, params, query }, { services }): Promise<Answer> => {
      const channel = await services.environments.channel(caller, params.ref);
      const info = await channel.stat(query.path);
      if (info === undefined) throw new SomnusError('not_found', `${query.path} does not exist`);
      return { status: 200, headers: describe(info) };
    },
  }),
  route({
    method: 'get', path, id: 'readFile', summary: 'Download a file, or a folder as a tar archive',
    description: 'Uses chunked transfer: a response that ends before its last chunk is incomplete.',
    access: { scope: 'read', limitedKeys: true }, params: RefParams, query: z.strictObject({ path: Path, archive: Archive }),
    answers: { 200: { description: 'The content; the headers describe the file.', contentType: 'application/octet-stream' } },
    handle: async ({ caller, params, query, signal }, { services }): Promise<Answer> => {
      const channel = await services.environments.channel(caller, params.ref);
      if (query.archive === 'tar') return { status: 200, headers: { 'content-type': 'application/x-tar' }, body: await channel.readTar(query.path, signal) };
      const { info, content } = await channel.readFile(query.path, signal);
      return { status: 200, headers: { 'content-type': 'application/octet-stream', ...describe(info) }, body: content };
    },
  }),
  route({
    method: 'put', path, id: 'writeFile', summary: 'Upload a file, or unpack a tar archive into a folder',
    description: 'A file is replaced only when its whole content has arrived.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams,
    query: z.strictObject({ path: Path, archive: Archive, mode: Mode.meta({ description: "Permissions of the file, octal." }) }),
    upload: 'The bytes, of any size.',
    answers: { 200: { description: 'Written.', schema: FileWritten } },
    handle: async ({ caller, params, query, content, signal }, { services }): Promise<Answer> => {
      if (query.archive === 'tar' && query.mode !== undefined) throw new SomnusError('invalid_request', 'mode cannot be used with archive, which contains its own modes');
      const channel = await services.environments.channel(caller, params.ref);
      if (query.archive === 'tar') {
        await channel.writeTar(query.path, content, signal);
        return { status: 200, body: { path: query.path, sizeBytes: null } satisfies FileWritten };
      }
      const { sizeBytes } = await channel.writeFile(query.path, content, { mode: query.mode }, signal);
      return { status: 200, body: { path: query.path, sizeBytes } satisfies FileWritten };
    },
  }),
];

function describe(info: GuestFileInfo): Record<string, string> {
  return {
    [fileHeaders.type]: info.type,
    [fileHeaders.sizeBytes]: String(info.sizeBytes),
    [fileHeaders.mode]: `0${(info.mode & 0o7777).toString(8).padStart(3, '0')}`,
    [fileHeaders.modified]: new Date(info.modifiedMs).toISOString(),
  };
}
