// Saved states that something else changed, on real files with holes; the child process that reads them is real.
import { mkdir, open, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkState, readThrough } from '../../supervisor/snapshots/check-state.ts';
import { Troubles } from '../../orchestrator/host/troubles.ts';
import { SnapshotChecks } from '../../orchestrator/snapshots/snapshot-checks.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../orchestrator/environments/sqlite-environments.ts';
import { SqliteSnapshots, type SnapshotRecord } from '../../orchestrator/snapshots/sqlite-snapshots.ts';
import type { Vm, VmHost } from '../../supervisor/vms/vm.ts';
import { checksumFiles } from '../../supervisor/snapshots/checksum-process.ts';
import { filesOf, readState, stamp, type SavedState } from '../../supervisor/snapshots/saved-state.ts';
import { makeDiskFolder } from '../support/clean-up.ts';
import { admin, log, openWorkshop, scratchFolder } from '../support/operations.ts';

const MIB = 2 ** 20;
const hardware = { accel: 'tcg', machineType: 'pc', cpuModel: 'maximum', qemuVersion: '7.2.22', watchdog: true } as const;
const vm = { host: { hardware: async () => hardware } } as unknown as Vm;
const signal = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await makeDiskFolder();
  const files: SavedState['files'] = {};
  for (const file of filesOf({ memory: true })) {
    const path = join(folder, file);
    await writeFile(path, file.repeat(1000));
    if (file === 'ram' || file === 'disk') await truncate(path, 3 * 2 ** 30); // mostly a hole
    files[file] = await stamp(path);
  }
  const saved: SavedState = {
    formatVersion: 1, savedAt: new Date().toISOString(), environmentId: 'env', memory: true, hardware, imageVersion: '1', kernelCmdline: '', generation: 1, files,
    shape: { vcpus: 1, vcpusMax: 1, memoryMiB: 512, memoryMaxMiB: 512, diskGiB: 1, cpuQuotaPercent: null, ioWeight: null },
    stateCrc32: crc32(await readFile(join(folder, 'state'))).toString(16).padStart(8, '0'),
  };
  await writeFile(join(folder, 'info.json'), JSON.stringify(saved));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** Changes one byte and keeps the file's content times, like a disk that loses data. */
async function damage(file: string, at: number): Promise<void> {
  const path = join(folder, file);
  const { atime, mtime } = await stat(path);
  {
    await using handle = await open(path, 'r+');
    await handle.write(Buffer.from([0xff]), 0, 1, at);
  }
  await utimes(path, atime, mtime);
}
/** Makes the times in info.json match the files, as if nothing had touched them. */
async function hideTouch(): Promise<void> {
  const saved = await readState(folder);
  for (const file of filesOf(saved)) saved.files[file] = await stamp(join(folder, file));
  await writeFile(join(folder, 'info.json'), JSON.stringify(saved));
}
const check = async (memory = true): Promise<void> => await checkState(vm, folder, { memory });

test('A snapshot without checksums whose files were touched is refused, naming the file', async () => {
  await check();
  await utimes(join(folder, 'ram'), 1, 1);
  await expect(check()).rejects.toMatchObject({ code: 'corrupt', details: { path: join(folder, 'ram') } });
  await expect(readThrough(folder, { signal })).rejects.toMatchObject({ code: 'corrupt', details: { path: join(folder, 'ram') } });
  await check(false);
});

test('With checksums, files that were only touched are read through once, and are valid again afterwards', async () => {
  await readThrough(folder, { signal });
  await utimes(join(folder, 'ram'), 1, 1);
  await utimes(join(folder, 'disk'), 1, 1);
  await check();
  expect((await readState(folder)).files.ram).toEqual(await stamp(join(folder, 'ram')));
  await rm(join(folder, 'checksums.json'));
  await check();
});

test.each([['disk', 5], ['ram', 2 ** 30], ['kernel', 0]])('A changed byte of %s is found by reading the file through, even when size and times are unchanged', async (file, at) => {
  await readThrough(folder, { signal });
  await damage(file, at);
  await expect(check()).rejects.toMatchObject({ code: 'corrupt', message: `${join(folder, file)} does not match its checksum` });
  await hideTouch();
  await check();
  await expect(readThrough(folder, { signal })).rejects.toMatchObject({ code: 'corrupt', details: { path: join(folder, file) } });
});

test('A file with another size, or a missing one, is refused without reading', async () => {
  await readThrough(folder, { signal });
  await truncate(join(folder, 'disk'), 5);
  await expect(check()).rejects.toMatchObject({ code: 'corrupt', message: `${join(folder, 'disk')} was changed after it was saved` });
  await rm(join(folder, 'disk'));
  await expect(readThrough(folder, { signal })).rejects.toMatchObject({ code: 'corrupt', message: `${join(folder, 'disk')} is missing` });
});

test('Reading keeps its rate, reports progress, and ends immediately when it is cancelled', async () => {
  await mkdir(join(folder, 'more'));
  const path = join(folder, 'more', 'file');
  await writeFile(path, Buffer.alloc(8 * MIB, 1));
  const percents: number[] = [];
  const startedAt = performance.now();
  const sums = await checksumFiles([path], { signal, bytesPerSecond: 8 * MIB, onProgress: (_, percent) => percents.push(percent) });
  expect(performance.now() - startedAt).toBeGreaterThan(950);
  expect(percents).toEqual([12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100]);
  expect(sums.get(path)).toMatch(/^[0-9a-f]{8}$/);
  const cancel = new AbortController();
  const cancelled = checksumFiles([path], { signal: cancel.signal, bytesPerSecond: MIB, onProgress: () => cancel.abort() });
  await expect(cancelled).rejects.toThrow('aborted');
});

test('Checksums are computed in the background; later damage is marked, reported and kept, and the mark is removed when it has been repaired', async () => {
  using scratch = scratchFolder();
  using shop = openWorkshop(scratch.path);
  const [records, snapshots] = [new SqliteEnvironments(shop.store), new SqliteSnapshots(shop.store)];
  const at = '2026-01-02T03:04:05.000Z';
  records.insert({ id: 'env_1', name: 'one', owner: 'usr_a', state: 'stopped', profile: 'idle', networkIndex: 1, purgeAt: null, version: 1 } as EnvironmentRecord);
  snapshots.insert({ id: 's1', environmentId: 'env_1', name: 'first', state: 'ready', purgeAt: null, createdAt: at } as SnapshotRecord);
  snapshots.insert({ id: 'young', environmentId: 'env_1', name: 'young', state: 'ready', purgeAt: null, createdAt: new Date().toISOString() } as SnapshotRecord);
  const host = { pool: { folders: { environment: () => folder } } } as unknown as VmHost;
  await mkdir(join(folder, 'snapshots'));
  await symlink(folder, join(folder, 'snapshots', 's1'));
  const checks = new SnapshotChecks({ store: shop.store, snapshots, records, events: shop.events, host, scrubDays: 1, lookEveryMs: 10, troubles: new Troubles({ events: shop.events, log }), log });
  const found = { timeout: 30_000, interval: 20 };
  checks.start();
  try {
    await expect.poll(() => snapshots.get('s1')?.checksumAt, found).not.toBeNull();
    const first = snapshots.get('s1');
    expect(first).toMatchObject({ state: 'ready', damage: null, checkedAt: first?.checksumAt });
    const longAgo = (): void => snapshots.update({ ...snapshots.get('s1') as SnapshotRecord, checkedAt: at });
    await damage('ram', 5);
    await hideTouch();
    longAgo();
    await expect.poll(() => snapshots.get('s1')?.state, found).toBe('damaged');
    expect(snapshots.get('s1')).toMatchObject({ damage: expect.stringContaining('ram does not match its checksum') as unknown, checksumAt: first?.checksumAt });
    expect(snapshots.damaged().map(({ id }) => id)).toEqual(['s1']);
    await writeFile(join(folder, 'ram'), 'ram'.repeat(1000));
    await truncate(join(folder, 'ram'), 3 * 2 ** 30);
    longAgo();
    await expect.poll(() => snapshots.get('s1')?.state, found).toBe('ready');
    expect((await shop.events.list(admin, { type: 'snapshot.', limit: 10 })).items.map(({ type, data }) => `${type} ${String(data['name'])}`)).toEqual(['snapshot.damaged first', 'snapshot.sound first']);
    expect(snapshots.get('young')?.checksumAt).toBeNull();
  } finally {
    await checks.stop();
  }
});
