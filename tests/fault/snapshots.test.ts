// Kills the control plane, and QEMU, at many moments of snapshot, restore, fork and purge. Each ends completely or not at all, and a bystander is not affected.
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { cases } from '../support/cases.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory, type Inventory } from '../support/host-inventory.ts';

const RECOVERED = { timeout: 300_000, interval: 250 };
const path = '/v1/environments/target';

let somnus: TestControlPlane;
let empty: Inventory;
let tidy: Inventory;
let bootId: string | null;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  empty = await inventory(somnus);
  await somnus.ok('create', 'bystander', '--profile', 'idle');
  await somnus.ok('create', 'target', '--profile', 'idle');
  await somnus.ok('exec', 'bystander', '--', 'sh', '-c', 'setsid sh -c \'while :; do date +%s >>/dev/shm/ticks; sleep 1; done\' </dev/null >/dev/null 2>&1 &');
  await somnus.ok('exec', 'target', '--', 'sh', '-c', 'echo kept >/root/file; sync');
  await somnus.ok('snapshot', 'create', 'target', 'base');
  tidy = await inventory(somnus);
  ({ bootId } = await target());
});

const get = async <T>(url: string): Promise<T> => (await somnus.api('GET', url)).body as T;
const target = async (): Promise<Environment> => await get<Environment>(path);
const names = async (): Promise<string[]> => (await get<Page<Snapshot>>(`${path}/snapshots`)).items.map(({ name, state }) => `${name} ${state}`);
const content = async (name = 'target'): Promise<string> => (await somnus.ok('exec', name, '--', 'cat', '/root/file')).trim();

async function begin(method: string, url: string, body?: unknown): Promise<string> {
  const answer = await somnus.api(method, url, body === undefined ? {} : { body });
  expect(answer).toMatchObject({ status: 202 });
  return (answer.body as { operation: Operation }).operation.id;
}

/** The control plane dies at the step, and the next one resumes the operation. */
async function interrupted(place: string, method: string, url: string, body?: unknown): Promise<void> {
  const operation = await somnus.killAt(place, async () => await begin(method, url, body));
  expect(operation, place).toMatchObject({ status: 'succeeded', error: null, attempt: 2 });
}

test.each([['coding', 2, 'vcpus.set:after'], ['idle', 1, 'memory.set:after']])('A change to the profile %s (%i vCPUs) whose control plane is killed at %s is finished by the next one', async (profile, vcpus, at) => {
  await interrupted(`environment.apply-profile:${at}`, 'POST', `${path}/profile`, { profile });
  expect(await target()).toMatchObject({ state: 'running', operationId: null, profile, vcpus, bootId });
  expect((await somnus.ok('exec', 'target', '--', 'nproc')).trim()).toBe(String(vcpus));
});

test.each(cases(['snapshot.save:after'], ['snapshot.save:before']))('A snapshot whose control plane is killed at %s is finished by the next one', async (at) => {
  await interrupted(`snapshot.create:${at}`, 'POST', `${path}/snapshots`, { name: 'killed' });
  expect(await target()).toMatchObject({ state: 'running', operationId: null });
  expect(await names()).toEqual(['base ready', 'killed ready']);
  expect(await content()).toBe('kept');
  await somnus.ok('snapshot', 'rm', 'target', 'killed', '--purge');
  expect(await inventory(somnus)).toEqual(tidy);
});

test.each(cases(['vm.replace:after', 'guest.verify:after'], ['safety-snapshot.create:after', 'safety-snapshot.release:before']))('A restore whose control plane is killed at %s is finished by the next one', async (at) => {
  await somnus.ok('exec', 'target', '--', 'rm', '/root/file');
  await interrupted(`snapshot.restore:${at}`, 'POST', `${path}/snapshots/base/restore`, { safety: false });
  expect(await target()).toMatchObject({ state: 'running', operationId: null });
  expect(await content()).toBe('kept');
  expect(await inventory(somnus)).toEqual(tidy);
});

test.each(cases(['guest.verify:after'], ['source.clone:after', 'vm.start:after', 'memory.drop:before']))('A fork whose control plane is killed at %s is finished by the next one', async (at) => {
  await interrupted(`environment.fork:${at}`, 'POST', `${path}/fork`, { name: 'fork', count: 2 });
  expect(await content('fork-2')).toBe('kept');
  expect(await target()).toMatchObject({ state: 'running', operationId: null });
  await somnus.ok('rm', 'fork-1', 'fork-2', '--purge', '--yes');
  expect(await inventory(somnus)).toEqual(tidy);
});

test('A cancelled restore leaves everything as it was', async () => {
  await somnus.ok('exec', 'target', '--', 'sh', '-c', 'echo present >/root/file');
  const pause = await somnus.pauseAt('snapshot.restore:vm.replace:after');
  const id = await begin('POST', `${path}/snapshots/base/restore`, { safety: true });
  await pause.reached(id);
  await somnus.api('POST', `/v1/operations/${id}/cancel`);
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).endedAt, RECOVERED).not.toBeNull();
  expect((await get<Operation>(`/v1/operations/${id}`)).status).toBe('cancelled');
  expect(await target()).toMatchObject({ state: 'running', operationId: null });
  expect(await content()).toBe('present');
  expect(await names()).toEqual(['base ready']);
  expect(await inventory(somnus)).toEqual(tidy);
});

test('A wake that is cancelled right after its VM was verified returns to hibernation with its memory', async () => {
  await somnus.ok('hibernate', 'target');
  const pause = await somnus.pauseAt('environment.wake:guest.verify:after');
  const id = await begin('POST', `${path}/wake`);
  await pause.reached(id);
  await somnus.api('POST', `/v1/operations/${id}/cancel`);
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).endedAt, RECOVERED).not.toBeNull();
  expect((await get<Operation>(`/v1/operations/${id}`)).status).toBe('cancelled');
  expect(await target()).toMatchObject({ state: 'hibernated', operationId: null });
  await somnus.ok('wake', 'target');
  expect(await target()).toMatchObject({ state: 'running', bootId });
  expect(await content()).toBe('present');
});

test('A damaged snapshot is refused by name, and the environment does not change', async () => {
  const { id } = await target();
  await somnus.ok('snapshot', 'create', 'target', 'damaged');
  const damaged = await get<Snapshot>(`${path}/snapshots/damaged`);
  const file = `${somnus.dataDir}/pool/environments/${id}/snapshots/${damaged.id}/state`;
  await writeFile(file, Buffer.concat([(await readFile(file)).subarray(0, -4), Buffer.alloc(4, 7)]));
  const result = await somnus.cli(['snapshot', 'restore', 'target', 'damaged', '-o', 'json']);
  expect(JSON.parse(result.stderr)).toMatchObject({ code: 'corrupt', path: file });
  expect(await content()).toBe('present');
  expect(await names()).toEqual(['base ready', 'damaged ready']);
  await somnus.ok('snapshot', 'rm', 'target', 'damaged', '--purge');
  expect(await inventory(somnus)).toEqual(tidy);
});

test('A QEMU that is killed during a snapshot leaves no partial snapshot', async () => {
  const pid = Number(await readFile(`/run/libvirt/qemu/somnus-${await somnus.installation()}-${(await target()).id}.pid`, 'utf8'));
  const pause = await somnus.pauseAt('snapshot.create:snapshot.save:before');
  const id = await begin('POST', `${path}/snapshots`, { name: 'half' });
  await pause.reached(id);
  process.kill(pid, 'SIGKILL');
  pause.proceed();
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).endedAt, RECOVERED).not.toBeNull();
  expect((await get<Operation>(`/v1/operations/${id}`)).status).toBe('failed');
  expect(await names()).toEqual(['base ready']);
  await expect.poll(async () => (await target()).state, RECOVERED).toBe('running');
  await expect.poll(async () => (await target()).operationId, RECOVERED).toBeNull();
  await somnus.ok('snapshot', 'restore', 'target', 'base', '--no-safety');
  expect(await content()).toBe('kept');
});

test('The bystander kept running through all this, and a purge leaves nothing', async () => {
  const ticks = (await somnus.ok('exec', 'bystander', '--', 'cat', '/dev/shm/ticks')).trim().split('\n').map(Number);
  expect(Math.max(...ticks.slice(1).map((tick, at) => tick - (ticks[at] ?? tick)))).toBeLessThan(15);
  await somnus.ok('rm', 'bystander', 'target', '--purge', '--yes');
  expect(await inventory(somnus)).toEqual(empty);
});
