// somnus artifact … against the real API and real artifacts.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
let folder: string;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
  folder = await mkdtemp(join(tmpdir(), 'somnus-artifacts-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await demo[Symbol.asyncDispose]();
});

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await somnus.run(['artifact', ...args, '-o', 'json'])).stdout);

test('An artifact is created from a file, changed, compared, restored, removed and undeleted', async () => {
  const path = await file('count.py', 'print(1)\n');
  expect(await somnus.run(['artifact', 'create', 'demo', 'word count', path])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Created word count \(art_\w+\), python, 1 file, 9 B\.\n$/) as string });
  await file('count.py', 'print(2)\n');
  expect((await somnus.run(['artifact', 'update', 'word count', path, '--if-version', '1', '--note', 'two'])).stdout).toBe('word count is at version 2.\n');
  const late = await somnus.run(['artifact', 'update', 'word count', path, '--if-version', '1']);
  expect(late).toMatchObject({ code: 5, stderr: expect.stringContaining('its newest version is 2, not 1') as string });
  expect(late.stderr).toContain('somnus artifact diff');
  expect((await somnus.run(['artifact', 'diff', 'word count', '1'])).stdout).toContain('-print(1)\n+print(2)');
  expect((await somnus.run(['artifact', 'restore', 'word count', '1'])).stdout).toContain('is 3, with the content of version 1');
  expect((await somnus.run(['artifact', 'cat', 'word count'])).stdout).toBe('print(1)\n');
  expect((await somnus.run(['artifact', 'cat', 'word count', 'count.py', '--version', '2'])).stdout).toBe('print(2)\n');
  expect((await somnus.run(['artifact', 'versions', 'word count', '-q'])).stdout).toBe('3\n2\n1\n');
  expect((await somnus.run(['artifact', 'show', 'word count', '--version', '2'])).stdout).toMatch(/version +2 \(the newest is 3\)[\s\S]*note +two[\s\S]*count\.py/);
  expect((await somnus.run(['artifact', 'rm', 'word count', 'no such'])).code).toBe(3);
  expect(await somnus.run(['artifact', 'show', 'word count'])).toMatchObject({ code: 3, stderr: expect.stringContaining('artifact undelete') as string });
  expect((await somnus.run(['artifact', 'undelete', 'word count'])).code).toBe(0);
  expect((await somnus.run(['artifact', 'search', 'print'])).stdout).toContain('version 3');
  expect((await somnus.run(['artifact', 'rm', 'word count', '--purge'])).code).toBe(2);
  expect((await somnus.run(['artifact', 'rm', 'word count', '--purge', '--yes'])).stdout).toBe('word count is purged.\n');
});

test('A folder, standard input and bytes that are not text are kept unchanged; lists have pages', async () => {
  await mkdir(join(folder, 'tool', 'lib'), { recursive: true });
  await writeFile(join(folder, 'tool', 'main.sh'), 'echo hi\n', { mode: 0o755 });
  await writeFile(join(folder, 'tool', 'lib', 'data.bin'), Buffer.from([0, 255, 10]));
  expect((await somnus.run(['artifact', 'create', 'demo', 'tool', join(folder, 'tool')])).stdout).toContain('shell, 2 files');
  expect(await json('show', 'tool')).toMatchObject({ shown: { main: 'main.sh', files: [{ path: 'lib/data.bin', sizeBytes: 3, executable: false }, { path: 'main.sh', executable: true }] } });
  expect(await json('cat', 'tool', 'lib/data.bin')).toEqual({ path: 'lib/data.bin', content: 'AP8K', encoding: 'base64' });
  expect((await somnus.run(['artifact', 'create', 'demo', 'notes', '-q'], { input: 'remember\n' })).stdout).toMatch(/^art_\w+\n$/);
  expect((await somnus.run(['artifact', 'cat', 'notes'])).stdout).toBe('remember\n');
  expect(await json('ls', '--limit', '1')).toMatchObject({ items: [{ title: 'notes', type: 'data' }], nextCursor: expect.any(String) as string });
  expect((await somnus.run(['artifact', 'ls', '--all', '--in', 'demo', '--type', 'shell'])).stdout).toMatch(/^TITLE[^\n]+\ntool +shell/);
  expect(await somnus.run(['artifact', 'create', 'demo', 'tool', join(folder, 'tool')])).toMatchObject({ code: 5, stderr: expect.stringContaining('already an artifact') as string });
  expect(await somnus.run(['artifact', 'share', 'tool', '--with', 'demo'])).toMatchObject({ code: 2, stderr: expect.stringContaining('already belongs') as string });
  expect(await somnus.run(['artifact', 'create', 'demo', 'x', join(folder, 'missing.py')])).toMatchObject({ code: 3 });
});

test('Shells complete titles that they would not split, and ids of others', async () => {
  await somnus.run(['artifact', 'create', 'demo', 'two words', '--type', 'data'], { input: 'x' });
  const { stdout } = await somnus.run(['__complete', 'artifact', 'show', '']);
  expect(stdout).toMatch(/^art_\w+\ttwo words$/m);
  expect(stdout).toMatch(/^tool\tshell$/m);
});
