// Kills the parts of a real control plane at critical moments. Afterwards everything is right within a minute, and nothing is left over.
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { cases } from '../support/cases.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory, type Inventory } from '../support/host-inventory.ts';

/** The specified limit, and the boot that a resumed create still needs. */
const RECOVERED = { timeout: 300_000, interval: 250 };

let somnus: TestControlPlane;
let empty: Inventory;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  empty = await inventory(somnus);
  await somnus.ok('create', 'bystander', '--profile', 'idle');
});

const show = async (name: string): Promise<Environment> => await somnus.json<Environment>('show', name);
const bootId = async (name: string): Promise<string> => (await somnus.ok('exec', name, '--', 'cat', '/proc/sys/kernel/random/boot_id')).trim();
const operation = async (id: string): Promise<Operation> => await somnus.json<Operation>('op', 'show', id);

async function begin(...args: string[]): Promise<Operation> {
  return await somnus.json<Operation>(...args, '--no-wait');
}

test.each(cases(['guest.identify'], ['guest.ready']))('A create whose control plane is killed at %s is finished by the next one', async (step) => {
  const before = await bootId('bystander');
  const ended = await somnus.killAt(`environment.create:${step}:before`, async () => await begin('create', 'target', '--profile', 'idle', '--cold'));
  expect(ended).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(await show('target')).toMatchObject({ state: 'running' });
  expect(await bootId('target')).toBe((await show('target')).bootId);
  expect(await bootId('bystander')).toBe(before);
  await somnus.ok('rm', 'target', '--purge', '--yes');
});

test('A create that is cancelled leaves nothing behind', async () => {
  const before = await inventory(somnus);
  const { id } = await begin('create', 'target', '--profile', 'idle', '--cold');
  await expect.poll(async () => (await operation(id)).steps.find(({ status }) => status === 'running')?.name, { timeout: 120_000, interval: 20 }).toBe('guest.identify');
  await somnus.ok('op', 'cancel', id);
  await expect.poll(async () => (await operation(id)).status, RECOVERED).toBe('cancelled');
  expect((await somnus.cli(['show', 'target'])).code).toBe(3);
  expect(await inventory(somnus)).toEqual(before);
});

test('A command that runs when the control plane is killed is ended in the guest, and the VM is not affected', async () => {
  const before = await bootId('bystander');
  const running = somnus.spawnCli(['exec', 'bystander', '--', 'sh', '-c', 'echo begun; sleep 6161']);
  running.stdin.end();
  await new Promise((resolve) => running.stdout.once('data', resolve));
  await somnus.end('SIGKILL');
  await somnus.up();
  await expect.poll(async () => (await somnus.ok('exec', 'bystander', '--', 'sh', '-c', 'pgrep -fc "[s]leep 6161" || true')).trim(), RECOVERED).toBe('0');
  expect(await bootId('bystander')).toBe(before);
});

test('A stop whose control plane is killed is finished by the next one', async () => {
  const ended = await somnus.killAt('environment.stop:guest.power-off:before', async () => await begin('stop', 'bystander'));
  expect(ended).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(await show('bystander')).toMatchObject({ state: 'stopped' });
  await somnus.ok('start', 'bystander');
});

test.each(['SIGKILL', 'SIGSTOP'] as const)('Libvirt\'s child processes are replaced after %s, and no VM is affected', async (signal) => {
  const before = await bootId('bystander');
  const victims = await somnus.children('somnus-libvirt');
  expect(victims.length).toBeGreaterThan(0);
  for (const pid of victims) process.kill(pid, signal);
  await expect.poll(async () => (await somnus.cli(['suspend', 'bystander'])).code, RECOVERED).toBe(0);
  await expect.poll(async () => (await somnus.cli(['resume', 'bystander'])).code, RECOVERED).toBe(0);
  await expect.poll(async () => (await somnus.children('somnus-libvirt')).filter((pid) => victims.includes(pid)), RECOVERED).toEqual([]);
  expect(await bootId('bystander')).toBe(before);
});

test('Redis killed while an operation waits for it loses nothing', async () => {
  const [redis] = await somnus.children('redis-server');
  process.kill(redis ?? Number.NaN, 'SIGKILL');
  const { id } = await begin('restart', 'bystander');
  await expect.poll(async () => (await operation(id)).status, RECOVERED).toBe('succeeded');
  expect((await somnus.children('redis-server'))[0]).not.toBe(redis);
});

test('A killed QEMU is detected, and the environment is started again from its disk', async () => {
  await somnus.ok('exec', 'bystander', '--', 'sh', '-c', 'echo kept > /root/file; sync');
  const before = await bootId('bystander');
  const pid = Number(await readFile(`/run/libvirt/qemu/somnus-${await somnus.installation()}-${(await show('bystander')).id}.pid`, 'utf8'));
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await show('bystander')).bootId, RECOVERED).not.toBe(before);
  await expect.poll(async () => (await show('bystander')).state, RECOVERED).toBe('running');
  expect((await somnus.ok('exec', 'bystander', '--', 'cat', '/root/file')).trim()).toBe('kept');
});

test('After all this and a purge nothing is left on the host', async () => {
  await somnus.ok('rm', 'bystander', '--purge', '--yes');
  expect(await inventory(somnus)).toEqual(empty);
});
