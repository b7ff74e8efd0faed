import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { finished, said, type Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';
import { Terminal } from './terminal.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
/** The environment is this host, so both sides are folders here. */
let here: string;
let there: string;
let folder: string;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
});
afterAll(async () => { await demo[Symbol.asyncDispose](); });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somnus-cli-cp-'));
  [here, there] = [join(folder, 'here'), join(folder, 'there')];
  await Promise.all([mkdir(here), mkdir(there)]);
});
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

const cp = async (source: string, destination: string, ...options: string[]) => await somnus.run(['cp', source, destination, ...options]);
const sha256 = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');

async function makeTree(path: string): Promise<void> {
  await mkdir(join(path, 'sub/empty'), { recursive: true });
  await writeFile(join(path, 'sub/data'), randomBytes(300_000));
  await writeFile(join(path, 'run me'), '#!/bin/sh\n');
  await chmod(join(path, 'run me'), 0o750);
  await symlink('sub/data', join(path, 'link'));
}

function same(a: string, b: string): void {
  execFileSync('diff', ['-r', '--no-dereference', a, b]);
}

describe('A file', () => {
  test('is copied in and out with content, permissions and time', async () => {
    await writeFile(join(here, 'a'), randomBytes(50_000_000));
    await chmod(join(here, 'a'), 0o640);
    expect(await cp(join(here, 'a'), `demo:${there}/b`)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/^Copied a to demo:.*: 47\.7 MiB in /) as string });
    expect((await stat(join(there, 'b'))).mode & 0o777).toBe(0o640);
    expect((await cp(`demo:${there}/b`, join(here, 'c'))).code).toBe(0);
    expect(await sha256(join(here, 'c'))).toBe(await sha256(join(here, 'a')));
    const [sent, returned] = [await stat(join(there, 'b')), await stat(join(here, 'c'))];
    expect(returned.mode & 0o777).toBe(0o640);
    expect(Math.abs(returned.mtimeMs - sent.mtimeMs)).toBeLessThan(2);
  });

  test('is copied into a folder and replaces a file, in both directions', async () => {
    await writeFile(join(here, 'a'), 'new');
    await writeFile(join(there, 'a'), 'old');
    expect((await cp(join(here, 'a'), `demo:${there}`)).code).toBe(0);
    expect(await readFile(join(there, 'a'), 'utf8')).toBe('new');
    await writeFile(join(there, 'b'), '');
    expect((await cp(`demo:${there}/b`, `${here}/`)).code).toBe(0);
    expect(await readFile(join(here, 'b'), 'utf8')).toBe('');
  });

  test('can be - in both directions', async () => {
    const bytes = randomBytes(3_000_000);
    expect((await somnus.run(['cp', '-', `demo:${there}/piped`], { input: bytes })).code).toBe(0);
    expect(await readFile(join(there, 'piped'))).toEqual(bytes);
    const { stdout } = await somnus.bash(`somnus cp demo:${there}/piped - | sha256sum`);
    expect(stdout).toContain(await sha256(join(there, 'piped')));
  });

  test('can come from a pipe without a size', async () => {
    const { code } = await somnus.bash(`somnus cp <(printf hello) demo:${there}/from-pipe`);
    expect(code).toBe(0);
    expect(await readFile(join(there, 'from-pipe'), 'utf8')).toBe('hello');
  });

  test('is written to the target of a local link, and to a device as is', async () => {
    await writeFile(join(here, 'real'), 'old');
    await symlink('real', join(here, 'link'));
    await writeFile(join(there, 'x'), 'new');
    expect((await cp(`demo:${there}/x`, join(here, 'link'))).code).toBe(0);
    expect(await readFile(join(here, 'real'), 'utf8')).toBe('new');
    expect((await cp(`demo:${there}/x`, '/dev/null')).code).toBe(0);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  test('of /proc is copied with its content, in both directions, although its size is 0', async () => {
    expect((await cp('demo:/proc/cpuinfo', '-')).stdout).toContain('processor');
    expect((await cp('demo:/proc/cpuinfo', join(here, 'cpuinfo'))).code).toBe(0);
    expect(await readFile(join(here, 'cpuinfo'), 'utf8')).toContain('processor');
    expect((await cp('/proc/cpuinfo', `demo:${there}/cpuinfo`)).code).toBe(0);
    expect(await readFile(join(there, 'cpuinfo'), 'utf8')).toContain('processor');
  });

  test('keeps its holes and its set-id bits, in both directions, and copying out reports the bits', async () => {
    await writeFile(join(here, 'disk'), 'begin');
    await truncate(join(here, 'disk'), 20_000_000);
    await chmod(join(here, 'disk'), 0o6755);
    expect((await cp(join(here, 'disk'), `demo:${there}/disk`)).code).toBe(0);
    const out = await cp(`demo:${there}/disk`, join(here, 'back'));
    expect(out.stderr).toContain(`Copied with set-user-ID or set-group-ID permissions: ${join(here, 'back')}`);
    for (const path of [join(there, 'disk'), join(here, 'back')]) {
      const { mode, size, blocks } = await stat(path);
      expect([mode & 0o7777, size, blocks < 1000], path).toEqual([0o6755, 20_000_000, true]);
      expect(await sha256(path)).toBe(await sha256(join(here, 'disk')));
    }
  });

  test('that cannot be written here is reported by the requested name', async () => {
    const { stderr } = await cp('demo:/etc/hostname', '/proc/somnus');
    expect(stderr).toContain('/proc/somnus: ');
    expect(stderr).not.toMatch(/\.part/);
  });

  test('whose copy is aborted leaves nothing behind, on either side', async () => {
    await writeFile(join(there, 'huge'), '');
    await truncate(join(there, 'huge'), 50_000_000_000);
    const download = somnus.start(['cp', `demo:${there}/huge`, join(here, 'huge')]);
    await expect.poll(async () => (await readdir(here)).length, { timeout: 20_000 }).toBe(1);
    download.kill('SIGINT');
    expect(await finished(download)).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') as string });
    expect(await readdir(here)).toEqual([]);

    execFileSync('mkfifo', [join(here, 'endless')]);
    const upload = somnus.start(['cp', join(here, 'endless'), `demo:${there}/upload`]);
    const fifo = await open(join(here, 'endless'), 'w');
    await fifo.writeFile(Buffer.alloc(1_000_000)); // more than a file that is sent only when it is complete
    await expect.poll(async () => (await readdir(there)).length, { timeout: 20_000 }).toBe(2);
    upload.kill('SIGINT');
    await said(upload.stderr, /Interrupted/);
    await fifo.close(); // as for any program that writes into it, interrupted with it
    expect((await finished(upload)).code).toBe(130);
    await expect.poll(async () => await readdir(there), { timeout: 20_000 }).toEqual(['huge']);
  });

  test('shows its progress on a terminal', async () => {
    await writeFile(join(there, 'huge'), '');
    await truncate(join(there, 'huge'), 5_000_000_000);
    await using terminal = new Terminal(somnus.commandLine('cp', `demo:${there}/huge`, join(here, 'huge')), somnus.environment());
    await terminal.shows(/\d+ % of 4\.7 GiB {2}[\d.]+ .iB in [\d.]+ s \([\d.]+ .iB\/s\)/);
    terminal.type('\u0003');
    expect(await terminal.exitCode()).toBe(130);
  });
});

describe('A folder', () => {
  test('is copied in and out unchanged, with links and permissions', async () => {
    await makeTree(join(here, 'tree'));
    expect(await cp(join(here, 'tree'), `demo:${there}/new`, '-o', 'json')).toMatchObject({ code: 0, stderr: '' });
    same(join(here, 'tree'), join(there, 'new'));
    expect((await stat(join(there, 'new/run me'))).mode & 0o777).toBe(0o750);
    expect((await cp(`demo:${there}/new`, join(here, 'back'))).code).toBe(0);
    same(join(here, 'tree'), join(here, 'back'));
    expect((await stat(join(here, 'back/run me'))).mode & 0o777).toBe(0o750);
  });

  test('keeps holes, hard links and set-id bits, in both directions', async () => {
    await mkdir(join(here, 'tree/sub'), { recursive: true });
    await writeFile(join(here, 'tree/disk'), 'begin');
    await truncate(join(here, 'tree/disk'), 50_000_000);
    await writeFile(join(here, 'tree/one'), 'same');
    await link(join(here, 'tree/one'), join(here, 'tree/sub/two'));
    await chmod(join(here, 'tree/one'), 0o4755);
    expect((await cp(join(here, 'tree'), `demo:${there}/new`)).code).toBe(0);
    const out = await cp(`demo:${there}/new`, join(here, 'back'));
    expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining(`Copied with set-user-ID or set-group-ID permissions: ${join(here, 'back/one')}`) as string });
    for (const copy of [join(there, 'new'), join(here, 'back')]) {
      same(join(here, 'tree'), copy);
      expect((await stat(join(copy, 'disk'))).blocks).toBeLessThan(1000);
      expect((await stat(join(copy, 'one'))).ino).toBe((await stat(join(copy, 'sub/two'))).ino);
      expect((await stat(join(copy, 'sub/two'))).mode & 0o7777).toBe(0o4755);
    }
  });

  test('is copied into an existing folder, and with /. its content is', async () => {
    await makeTree(join(here, 'tree'));
    await cp(join(here, 'tree'), `demo:${there}`);
    same(join(here, 'tree'), join(there, 'tree'));
    await mkdir(join(there, 'flat'));
    await cp(`${here}/tree/.`, `demo:${there}/flat`);
    same(join(here, 'tree'), join(there, 'flat'));
    await mkdir(join(here, 'into'));
    await cp(`demo:${there}/flat`, join(here, 'into'));
    same(join(here, 'tree'), join(here, 'into/flat'));
    await cp(`demo:${there}/flat/.`, join(here, 'into'));
    same(join(here, 'tree/sub'), join(here, 'into/sub'));
  });

  test('is written to - as tar', async () => {
    await makeTree(join(there, 'tree'));
    const { code } = await somnus.bash(`somnus cp demo:${there}/tree - | tar -C '${here}' -xf -`);
    expect(code).toBe(0);
    same(join(there, 'tree'), here);
  });

  test('is reported with facts in -o json, and anything that is not a file is listed as skipped', async () => {
    await makeTree(join(here, 'tree'));
    execFileSync('mkfifo', [join(here, 'tree/pipe')]);
    const { stdout } = await cp(join(here, 'tree'), `demo:${there}`, '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({
      source: join(here, 'tree'), destination: `demo:${there}`, type: 'directory', sizeBytes: expect.any(Number) as number, files: 2, skipped: [join(here, 'tree/pipe')],
    });
  });
});

describe('Several sources', () => {
  test('are copied into a folder, and each is reported', async () => {
    await makeTree(join(here, 'tree'));
    await writeFile(join(here, 'a'), 'a');
    const { code, stderr } = await somnus.run(['cp', join(here, 'a'), join(here, 'tree'), `demo:${there}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Copied a to .*\nCopied tree to .*: 2 files, .*\n$/) as string });
    expect((await readdir(there)).toSorted()).toEqual(['a', 'tree']);
    same(join(here, 'tree'), join(there, 'tree'));
    await mkdir(join(here, 'back'));
    const { stdout } = await somnus.run(['cp', `demo:${there}/a`, `demo:${there}/tree`, join(here, 'back'), '-o', 'json']);
    expect(stdout.trim().split('\n').map((line) => (JSON.parse(line) as { source: string }).source)).toEqual([`demo:${there}/a`, `demo:${there}/tree`]);
    same(there, join(here, 'back'));
  });

  test('are refused before anything is written, unless the target is a folder', async () => {
    for (const [target, code] of [[`demo:${there}/none`, 3], ['demo:/etc/hostname', 2], ['-', 2]] as const) {
      const sources = target === '-' ? ['demo:/etc/hostname', 'demo:/etc/passwd'] : ['/etc/hostname', '/etc/passwd'];
      expect((await somnus.run(['cp', ...sources, target])).code, target).toBe(code);
    }
    expect(await readdir(there)).toEqual([]);
    expect(await somnus.run(['cp', 'alone'])).toMatchObject({ code: 2, stderr: expect.stringContaining('cp needs at least one SRC and a DST') as string });
  });
});

test('Files and folders are copied from one environment to another, with permissions', async () => {
  await makeTree(join(here, 'tree'));
  await writeFile(join(here, 'a'), randomBytes(3_000_000), { mode: 0o640 });
  expect(await cp(`demo:${here}/a`, `demo:${there}/`)).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Copied a to demo:.*: 2\.9 MiB in /) as string });
  expect(await sha256(join(there, 'a'))).toBe(await sha256(join(here, 'a')));
  expect((await stat(join(there, 'a'))).mode & 0o777).toBe(0o640);
  expect((await cp(`demo:${here}/tree`, `demo:${there}`)).code).toBe(0);
  same(join(here, 'tree'), join(there, 'tree'));
  expect((await cp(`demo:${here}/tree`, `demo:${there}/renamed`)).code).toBe(0);
  same(join(here, 'tree'), join(there, 'renamed'));
});

describe('An impossible copy', () => {
  test.each([
    ['nothing exists here', (): [string, string] => [join(here, 'none'), `demo:${there}`], 3, /no such file/],
    ['nothing exists there', (): [string, string] => [`demo:${there}/none`, here], 3, /does not exist/],
    ['no such environment', (): [string, string] => [`other:${there}`, here], 3, /There is no environment other/],
    ['both sides are here', (): [string, string] => [here, there], 2, /SRC or DST must be in an environment/],
    ['a file onto itself', (): [string, string] => ['demo:/etc/hostname', 'demo:/etc/'], 2, /cannot be copied to itself/],
    ['the folder named by a slash is missing', (): [string, string] => ['/etc/hostname', `demo:${there}/none/`], 3, /The folder .* does not exist/],
    ['a folder onto a file', (): [string, string] => ['/etc/apt', 'demo:/etc/hostname'], 2, /is not a folder/],
    ['standard input without a name', (): [string, string] => ['-', `demo:${there}`], 2, /needs a file name/],
    ['the parent folder is missing', (): [string, string] => ['/etc/hostname', `demo:${there}/no/such/file`], 2, /does not exist/],
    ['a local folder is missing', (): [string, string] => ['demo:/etc/hostname', join(here, 'no/such')], 3, /no such file or directory/],
  ])('is refused before anything is written: %s', async (_, places, code, message) => {
    const result = await cp(...places());
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect([await readdir(here), await readdir(there)]).toEqual([[], []]);
  });

  test('For an environment that does not run, the error names the available action', async () => {
    demo.fault = new SomnusError('invalid_state', 'demo is suspended', { hint: 'somnus resume demo' });
    expect(await cp(`demo:${there}/x`, here)).toEqual({ code: 5, signal: null, stdout: '', stderr: 'error: demo is suspended\nhint: somnus resume demo\n' });
    demo.fault = undefined;
  });
});

test('An endless upload that the API refuses ends immediately with the reason', async () => {
  const result = await cp('/dev/zero', 'demo:/proc/somnus-none/file');
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('error: ');
});
