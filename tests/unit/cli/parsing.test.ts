import { describe, expect, test } from 'vitest';
import { fileLanding, folderLanding, parsePlace } from '../../../orchestrator/cli/copy/copy-place.ts';
import { parseCount, parseDiskSize, parseDuration, parseMemorySize, parsePairs, parsePoolSize } from '../../../orchestrator/cli/parse-values.ts';
import { separateCommand } from '../../../orchestrator/cli/separate-command.ts';
import { serverSentEvents } from '../../../orchestrator/cli/api/server-sent-events.ts';
import { commandTable } from '../../../orchestrator/cli/table/command-table.ts';

describe('Values', () => {
  test.each([['30', 30_000], ['1.5s', 1500], ['2m', 120_000], ['1h', 3_600_000], ['0.001', 1]])('The time %s is %d ms', (typed, ms) => {
    expect(parseDuration(typed)).toBe(ms);
  });

  test.each(['', '0', '-1', '5x', 'm', '1e3', '1 s'])('%j is not a duration', (typed) => {
    expect(() => parseDuration(typed)).toThrow(/is not a duration/);
  });

  test.each([['100', 100], ['100G', 100], ['100GiB', 100], ['2T', 2048], ['+20G', 62]])('The pool size %s is %d GiB when there are 41.5', (typed, gib) => {
    expect(parsePoolSize(typed, 41.5)).toBe(gib);
  });

  test.each(['', '0', '-5G', '5K', 'big'])('%j is not a size', (typed) => {
    expect(() => parsePoolSize(typed, 1)).toThrow(/is not a size/);
  });

  test.each([['512M', 512], ['2G', 2048], ['1.5GiB', 1536], ['1T', 1_048_576], ['4gb', 4096]])('The memory size %s is %d MiB', (typed, mib) => {
    expect(parseMemorySize(typed)).toBe(mib);
  });

  test('A size of memory or disk has a unit, and is a whole number of MiB or GiB', () => {
    expect(parseDiskSize('30G')).toBe(30);
    for (const typed of ['', '512', '0G', '-1G', '1K', '0.0001M']) expect(() => parseMemorySize(typed), typed).toThrow(/is not a size/);
    for (const typed of ['30', '512M', '1.5G']) expect(() => parseDiskSize(typed), typed).toThrow(/is not a size/);
  });

  test('A count is a whole number', () => {
    expect(parseCount('0')).toBe(0);
    expect(() => parseCount('0', 1)).toThrow();
    expect(() => parseCount('1.5')).toThrow();
  });

  test('Only the first = of a pair counts, and a pair without a key is refused', () => {
    expect(parsePairs(['a=1', 'b=x=y', 'c='], 'a label')).toEqual({ a: '1', b: 'x=y', c: '' });
    expect(() => parsePairs(['=x'], 'a label')).toThrow('"=x" is not a label');
    expect(() => parsePairs(['x'], 'a label')).toThrow('"x" is not a label');
  });
});

describe('The command for a guest', () => {
  const separated = (line: string): string => separateCommand(commandTable, line.split(' ')).join(' ');

  test.each([
    ['exec demo ls -l', 'exec demo -- ls -l'],
    ['exec demo -- ls -l', 'exec demo -- ls -l'],
    ['exec --cwd / demo ls --help', 'exec --cwd / demo -- ls --help'],
    ['exec demo --timeout 5 -i cat -', 'exec demo --timeout 5 -i -- cat -'],
    ['exec demo --timeout=5 --env A=b env', 'exec demo --timeout=5 --env A=b -- env'],
    ['-o json exec demo -o json ls -o x', '-o json exec demo -o json -- ls -o x'],
    ['exec demo --help', 'exec demo --help'],
    ['exec demo', 'exec demo'],
    ['ls demo x y', 'ls demo x y'],
    ['show exec a b', 'show exec a b'],
  ])('%s means %s', (typed, meant) => {
    expect(separated(typed)).toBe(meant);
  });
});

describe('Paths of a copy', () => {
  test.each([
    ['-', { where: 'stream' }],
    ['file', { where: 'here', path: 'file' }],
    ['./a:b', { where: 'here', path: './a:b' }],
    ['/a:b', { where: 'here', path: '/a:b' }],
    ['demo:/etc/hosts', { where: 'guest', name: 'demo', path: '/etc/hosts' }],
    ['demo:notes/x', { where: 'guest', name: 'demo', path: '/root/notes/x' }],
    ['demo:', { where: 'guest', name: 'demo', path: '/root/' }],
    ['demo:/a:b', { where: 'guest', name: 'demo', path: '/a:b' }],
    ['env_01k8:/', { where: 'guest', name: 'env_01k8', path: '/' }],
  ])('%s', (typed, place) => {
    expect(parsePlace(typed)).toEqual(place);
  });

  test('A file is copied into a folder and replaces a file', () => {
    expect(fileLanding('a/b.txt', '/srv', 'directory', 'guest')).toBe('/srv/b.txt');
    expect(fileLanding('a/b.txt', '/srv/', 'directory', 'guest')).toBe('/srv/b.txt');
    expect(fileLanding('a/b.txt', '/srv/c', 'missing', 'guest')).toBe('/srv/c');
    expect(fileLanding('a/b.txt', '/srv/c', 'file', 'guest')).toBe('/srv/c');
  });

  test('A trailing slash means a folder', () => {
    expect(() => fileLanding('b', '/none/', 'missing', 'guest')).toThrow('The folder /none/ does not exist');
    expect(() => fileLanding('b', '/file/', 'file', 'guest')).toThrow('/file/ is not a folder');
  });

  test('A folder is copied into a folder, with /. its content, and becomes what does not exist', () => {
    expect(folderLanding('a/dir', '/srv', 'directory', 'guest')).toBe('/srv/dir');
    expect(folderLanding('a/dir/', '/srv/', 'directory', 'guest')).toBe('/srv/dir');
    expect(folderLanding('a/dir/.', '/srv', 'directory', 'guest')).toBe('/srv');
    expect(folderLanding('.', '/srv', 'directory', 'guest')).toBe('/srv');
    expect(folderLanding('a/dir', '/new', 'missing', 'guest')).toBe('/new');
    expect(() => folderLanding('a/dir', '/file', 'file', 'guest')).toThrow('/file is not a folder');
    expect(() => folderLanding('..', '/srv', 'directory', 'guest')).toThrow('has no name');
  });
});

describe('Server-sent events', () => {
  async function read(...chunks: string[]): Promise<unknown[]> {
    return await Array.fromAsync(serverSentEvents((async function* () { for (const chunk of chunks) yield Buffer.from(chunk); })()));
  }

  test('Events are complete in any chunks, comments are skipped, and a truncated event is dropped', async () => {
    expect(await read('retry: 2000\n\n: alive\n\nid: 1\nevent: a.b\nda', 'ta: {"x":1}\n\nid: 2\r\ndata: one\r\ndata: two\r\n\r\nid: 3\ndata: cut')).toEqual([
      { id: '1', event: 'a.b', data: '{"x":1}' },
      { id: '2', data: 'one\ntwo' },
    ]);
  });

  test('A character that is split between chunks arrives complete', async () => {
    const bytes = Buffer.from('data: 名\n\n');
    const events = await Array.fromAsync(serverSentEvents((async function* () { yield bytes.subarray(0, 7); yield bytes.subarray(7); })()));
    expect(events[0]?.data).toBe('名');
  });
});
