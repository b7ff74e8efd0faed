// A small pool that fills up while guests write to disk and memory and while operations run: everything is refused, paused or undone, and nothing is lost.
import { chmod, mkdir, readFile, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { HostStatus } from '../../orchestrator/host/host.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory, type Inventory } from '../support/host-inventory.ts';

const MIB = 2 ** 20;
const SOON = { timeout: 60_000, interval: 100 };
/** A reserve of 256 MiB plus 512 MiB for each VM: with less than this free, one of the two is paused. */
const TWO_RUN_MIB = 256 + 512 + 512;
const ONE_RUNS_MIB = 256 + 512;

/** Fills memory repeatedly, reads it all back, and prints how often. */
const memoryWriter = `
import time
size = 64 << 20
memory = bytearray(size)
for turn in range(1, 1 << 30):
    value = turn % 250 + 1
    for at in range(0, size, 1 << 20):
        memory[at:at + (1 << 20)] = bytes([value]) * (1 << 20)
    right = memory.count(value) == size
    open('/dev/shm/turns.new', 'w').write(f'{turn} {right}')
    __import__('os').rename('/dev/shm/turns.new', '/dev/shm/turns')
    if not right: break
    time.sleep(0.3)
`;
const diskWriter = (mib: number): string => `
import os
base = os.urandom(1 << 20)
open('/root/base', 'wb').write(base)
with open('/root/big', 'wb') as file:
    for number in range(${mib}):
        file.write(number.to_bytes(8, 'little') + base[8:])
        if number % 16 == 15:
            file.flush(); os.fsync(file.fileno())
            open('/dev/shm/written', 'w').write(str(number + 1))
    file.flush(); os.fsync(file.fileno())
open('/dev/shm/done', 'w').write('yes')
`;
const diskReader = `
base = open('/root/base', 'rb').read()
open('/proc/sys/vm/drop_caches', 'w').write('3')
with open('/root/big', 'rb') as file:
    number = 0
    while block := file.read(1 << 20):
        assert block == number.to_bytes(8, 'little') + base[8:], number
        number += 1
print(number)
`;

let somnus: TestControlPlane;
let empty: Inventory;
let folder: string;

const get = async <T>(url: string): Promise<T> => (await somnus.api('GET', url)).body as T;
const show = async (name: string): Promise<Environment> => await get<Environment>(`/v1/environments/${name}`);
const host = async (): Promise<HostStatus> => await get<HostStatus>('/v1/host');
const snapshots = async (name = 'writer'): Promise<string[]> => (await get<Page<Snapshot>>(`/v1/environments/${name}/snapshots`)).items.map(({ name: each, state }) => `${each} ${state}`);
const guest = async (name: string, ...command: string[]): Promise<string> => (await somnus.ok('exec', name, '--', ...command)).trim();
const background = async (name: string, script: string): Promise<string> => await guest(name, 'sh', '-c', 'setsid python3 -c "$0" </dev/null >/dev/null 2>&1 &', script);
const pidOf = async (name: string): Promise<number> => Number(await readFile(`/run/libvirt/qemu/somnus-${await somnus.installation()}-${(await show(name)).id}.pid`, 'utf8'));
const freeMiB = async (): Promise<number> => {
  const { bavail, bsize } = await statfs(join(somnus.dataDir, 'pool'));
  return (bavail * bsize) / MIB;
};

/** Allocates space on the host until only this much is left; none of it is written. */
async function leaveFree(mib: number): Promise<void> {
  await takeSpace(Math.floor(await freeMiB() - mib) * MIB);
}
async function leaveNothing(): Promise<void> {
  await runCommand('sync', ['--file-system', folder]); // otherwise XFS would release what it preallocated for unwritten memory
  await leaveFree(1);
  for (const kib of [512, 64, 4]) while (await takeSpace(kib * 1024).then(() => true, () => false));
}
async function takeSpace(bytes: number): Promise<void> {
  const path = join(folder, 'filler');
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  await runCommand('fallocate', ['--offset', String(size), '--length', String(bytes), path]);
}
async function freeSpace(): Promise<void> {
  await truncate(join(folder, 'filler'), 0);
}
async function redisPid(): Promise<number> {
  const { stdout } = await runCommand('pgrep', ['--full', `redis-server.*${somnus.dataDir}`]);
  return Number(stdout.trim());
}
const otherDisk = (): string => `${somnus.dataDir}-disk`;
/** The environment's disk, where a disk on another file system is mounted over it. */
let mounted = '';
const unmount = async (): Promise<void> => void await runCommand('umount', ['--lazy', mounted], { allowExit: [1, 32] });

beforeAll(async () => {
  somnus = await TestControlPlane.start({ settings: { pool: { sizeGiB: 6, reserveGiB: 0.25 }, snapshots: { quotaGiB: 0.75 }, vms: { templates: false } } });
  folder = join(somnus.dataDir, 'pool');
  await somnus.ok('image', 'build');
  empty = await inventory(somnus);
  await somnus.ok('create', 'writer', '--profile', 'idle');
});
afterAll(async () => {
  await unmount();
  await runCommand('umount', ['--lazy', otherDisk()], { allowExit: [32] });
  await rm(otherDisk(), { recursive: true, force: true });
  await rm(`${otherDisk()}.img`, { force: true });
});

describe('A quota per environment', () => {
  test('refuses the snapshot beyond it with the numbers, and has a free place again after a purge', async () => {
    await somnus.ok('snapshot', 'create', 'writer', 'first');
    await guest('writer', 'python3', '-c', diskWriter(600));
    const refused = await somnus.api('POST', '/v1/environments/writer/snapshots', { body: {} });
    expect(refused).toMatchObject({ status: 409, body: { code: 'quota_exceeded', quotaBytes: 0.75 * 2 ** 30 } });
    expect((refused.body as { heldBytes: number }).heldBytes).toBeGreaterThan(0.75 * 2 ** 30);
    expect(await snapshots()).toEqual(['first ready']);
    await guest('writer', 'sh', '-c', 'rm /root/big /dev/shm/done; sync; fstrim /');
    await somnus.ok('snapshot', 'rm', 'writer', 'first', '--purge');
    await expect.poll(async () => (await somnus.api('POST', '/v1/environments/writer/snapshots?wait=60', { body: { name: 's1' } })).status, SOON).toBe(200);
    expect(await snapshots()).toEqual(['s1 ready']);
    await somnus.end();
    await writeFile(somnus.configFile, (await readFile(somnus.configFile, 'utf8')).replace('quotaGiB: 0.75', 'quotaGiB: 100'));
    await somnus.up();
    await somnus.ok('fork', 'writer', 'sleeper', '--from', 's1');
  });
});

describe('When the pool fills up while guests write to disk and memory', () => {
  let before: { writer: Environment; sleeper: Environment; pids: number[] };

  test('it warns first, then pauses the VM that has been idle longest, then the other, and refuses what would need space', async () => {
    before = { writer: await show('writer'), sleeper: await show('sleeper'), pids: [await pidOf('writer'), await pidOf('sleeper')] };
    await background('writer', memoryWriter);
    await expect.poll(async () => await guest('writer', 'cat', '/dev/shm/turns').catch(() => ''), SOON).toContain('True');
    await leaveFree(TWO_RUN_MIB + 40);
    await background('writer', diskWriter(96));

    await expect.poll(async () => (await show('sleeper')).state, SOON).toBe('suspended');
    await leaveFree(ONE_RUNS_MIB + 30);
    await expect.poll(async () => (await show('writer')).state, SOON).toBe('suspended');
    expect(await show('sleeper')).toMatchObject({ pausedBy: 'pool', desiredState: 'running', stateReason: 'paused because the pool is full; it is resumed automatically when space is free' });
    expect(await freeMiB()).toBeGreaterThan(ONE_RUNS_MIB - 100);
    const types = (await somnus.ok('events', '--limit', '300', '-o', 'json')).trim().split('\n').map((line) => JSON.parse(line) as Event).filter(({ type }) => /^pool\.|environment\.suspended/.test(type)).map(({ type, subject }) => `${type} ${subject?.name ?? ''}`.trim());
    expect(types.toSpliced(types.indexOf('pool.full'), 1)).toEqual(['pool.filling', 'environment.suspended sleeper', 'environment.suspended writer']);
    expect(types).toContain('pool.full');

    expect((await host()).pool).toMatchObject({ level: 'full', paused: expect.arrayContaining(['writer', 'sleeper']) as unknown });
    expect(await somnus.ok('status')).toMatch(/the pool is full; paused until space is free: .*\n.*somnus pool grow/);
    expect(await (await fetch(`${somnus.url}/metrics`)).text()).toMatch(/^somnus_environments_paused_for_space 2$/m);
    for (const [method, path, body] of [
      ['POST', '/v1/environments/writer/resume', {}], ['POST', '/v1/environments/writer/snapshots', {}], ['POST', '/v1/environments/writer/snapshots/s1/restore', {}],
      ['POST', '/v1/environments/writer/fork', { name: 'fork' }], ['POST', '/v1/environments', { name: 'another', profile: 'idle' }],
    ] as const) {
      expect.soft(await somnus.api(method, path, { body }), path).toMatchObject({ status: 409, body: { code: 'insufficient_space', availableBytes: expect.any(Number) as unknown } });
    }
    expect(await snapshots()).toEqual(['s1 ready']);
  });

  test('they stay paused when the control plane is killed, and resume automatically when there is enough space, except the one that its user suspended', async () => {
    await somnus.ok('suspend', 'sleeper');
    expect(await show('sleeper')).toMatchObject({ state: 'suspended', pausedBy: null, desiredState: 'suspended' });
    await somnus.end('SIGKILL');
    await somnus.up();
    expect(await show('writer')).toMatchObject({ state: 'suspended', pausedBy: 'pool' });
    await freeSpace();
    await expect.poll(async () => (await show('writer')).state, SOON).toBe('running');
    expect(await show('writer')).toMatchObject({ pausedBy: null, stateReason: null });
    await expect.poll(async () => (await host()).pool.level, SOON).toBe('ok');
    expect((await show('sleeper')).state).toBe('suspended');
    await somnus.ok('resume', 'sleeper');
  });

  test('nothing was lost: files and memory are intact, and neither VM nor QEMU restarted', async () => {
    await expect.poll(async () => await guest('writer', 'cat', '/dev/shm/done').catch(() => ''), { timeout: 120_000, interval: 500 }).toBe('yes');
    expect(await guest('writer', 'python3', '-c', diskReader)).toBe('96');
    const turns = async (): Promise<number> => {
      const [turn, right] = (await guest('writer', 'cat', '/dev/shm/turns')).split(' ');
      expect(right).toBe('True');
      return Number(turn);
    };
    const now = await turns();
    await expect.poll(turns, SOON).toBeGreaterThan(now);
    for (const name of ['writer', 'sleeper'] as const) expect(await guest(name, 'cat', '/proc/sys/kernel/random/boot_id')).toBe(before[name].bootId);
    expect([await pidOf('writer'), await pidOf('sleeper')]).toEqual(before.pids);
  });
});

describe('An operation that finds the pool full midway', () => {
  beforeAll(async () => { await somnus.ok('suspend', 'sleeper'); });
  afterEach(async () => {
    await freeSpace();
    await somnus.ok('resume', 'writer');
  });

  test.each([
    ['snapshot', 'POST', '/v1/environments/writer/snapshots', { name: 'half' }],
    ['restore', 'POST', '/v1/environments/writer/snapshots/s1/restore', {}],
    ['fork', 'POST', '/v1/environments/writer/fork', { name: 'half' }],
    ['hibernation', 'POST', '/v1/environments/writer/hibernate', {}],
    ['create', 'POST', '/v1/environments', { name: 'half', profile: 'idle' }],
  ])('a %s fails with insufficient_space, and leaves nothing behind', async (_what, method, url, body) => {
    const sum = await guest('writer', 'sh', '-c', 'pkill -f tur[n]s; sha256sum < /root/base');
    await somnus.ok('suspend', 'writer'); // its memory would need the space that is used now
    const [tidy, pid] = [await inventory(somnus), await pidOf('writer')];
    const redis = await redisPid();
    process.kill(redis, 'SIGSTOP'); // workers get no notification: it is admitted, and begins when the pool is full
    const answer = await somnus.api(method, url, { body });
    await leaveNothing();
    process.kill(redis, 'SIGCONT');
    expect(answer.status).toBe(202);
    const { operation: { id } } = answer.body as { operation: Operation };
    await expect.poll(async () => (await get<Operation>(`/v1/operations/${id}`)).endedAt, SOON).not.toBeNull();
    expect(await get<Operation>(`/v1/operations/${id}`)).toMatchObject({ status: 'failed', error: { code: 'insufficient_space' } });
    expect(await show('writer')).toMatchObject({ state: 'suspended', operationId: null });
    expect(await snapshots()).toEqual(['s1 ready']);
    expect((await get<Page<Environment>>('/v1/environments')).items.map(({ name }) => name).toSorted()).toEqual(['sleeper', 'writer']);
    await freeSpace();
    expect(await inventory(somnus)).toEqual(tidy);
    await somnus.ok('resume', 'writer');
    expect(await guest('writer', 'sh', '-c', 'sha256sum < /root/base')).toBe(sum);
    expect(await pidOf('writer')).toBe(pid);
  });
});

describe('A guest whose disk finds no space', () => {
  test('is paused by QEMU, reports why, and resumes automatically: no write is lost', async () => {
    await somnus.ok('stop', 'sleeper', '--force');
    // A disk on its own file system, so that only disk writes find it full, never memory writes.
    const [disk, image] = [join(folder, 'environments', (await show('sleeper')).id, 'disk'), `${otherDisk()}.img`];
    await writeFile(image, '');
    await truncate(image, 2 ** 30 + 2 ** 29);
    await runCommand('mkfs.xfs', ['-q', image]);
    await mkdir(otherDisk());
    await runCommand('mount', ['-o', 'loop', image, otherDisk()]);
    await chmod(otherDisk(), 0o711);
    await runCommand('cp', ['--sparse=always', disk, join(otherDisk(), 'disk')], { timeoutMs: 120_000 });
    await truncate(disk, 0);
    await runCommand('mount', ['--bind', join(otherDisk(), 'disk'), disk]); // a link is not followed
    mounted = disk;
    await somnus.ok('start', 'sleeper');
    const [{ bootId }, pid] = [await show('sleeper'), await pidOf('sleeper')];
    const { bavail, bsize } = await statfs(otherDisk());
    await runCommand('fallocate', ['--length', String(bavail * bsize - 16 * MIB), join(otherDisk(), 'filler')]);

    await guest('sleeper', 'sh', '-c', 'setsid sh -c "head -c 64M /dev/urandom > /root/much; sync; sha256sum < /root/much > /dev/shm/sum" </dev/null >/dev/null 2>&1 &');
    await expect.poll(async () => (await show('sleeper')).stateReason, SOON).toBe('paused because the pool had no space for a write to its disk; it is resumed automatically when space is free');
    await rm(join(otherDisk(), 'filler'));
    await expect.poll(async () => await guest('sleeper', 'cat', '/dev/shm/sum').catch(() => ''), SOON).not.toBe('');
    expect(await guest('sleeper', 'sh', '-c', 'echo 3 > /proc/sys/vm/drop_caches; sha256sum < /root/much')).toBe(await guest('sleeper', 'cat', '/dev/shm/sum'));
    expect(await show('sleeper')).toMatchObject({ state: 'running', pausedBy: null });
    expect(await guest('sleeper', 'cat', '/proc/sys/kernel/random/boot_id')).toBe(bootId);
    expect(await pidOf('sleeper')).toBe(pid);
  });

  test('after all this a purge leaves nothing', async () => {
    await unmount();
    await somnus.ok('rm', 'writer', 'sleeper', '--purge', '--yes');
    expect(await inventory(somnus)).toEqual(empty);
  });
});
