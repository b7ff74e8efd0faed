// …/files: files and folders of a running environment, as streams of any size.
import { posix } from 'node:path';
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import type { GuestFileInfo } from '../../../supervisor/guest/guest-channel.ts';
import { entryAt, GuestEntry, GuestFileEvent, listFolder, makeFolder, move, remove, watchFiles } from '../../../supervisor/guest/guest-folders.ts';
import { programOutput } from '../../environments/program-output.ts';
import { PageQuery } from '../../store/page.ts';
import { fileHeaders, FilePage, FileWritten } from '../answers.ts';
import { Flag, RefParams, route, type Answer, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/files';
const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;
const Path = z.string().startsWith('/', 'must be an absolute path').max(4096);
const Archive = z.enum(['tar']).optional().meta({ description: 'Treat the path as a folder and the content as a tar archive of it.' });
const Mode = z.string().regex(/^0?[0-7]{3,4}$/, 'must be octal, such as 0644').transform((text) => Number.parseInt(text, 8)).optional();

export const fileRoutes: readonly Route[] = [
  route({
    method: 'head', path, id: 'statFile', summary: 'Describe a file or folder',
    access: see, params: RefParams, query: z.strictObject({ path: Path, archive: Archive }),
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
    access: see, params: RefParams, query: z.strictObject({ path: Path, archive: Archive }),
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
    access: change, params: RefParams,
    query: z.strictObject({ path: Path, archive: Archive, mode: Mode.meta({ description: "Permissions of the file, octal." }), mkdirs: Flag.meta({ description: 'Create missing folders of the path first.' }) }),
    upload: 'The bytes, of any size.',
    answers: { 200: { description: 'Written.', schema: FileWritten } },
    handle: async ({ caller, params, query, content, signal }, { services }): Promise<Answer> => {
      if (query.archive === 'tar' && query.mode !== undefined) throw new SomnusError('invalid_request', 'mode cannot be used with archive, which contains its own modes');
      const channel = await services.environments.channel(caller, params.ref);
      if (query.mkdirs) await makeFolder(channel, posix.dirname(query.path), signal);
      if (query.archive === 'tar') {
        await channel.writeTar(query.path, content, signal);
        await services.sessions.noteFile(caller, params.ref, { what: 'unpacked', path: query.path });
        return { status: 200, body: { path: query.path, sizeBytes: null } satisfies FileWritten };
      }
      const { sizeBytes } = await channel.writeFile(query.path, content, { mode: query.mode }, signal);
      await services.sessions.noteFile(caller, params.ref, { what: 'written', path: query.path });
      return { status: 200, body: { path: query.path, sizeBytes } satisfies FileWritten };
    },
  }),
  route({
    method: 'delete', path, id: 'removeFile', summary: 'Remove a file or folder',
    access: change, params: RefParams, query: z.strictObject({ path: Path, recursive: Flag.meta({ description: 'Remove a folder with its content. Otherwise only an empty one.' }) }),
    answers: { 204: { description: 'Removed.' } },
    handle: async ({ caller, params, query, signal }, { services }): Promise<Answer> => {
      await remove(await services.environments.channel(caller, params.ref), query.path, query, signal);
      await services.sessions.noteFile(caller, params.ref, { what: 'removed', path: query.path });
      return { status: 204 };
    },
  }),
  route({
    method: 'get', path: `${path}/info`, id: 'getFileInfo', summary: 'Describe a file, folder or link as JSON',
    access: see, params: RefParams, query: z.strictObject({ path: Path }), answers: { 200: { description: 'What is at the path. A symbolic link is not followed.', schema: GuestEntry } },
    handle: async ({ caller, params, query, signal }, { services }): Promise<Answer> => ({ status: 200, body: await entryAt(await services.environments.channel(caller, params.ref), query.path, signal) }),
  }),
  route({
    method: 'get', path: `${path}/list`, id: 'listFiles', summary: 'List a folder',
    access: see, params: RefParams, query: PageQuery.extend({ path: Path, cursor: z.string().max(1024).optional() }), answers: { 200: { description: 'A page, sorted by name.', schema: FilePage } },
    handle: async ({ caller, params, query, signal }, { services }): Promise<Answer> => {
      const entries = await listFolder(await services.environments.channel(caller, params.ref), query.path, signal);
      const { cursor, limit } = query;
      const rest = cursor === undefined ? entries : entries.filter(({ name }) => name > cursor);
      const items = rest.slice(0, limit);
      return { status: 200, body: { items, nextCursor: rest.length > limit ? items.at(-1)?.name ?? null : null } satisfies FilePage };
    },
  }),
  route({
    method: 'post', path: `${path}/mkdir`, id: 'makeFolder', summary: 'Create a folder and its missing parents', description: 'A folder that already exists is not changed.',
    access: change, params: RefParams, body: z.strictObject({ path: Path }), example: { path: '/srv/app/data' }, answers: { 200: { description: 'The folder.', schema: GuestEntry } },
    handle: async ({ caller, params, body, signal }, { services }): Promise<Answer> => {
      const folder = await makeFolder(await services.environments.channel(caller, params.ref), body.path, signal);
      await services.sessions.noteFile(caller, params.ref, { what: 'created', path: body.path });
      return { status: 200, body: folder };
    },
  }),
  route({
    method: 'post', path: `${path}/move`, id: 'moveFile', summary: 'Move or rename a file or folder',
    access: change, params: RefParams, body: z.strictObject({ from: Path, to: Path, overwrite: z.boolean().default(false).meta({ description: 'Replace what is at the target: a file, or an empty folder.' }) }), example: { from: '/srv/new.csv', to: '/srv/data.csv', overwrite: true },
    answers: { 200: { description: 'What is at the target now.', schema: GuestEntry } },
    handle: async ({ caller, params, body, signal }, { services }): Promise<Answer> => {
      const moved = await move(await services.environments.channel(caller, params.ref), body.from, body.to, body, signal);
      await services.sessions.noteFile(caller, params.ref, { what: 'moved', path: body.to, from: body.from });
      return { status: 200, body: moved };
    },
  }),
  route({
    method: 'get', path: `${path}/watch`, id: 'watchFiles', summary: 'Watch a file or folder for changes',
    description: 'Streams one JSON object per line, beginning with `ready`, until the path is removed or the client disconnects.',
    access: see, params: RefParams, query: z.strictObject({ path: Path, recursive: Flag.meta({ description: 'Also watch what is in its folders.' }) }),
    answers: { 200: { description: 'A stream of changes.', contentType: 'application/x-ndjson', schema: GuestFileEvent } },
    handle: async ({ caller, params, query, ending }, { services }): Promise<Answer> => {
      const program = await watchFiles(await services.environments.channel(caller, params.ref), query.path, query, ending);
      return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: programOutput(program, `${query.path} cannot be watched`) };
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
