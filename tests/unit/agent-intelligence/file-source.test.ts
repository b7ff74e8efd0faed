import { appendFileSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileSource } from '../../../agent/intelligence/file-source.ts';
import { FileTail, type FilePosition } from '../../../agent/intelligence/file-tail.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'somnus-files-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function readAll(tail: FileTail): string[] {
  const lines: string[] = [];
  while (tail.read((line) => lines.push(line)));
  return lines;
}

function open(path: string, from: FilePosition | 'start' | 'end' = 'start'): FileTail {
  const tail = new FileTail(path, from);
  onTestFinished(() => tail.close());
  return tail;
}

test('Only complete lines are read, each once', () => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, 'one\r\ntwo\nthr');
  const tail = open(path);
  expect(readAll(tail)).toEqual(['one', 'two']);
  appendFileSync(path, 'ee\n');
  expect(readAll(tail)).toEqual(['three']);
  expect(readAll(tail)).toEqual([]);
});

test('A renamed file is read to its end before the new file with its name', () => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, 'one\n');
  const tail = open(path);
  expect(readAll(tail)).toEqual(['one']);
  appendFileSync(path, 'two\nlast without an end');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'three\n');
  expect(readAll(tail)).toEqual(['two', 'last without an end', 'three']);
});

test.each(['shorter', 'longer'])('A file that was truncated and is now %s is read from its start', (how) => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, 'one\ntwo\n');
  const tail = open(path);
  readAll(tail);
  truncateSync(path);
  appendFileSync(path, how === 'shorter' ? 'a\n' : 'a\nb\nc\nd\ne\nf\n');
  expect(readAll(tail)[0]).toBe('a');
});

test('Another process continues at a position, even if the file was renamed or replaced in the meantime', () => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, 'one\n');
  const first = open(path);
  readAll(first);
  const { position } = first;
  appendFileSync(path, 'two\n');
  expect(readAll(open(path, position))).toEqual(['two']);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'three\n');
  expect(readAll(open(path, position))).toEqual(['two', 'three']);
  first.close();
  unlinkSync(`${path}.1`);
  expect(readAll(open(path, position))).toEqual(['three']);
});

test('Only the start of a line longer than a chunk is read, and then the next line', () => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, `${'x'.repeat(200_000)}\nnext\n`);
  const lines = readAll(open(path));
  expect(lines.map((line) => line.length)).toEqual([65_536, 4]);
});

test('Binary files and anything but regular files are refused', () => {
  const path = folder();
  writeFileSync(join(path, 'a.log'), Buffer.from([1, 0, 2]));
  expect(() => new FileTail(join(path, 'a.log'), 'start')).toThrow(/not a text file/);
  expect(() => new FileTail(path, 'start')).toThrow();
});

function follow(patterns: string[], positions: FilePosition[] = [], resumes = false): { lines: string[]; source: FileSource } {
  const lines: string[] = [];
  const source = new FileSource({ patterns, positions, resumes, take: (path, line) => lines.push(`${path.split('/').at(-1)}: ${line}`), scanMs: 50 });
  source.start();
  onTestFinished(() => source.stop());
  return { lines, source };
}

test('The content of a file before it is first seen is skipped; new lines and new files are read', async () => {
  const path = folder();
  mkdirSync(join(path, 'sub'));
  writeFileSync(join(path, 'sub/old.log'), 'long ago\n');
  const { lines, source } = follow([join(path, '*/*.log')]);
  appendFileSync(join(path, 'sub/old.log'), 'now\n');
  await vi.waitFor(() => expect(lines).toEqual(['old.log: now']), 30_000);
  writeFileSync(join(path, 'sub/new.log'), 'first\n');
  await vi.waitFor(() => expect(lines).toEqual(['old.log: now', 'new.log: first']), 30_000);
  expect(source.files).toBe(2);
});

test('A rotated file whose new name also matches is read once', async () => {
  const path = join(folder(), 'app.log');
  writeFileSync(path, '');
  const { lines } = follow([`${path}*`]);
  for (let round = 0; round < 3; round += 1) {
    appendFileSync(path, `line ${round}\n`);
    renameSync(path, `${path}.${round}`);
    writeFileSync(path, '');
    appendFileSync(path, `after ${round}\n`);
    await vi.waitFor(() => expect(lines.map((line) => line.split(': ')[1])).toContain(`after ${round}`), 30_000);
  }
  linkSync(path, `${path}.link`);
  appendFileSync(path, 'end\n');
  await vi.waitFor(() => expect(lines.at(-1)).toMatch(/end$/), 30_000);
  expect(lines.map((line) => line.split(': ')[1])).toEqual(['line 0', 'after 0', 'line 1', 'after 1', 'line 2', 'after 2', 'end']);
});

test('A later process continues where the first one stopped, and reads newer files from their start', async () => {
  const path = folder();
  writeFileSync(join(path, 'a.log'), 'old\n');
  const first = follow([join(path, '*.log')]);
  appendFileSync(join(path, 'a.log'), 'one\n');
  await vi.waitFor(() => expect(first.lines).toEqual(['a.log: one']), 30_000);
  first.source.stop();
  appendFileSync(join(path, 'a.log'), 'two\n');
  writeFileSync(join(path, 'b.log'), 'new\n');
  const second = follow([join(path, '*.log')], first.source.positions, true);
  await vi.waitFor(() => expect(second.lines.toSorted()).toEqual(['a.log: two', 'b.log: new']), 30_000);
});
