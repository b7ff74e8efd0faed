import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readAbilities } from '../../../supervisor/host/abilities.ts';
import type { Shape } from '../../../supervisor/domain/shape.ts';
import { assertPossible } from '../../../supervisor/operations/apply-profile.ts';
import { percentPerVcpu } from '../../../supervisor/profiles/set-resources.ts';
import { GUEST_SPARE_MIB, liveShape, planProfile, type HostAbilities, type PlanInput } from '../../../supervisor/profiles/plan.ts';
import { ProfileFiles } from '../../../supervisor/profiles/profile-files.ts';

const shape: Shape = { vcpus: 2, vcpusMax: 4, memoryMiB: 2048, memoryMaxMiB: 4096, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null };
const able: HostAbilities = { cpuQuota: true, ioWeight: true, gpu: '0000:01:00.0' };
const guest = { totalMiB: 1960, usedMiB: 300 };

const plan = (change: Partial<Shape>, more: Partial<PlanInput> = {}) =>
  planProfile({ now: { shape, gpu: false }, wanted: { shape: { ...shape, ...change }, gpu: false }, running: true, host: able, guest, ...more });
const changed = (...args: Parameters<typeof plan>): Record<string, string> => Object.fromEntries(plan(...args).filter(({ from, to }) => from !== to).map(({ field, when }) => [field, when]));

test('What can change while a VM runs is live', () => {
  expect(changed({ vcpus: 4, memoryMiB: 4096, cpuQuotaPercent: 50, ioWeight: 800 })).toEqual({ vcpus: 'live', memoryMiB: 'live', cpuQuotaPercent: 'live', ioWeight: 'live' });
  expect(changed({ vcpus: 1, memoryMiB: 1024 })).toEqual({ vcpus: 'live', memoryMiB: 'live' });
});

test('More than the VM booted with waits for the next start, with the number as the reason', () => {
  const fields = plan({ vcpus: 6, vcpusMax: 8, memoryMiB: 6144, memoryMaxMiB: 8192, diskGiB: 40 });
  expect(Object.fromEntries(fields.filter(({ when }) => when === 'next start').map(({ field, reason }) => [field, reason]))).toMatchObject({
    vcpus: 'the VM booted with at most 4', memoryMiB: 'the VM booted with at most 4096 MiB', diskGiB: 'the disk can only grow while the VM is off', vcpusMax: expect.any(String) as string, memoryMaxMiB: expect.any(String) as string,
  });
  expect(liveShape(shape, { ...shape, vcpus: 1, memoryMiB: 6144, memoryMaxMiB: 8192, diskGiB: 40 }, plan({ vcpus: 1, memoryMiB: 6144, memoryMaxMiB: 8192, diskGiB: 40 }))).toEqual({ ...shape, vcpus: 1 });
});

test('For a VM that is off everything waits for its start', () => {
  expect(new Set(plan({ vcpus: 8, memoryMiB: 512, diskGiB: 30 }, { running: false }).map(({ when }) => when))).toEqual(new Set(['next start']));
});

test('A guest keeps what it uses and some spare memory: to the MiB', () => {
  const least = shape.memoryMiB - (guest.totalMiB - guest.usedMiB - GUEST_SPARE_MIB);
  expect(changed({ memoryMiB: least })).toEqual({ memoryMiB: 'live' });
  expect(changed({ memoryMiB: least - 1 })).toEqual({ memoryMiB: 'unsupported' });
  expect(plan({ memoryMiB: 256 }).find(({ field }) => field === 'memoryMiB')?.reason).toContain('the guest uses 300 MiB');
});

test('What no host supports, or this one does not, is unsupported, whether the VM runs or not', () => {
  const unable: HostAbilities = { cpuQuota: false, ioWeight: false, gpu: null };
  for (const running of [true, false]) {
    expect(changed({ diskGiB: 10 }, { running })).toEqual({ diskGiB: 'unsupported' });
    expect(changed({ cpuQuotaPercent: 50, ioWeight: 100 }, { running, host: unable })).toEqual({ cpuQuotaPercent: 'unsupported', ioWeight: 'unsupported' });
    expect(changed({}, { running, host: unable, wanted: { shape, gpu: true } })).toEqual({ gpu: 'unsupported' });
    expect(changed({}, { running, wanted: { shape, gpu: true } })).toEqual({ gpu: 'next start' });
  }
  expect(changed({ cpuQuotaPercent: null, ioWeight: null }, { host: unable })).toEqual({});
});

test('A plan with anything unsupported is refused as a whole, naming each, with a separate code for memory in use', () => {
  expect(() => assertPossible(plan({ vcpus: 4 }))).not.toThrow();
  expect(() => assertPossible(plan({ memoryMiB: 256 }))).toThrow(expect.objectContaining({ code: 'memory_in_use' }) as Error);
  expect(() => assertPossible(plan({ memoryMiB: 256, diskGiB: 1 }))).toThrow(expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(/memoryMiB: .*; diskGiB: /) as string }) as Error);
});

test('A CPU limit for all vCPUs together is divided among them, and none is set above what they can use', () => {
  expect(percentPerVcpu({ vcpus: 4, cpuQuotaPercent: 100 })).toBe(25);
  expect(percentPerVcpu({ vcpus: 3, cpuQuotaPercent: 100 })).toBe(33);
  expect(percentPerVcpu({ vcpus: 64, cpuQuotaPercent: 1 })).toBe(1);
  expect(percentPerVcpu({ vcpus: 2, cpuQuotaPercent: 200 })).toBeUndefined();
  expect(percentPerVcpu({ vcpus: 2, cpuQuotaPercent: null })).toBeUndefined();
});

async function scratch(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'profiles-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

test('A host supports I/O weights where BFQ schedules a disk, under both kinds of cgroups', async () => {
  const bfq = { 'sys/block/vda/queue/scheduler': 'none mq-deadline [bfq]\n' };
  const none = { 'sys/block/vda/queue/scheduler': '[none] mq-deadline bfq\n' };
  const unified = { 'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory\n' };
  expect(await readAbilities(await scratch({ ...bfq, ...unified }))).toEqual({ cpuQuota: true, ioWeight: true });
  expect(await readAbilities(await scratch({ ...none, ...unified }))).toEqual({ cpuQuota: true, ioWeight: false });
  expect(await readAbilities(await scratch({ ...bfq, 'sys/fs/cgroup/cpu/tasks': '', 'sys/fs/cgroup/blkio/tasks': '' }))).toEqual({ cpuQuota: true, ioWeight: true });
  expect(await readAbilities(await scratch({ ...bfq, 'sys/fs/cgroup/cgroup.controllers': 'memory\n' }))).toEqual({ cpuQuota: false, ioWeight: false });
  expect(await readAbilities(await scratch({}))).toEqual({ cpuQuota: false, ioWeight: false });
});

test('Changes between idle, coding and research are live, except that a VM that starts small does not boot with research\'s memory', async () => {
  const profiles = new ProfileFiles('/nonexistent');
  const between = async (from: string, to: string): Promise<(string | undefined)[]> => {
    const [now, wanted] = [await profiles.get(from), await profiles.get(to)];
    const fields = planProfile({ now, wanted, running: true, host: { ...able, gpu: null }, guest: { totalMiB: now.shape.memoryMiB, usedMiB: 100 } });
    return ['vcpus', 'memoryMiB', 'diskGiB'].map((wantedField) => fields.find(({ field }) => field === wantedField)?.when);
  };
  for (const [from, to] of [['idle', 'coding'], ['coding', 'idle'], ['research', 'coding'], ['research', 'idle'], ['coding', 'research']] as const) expect(await between(from, to), `${from} to ${to}`).toEqual(['live', 'live', 'live']);
  expect(await between('idle', 'research')).toEqual(['live', 'next start', 'live']);
});

test('A profile that starts with more than its maximum is invalid', async () => {
  const folder = await scratch({ 'odd.yaml': 'name: odd\ndescription: x\nshape: {vcpus: 3, vcpusMax: 2, memoryMiB: 512, memoryMaxMiB: 512, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null}\n' });
  await expect(new ProfileFiles(folder).list()).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('shape.vcpus: must not be more than vcpusMax') as string });
});
