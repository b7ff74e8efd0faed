// Applies another profile to a running environment, through the command: what the guest sees, what waits for the next start, and what is refused.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { serverSentEvents } from '../../orchestrator/cli/api/server-sent-events.ts';
import type { Environment, EnvironmentStats, StatsPoint } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { ProfilePlan } from '../../orchestrator/profiles/profile-change.ts';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'pliable';

/** Without a sample of the disk, which changes by itself. */
const show = async (): Promise<Environment> => ({ ...await somnus.json<Environment>('show', NAME), diskUsedBytes: null });
const guest = async (script: string): Promise<string> => (await somnus.ok('exec', NAME, '--', 'sh', '-c', script)).trim();
const sees = async (): Promise<{ nproc: number; totalMiB: number; bootId: string }> => {
  const [nproc, totalKiB, bootId = ''] = (await guest('nproc; sed -n "s/^MemTotal: *//p" /proc/meminfo; cat /proc/sys/kernel/random/boot_id')).split('\n');
  return { nproc: Number(nproc), totalMiB: Number.parseInt(totalKiB ?? '', 10) / 1024, bootId };
};
const dryRun = async (profile: string): Promise<Record<string, string>> => {
  const { stdout } = await somnus.cli(['profile', 'apply', NAME, profile, '--dry-run', '-o', 'json']);
  return Object.fromEntries((JSON.parse(stdout) as ProfilePlan).fields.map(({ field, when }) => [field, when]));
};
const own = async (name: string, shape: Record<string, number | null>): Promise<void> => {
  const idle = { vcpus: 1, vcpusMax: 4, memoryMiB: 512, memoryMaxMiB: 2048, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null };
  await writeFile(join(somnus.dataDir, 'profiles', `${name}.yaml`), stringify({ name, description: 'Of a test', shape: { ...idle, ...shape } }));
};
const refused = async (profile: string): Promise<{ code: string; detail: string }> => {
  const before = await show();
  const { code, stderr } = await somnus.cli(['profile', 'apply', NAME, profile, '-o', 'json']);
  expect(code).not.toBe(0);
  expect(await show()).toEqual(before);
  return JSON.parse(stderr) as { code: string; detail: string };
};

let atFirst: Awaited<ReturnType<typeof sees>>;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
  await somnus.ok('create', NAME, '--profile', 'idle');
  atFirst = await sees();
});

test('A new environment has its profile\'s amounts when it is ready, although it can have more', async () => {
  expect(atFirst.nproc).toBe(1);
  expect(atFirst.totalMiB).toBeLessThan(512);
  expect(atFirst.totalMiB).toBeGreaterThan(350);
  expect(await show()).toMatchObject({ profile: 'idle', vcpus: 1, memoryMiB: 512 });
});

test('A dry run shows what would happen to each part, and changes nothing', async () => {
  const before = await show();
  expect(await dryRun('coding')).toEqual({ vcpus: 'live', vcpusMax: 'live', memoryMiB: 'live', memoryMaxMiB: 'next start', cpuQuotaPercent: 'live', ioWeight: 'live', diskGiB: 'live', gpu: 'live' });
  await own('taller', { vcpus: 2, memoryMiB: 3072, memoryMaxMiB: 3072 });
  expect(await dryRun('taller')).toMatchObject({ vcpus: 'live', memoryMiB: 'next start' });
  expect(await show()).toEqual(before);
});

test('More resources, and fewer again, reach the guest while it runs, and progress is shown', async () => {
  expect(await somnus.json<Environment>('profile', 'apply', NAME, 'coding')).toMatchObject({ profile: 'coding', vcpus: 2, memoryMiB: 2048, state: 'running' });
  const more = await sees();
  expect(more).toMatchObject({ nproc: 2, bootId: atFirst.bootId });
  expect(Math.abs(more.totalMiB - atFirst.totalMiB - 1536)).toBeLessThan(0.05 * 1536);

  // Every event arrives, however late this process reads.
  const abort = new AbortController();
  const stream = await fetch(`${somnus.url}/v1/events?type=operation.progress&subject=${(await show()).id}`, { headers: { authorization: `Bearer ${somnus.key}`, accept: 'text/event-stream' }, signal: abort.signal });
  const heard = (async () => {
    for await (const { data } of serverSentEvents(Readable.fromWeb(stream.body as never) as AsyncIterable<Buffer>)) {
      const { step, message, percent } = (JSON.parse(data) as Event).data as { step?: string; message?: string; percent?: number };
      if (step === 'memory.set' && percent !== undefined && /^reclaiming memory: \d+ of 1536 MiB$/.test(message ?? '')) return;
    }
  })();
  const { operation } = (await somnus.api('POST', `/v1/environments/${NAME}/profile`, { body: { profile: 'idle' } })).body as { operation: Operation };
  await heard;
  abort.abort();
  await somnus.ok('op', 'wait', operation.id);
  expect(await show()).toMatchObject({ profile: 'idle', vcpus: 1, memoryMiB: 512 });
  const less = await sees();
  expect(less).toMatchObject({ nproc: 1, bootId: atFirst.bootId });
  expect(Math.abs(less.totalMiB - atFirst.totalMiB)).toBeLessThan(0.05 * 1536);
});

test('Memory that the guest uses is never reclaimed: the refusal says how much that is', async () => {
  await somnus.ok('snapshot', 'create', NAME, 'small');
  await own('half', { vcpus: 2, memoryMiB: 1024 });
  await somnus.ok('profile', 'apply', NAME, 'half');
  await guest('head -c 400M /dev/zero >/dev/shm/used');
  const { code, detail } = await refused('idle');
  expect(code).toBe('memory_in_use');
  const usedMiB = Number(/the guest uses (\d+) MiB/.exec(detail)?.[1]);
  expect(usedMiB).toBeGreaterThan(400);
  expect(usedMiB).toBeLessThan(650);
  expect(await dryRun('idle')).toMatchObject({ memoryMiB: 'unsupported', vcpus: 'live' });
});

test('A restore loads the snapshot, and then applies the profile again', async () => {
  await somnus.ok('snapshot', 'restore', NAME, 'small', '--no-safety');
  expect(await show()).toMatchObject({ profile: 'half', vcpus: 2, memoryMiB: 1024, state: 'running' });
  const now = await sees();
  expect(now).toMatchObject({ nproc: 2, bootId: atFirst.bootId });
  expect(Math.abs(now.totalMiB - atFirst.totalMiB - 512)).toBeLessThan(0.05 * 512);
});

test('A fork of an older snapshot also has the profile of its source', async () => {
  expect(await somnus.json<Environment>('fork', NAME, 'pliable-twin', '--from', 'small')).toMatchObject({ profile: 'half', vcpus: 2, memoryMiB: 1024, state: 'running' });
  expect((await somnus.ok('exec', 'pliable-twin', '--', 'nproc')).trim()).toBe('2');
  await somnus.ok('rm', 'pliable-twin', '--purge', '--yes');
});

test('A cancelled change is undone', async () => {
  const before = await sees();
  const { operation } = (await somnus.api('POST', `/v1/environments/${NAME}/profile`, { body: { profile: 'idle' } })).body as { operation: Operation };
  const now = async (): Promise<Operation> => (await somnus.api('GET', `/v1/operations/${operation.id}`)).body as Operation;
  await expect.poll(async () => (await now()).progress, { timeout: 60_000, interval: 50 }).toMatchObject({ step: 'memory.set' });
  await somnus.api('POST', `/v1/operations/${operation.id}/cancel`);
  await expect.poll(async () => (await now()).status, { timeout: 60_000, interval: 100 }).toBe('cancelled');
  expect(await show()).toMatchObject({ profile: 'half', vcpus: 2, memoryMiB: 1024, state: 'running' });
  const after = await sees();
  expect(after.nproc).toBe(before.nproc);
  expect(Math.abs(after.totalMiB - before.totalMiB)).toBeLessThan(16);
});

test('A CPU limit applies immediately', async () => {
  const SAMPLED = { timeout: 300_000, interval: 500 };
  const latest = async (): Promise<StatsPoint | null> => ((await somnus.api('GET', `/v1/environments/${NAME}/stats`)).body as EnvironmentStats).latest;
  /** How much CPU the VM uses, measured after this call. */
  const cpuPercent = async (): Promise<number> => {
    const since = Date.now();
    let used = NaN;
    await expect.poll(async () => {
      const sample = await latest();
      if (sample === null || Date.parse(sample.at) - sample.spanSeconds * 1000 < since) return false;
      used = sample.cpuPercent;
      return true;
    }, SAMPLED).toBe(true);
    return used;
  };
  await guest('for each in 1 2; do setsid sh -c "while :; do :; done" </dev/null >/dev/null 2>&1 & done');
  await expect.poll(cpuPercent, SAMPLED).toBeGreaterThan(40); // until the host has the time for it
  await own('slow', { vcpus: 2, memoryMiB: 1024, cpuQuotaPercent: 20 });
  await somnus.ok('profile', 'apply', NAME, 'slow');
  expect(await cpuPercent()).toBeLessThan(40);
  await somnus.ok('profile', 'apply', NAME, 'half');
  await expect.poll(cpuPercent, SAMPLED).toBeGreaterThan(40);
  await guest('pkill -f "[w]hile :"'); // not the shell that runs this
});

test('What this host does not support is refused, and nothing changes', async () => {
  await own('small-disk', { diskGiB: 10 });
  await own('huge', { memoryMiB: 512_000, memoryMaxMiB: 512_000 });
  expect(await refused('small-disk')).toMatchObject({ code: 'unsupported', detail: expect.stringContaining('a disk never shrinks') as string });
  expect(await refused('media_creation')).toMatchObject({ code: 'unsupported', detail: expect.stringContaining('no GPU is configured') as string });
  expect(await refused('huge')).toMatchObject({ code: expect.stringMatching(/^insufficient_(memory|space)$/) as string });
  expect(await refused('nothing')).toMatchObject({ code: 'invalid_request' });
  await somnus.ok('suspend', NAME);
  expect(await refused('idle')).toMatchObject({ code: 'invalid_state', hint: expect.stringContaining(`somnus resume ${NAME}`) as string });
  await somnus.ok('resume', NAME);
});

test('What cannot change while it runs applies at the next start', async () => {
  await own('large', { vcpus: 3, memoryMiB: 3072, memoryMaxMiB: 3072, diskGiB: 24 });
  expect(await dryRun('large')).toMatchObject({ vcpus: 'live', memoryMiB: 'next start', memoryMaxMiB: 'next start', diskGiB: 'next start' });
  await somnus.ok('profile', 'apply', NAME, 'large');
  expect(await show()).toMatchObject({ profile: 'large', vcpus: 3, memoryMiB: 1024, diskGiB: 20 });
  await somnus.ok('restart', NAME, '--force');
  expect(await show()).toMatchObject({ profile: 'large', vcpus: 3, memoryMiB: 3072, diskGiB: 24 });
  const now = await sees();
  expect(now.nproc).toBe(3);
  expect(now.bootId).not.toBe(atFirst.bootId);
  expect(Math.abs(now.totalMiB - atFirst.totalMiB - 2560)).toBeLessThan(0.05 * 2560);
  expect(Number(await guest('df --output=size -BG / | tail -1 | tr -dc 0-9'))).toBeGreaterThanOrEqual(23);
});
