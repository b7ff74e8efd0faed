// Undoing everything, through the command: snapshots with memory, repeated restores, forks with their own identity.
import { open, stat, utimes } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'origin';

const show = async (name = NAME): Promise<Environment> => await somnus.json<Environment>('show', name);
const guest = async (script: string, name = NAME): Promise<string> => (await somnus.ok('exec', name, '--', 'sh', '-c', script)).trim();
const snapshots = async (): Promise<Snapshot[]> => (await somnus.json<Page<Snapshot>>('snapshot', 'ls', NAME)).items;
const count = async (name = NAME): Promise<number> => Number(await guest('cat /dev/shm/count', name));
/** Seconds that the guest's clock is off, apart from the time the request took. */
const clockError = async (name = NAME): Promise<number> => {
  const before = Date.now() / 1000;
  const there = Number(await guest('date +%s.%N', name));
  return Math.max(0, before - there, there - Date.now() / 1000);
};

/** A program that lives in memory: it counts in /dev/shm. */
const startCounter = async (): Promise<string> => await guest('setsid sh -c \'i=0; while :; do i=$((i+1)); echo $i >/dev/shm/count.new; mv /dev/shm/count.new /dev/shm/count; sleep 0.2; done\' </dev/null >/dev/null 2>&1 & sleep 1');
const identity = async (name: string): Promise<string[]> => (await guest('hostname; cat /etc/machine-id; cat /sys/class/net/eth0/address; ip -o -4 addr show dev eth0 | grep -o "inet [0-9.]*"; ssh-keygen -y -f /etc/ssh/somnus_host_key', name)).split('\n');

beforeAll(async () => {
  somnus = await TestControlPlane.withImage({ poolGiB: 8 });
  await somnus.ok('create', NAME, '--profile', 'idle');
});

describe('A snapshot with memory', () => {
  let atSnapshot: number;

  test('is taken while the VM keeps running', async () => {
    await guest('mkdir -p /root/work; echo precious > /root/work/file; sync');
    await startCounter();
    const snapshot = await somnus.json<Snapshot>('snapshot', 'create', NAME, 's1', '--description', 'all is well');
    atSnapshot = await count();
    expect(snapshot).toMatchObject({ name: 's1', state: 'ready', parent: null, memory: true, description: 'all is well', safety: false });
    expect(snapshot.sizeBytes).toBeGreaterThan(100e6);
    await expect.poll(async () => await count(), { timeout: 30_000 }).toBeGreaterThan(atSnapshot);
    expect((await show()).snapshotId).toBe(snapshot.id);
  });

  test.each([1, 2])('restores what was destroyed, time %i: files and the running program, which continues where it was', async () => {
    const before = await show();
    await guest('rm -rf /root/work; pkill -f whil[e]; rm -f /dev/shm/count');
    await somnus.ok('snapshot', 'restore', NAME, 's1', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe('precious');
    const first = await count();
    expect(first).toBeLessThan(atSnapshot + 300);
    await expect.poll(async () => await count(), { timeout: 30_000 }).toBeGreaterThan(first);
    expect(await clockError()).toBeLessThan(2);
    const { id, name, ip, mac, bootId, state, snapshotId } = await show();
    expect({ id, name, ip, mac, bootId, state, snapshotId }).toEqual({ id: before.id, name: before.name, ip: before.ip, mac: before.mac, bootId: before.bootId, state: 'running', snapshotId: before.snapshotId });
  });

  test('is the parent of the next, and a restore keeps the previous state as a safety snapshot', async () => {
    await guest('echo later > /root/work/file; sync');
    const second = await somnus.json<Snapshot>('snapshot', 'create', NAME);
    expect(second).toMatchObject({ name: 'snap1', parent: (await snapshots())[0]?.id });
    await guest('echo latest > /root/work/file; sync');
    await somnus.ok('snapshot', 'restore', NAME, 's1');
    expect(await guest('cat /root/work/file')).toBe('precious');
    const [s1, , safety] = await snapshots();
    expect(safety).toMatchObject({ name: 'safety1', safety: true, memory: true, parent: second.id, state: 'ready' });
    await somnus.ok('snapshot', 'restore', NAME, 'safety1', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe('latest');
    const third = await somnus.json<Snapshot>('snapshot', 'create', NAME, 'after-all');
    expect(third.parent).toBe(safety?.id);
    expect(await somnus.ok('snapshot', 'ls', NAME)).toMatch(/s1 .*\n└─ snap1 .*\n {3}└─ safety1 .*\n {6}└─ after-all /);
    expect(s1?.name).toBe('s1');
  });
});

describe('A fork', () => {
  test('continues where its source was, with its own identity; both answer, and neither affects the other', async () => {
    const [source, ownBefore] = [await show(), await identity(NAME)];
    const fork = await somnus.json<Environment>('fork', NAME, 'twin');
    expect(fork).toMatchObject({ name: 'twin', state: 'running', profile: 'idle', snapshotId: null });
    expect([fork.id, fork.ip, fork.mac]).not.toEqual(expect.arrayContaining([source.ip]));
    const [own, other] = [await identity(NAME), await identity('twin')];
    expect(own).toEqual(ownBefore);
    expect(other[0]).toBe('twin');
    for (const [at, value] of other.entries()) expect(value).not.toBe(own[at]);
    expect(other.slice(2, 4)).toEqual([fork.mac, `inet ${fork.ip}`]);
    expect(await clockError('twin')).toBeLessThan(2);
    const counted = await count('twin');
    await expect.poll(async () => await count('twin'), { timeout: 30_000 }).toBeGreaterThan(counted);
    expect(await guest('cat /root/work/file', 'twin')).toBe('latest');
    await guest('echo mine > /root/work/file; sync', 'twin');
    expect(await guest('cat /root/work/file')).toBe('latest');
    expect(await guest('cat /proc/sys/kernel/random/uuid')).not.toBe(await guest('cat /proc/sys/kernel/random/uuid', 'twin'));
  });

  test('can also come from a snapshot, several at once, and can be forked and snapshotted again after its source is gone', async () => {
    await somnus.ok('rm', 'twin', '--purge', '--yes');
    await somnus.ok('fork', NAME, 'twin', '--from', 's1', '--count', '2');
    expect(await guest('cat /root/work/file', 'twin-1')).toBe('precious');
    expect((await show('twin-1')).ip).not.toBe((await show('twin-2')).ip);
    await somnus.ok('snapshot', 'create', 'twin-1', 'own');
    await somnus.ok('fork', 'twin-1', 'twin-3', '--from', 'own');
    await somnus.ok('rm', 'twin-1', '--purge', '--yes');
    expect(await guest('hostname; cat /root/work/file', 'twin-3')).toBe('twin-3\nprecious');
    for (const name of ['twin-2', 'twin-3']) await somnus.ok('rm', name, '--purge', '--yes');
  });
});

describe('In every state', () => {
  test('a suspended VM is snapshotted while suspended, and restored running', async () => {
    await somnus.ok('suspend', NAME);
    await somnus.ok('snapshot', 'create', NAME, 'standing');
    expect((await show()).state).toBe('suspended');
    await somnus.ok('snapshot', 'restore', NAME, 'standing', '--no-safety');
    expect((await show()).state).toBe('running');
    expect(await guest('cat /root/work/file')).toBe('latest');
  });

  test('a hibernated VM gives a snapshot with memory, and wakes from another one', async () => {
    await somnus.ok('hibernate', NAME);
    expect(await somnus.json<Snapshot>('snapshot', 'create', NAME, 'asleep')).toMatchObject({ memory: true });
    expect((await show()).state).toBe('hibernated');
    await somnus.ok('snapshot', 'restore', NAME, 's1', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe('precious');
    await somnus.ok('snapshot', 'restore', NAME, 'asleep', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe('latest');
  });

  test('a disk-only snapshot contains everything written, and restoring it boots the VM', async () => {
    const { bootId } = await show();
    await guest('echo on-disk > /root/work/disk-only');
    expect(await somnus.json<Snapshot>('snapshot', 'create', NAME, 'disk', '--disk-only')).toMatchObject({ memory: false, state: 'ready' });
    expect(await guest('touch /root/writable && echo yes')).toBe('yes');
    await guest('rm -r /root/work');
    await somnus.ok('snapshot', 'restore', NAME, 'disk', '--no-safety');
    expect(await guest('cat /root/work/disk-only')).toBe('on-disk');
    expect((await show()).bootId).not.toBe(bootId);
  });

  test('a VM that is off gives a snapshot of its disk, and a snapshot with memory starts it', async () => {
    await somnus.ok('stop', NAME);
    expect(await somnus.json<Snapshot>('snapshot', 'create', NAME, 'off')).toMatchObject({ memory: false });
    await somnus.ok('snapshot', 'restore', NAME, 'off', '--no-safety');
    expect((await show()).state).toBe('stopped');
    await somnus.ok('snapshot', 'restore', NAME, 's1');
    expect(await guest('cat /root/work/file')).toBe('precious');
    expect((await show()).state).toBe('running');
  });
});

test('A diff lists the files that changed since a snapshot, and between two', async () => {
  interface Diff { from: string; to: string | null; changes: { path: string; change: string; type: string; sizeBytes: number }[] }
  await somnus.ok('snapshot', 'create', NAME, 'diff1', '--disk-only');
  await guest('mkdir /root/diff; echo one > /root/diff/added; echo changed >> /root/work/file; touch /root/gone');
  await somnus.ok('snapshot', 'create', NAME, 'diff2', '--disk-only');
  await guest('rm /root/gone');
  const ours = ({ changes }: Diff): unknown[] => changes.filter(({ path }) => path.startsWith('/root/')).map(({ path, change, type }) => `${change} ${type} ${path}`);
  const between = await somnus.json<Diff>('snapshot', 'diff', NAME, 'diff1', 'diff2');
  expect(between).toMatchObject({ from: 'diff1', to: 'diff2' });
  expect(ours(between)).toEqual(['added directory /root/diff', 'added file /root/diff/added', 'added file /root/gone', 'changed file /root/work/file']);
  expect(ours(await somnus.json<Diff>('snapshot', 'diff', NAME, 'diff2'))).toEqual(['removed file /root/gone']);
  expect(await somnus.ok('snapshot', 'diff', NAME, 'diff1')).toMatch(/^A \/root\/diff\/\nA \/root\/diff\/added\n/m);
});

describe('A check', () => {
  const folderOf = async (): Promise<string> => {
    const { id } = (await snapshots()).find(({ name }) => name === 'checked') as Snapshot;
    return `${somnus.dataDir}/pool/environments/${(await show()).id}/snapshots/${id}`;
  };

  test('shows when it ran, and a file that was only touched does not prevent a restore', async () => {
    const content = await guest('cat /root/work/file');
    await somnus.ok('snapshot', 'create', NAME, 'checked');
    const checked = await somnus.json<Snapshot>('snapshot', 'check', NAME, 'checked');
    expect(checked).toMatchObject({ state: 'ready', damage: null, checksumAt: expect.any(String) as unknown, checkedAt: expect.any(String) as unknown });
    await expect.poll(async () => (await somnus.json<Snapshot>('snapshot', 'show', NAME, 's1')).checksumAt, { timeout: 300_000, interval: 1_000 }).not.toBeNull(); // in the background
    const folder = await folderOf();
    await utimes(`${folder}/ram`, 1, 1);
    await somnus.ok('snapshot', 'restore', NAME, 'checked', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe(content);
  });

  test('finds a changed byte that nothing else shows: the snapshot is marked, refused and kept', async () => {
    const ram = `${await folderOf()}/ram`;
    const { size, mtime, atime } = await stat(ram);
    {
      await using file = await open(ram, 'r+');
      await file.write(Buffer.from([0x5a]), 0, 1, size - 1);
    }
    await utimes(ram, atime, mtime);
    const found = await somnus.cli(['snapshot', 'check', NAME, 'checked', '-o', 'json']);
    expect(JSON.parse(found.stderr)).toMatchObject({ code: 'corrupt', detail: expect.stringContaining(ram) as unknown });
    expect(await somnus.json<Snapshot>('snapshot', 'show', NAME, 'checked')).toMatchObject({ state: 'damaged', damage: `${ram} does not match its checksum` });
    expect((await somnus.cli(['doctor'])).stdout).toContain(`${NAME} checked: ${ram}`);
    const refused = await somnus.cli(['snapshot', 'restore', NAME, 'checked', '-o', 'json']);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'corrupt' });
    await somnus.ok('snapshot', 'rm', NAME, 'checked', '--purge');
  });
});

describe('Removing', () => {
  test('a snapshot can be undone, in any order, and other snapshots do not depend on it', async () => {
    await somnus.ok('snapshot', 'rm', NAME, 's1');
    expect((await snapshots()).map(({ name }) => name)).not.toContain('s1');
    expect((await somnus.cli(['snapshot', 'restore', NAME, 's1'])).code).toBe(5);
    await somnus.ok('snapshot', 'undelete', NAME, 's1');
    await somnus.ok('snapshot', 'rm', NAME, 'snap1', '--purge');
    const safety = (await snapshots()).find(({ name }) => name === 'safety1');
    expect(safety?.parent).toBe((await snapshots()).find(({ name }) => name === 's1')?.id);
    await somnus.ok('snapshot', 'restore', NAME, 'safety1', '--no-safety');
    expect(await guest('cat /root/work/file')).toBe('latest');
  });

  test('a branch frees the space that only it used', async () => {
    await somnus.ok('snapshot', 'create', NAME, 'trunk');
    await guest('head -c 100000000 /dev/urandom > /root/big; sync');
    await somnus.ok('snapshot', 'create', NAME, 'branch');
    await guest('rm /root/big; sync; fstrim / || true');
    await somnus.ok('snapshot', 'restore', NAME, 'trunk', '--no-safety');
    const branch = await somnus.json<Snapshot>('snapshot', 'show', NAME, 'branch');
    expect(branch.ownBytes).toBeGreaterThan(90e6);
    const pool = async (): Promise<number> => (await somnus.json<{ freeBytes: number }>('pool', 'show')).freeBytes;
    const before = await pool();
    await somnus.ok('snapshot', 'rm', NAME, 'trunk', '--with-children', '--purge');
    await expect.poll(pool, { timeout: 60_000 }).toBeGreaterThan(before + 90e6);
    expect((await snapshots()).map(({ name }) => name)).not.toContain('branch');
  });
});

describe('Impossible requests are refused, and nothing changes', () => {
  test.each([
    ['a name with a slash', ['snapshot', 'create', NAME, 'a/b'], 'invalid_request'],
    ['a name of 300 characters', ['snapshot', 'create', NAME, 'x'.repeat(300)], 'invalid_request'],
    ['a taken name', ['snapshot', 'create', NAME, 's1'], 'name_taken'],
    ['a missing snapshot', ['snapshot', 'restore', NAME, 'nothing'], 'not_found'],
    ['a missing environment', ['snapshot', 'create', 'absent'], 'not_found'],
    ['a fork with a taken name', ['fork', NAME, NAME], 'name_taken'],
    ['a fork of a missing snapshot', ['fork', NAME, 'twin', '--from', 'nothing'], 'not_found'],
    ['more forks than the host has capacity for', ['fork', NAME, 'twin', '--count', '64'], /insufficient_(memory|space)/],
  ])('%s', async (_what, args, code) => {
    const all = async (): Promise<string[]> => [
      ...(await snapshots()).map(({ id, name, state }) => `${id} ${name} ${state}`), ...(await somnus.json<Page<Environment>>('ls')).items.map(({ id, version }) => `${id} ${version}`),
    ];
    const before = await all();
    const { code: exitCode, stderr } = await somnus.cli([...args, '-o', 'json']);
    expect(exitCode).not.toBe(0);
    expect((JSON.parse(stderr) as { code: string }).code).toMatch(code);
    expect(await all()).toEqual(before);
  });

  test('a restore during a snapshot', async () => {
    // Sent at the same time, they could arrive in the other order. The VM's memory takes much longer to save than a request takes.
    const { operation } = (await somnus.api('POST', `/v1/environments/${NAME}/snapshots`, { body: { name: 'slow' } })).body as { operation: Operation };
    const refused = await somnus.api('POST', `/v1/environments/${NAME}/snapshots/s1/restore`, { body: {} });
    expect(refused).toMatchObject({ status: 409, body: { code: 'operation_in_progress', operationId: operation.id } });
    await somnus.ok('op', 'wait', operation.id);
    expect((await show()).state).toBe('running');
  });
});
