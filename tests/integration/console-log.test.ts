// The console log with times, which Somnus notes while the log grows.
import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { readConsoleLog, type ConsoleLogOptions } from '../../supervisor/vms/console-log.ts';
import { ConsoleTimes } from '../../supervisor/vms/console-times.ts';
import { makeDiskFolder } from '../support/clean-up.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5);
let folder: string;
let log: string;
let times: ConsoleTimes;
beforeEach(async () => {
  folder = await makeDiskFolder();
  await mkdir(join(folder, 'env_1'));
  log = join(folder, 'env_1', 'console.log');
  times = new ConsoleTimes(folder, createLogger({ level: 'silent' }));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const read = async (options: Partial<ConsoleLogOptions> = {}): Promise<string[]> => (await text(await readConsoleLog(log, { tailBytes: 1000, times: true, follow: false, ...options }))).split('\n').filter((line) => line !== '');
/** Appends to the log, and notes it so many seconds after the start. */
const wrote = async (content: string, seconds: number, by = times): Promise<void> => {
  await appendFile(log, content);
  vi.setSystemTime(START + seconds * 1000);
  await by.note();
};

test('Each line has the time at which its beginning was seen, also across restarts of Somnus', async () => {
  await wrote('one\ntw', 0);
  await wrote('o\n', 10);
  await times.note(); // nothing grew
  await wrote('three\n', 20, new ConsoleTimes(folder, createLogger({ level: 'silent' })));
  await appendFile(log, 'now\n'); // not noted yet
  vi.setSystemTime(START + 30_000);
  expect(await read()).toEqual(['2026-01-02T03:04:05Z one', '2026-01-02T03:04:05Z two', '2026-01-02T03:04:25Z three', '2026-01-02T03:04:35Z now']);
  expect((await readFile(`${log}.times`, 'utf8')).trim().split('\n')).toHaveLength(3);
});

test('Lines are counted from the end, and `since` begins at the first line seen from then on', async () => {
  await wrote('one\n', 0);
  await wrote('two\n', 10);
  await wrote('three', 20);
  expect(await read({ lines: 2, times: false })).toEqual(['two', 'three']);
  expect(await read({ lines: 9, times: false })).toEqual(['one', 'two', 'three']);
  expect(await read({ lines: 0 })).toEqual([]);
  expect(await read({ sinceMs: START + 10_000, times: false })).toEqual(['two', 'three']);
  expect(await read({ sinceMs: START + 10_000, lines: 1, times: false })).toEqual(['three']);
  expect(await read({ sinceMs: START + 60_000 })).toEqual([]);
  expect(await read({ sinceMs: START - 60_000, tailBytes: 5, times: false })).toEqual(['three']);
});

test('A log that libvirt started anew has the times of the new file', async () => {
  await wrote('old\n', 0);
  await rename(log, `${log}.0`);
  await wrote('new\n', 10);
  expect(await read()).toEqual(['2026-01-02T03:04:15Z new']);
});

test('Only plain files are read, and a link in place of the times is not written to', async () => {
  await writeFile(log, 'one\n');
  await writeFile(join(folder, 'victim'), '');
  await symlink(join(folder, 'victim'), `${log}.times`);
  await times.note();
  await expect(read()).rejects.toMatchObject({ code: 'corrupt' });
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('');
});
