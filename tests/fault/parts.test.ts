// Kills each part that an operation needs, during it: libvirtd, libvirt's children, Redis, the control plane, QEMU. Each operation ends completely or not at all, leaves nothing
// behind, and does not affect a bystander. control-plane.test.ts and snapshots.test.ts cover more moments.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Health } from '../../orchestrator/api/answers.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { cases } from '../support/cases.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory, type Inventory } from '../support/host-inventory.ts';
import { PrivateHost } from '../support/private-host.ts';

type Victim = 'libvirtd' | 'libvirt processes' | 'Redis' | 'the control plane' | 'QEMU';
type Action = 'create' | 'snapshot' | 'restore' | 'fork' | 'purge';

/** The specified limit; a boot may be added to it. */
const RECOVERED = { timeout: 60_000, interval: 200 };
const BOOTED = { timeout: 300_000, interval: 250 };
/** How long a libvirtd that died is down, as with systemd. */
const AWAY_MS = 1_000;
const path = '/v1/environments/target';

let host: PrivateHost;
let somnus: TestControlPlane;
let empty: Inventory;
let tidy: Inventory;
let bootId: string;

beforeAll(async () => {
  host = await PrivateHost.start();
  somnus = await TestControlPlane.withImage({ host });
  empty = await inventory(somnus);
  await somnus.ok('create', 'target', '--profile', 'idle');
  await somnus.ok('exec', 'target', '--', 'sh', '-c', 'echo kept >/root/file; sync');
  await somnus.ok('snapshot', 'create', 'target', 'base');
  await somnus.ok('fork', 'target', 'bystander');
  await somnus.ok('exec', 'bystander', '--', 'sh', '-c', 'setsid sh -c \'while :; do date +%s >>/dev/shm/ticks; sleep 1; done\' </dev/null >/dev/null 2>&1 &');
  bootId = await somnus.ok('exec', 'bystander', '--', 'cat', '/proc/sys/kernel/random/boot_id');
  tidy = await inventory(somnus);
});

const get = async <T>(url: string): Promise<T> => (await somnus.api('GET', url)).body as T;
const environments = async (): Promise<Record<string, string>> => Object.fromEntries((await get<Page<Environment>>('/v1/environments')).items.map(({ name, state }) => [name, state]));
const snapshots = async (): Promise<string[]> => (await get<Page<Snapshot>>(`${path}/snapshots`)).items.map(({ name, state }) => `${name} ${state}`);

const begin: Record<Action, () => Promise<string>> = {
  create: async () => await accepted('POST', '/v1/environments', { name: 'new', profile: 'idle' }),
  snapshot: async () => await accepted('POST', `${path}/snapshots`, { name: 'new' }),
  restore: async () => await accepted('POST', `${path}/snapshots/base/restore`, { safety: false }),
  fork: async () => await accepted('POST', `${path}/fork`, { name: 'new' }),
  purge: async () => {
    await somnus.ok('fork', 'target', 'new');
    return await accepted('DELETE', '/v1/environments/new?purge=true');
  },
};

async function accepted(method: string, url: string, body?: unknown): Promise<string> {
  const answer = await somnus.api(method, url, body === undefined ? {} : { body });
  expect(answer.status).toBe(202);
  return (answer.body as { operation: Operation }).operation.id;
}

async function kill(victim: Victim): Promise<void> {
  switch (victim) {
    case 'libvirtd':
      await host.killLibvirtd();
      await delay(AWAY_MS);
      return await host.startLibvirtd();
    case 'the control plane':
      await somnus.end('SIGKILL');
      return await somnus.up();
    case 'QEMU': {
      const { id } = await get<Environment>(path);
      process.kill(Number(await readFile(`${host.root}/run/libvirt/qemu/somnus-${await somnus.installation()}-${id}.pid`, 'utf8')), 'SIGKILL');
      return;
    }
    default:
      for (const pid of await somnus.children(victim === 'Redis' ? 'redis-server' : 'somnus-libvirt')) process.kill(pid, 'SIGKILL');
  }
}

test.each(cases<[Victim, string, Action]>([
  ['libvirtd', 'environment.create:vm.start:before', 'create'], ['libvirtd', 'snapshot.restore:vm.replace:before', 'restore'], ['libvirtd', 'environment.purge:vm.end:before', 'purge'],
  ['libvirt processes', 'snapshot.create:snapshot.save:before', 'snapshot'], ['libvirt processes', 'environment.fork:vm.start:before', 'fork'],
  ['Redis', 'snapshot.create:snapshot.save:before', 'snapshot'], ['the control plane', 'environment.purge:folder.unlink:after', 'purge'], ['QEMU', 'snapshot.restore:safety-snapshot.create:before', 'restore'],
], [
  ['libvirtd', 'snapshot.create:snapshot.save:before', 'snapshot'], ['libvirtd', 'snapshot.restore:guest.verify:before', 'restore'], ['libvirtd', 'environment.fork:vm.start:before', 'fork'],
  ['libvirt processes', 'snapshot.restore:vm.replace:before', 'restore'], ['libvirt processes', 'environment.purge:vm.end:before', 'purge'],
  ['Redis', 'environment.fork:source.clone:after', 'fork'], ['QEMU', 'environment.fork:source.clone:before', 'fork'],
]))('When %s is killed at %s, the %s ends completely or not at all', async (victim, place, action) => {
  const pause = await somnus.pauseAt(place);
  const id = await begin[action]();
  await pause.reached(id);
  await kill(victim);
  if (victim !== 'the control plane') pause.proceed();
  await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).endedAt, action === 'create' ? BOOTED : RECOVERED).not.toBeNull();
  const { status } = await get<Operation>(`/v1/operations/${id}`);

  // The resulting state matches the operation's status.
  const made = status === 'succeeded' && (action === 'create' || action === 'fork');
  const now = await environments();
  expect(Object.keys(now).toSorted()).toEqual(made || (action === 'purge' && status !== 'succeeded') ? ['bystander', 'new', 'target'] : ['bystander', 'target']);
  expect(await snapshots()).toEqual(action === 'snapshot' && status === 'succeeded' ? ['base ready', 'new ready'] : ['base ready']);
  expect(now).toMatchObject({ bystander: 'running', ...(made ? { new: 'running' } : {}) });
  if (victim !== 'QEMU') expect((await environments())['target']).toBe('running');

  // The environment can still be used. A VM that died twice is left off.
  if (made || (action === 'purge' && status !== 'succeeded')) await somnus.ok('rm', 'new', '--purge', '--yes');
  if (action === 'snapshot' && status === 'succeeded') await somnus.ok('snapshot', 'rm', 'target', 'new', '--purge');
  await expect.poll(async () => (await get<Environment>(path)).operationId, BOOTED).toBeNull();
  if ((await environments())['target'] !== 'running') await somnus.ok('snapshot', 'restore', 'target', 'base', '--no-safety');
  expect((await somnus.ok('exec', 'target', '--', 'cat', '/root/file')).trim()).toBe('kept');
  await expect.poll(async () => await inventory(somnus), RECOVERED).toEqual(tidy);
});

test('While libvirtd is down VMs keep running, are listed and can be used; what needs libvirt is refused with the reason, also by a control plane that starts then; afterwards everything works again', async () => {
  const libvirt = async () => (await get<Health>('/healthz')).parts.find(({ name }) => name === 'libvirt');
  const refused = { status: 503, body: { code: 'unavailable', part: 'libvirt', detail: expect.stringContaining('libvirt is not available') as string } };
  await host.killLibvirtd();
  await expect.poll(async () => (await libvirt())?.state, RECOVERED).toBe('unavailable');
  expect(await get<Health>('/healthz')).toMatchObject({ status: 'degraded' });
  expect(await environments()).toEqual({ bystander: 'running', target: 'running' });
  expect(await somnus.ok('exec', 'bystander', '--', 'cat', '/proc/sys/kernel/random/boot_id')).toBe(bootId);
  expect(await somnus.api('POST', `${path}/stop`, { body: {} })).toMatchObject(refused);
  await somnus.end('SIGKILL');
  const starting = somnus.up();
  await expect.poll(async () => await libvirt().then((part) => part?.state, () => undefined), RECOVERED).toBe('unavailable');
  await expect.poll(async () => (await get<Health>('/healthz')).parts.filter(({ name }) => name === 'pool' || name === 'network').map(({ state }) => state), RECOVERED).toEqual(['ready', 'ready']);
  expect(await environments()).toEqual({ bystander: 'running', target: 'running' });
  expect(await somnus.api('POST', `${path}/stop`, { body: {} })).toMatchObject(refused);
  await host.startLibvirtd();
  await starting;
  expect(await environments()).toEqual({ bystander: 'running', target: 'running' });
  expect((await somnus.ok('exec', 'target', '--', 'cat', '/root/file')).trim()).toBe('kept');
  expect(await somnus.ok('exec', 'bystander', '--', 'cat', '/proc/sys/kernel/random/boot_id')).toBe(bootId);
  await somnus.ok('suspend', 'target');
  await somnus.ok('resume', 'target');
});

test('The bystander kept running through all this, and a purge leaves nothing', async () => {
  expect(await somnus.ok('exec', 'bystander', '--', 'cat', '/proc/sys/kernel/random/boot_id')).toBe(bootId);
  const ticks = (await somnus.ok('exec', 'bystander', '--', 'cat', '/dev/shm/ticks')).trim().split('\n').map(Number);
  expect(Math.max(...ticks.slice(1).map((tick, at) => tick - (ticks[at] ?? tick)))).toBeLessThan(15);
  await somnus.ok('rm', 'bystander', 'target', '--purge', '--yes');
  expect(await inventory(somnus)).toEqual(empty);
});
