import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StatsPoint } from '../../../supervisor/monitor/point.ts';
import { levels, SqliteStatsHistory } from '../../../supervisor/monitor/sqlite-stats-history.ts';

let folder: string;
let history: SqliteStatsHistory;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somnus-stats-'));
  history = new SqliteStatsHistory(join(folder, 'stats.db'));
});
afterEach(async () => {
  history.close();
  await rm(folder, { recursive: true });
});

const START = Date.parse('2026-01-01T00:00:00Z');
const STEP_MS = 30_000;

function point(atMs: number, cpuPercent: number): StatsPoint {
  return {
    atMs, spanMs: STEP_MS, cpuPercent, hostMemoryMiB: 100, memoryUsedMiB: 50, memoryTotalMiB: 512, diskReadBytesPerSecond: 0, diskWrittenBytesPerSecond: 0,
    diskUsedBytes: 1, networkReceivedBytesPerSecond: 0, networkSentBytesPerSecond: 0, load1: 0,
  };
}

function record(hours: number): number {
  const count = (hours * 3_600_000) / STEP_MS;
  for (let i = 0; i <= count; i += 1) history.add(new Map([['a', point(START + i * STEP_MS, i % 2 === 0 ? 0 : 100)]]));
  return START + count * STEP_MS;
}

test('A day is kept, in fine steps at its end and in coarse ones before, in order and without gaps', () => {
  const end = record(30);
  const points = history.read('a', 0);
  expect(points[0]?.atMs).toBeGreaterThanOrEqual(end - levels[2].keepMs);
  expect(points[0]?.atMs).toBeLessThanOrEqual(end - levels[2].keepMs + levels[2].spanMs);
  expect(points.at(-1)?.atMs).toBe(end);
  const times = points.map((each) => each.atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? 0)))).toBeLessThanOrEqual(levels[2].spanMs);
  expect(points.length).toBeLessThan(24 * 6 + 3 * 60 + 15 * 2 + 10);
});

test('A merged point averages rates over its span', () => {
  record(1);
  const merged = history.read('a', 0)[10];
  expect(merged?.spanMs).toBe(60_000);
  expect(merged?.cpuPercent).toBe(50);
});

test('Another environment sees nothing of it, and forgetting removes everything', () => {
  record(1);
  expect(history.read('b', 0)).toEqual([]);
  history.forget('a');
  expect(history.read('a', 0)).toEqual([]);
});
