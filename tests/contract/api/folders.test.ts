// …/files/info, list, mkdir, move, watch, and DELETE: the API over a real channel, whose guest is an sshd on this host.
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FilePage } from '../../../orchestrator/api/answers.ts';
import type { GuestEntry, GuestFileEvent } from '../../../supervisor/guest/guest-folders.ts';
import { SshdEnvironment } from '../cli/sshd-environment.ts';
import { keys } from './fake-services.ts';
import { problemOf } from './harness.ts';

let demo: SshdEnvironment;
let folder: string;
beforeAll(async () => { demo = await SshdEnvironment.start(); });
afterAll(async () => { await demo[Symbol.asyncDispose](); });
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'somnus-folders-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

async function call(method: string, what: string, query: Record<string, string>, options: { json?: unknown; body?: string; key?: string; signal?: AbortSignal } = {}): Promise<Response> {
  const { json, body = json === undefined ? undefined : JSON.stringify(json), key = keys.write, signal } = options;
  return await fetch(`${demo.url}/v1/environments/demo/files${what}?${new URLSearchParams(query).toString()}`, {
    method, headers: { authorization: `Bearer ${key}`, ...(json === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }),
  });
}
const info = async (path: string): Promise<GuestEntry> => await (await call('GET', '/info', { path })).json() as GuestEntry;

test('A file, a folder and a link are described, and a link is not followed', async () => {
  await writeFile(join(folder, 'a b'), 'content', { mode: 0o640 });
  await symlink('a b', join(folder, 'link'));
  expect(await info(join(folder, 'a b'))).toEqual({ name: 'a b', path: join(folder, 'a b'), type: 'file', sizeBytes: 7, mode: '0640', modifiedAt: expect.stringMatching(/^20.*Z$/) as string, target: null });
  expect(await info(join(folder, 'link'))).toMatchObject({ type: 'symlink', target: 'a b' });
  expect(await info(`${folder}/`)).toMatchObject({ type: 'directory', path: folder });
  expect(await info('/')).toMatchObject({ type: 'directory', path: '/' });
  expect(await problemOf(await call('GET', '/info', { path: join(folder, 'none') }))).toMatchObject({ status: 404, code: 'not_found' });
  expect((await call('GET', '/info', { path: 'relative' })).status).toBe(400);
});

test('A folder is listed by name, page by page, whatever the names contain', async () => {
  const names = ['-rf', 'a\nb', 'b', 'c"d', 'é'];
  for (const name of names) await writeFile(join(folder, name), name);
  await mkdir(join(folder, 'sub'));
  const page = await (await call('GET', '/list', { path: folder, limit: '4' }, { key: keys.read })).json() as FilePage;
  expect(page.items.map(({ name, type }) => [name, type])).toEqual([['-rf', 'file'], ['a\nb', 'file'], ['b', 'file'], ['c"d', 'file']]);
  const rest = await (await call('GET', '/list', { path: folder, cursor: page.nextCursor ?? '' })).json() as FilePage;
  expect([rest.items.map(({ name }) => name), rest.nextCursor]).toEqual([['sub', 'é'], null]);
  expect(page.items[1]?.path).toBe(join(folder, 'a\nb'));
  expect(await problemOf(await call('GET', '/list', { path: join(folder, 'b') }))).toMatchObject({ status: 400, detail: expect.stringContaining('is not a folder') as string });
  expect((await call('GET', '/list', { path: join(folder, 'none') })).status).toBe(404);
});

test('A folder is created with its parents, and again without a change', async () => {
  const path = join(folder, 'a/b/c');
  for (let again = 0; again < 2; again += 1) expect(await (await call('POST', '/mkdir', {}, { json: { path } })).json()).toMatchObject({ path, type: 'directory' });
  await writeFile(join(folder, 'file'), '');
  expect((await call('POST', '/mkdir', {}, { json: { path: join(folder, 'file') } })).status).toBe(400);
  expect((await call('POST', '/mkdir', {}, { json: { path }, key: keys.read })).status).toBe(403);
});

test('A file is written into folders that do not exist yet, if asked for', async () => {
  const path = join(folder, 'new/deep/file');
  expect(await problemOf(await call('PUT', '', { path }, { body: 'x' }))).toMatchObject({ status: 400, detail: expect.stringContaining('does not exist') as string });
  expect((await call('PUT', '', { path, mkdirs: 'true' }, { body: 'x' })).status).toBe(200);
  expect(await readFile(path, 'utf8')).toBe('x');
});

test('A file is moved, and replaces another only if asked for', async () => {
  await writeFile(join(folder, 'a'), 'a');
  await writeFile(join(folder, 'b'), 'b');
  const ask = async (to: string, overwrite?: boolean): Promise<Response> => await call('POST', '/move', {}, { json: { from: join(folder, 'a'), to: join(folder, to), ...(overwrite === undefined ? {} : { overwrite }) } });
  expect(await problemOf(await ask('b'))).toMatchObject({ status: 409, code: 'name_taken', detail: `${join(folder, 'b')} already exists in the VM` });
  expect(await problemOf(await ask('none/b'))).toMatchObject({ status: 400, detail: expect.stringContaining('none/b') as string });
  expect(await (await ask('b', true)).json()).toMatchObject({ name: 'b', sizeBytes: 1 });
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('a');
  expect((await ask('b', true)).status).toBe(404);
});

test('A file, a link and an empty folder are removed; a full folder only with its content', async () => {
  await mkdir(join(folder, 'full'));
  await writeFile(join(folder, 'full/file'), '');
  await symlink('full', join(folder, 'link'));
  const removed = async (path: string, recursive = 'false'): Promise<number> => (await call('DELETE', '', { path, recursive })).status;
  expect(await removed(join(folder, 'link'))).toBe(204);
  expect((await stat(join(folder, 'full/file'))).isFile()).toBe(true);
  expect(await problemOf(await call('DELETE', '', { path: join(folder, 'full') }))).toMatchObject({ status: 400, detail: expect.stringContaining('not empty') as string, hint: expect.stringContaining('recursive=true') as string });
  expect(await removed(join(folder, 'full'), 'true')).toBe(204);
  expect(await removed(join(folder, 'full'))).toBe(404);
  expect(await removed('/', 'true')).toBe(400);
  expect(await removed('/../.', 'true')).toBe(400);
});

describe('Watching', () => {
  test('reports what is created, changed and removed, until the client leaves', async () => {
    const gone = new AbortController();
    const response = await call('GET', '/watch', { path: folder, recursive: 'true' }, { signal: gone.signal });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    const until = async (type: GuestFileEvent['type'], path: string): Promise<void> => {
      const line = `${JSON.stringify({ type, path })}\n`;
      while (!heard.includes(line)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended without ${line}: ${heard}`);
        heard += value;
      }
    };
    await until('ready', folder);
    await writeFile(join(folder, 'a'), 'x');
    await until('created', join(folder, 'a'));
    await until('changed', join(folder, 'a'));
    await rm(join(folder, 'a'));
    await until('removed', join(folder, 'a'));
    await mkdir(join(folder, 'new', 'inner'), { recursive: true });
    await writeFile(join(folder, 'new', 'inner', 'b'), 'x');
    await until('created', join(folder, 'new', 'inner', 'b'));
    await rename(join(folder, 'new'), join(folder, 'moved'));
    await until('removed', join(folder, 'new'));
    await until('created', join(folder, 'moved', 'inner', 'b'));
    await writeFile(join(folder, 'moved', 'inner', 'b'), 'y');
    await until('changed', join(folder, 'moved', 'inner', 'b'));
    gone.abort();
    await expect(reader.read()).rejects.toThrow();
  });

  test('ends when the watched path is removed', async () => {
    const file = join(folder, 'watched');
    await writeFile(file, 'x');
    const response = await call('GET', '/watch', { path: file });
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    const more = async (): Promise<boolean> => {
      const { value, done } = await reader.read();
      heard += value ?? '';
      return !done;
    };
    while (!heard.includes('ready')) await more();
    await rm(file);
    while (await more());
    expect(heard.trim().split('\n').at(-1)).toBe(JSON.stringify({ type: 'removed', path: file }));
  });

  test('of a missing path is 404', async () => {
    expect((await call('GET', '/watch', { path: join(folder, 'none') })).status).toBe(404);
  });
});
