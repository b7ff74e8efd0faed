import { chmod, link, lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeSparse } from '../../../orchestrator/cli/copy/sparse-file.ts';
import { packFolder } from '../../../orchestrator/cli/copy/tar-stream-pack.ts';
import { unpackInto } from '../../../orchestrator/cli/copy/tar-stream-unpack.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'somnus-cli-tar-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

const at = (...parts: string[]): string => join(folder, ...parts);

/** Data with zeros in between, in pieces of odd sizes. */
async function* holes(bytes: number): AsyncIterable<Buffer> {
  const all = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 500_000) all.write(`data at ${at}`, at);
  yield* slices(all, 33_333);
}

function* slices(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function archive(...entries: (Partial<Header> & { name: string; content?: string })[]): Readable {
  const made = pack();
  for (const { content = '', ...header } of entries) made.entry({ mtime: new Date(0), ...header }, content);
  made.finalize();
  return Readable.from(made);
}

describe('Unpacking a guest\'s archive', () => {
  test('Files, folders, links, permissions and times are restored', async () => {
    await mkdir(at('to'));
    const result = await unpackInto(at('to'), archive(
      { name: './', type: 'directory', mode: 0o700 },
      { name: './bin/', type: 'directory', mode: 0o555 },
      { name: './bin/run', mode: 0o755, content: 'x', mtime: new Date('2020-01-02T03:04:05Z') },
      { name: './bin/same', type: 'link', linkname: './bin/run' },
      { name: './latest', type: 'symlink', linkname: 'bin/run' },
    ));
    expect(result).toEqual({ files: 2, skipped: [], setId: [] });
    expect((await stat(at('to/bin'))).mode & 0o777).toBe(0o555);
    expect((await stat(at('to/bin/run'))).mode & 0o777).toBe(0o755);
    expect((await stat(at('to/bin/run'))).mtime).toEqual(new Date('2020-01-02T03:04:05Z'));
    expect((await stat(at('to/bin/run'))).ino).toBe((await stat(at('to/bin/same'))).ino);
    expect(await readlink(at('to/latest'))).toBe('bin/run');
  });

  test('A folder named relative to the current one is filled like any other', async () => {
    await mkdir(at('to'));
    const here = `./${relative(process.cwd(), at('to'))}`;
    expect(await unpackInto(here, archive({ name: './', type: 'directory', mode: 0o700 }, { name: './sub/file', content: 'x' }))).toMatchObject({ files: 1 });
    expect(await readFile(at('to/sub/file'), 'utf8')).toBe('x');
  });

  test.each(['../out', '/etc/out', 'a/../../out'])('The name %s points outside and is refused', async (name) => {
    await mkdir(at('to'));
    await expect(unpackInto(at('to'), archive({ name, content: 'x' }))).rejects.toThrow('reaches outside');
    await expect(lstat(at('out'))).rejects.toThrow();
  });

  test('Nothing is written through a link, neither from the archive nor an existing one', async () => {
    await mkdir(at('to'));
    await mkdir(at('secret'));
    await writeFile(at('secret/file'), 'safe');
    await symlink(at('secret'), at('to/planted'));
    await symlink(at('secret/file'), at('to/direct'));
    await unpackInto(at('to'), archive(
      { name: 'planted/file', content: 'evil' },
      { name: 'direct', content: 'evil' },
    ));
    expect(await readFile(at('secret/file'), 'utf8')).toBe('safe');
    expect((await lstat(at('to/planted'))).isDirectory()).toBe(true);
    await expect(unpackInto(at('to'), archive({ name: 'later', type: 'symlink', linkname: at('secret') }, { name: 'later/file', content: 'evil' }))).rejects.toThrow();
    expect(await readFile(at('secret/file'), 'utf8')).toBe('safe');
  });

  test('A hard link may only name a file of the same archive', async () => {
    await mkdir(at('to'));
    await writeFile(at('to/mine'), 'x');
    await expect(unpackInto(at('to'), archive({ name: 'theirs', type: 'link', linkname: 'mine' }))).rejects.toThrow('reaches outside');
    await expect(unpackInto(at('to'), archive({ name: 'theirs', type: 'link', linkname: '../../etc/passwd' }))).rejects.toThrow('reaches outside');
  });

  test('Set-id bits are kept and reported, devices and pipes skipped', async () => {
    await mkdir(at('to'));
    const { skipped, setId } = await unpackInto(at('to'), archive(
      { name: 'su', mode: 0o4755, content: 'x' },
      { name: 'disk', type: 'block-device', devmajor: 8, devminor: 0 },
      { name: 'pipe', type: 'fifo' },
    ));
    expect((await stat(at('to/su'))).mode & 0o7777).toBe(0o4755);
    expect(setId).toEqual([at('to/su')]);
    expect(skipped).toEqual(['disk', 'pipe']);
  });

  test('A file with holes from the system\'s tar has the same content and its holes', async () => {
    await mkdir(at('from'));
    await mkdir(at('to'));
    await writeSparse(at('from/disk'), holes(3_000_000));
    await truncate(at('from/disk'), 50_000_000);
    await writeFile(at('from/nothing'), '');
    await truncate(at('from/nothing'), 5_000_000);
    const packed = execFileSync('tar', ['--format=posix', '--pax-option=delete=atime,delete=ctime,delete=mtime', '--sparse', '--sparse-version=1.0', '-C', at('from'), '-cf', '-', '.'], { maxBuffer: 10_000_000 });
    await unpackInto(at('to'), Readable.from(slices(packed, 700)));
    execFileSync('diff', ['-r', at('from'), at('to')]);
    for (const name of ['disk', 'nothing']) expect((await stat(at('to', name))).blocks * 512).toBeLessThan(4_000_000);
  });

  test.each([['that is not a number', 'x\n'], ['that is past the end', '1\n999999\n3\n'], ['without an end', '5\n']])('A map of holes %s is refused', async (_, map) => {
    await mkdir(at('to'));
    const content = `${map.padEnd(512, '\0')}abc`;
    await expect(unpackInto(at('to'), archive({ name: 'x', content, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'evil', 'GNU.sparse.realsize': '100' } } as never))).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('A truncated archive is an error', async () => {
    await mkdir(at('to'));
    const whole = await buffer(archive({ name: 'a', content: 'x'.repeat(5000) }));
    await expect(unpackInto(at('to'), Readable.from([whole.subarray(0, 3000)]))).rejects.toThrow();
  });
});

describe('Packing for a guest', () => {
  test('Holes, hard links and set-id bits are kept', async () => {
    await mkdir(at('from/sub'), { recursive: true });
    await mkdir(at('to'));
    await writeSparse(at('from/disk'), holes(3_000_000));
    await truncate(at('from/disk'), 50_000_000);
    await writeFile(at('from/one'), 'same');
    await link(at('from/one'), at('from/sub/two'));
    await writeFile(at('from/su'), 'x');
    await chmod(at('from/su'), 0o6755);
    await chmod(at('from/sub'), 0o1777);
    const packed = packFolder(at('from'), 'copy');
    await writeFile(at('archive.tar'), packed.content);
    expect((await stat(at('archive.tar'))).size).toBeLessThan(2_000_000);
    execFileSync('tar', ['-xpf', at('archive.tar'), '-C', at('to')]);
    execFileSync('diff', ['-r', at('from'), at('to/copy')]);
    expect((await stat(at('to/copy/disk'))).blocks * 512).toBeLessThan(4_000_000);
    expect((await stat(at('to/copy/one'))).ino).toBe((await stat(at('to/copy/sub/two'))).ino);
    expect([(await stat(at('to/copy/su'))).mode & 0o7777, (await stat(at('to/copy/sub'))).mode & 0o7777]).toEqual([0o6755, 0o1777]);
  });

  test('The system\'s tar understands it, and unpacking it gives the same tree', async () => {
    await mkdir(at('from/sub/empty'), { recursive: true });
    await writeFile(at('from/name with spaces é'), 'hello');
    await writeFile(at('from/sub/zero'), '');
    await writeFile(at('from/sub', 'x'.repeat(200)), Buffer.alloc(3_000_000, 7));
    await chmod(at('from/sub/zero'), 0o640);
    await utimes(at('from/sub/zero'), 1000, 1000);
    await symlink('sub/zero', at('from/link'));
    execFileSync('mkfifo', [at('from/pipe')]);
    const packed = packFolder(at('from'), 'copy');
    await writeFile(at('archive.tar'), packed.content);
    expect([packed.files(), packed.skipped()]).toEqual([3, [at('from/pipe')]]);
    await rm(at('from/pipe'));
    await mkdir(at('to'));
    execFileSync('tar', ['-xf', at('archive.tar'), '-C', at('to')]);
    execFileSync('diff', ['-r', '--no-dereference', at('from'), at('to/copy')]);
    expect((await stat(at('to/copy/sub/zero'))).mode & 0o777).toBe(0o640);
    expect((await stat(at('to/copy/sub/zero'))).mtimeMs).toBe(1_000_000);
  });
});
