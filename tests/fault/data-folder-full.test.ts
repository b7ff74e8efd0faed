// A full data disk on a real control plane: it reports the problem, uses its reserve, refuses only what it cannot record, starts in this state, and recovers automatically.
import { readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import type { Health } from '../../orchestrator/api/answers.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { DoctorReport } from '../../orchestrator/host/host.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { RESERVE_BYTES } from '../../orchestrator/store/space-reserve.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { putEnvironment } from '../support/environment-record.ts';

const SOON = { timeout: 60_000, interval: 100 };

let somnus: TestControlPlane;

const get = async <T>(path: string): Promise<T> => (await somnus.api('GET', path, { headers: { accept: 'application/json' } })).body as T;
const health = async (): Promise<Health> => await get<Health>('/healthz');
const dataFolder = async () => (await health()).parts.find(({ name }) => name === 'data-folder');
const box = async (): Promise<Environment> => ({ ...await get<Environment>('/v1/environments/box'), diskUsedBytes: null }); // a sample, which changes by itself
const reserveBytes = async (): Promise<number> => (await stat(join(somnus.dataDir, 'reserve'))).size;
const filler = (): string => join(somnus.dataDir, 'filler');

/** Takes all space that is free now. */
async function fill(): Promise<void> {
  const { bfree, bsize } = await statfs(somnus.dataDir);
  const take = async (bytes: number): Promise<boolean> => {
    const { size } = await stat(filler()).catch(() => ({ size: 0 }));
    return await runCommand('fallocate', ['--offset', String(size), '--length', String(bytes), filler()]).then(() => true, () => false);
  };
  await take(Math.max(0, bfree * bsize - 2 ** 20));
  for (const kib of [512, 64, 4]) while (await take(kib * 1024));
}

/** Also takes what the control plane releases from its reserve, until that is used up: then nothing can be recorded. */
async function fillAlsoTheReserve(): Promise<void> {
  for (let key = 0; ; key += 1) {
    await fill();
    const { status } = await somnus.api('POST', '/v1/keys', { body: { name: `key-${key}` } });
    if (status !== 201) break;
    expect(key).toBeLessThan(10_000);
  }
  await fill();
  await expect.poll(async () => (await dataFolder())?.state, SOON).toBe('unavailable');
}

const free = async (): Promise<void> => await rm(filler());

beforeAll(async () => {
  somnus = await TestControlPlane.start({ dataDisk: true, poolGiB: 4, settings: { vms: { templates: false } } });
  await putEnvironment(somnus, { name: 'box' });
  await somnus.up();
});
afterAll(async () => {
  await rm(filler(), { force: true });
});

test('A disk that fills up is reported with what to do about it; existing objects are listed, and operations run on the reserve', async () => {
  expect(await dataFolder()).toMatchObject({ state: 'ready' });
  expect(await reserveBytes()).toBe(RESERVE_BYTES);
  await fill();
  await expect.poll(async () => (await health()).status, SOON).toBe('degraded');
  expect(await dataFolder()).toMatchObject({ state: 'degraded', code: 'insufficient_space', message: expect.stringContaining(`The disk that holds ${somnus.dataDir} is full`) as string });
  expect((await somnus.api('GET', '/readyz')).status).toBe(200);
  const report = await get<DoctorReport>('/v1/host/doctor');
  expect(report.checks.find(({ name }) => name === 'data-folder')).toMatchObject({ status: 'failed', fix: expect.stringContaining('Free at least 96 MiB on that disk') as string });
  expect(report.checks.find(({ name }) => name === 'control-plane')).toMatchObject({ status: 'ok' });

  expect(await somnus.ok('ls')).toContain('box');
  await somnus.ok('rm', 'box');
  await somnus.ok('undelete', 'box');
  expect(await box()).toMatchObject({ state: 'stopped' });
});

test('When the reserve is used up as well, nothing is recorded in part: changes are refused with the reason', async () => {
  await fillAlsoTheReserve();
  const [before, operations] = [await box(), await get<Page<Operation>>('/v1/operations?limit=500')];
  for (const [method, path, body] of [['DELETE', '/v1/environments/box', undefined], ['PATCH', '/v1/environments/box', { name: 'other' }], ['POST', '/v1/keys', { name: 'another' }]] as const) {
    expect.soft(await somnus.api(method, path, { body }), path).toMatchObject({ status: 409, body: { code: 'insufficient_space', detail: expect.stringContaining('somnus.db cannot grow') as string, hint: expect.stringContaining('Free space on the disk') as string } });
  }
  expect(await box()).toEqual(before);
  expect(await get<Page<Operation>>('/v1/operations?limit=500')).toEqual(operations);
});

test('A control plane that is then killed starts again on the full disk, reports it, and is complete when there is enough space: nothing was lost', async () => {
  const before = await box();
  await somnus.end('SIGKILL');
  const starting = somnus.up();
  await expect.poll(async () => await dataFolder().then((part) => part?.state, () => undefined), SOON).toBe('unavailable');
  await free();
  await starting;
  await expect.poll(async () => (await health()).status, SOON).toBe('ok');
  expect(await reserveBytes()).toBe(RESERVE_BYTES);
  expect(await box()).toEqual(before);
  await somnus.ok('rm', 'box');
  const types = (await get<Page<Event>>('/v1/events?type=data-folder.&limit=100')).items.map(({ type }) => type);
  expect([types.includes('data-folder.full'), types.at(-1)]).toEqual([true, 'data-folder.ok']);
  expect(await readFile(join(somnus.dataDir, 'log/control-plane.log'), 'utf8')).toContain('"event":"log.dropped"');
});
