// A real control plane whose wall clock jumps (libfaketime): a week forward and a day back, while it is down and while it runs. Nothing is purged early, no key expires early, no deadline is missed.
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { DoctorReport } from '../../orchestrator/host/host.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { putEnvironment } from '../support/environment-record.ts';

const DAY_MS = 86_400_000;
const SOON = { timeout: 60_000, interval: 100 };
/** Its content is added to the control plane's wall clock; it is read again each second. */
const offset = join(tmpdir(), 'clock-offset');
const library = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0] ?? '';
const fakeClock = {
  LD_PRELOAD: library, NODE_OPTIONS: '--import=data:text/javascript,delete%20process.env.LD_PRELOAD', // its children, such as Redis, use the host's clock
  FAKETIME_TIMESTAMP_FILE: offset, FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1',
};

let somnus: TestControlPlane;
let shortKey: string;

const get = async <T>(path: string): Promise<T> => (await somnus.api('GET', path, { headers: { accept: 'application/json' } })).body as T;
const jump = async (by: string): Promise<void> => await writeFile(offset, by);
/** Whether the control plane trusts the clock now, according to its last clock event. */
const trusts = async (): Promise<boolean> => (await get<Page<Event>>('/v1/events?type=clock.&limit=1')).items[0]?.type !== 'clock.doubted';
const environments = async (): Promise<string[]> => (await get<Page<Environment>>('/v1/environments?removed=only')).items.map(({ name, state }) => `${name} ${state}`);
const purges = async (): Promise<Operation[]> => (await get<Page<Operation>>('/v1/operations?limit=100')).items.filter(({ kind }) => kind === 'environment.purge');
const keyStatus = async (): Promise<number> => (await somnus.api('GET', '/v1/environments', { key: shortKey })).status;

async function restart(by: string): Promise<void> {
  await somnus.end();
  await jump(by);
  await somnus.up({ env: fakeClock });
}

beforeAll(async () => {
  expect(library, 'the package libfaketime is missing').not.toBe('');
  somnus = await TestControlPlane.start({ poolGiB: 4 });
  const { body } = await somnus.api('POST', '/v1/keys', { body: { name: 'two-days', expiresInDays: 2 } });
  shortKey = (body as { secret: string }).secret;
  // As after `somnus rm`: kept for a week.
  await putEnvironment(somnus, { name: 'kept', state: 'removed', removedAt: new Date().toISOString(), purgeAt: new Date(Date.now() + 7 * DAY_MS).toISOString() });
  await jump('+0');
  await somnus.up({ env: fakeClock, fault: 'image.build:image.build:before:pause' });
});
afterAll(async () => { await somnus[Symbol.asyncDispose](); });

test('The clock jumps during an operation and a stream, eight days forward and a day back: neither misses its deadline, nothing is purged, keys are valid', async () => {
  const stream = somnus.spawnCli(['events', '--follow', '-o', 'json']);
  const lines = createInterface(stream.stdout)[Symbol.asyncIterator]();
  const { operation: { id } } = (await somnus.api('POST', '/v1/images', { body: {} })).body as { operation: Operation };
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).steps[0]?.status, SOON).toBe('running');
  expect(await trusts()).toBe(true);
  for (const by of ['+8d', '-1d']) {
    await jump(by);
    await expect.poll(trusts, SOON).toBe(false);
    expect([await environments(), await purges(), await keyStatus()], by).toEqual([['kept removed'], [], 200]);
    await jump('+0');
    await expect.poll(trusts, SOON).toBe(true);
  }
  expect(await get<Operation>(`/v1/operations/${id}`)).toMatchObject({ status: 'running', error: null });
  await somnus.ok('op', 'cancel', id);
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).status, SOON).toBe('cancelled');
  for (let cancelled = false; !cancelled;) {
    const { value, done } = await lines.next();
    expect(done).not.toBe(true);
    cancelled = (JSON.parse(value as string) as Event).type === 'operation.cancelled';
  }
  stream.kill();
  await once(stream, 'exit');
});

test.each(['-1d', '+8d'])('The clock jumps while the control plane is down (%s): it reports the jump, purges nothing, and keys are valid', async (by) => {
  await restart(by);
  expect(await trusts()).toBe(false);
  expect([await environments(), await purges(), await keyStatus()]).toEqual([['kept removed'], [], 200]);
});

test('When an admin accepts the clock, due changes happen: the key has expired, the environment is purged', async () => {
  const { checks } = await get<DoctorReport>('/v1/host/doctor');
  expect(checks.find(({ name }) => name === 'clock')).toMatchObject({ status: 'warning', found: expect.stringContaining('the clock jumped') as string });
  await somnus.ok('clock', 'accept');
  expect(await trusts()).toBe(true);
  expect(await keyStatus()).toBe(401);
  await restart('+8d'); // it checks for due changes at start, then each minute
  await expect.poll(environments, SOON).toEqual([]);
  expect(await purges()).toMatchObject([{ kind: 'environment.purge' }]);
});
