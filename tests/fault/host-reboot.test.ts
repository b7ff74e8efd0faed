// Simulates a power cut: every process ends immediately, and everything the host keeps in memory is lost. Then runs `somnus up`, the real command, on a host that has just booted.
import { beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory, type Inventory } from '../support/host-inventory.ts';
import { PrivateHost } from '../support/private-host.ts';

const BOOTED = { timeout: 300_000, interval: 500 };

let somnus: TestControlPlane;
let empty: Inventory;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage({ host: await PrivateHost.start() });
  empty = await inventory(somnus);
  await somnus.ok('create', 'runs', '--profile', 'idle');
  await somnus.ok('exec', 'runs', '--', 'sh', '-c', 'echo kept >/root/file; sync; setsid sh -c \'i=0; while :; do i=$((i+1)); echo $i >/dev/shm/count; sleep 0.2; done\' </dev/null >/dev/null 2>&1 &');
  await somnus.ok('fork', 'runs', 'asleep');
  await somnus.ok('hibernate', 'asleep');
  await somnus.ok('fork', 'runs', 'off');
  await somnus.ok('stop', 'off', '--force');
  await somnus.ok('fork', 'runs', 'stands');
  await somnus.ok('suspend', 'stands');
  await somnus.ok('snapshot', 'create', 'runs', 'good');
  await somnus.ok('snapshot', 'create', 'runs', 'disk', '--disk-only');
});

const show = async (name: string): Promise<Environment> => await somnus.json<Environment>('show', name);
const found = async (name: string): Promise<Event | undefined> => ((await somnus.api('GET', `/v1/events?type=environment.state-found&subject=${(await show(name)).id}`, { headers: { accept: 'application/json' } })).body as Page<Event>).items.at(-1);
const count = async (name: string): Promise<number> => Number(await somnus.ok('exec', name, '--', 'cat', '/dev/shm/count'));

test('After a power cut `somnus up` starts VMs that were running, and leaves hibernated ones hibernated', async () => {
  const before = await show('runs');
  const known = await inventory(somnus);
  await somnus.powerCut();
  await somnus.host?.boot();
  await somnus.ok('up');
  await expect.poll(async () => (await show('runs')).state, BOOTED).toBe('running');
  expect((await show('runs')).bootId).not.toBe(before.bootId);
  expect((await somnus.ok('exec', 'runs', '--', 'cat', '/root/file')).trim()).toBe('kept');
  expect(await found('runs')).toMatchObject({ data: { expected: 'running', found: 'stopped', memoryLost: true, lastSnapshotWithMemory: 'good', reason: expect.stringContaining('good') } });
  expect(await show('asleep')).toMatchObject({ state: 'hibernated', stateReason: null });
  expect(await show('off')).toMatchObject({ state: 'stopped', stateReason: null });
  // It was suspended, its memory is lost, and it was not meant to run.
  expect(await show('stands')).toMatchObject({ state: 'stopped', desiredState: 'stopped', stateReason: expect.stringContaining('memory is lost') });
  const without = (all: Inventory): Partial<Inventory> => ({ ...all, taps: [], filterElements: 0, processes: [], contents: all.contents.filter((path) => !path.endsWith('/ram')) });
  expect(without(await inventory(somnus))).toEqual(without(known));
});

test('A hibernated VM wakes where it was, and the snapshot with memory restores what was running', async () => {
  const before = await count('runs').catch(() => -1);
  expect(before).toBe(-1); // its programs ended with its memory
  await somnus.ok('wake', 'asleep');
  expect(await count('asleep')).toBeGreaterThan(0);
  await somnus.ok('snapshot', 'restore', 'runs', 'good', '--no-safety');
  expect(await count('runs')).toBeGreaterThan(0);
});

test('A purge leaves nothing behind', async () => {
  await somnus.ok('rm', 'runs', 'asleep', 'off', 'stands', '--purge', '--yes');
  expect(await inventory(somnus)).toEqual(empty);
});
