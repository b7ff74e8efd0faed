import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BasicStats } from '../../agent/contract.ts';
import { setVcpus } from '../../agent/guest-control.ts';
import { isListening } from '../../agent/readiness.ts';
import { GuestStats, memoryOf, parseCpuList, parseCpuTimes, parseDiskCounters, parseMemory, parseNetworkCounters, parsePressure, parseProcess } from '../../agent/stats.ts';

test('This host\'s own /proc yields statistics as the contract requires', () => {
  const stats = new GuestStats();
  stats.watch(['node']);
  const basic = BasicStats.parse(stats.basic());
  expect(basic.cpu.vcpusOnline).toBeGreaterThanOrEqual(1);
  expect(basic.memory.totalBytes).toBeGreaterThan(basic.memory.usedBytes);
  expect(basic.disk.totalBytes).toBeGreaterThan(0);
  expect(stats.uptimeMs()).toBeGreaterThan(0);
  expect(basic.processes.find(({ pid }) => pid === process.ppid || pid === process.pid)).toMatchObject({ name: 'node' });
});

test('The agent reads its own memory from the kernel, and the part that is its program', () => {
  const { residentBytes, programBytes } = memoryOf(process.pid);
  expect(residentBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);
  expect(programBytes).toBeGreaterThan(2 ** 20);
  expect(programBytes).toBeLessThan(residentBytes);
});

test('PID 1 has crashed when only its first three files are open', async () => {
  const root = await mkdtemp(join(tmpdir(), 'somnus-init-'));
  onTestFinished(async () => await rm(root, { recursive: true }));
  await mkdir(join(root, 'proc/1/fd'), { recursive: true });
  for (const fd of ['0', '1', '2', '14']) await writeFile(join(root, 'proc/1/fd', fd), '');
  expect(new GuestStats(root).initCrashed()).toBe(false);
  await rm(join(root, 'proc/1/fd/14'));
  expect(new GuestStats(root).initCrashed()).toBe(true);
});

test('CPU times are in milliseconds, and nice, interrupts and the rest are counted in the right place', () => {
  expect(parseCpuTimes('cpu  100 10 50 1000 20 3 7 40 0 0\ncpu0 1 1 1 1\n')).toEqual({ userMs: 1100, systemMs: 600, idleMs: 10_000, iowaitMs: 200, stealMs: 400 });
});

test('Used memory is what is not available', () => {
  expect(parseMemory('MemTotal:  1000 kB\nMemFree: 100 kB\nMemAvailable:  600 kB\nBuffers: 10 kB\nCached: 300 kB\nSwapCached: 5 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\nSReclaimable: 7 kB\n')).toEqual({
    totalBytes: 1_024_000, availableBytes: 614_400, usedBytes: 409_600, cachedBytes: 324_608, swapUsedBytes: 30_720,
  });
});

test('Disk and network counters are those of the VM\'s own devices', () => {
  expect(parseDiskCounters(' 254 0 vda 536 254 87490 454 11 1 88 63 0\n 254 1 vda1 1 1 1 1 1 1 1 1\n', 'vda')).toEqual({ readBytes: 87_490 * 512, writtenBytes: 88 * 512 });
  const dev = 'Inter-|   Receive |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n    lo: 5 5 0 0 0 0 0 0 5 5\n  eth0: 100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0\n';
  expect(parseNetworkCounters(dev, 'eth0')).toEqual({ receivedBytes: 100, receivedPackets: 2, sentBytes: 300, sentPackets: 4 });
  expect(parseNetworkCounters(dev, 'eth1')).toEqual({ receivedBytes: 0, receivedPackets: 0, sentBytes: 0, sentPackets: 0 });
});

test('Pressure is parsed in percent, and CPU pressure without a "full" line is not an error', () => {
  expect(parsePressure('some avg10=1.50 avg60=2.25 avg300=0 total=9\nfull avg10=0.50 avg60=0.75 avg300=0 total=3\n')).toEqual({ some10: 1.5, some60: 2.25, full10: 0.5, full60: 0.75 });
  expect(parsePressure('some avg10=1.50 avg60=2.25 avg300=0 total=9\n')).toMatchObject({ full10: 0 });
});

test('A process whose name contains spaces and brackets is parsed correctly', async () => {
  const own = parseProcess(await readFile('/proc/self/stat', 'latin1'));
  expect(own.pid).toBe(process.pid);
  expect(own.rssBytes).toBeGreaterThan(1_000_000);
  expect(parseProcess('42 (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 5 1000 25 rest')).toEqual({ name: 'a) b (c', pid: 42, state: 'S', cpuMs: 420, rssBytes: 25 * 4096 });
});

test('A list of CPUs is parsed with its ranges', () => {
  expect(parseCpuList('0-2,5\n')).toEqual([0, 1, 2, 5]);
  expect(parseCpuList('0\n')).toEqual([0]);
});

test('Only a listening socket on the exact port counts as SSH', () => {
  const table = '  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A 0\n   1: 0100007F:1E5A 00000000:0000 01 0\n';
  expect(isListening(table, 22)).toBe(true);
  expect(isListening(table, 7770)).toBe(false);
  expect(isListening(table, 0x5a)).toBe(false);
});

test('vCPUs come online in order, vCPU 0 is never changed, and more than there are is refused', async () => {
  const root = await mkdtemp(join(tmpdir(), 'agent-vcpus-'));
  onTestFinished(async () => { await rm(root, { recursive: true }); });
  const folder = join(root, 'sys/devices/system/cpu');
  for (let cpu = 0; cpu < 4; cpu += 1) {
    await mkdir(join(folder, `cpu${cpu}`), { recursive: true });
    if (cpu > 0) await writeFile(join(folder, `cpu${cpu}`, 'online'), '0\n');
  }
  await mkdir(join(folder, 'cpufreq'));
  const online = async (): Promise<string[]> => await Promise.all([1, 2, 3].map(async (cpu) => (await readFile(join(folder, `cpu${cpu}`, 'online'), 'latin1')).trim()));
  setVcpus(3, root);
  expect(await online()).toEqual(['1', '1', '0']);
  setVcpus(1, root);
  expect(await online()).toEqual(['0', '0', '0']);
  expect(() => setVcpus(5, root)).toThrow(expect.objectContaining({ code: 'unsupported', details: { present: 4 } }));
});
