import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readJournalEntry, type JournalEntry } from '../../../agent/intelligence/journal-entry.ts';
import { JournalSource, type JournalPosition } from '../../../agent/intelligence/journal-source.ts';

const entry = (fields: object): string => JSON.stringify({ __CURSOR: 's=1', __REALTIME_TIMESTAMP: '1700000000000000', ...fields });

test('Entries are grouped by unit, including systemd\'s messages about it; those of sessions by program', () => {
  expect(readJournalEntry(entry({ MESSAGE: 'a\nb', _SYSTEMD_UNIT: 'web.service', PRIORITY: '3' }))).toEqual({ cursor: 's=1', atUs: 1.7e15, place: 'web.service', lines: ['a', 'b'], level: undefined });
  expect(readJournalEntry(entry({ MESSAGE: 'failed', _SYSTEMD_UNIT: 'init.scope', UNIT: 'web.service' }))?.place).toBe('web.service');
  expect(readJournalEntry(entry({ MESSAGE: 'x', _SYSTEMD_UNIT: 'somnus-ssh@7-10.0.0.2:22.service', SYSLOG_IDENTIFIER: 'train' }))?.place).toBe('train');
  expect(readJournalEntry(entry({ MESSAGE: 'x', SYSLOG_IDENTIFIER: 'a\u001B[31m\nb' }))?.place).toBe('a b');
});

test('The kernel\'s lines have a level, bytes are decoded, and the agent\'s own lines and noise are ignored', () => {
  expect(readJournalEntry(entry({ MESSAGE: 'ok', _TRANSPORT: 'kernel', PRIORITY: '6' }))).toMatchObject({ place: 'kernel', level: 'info' });
  expect(readJournalEntry(entry({ MESSAGE: [104, 105], _SYSTEMD_UNIT: 'a.service' }))?.lines).toEqual(['hi']);
  expect(readJournalEntry(entry({ MESSAGE: 'somnus-agent: identity failed', _TRANSPORT: 'kernel' }))?.lines).toEqual([]);
  expect(readJournalEntry(entry({ MESSAGE: null, _SYSTEMD_UNIT: 'a.service' }))?.lines).toEqual(['']);
  expect(readJournalEntry('-- no entries --')).toBeUndefined();
  expect(readJournalEntry('{}')).toBeUndefined();
});

/** A journalctl that prints the lines of a file as they are added, from the one after `--after-cursor`, and refuses a cursor that is not there. */
const PROGRAM = `
const { readFileSync, appendFileSync } = require('node:fs');
const [file, ...args] = process.argv.slice(2);
const value = (name) => args.find((arg) => arg.startsWith(name))?.slice(name.length);
appendFileSync(file + '.starts', JSON.stringify(args.filter((arg) => /cursor|since|lines/.test(arg))) + '\\n');
const lines = () => readFileSync(file, 'utf8').split('\\n').filter(Boolean);
const cursor = value('--after-cursor=');
let at = 0;
if (cursor !== undefined) {
  at = lines().findIndex((line) => JSON.parse(line).__CURSOR === cursor) + 1;
  if (at === 0) { console.error('Failed to seek to cursor: Invalid argument'); process.exit(1); }
} else if (value('--lines=') === '1') {
  if (lines().length > 0) console.log(lines().at(-1));
  process.exit(0);
}
const since = Number((value('--since=@') ?? '0')) * 1e6;
setInterval(() => { for (const line of lines().slice(at)) { at += 1; if (JSON.parse(line).__REALTIME_TIMESTAMP >= since) console.log(line); } }, 20);
`;

function journal(): { add: (at: number) => void; follow: (position?: JournalPosition, onFirstPosition?: () => Promise<void>) => { entries: JournalEntry[]; source: JournalSource }; starts: () => string[]; forget: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [file, program] = [join(folder, 'journal'), join(folder, 'journalctl.cjs')];
  writeFileSync(file, '');
  writeFileSync(program, PROGRAM);
  return {
    add: (at) => appendFileSync(file, `${entry({ __CURSOR: `c${at}`, __REALTIME_TIMESTAMP: String(at * 1000), MESSAGE: `line ${at}`, _SYSTEMD_UNIT: 'a.service' })}\n`),
    forget: () => writeFileSync(file, ''),
    starts: () => readFileSync(`${file}.starts`, 'utf8').trim().split('\n'),
    follow: (position, onFirstPosition = async () => {}) => {
      const entries: JournalEntry[] = [];
      const source = new JournalSource({ position, onFirstPosition, take: (each) => entries.push(each), program: [process.execPath, program, file], retryMs: { first: 10, longest: 100 } });
      source.start();
      onTestFinished(() => source.stop());
      return { entries, source };
    },
  };
}

const places = (entries: readonly JournalEntry[]): string[] => entries.flatMap(({ lines }) => lines);

test('The first process reads only new entries, and nothing until its caller has saved where they begin; the next one continues after it', async () => {
  const { add, follow, starts } = journal();
  add(1);
  const { promise: saved, resolve: save } = Promise.withResolvers<void>();
  const begins = vi.fn(async () => await saved);
  const first = follow(undefined, begins);
  await vi.waitFor(() => expect(begins).toHaveBeenCalledOnce(), 60_000);
  expect(first.source.position).toEqual({ cursor: 'c1', atUs: 1000 });
  add(2);
  expect(starts()).toEqual(['["--lines=1"]']);
  save();
  await vi.waitFor(() => expect(places(first.entries)).toEqual(['line 2']), 60_000);
  first.source.stop();
  add(3);
  const second = follow(first.source.position);
  await vi.waitFor(() => expect(places(second.entries)).toEqual(['line 3']), 60_000);
  expect(second.source.position?.cursor).toBe('c3');
});

test('While the journal is empty, the end is looked for again', async () => {
  const { add, follow, starts } = journal();
  const { entries, source } = follow();
  await vi.waitFor(() => expect(starts().length).toBeGreaterThan(1), 60_000);
  add(1);
  await vi.waitFor(() => expect(source.position?.cursor).toBe('c1'), 60_000);
  add(2);
  await vi.waitFor(() => expect(places(entries)).toEqual(['line 2']), 60_000);
});

test('When the cursor is gone, reading continues by time, without the entry that was read last', async () => {
  const { add, follow, starts, forget } = journal();
  forget();
  for (const at of [4000, 5000, 6000]) add(at);
  const { entries, source } = follow({ cursor: 'gone', atUs: 5_000_000 });
  await vi.waitFor(() => expect(places(entries)).toEqual(['line 6000']), 60_000);
  expect(starts()).toEqual(['["--after-cursor=gone"]', '["--after-cursor=gone"]', '["--since=@5.000000"]']);
  expect(source.problem).toBeUndefined();
});

test('If journalctl cannot be started, that is reported, and it is tried again', async () => {
  const source = new JournalSource({ position: undefined, onFirstPosition: async () => {}, take: () => {}, program: ['/nonexistent/journalctl'], retryMs: { first: 10, longest: 20 } });
  onTestFinished(() => source.stop());
  source.start();
  await vi.waitFor(() => expect(source.problem).toMatch(/ENOENT/), 30_000);
});
