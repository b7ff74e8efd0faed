// Another profile for a computer that runs, through the command: what the guest sees of it, what waits for the next start, and what is refused.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import type { Environment } from '../../orchestrator/environments/environment.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { ProfilePlan } from '../../orchestrator/profiles/profile-change.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { PlaneClient } from '../support/control-plane.ts';

const somnus = new PlaneClient(inject('plane'));
const NAME = 'pliable';

const show = async (): Promise<Environment> => await somnus.json<Environment>('show', NAME);
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
  await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
  const startedAt = Date.now();
  await somnus.ok('create', NAME, '--profile', 'idle');
  console.log('create', Date.now() - startedAt);
  atFirst = await sees();
  console.log(atFirst);
});
afterAll(async () => {
  await somnus.cli(['rm', NAME, '--purge', '--yes']);
});

test('A new computer has its profile when it is ready, although it can have more', async () => {
  expect(atFirst.nproc).toBe(1);
  expect(atFirst.totalMiB).toBeLessThan(512);
  expect(atFirst.totalMiB).toBeGreaterThan(350);
  expect(await show()).toMatchObject({ profile: 'idle', vcpus: 1, memoryMiB: 512 });
});

test('A dry run says what would become of each part, and changes nothing', async () => {
  const before = await show();
  expect(await dryRun('coding')).toEqual({ vcpus: 'live', vcpusMax: 'live', memoryMiB: 'live', memoryMaxMiB: 'next start', cpuQuotaPercent: 'live', ioWeight: 'live', diskGiB: 'live', gpu: 'live' });
  expect(await dryRun('research')).toMatchObject({ vcpus: 'live', memoryMiB: 'next start' });
  expect(await show()).toEqual(before);
});

test('More power and less again reach the guest while it runs, and progress is shown', async () => {
  let startedAt = Date.now();
  expect(await somnus.json<Environment>('profile', 'apply', NAME, 'coding')).toMatchObject({ profile: 'coding', vcpus: 2, memoryMiB: 2048, state: 'running' });
  console.log('up', Date.now() - startedAt);
  const more = await sees();
  expect(more).toMatchObject({ nproc: 2, bootId: atFirst.bootId });
  expect(Math.abs(more.totalMiB - atFirst.totalMiB - 1536)).toBeLessThan(0.05 * 1536);
  startedAt = Date.now();
  expect(await somnus.json<Environment>('profile', 'apply', NAME, 'idle')).toMatchObject({ profile: 'idle', vcpus: 1, memoryMiB: 512 });
  console.log('down', Date.now() - startedAt);
  const less = await sees();
  expect(less).toMatchObject({ nproc: 1, bootId: atFirst.bootId });
  expect(Math.abs(less.totalMiB - atFirst.totalMiB)).toBeLessThan(0.05 * 1536);
  const { items } = (await somnus.api('GET', '/v1/events?limit=500', { headers: { accept: 'application/json' } })).body as Page<Event>;
  const progress = items.filter(({ type, data }) => type === 'operation.progress' && data['step'] === 'memory.set').map(({ data }) => data['message']);
  expect(progress.join('\n')).toMatch(/taking memory back: \d+ of 1536 MiB/);
});

test('What the guest uses is never taken from it: the refusal says how much that is', async () => {
  await own('half', { memoryMiB: 1024 });
  await somnus.ok('profile', 'apply', NAME, 'half');
  await guest('head -c 650M /dev/zero >/dev/shm/used');
  const { code, detail } = await refused('idle');
  expect(code).toBe('memory_in_use');
  const usedMiB = Number(/the guest uses (\d+) MiB/.exec(detail)?.[1]);
  expect(usedMiB).toBeGreaterThan(650);
  expect(usedMiB).toBeLessThan(900);
  expect(await dryRun('idle')).toMatchObject({ memoryMiB: 'unsupported', vcpus: 'live' });
  await guest('rm /dev/shm/used');
});

test('A change that is cancelled is taken back', async () => {
  const before = await sees();
  const { operation } = (await somnus.api('POST', `/v1/environments/${NAME}/profile`, { body: { profile: 'coding' } })).body as { operation: Operation };
  await somnus.api('POST', `/v1/operations/${operation.id}/cancel`);
  await somnus.cli(['op', 'wait', operation.id]);
  expect(await show()).toMatchObject({ profile: 'half', vcpus: 1, memoryMiB: 1024, state: 'running' });
  const after = await sees();
  expect(after.nproc).toBe(before.nproc);
  expect(Math.abs(after.totalMiB - before.totalMiB)).toBeLessThan(16);
});

test('A cap on CPU time holds at once', async () => {
  await own('slow', { memoryMiB: 1024, cpuQuotaPercent: 25 });
  await somnus.ok('profile', 'apply', NAME, 'slow');
  const cpuMs = Number(await guest('a=$(cut -d" " -f1 /proc/uptime); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; b=$(cut -d" " -f1 /proc/uptime); echo "($b - $a) * 1000" | bc 2>/dev/null || awk "BEGIN { print ($b - $a) * 1000 }"'));
  await somnus.ok('profile', 'apply', NAME, 'half');
  const freeMs = Number(await guest('a=$(cut -d" " -f1 /proc/uptime); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; b=$(cut -d" " -f1 /proc/uptime); awk "BEGIN { print ($b - $a) * 1000 }"'));
  console.log('capped', cpuMs, 'free', freeMs);
  expect(cpuMs).toBeGreaterThan(1.5 * freeMs);
});

test('What this host cannot do is refused, and nothing changes', async () => {
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

test('What cannot change while it runs comes with the next start', async () => {
  await own('large', { vcpus: 3, memoryMiB: 2560, memoryMaxMiB: 3072, diskGiB: 24 });
  expect(await dryRun('large')).toMatchObject({ vcpus: 'live', memoryMiB: 'next start', memoryMaxMiB: 'next start', diskGiB: 'next start' });
  await somnus.ok('profile', 'apply', NAME, 'large');
  expect(await show()).toMatchObject({ profile: 'large', vcpus: 3, memoryMiB: 1024, diskGiB: 20 });
  await somnus.ok('restart', NAME, '--force');
  expect(await show()).toMatchObject({ profile: 'large', vcpus: 3, memoryMiB: 2560, diskGiB: 24 });
  const now = await sees();
  expect(now.nproc).toBe(3);
  expect(now.bootId).not.toBe(atFirst.bootId);
  expect(Math.abs(now.totalMiB - atFirst.totalMiB - 2048)).toBeLessThan(0.05 * 2048);
  expect(Number(await guest('df --output=size -BG / | tail -1 | tr -dc 0-9'))).toBeGreaterThanOrEqual(23);
});
