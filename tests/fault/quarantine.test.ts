// Removes the database of running VMs, and VMs of the database. Nothing is lost: what no record knows is hibernated, quarantined, and can be recovered.
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../common/ids.ts';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { DoctorCheck, DoctorReport } from '../../orchestrator/host/host.ts';
import { SECOND_LOOK_MS } from '../../orchestrator/recovery/quarantine-watch.ts';
import type { QuarantineItem } from '../../orchestrator/recovery/quarantine-item.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { inventory } from '../support/host-inventory.ts';

/** Two checks, ten seconds apart. */
const NOTICED = { timeout: 60_000, interval: 500 };

let somnus: TestControlPlane;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', 'lost', '--profile', 'idle');
  await somnus.ok('exec', 'lost', '--', 'sh', '-c', 'echo kept >/root/file; setsid sh -c \'i=0; while :; do i=$((i+1)); echo $i >/dev/shm/count; sleep 0.2; done\' </dev/null >/dev/null 2>&1 &');
  await somnus.ok('snapshot', 'create', 'lost', 'before');
});

const quarantined = async (): Promise<QuarantineItem[]> => (await somnus.json<Page<QuarantineItem>>('quarantine', 'ls')).items;
const quarantineCheck = async (): Promise<DoctorCheck | undefined> => ((await somnus.api('GET', '/v1/host/doctor')).body as DoctorReport).checks.find(({ name }) => name === 'quarantine');
const show = async (name: string): Promise<Environment> => await somnus.json<Environment>('show', name);
const count = async (name: string): Promise<number> => Number(await somnus.ok('exec', name, '--', 'cat', '/dev/shm/count'));
const database = async (): Promise<string[]> => (await readdir(somnus.dataDir)).filter((name) => name.startsWith('somnus.db')).map((name) => join(somnus.dataDir, name));

/** Stops the control plane, changes something, and starts it again. */
async function meanwhile(work: () => Promise<void>): Promise<void> {
  await somnus.end();
  await work();
  await somnus.up();
}

test('A VM whose database was lost keeps running, nothing is created beside it, and it is not affected when the right database is restored', async () => {
  const backup = `${somnus.dataDir}.backup`;
  const before = await count('lost');
  const boot = await somnus.ok('exec', 'lost', '--', 'cat', '/proc/sys/kernel/random/boot_id');
  await meanwhile(async () => {
    await mkdir(backup);
    for (const file of await database()) await cp(file, join(backup, file.slice(somnus.dataDir.length + 1)));
    for (const file of await database()) await rm(file);
  });
  await expect.poll(quarantineCheck, NOTICED).toMatchObject({ status: 'failed', details: { unknown: 1 }, fix: expect.stringMatching(/Restore the right database.*somnus recover/) as string });
  const there = await inventory(somnus);
  expect(await somnus.cli(['create', 'another', '--profile', 'idle'])).toMatchObject({ code: 5, stderr: expect.stringContaining('unknown to the database') as string });
  await new Promise((resolve) => { setTimeout(resolve, 2 * SECOND_LOOK_MS); }); // quarantining would happen at the second check
  expect(await quarantined()).toEqual([]);
  expect(await inventory(somnus)).toEqual(there);
  await meanwhile(async () => {
    for (const file of await database()) await rm(file);
    await cp(backup, somnus.dataDir, { recursive: true });
    await rm(backup, { recursive: true });
  });
  expect((await show('lost')).state).toBe('running');
  expect(await somnus.ok('exec', 'lost', '--', 'cat', '/proc/sys/kernel/random/boot_id')).toBe(boot);
  expect(await count('lost')).toBeGreaterThan(before);
  expect(await quarantineCheck()).toMatchObject({ status: 'ok' });
});

test('Without the database, `recover --yes` turns it into an environment again, with its snapshots and its memory', async () => {
  const before = await count('lost');
  await meanwhile(async () => { for (const file of await database()) await rm(file); });
  await expect.poll(quarantineCheck, NOTICED).toMatchObject({ status: 'failed' });
  expect(await somnus.json('status')).toMatchObject({ environments: {}, unknownVms: 1 });
  expect((await somnus.cli(['ls'])).stderr).toContain('The database does not know 1 VM of this host');
  expect(await somnus.cli(['doctor', '--fix'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
  expect(await quarantined()).toEqual([]);
  expect(await somnus.json('recover', '--yes')).toMatchObject({ fixed: [{ kind: 'environment', decision: 'adopt', result: { name: 'lost', snapshots: ['adopted1'] } }] });
  expect(await show('lost')).toMatchObject({ state: 'hibernated', profile: 'idle' });
  await somnus.ok('wake', 'lost');
  expect(await count('lost')).toBeGreaterThan(before);
  expect((await somnus.json<Page<Snapshot>>('snapshot', 'ls', 'lost')).items).toMatchObject([{ name: 'adopted1', state: 'ready', memory: true }]);
  await somnus.ok('snapshot', 'restore', 'lost', 'adopted1', '--no-safety');
  expect(await count('lost')).toBeLessThan(before);
  const { items } = (await somnus.api('GET', '/v1/events?type=quarantine.', { headers: { accept: 'application/json' } })).body as Page<Event>;
  expect(items.map(({ type }) => type)).toEqual(['quarantine.held', 'quarantine.added', 'quarantine.released', 'quarantine.adopted']);
});

test('Each part that no record knows is quarantined, and what is not Somnus\'s is not touched', async () => {
  const pool = join(somnus.dataDir, 'pool');
  const installation = await somnus.installation();
  const { id } = await show('lost');
  const [keys, run, staging, defined, snapshot] = [newId('env'), newId('env'), newId('env'), newId('env'), newId('snap')];
  const theirs = `${installation}-not-somnus`;
  const define = async (name: string): Promise<void> => {
    const file = `${somnus.dataDir}.xml`;
    await writeFile(file, `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`);
    await runCommand('virsh', ['--quiet', 'define', file]);
    await rm(file);
  };
  await meanwhile(async () => {
    for (const folder of [`${pool}/environments/mine`, `${pool}/staging/${staging}`, `${somnus.dataDir}/keys/${keys}`, `${somnus.dataDir}/run/${run}`]) {
      await mkdir(folder);
      await writeFile(join(folder, 'content'), 'unknown');
    }
    await runCommand('cp', ['--recursive', '--preserve=all', '--reflink=always', ...(await readdir(`${pool}/environments/${id}/snapshots`)).map((name) => `${pool}/environments/${id}/snapshots/${name}`), `${pool}/environments/${id}/snapshots/${snapshot}`]);
    await define(`somnus-${installation}-${defined}`);
    await define(theirs);
  });
  try {
    await expect.poll(async () => (await quarantined()).map(({ kind, adoptable }) => `${kind} ${adoptable}`).toSorted(), NOTICED).toEqual(['domain false', 'keys false', 'run false', 'snapshot true', 'staging false']);
    expect((await runCommand('virsh', ['--quiet', 'list', '--all', '--name'])).stdout).toContain(theirs);
    expect(await readdir(`${pool}/environments`)).toEqual([id, 'mine'].toSorted());
    expect(await show('lost')).toMatchObject({ state: 'running', operationId: null });
  } finally {
    await runCommand('virsh', ['--quiet', 'undefine', theirs]);
  }
  for (const item of await quarantined()) {
    if (item.kind === 'snapshot') await somnus.ok('quarantine', 'adopt', item.id, '--name', 'found');
    else await somnus.ok('quarantine', 'rm', item.id, '--yes');
  }
  expect((await somnus.json<Page<Snapshot>>('snapshot', 'ls', 'lost')).items.map(({ name }) => name).toSorted()).toEqual(['adopted1', 'found']);
  expect(await quarantined()).toEqual([]);
});

test('An environment whose folder is gone reports it, recovers with the folder, and can be removed', async () => {
  await somnus.ok('hibernate', 'lost');
  const { id } = await show('lost');
  const [here, away] = [join(somnus.dataDir, 'pool/environments', id), join(somnus.dataDir, 'pool/away')];
  const restart = async (): Promise<void> => { await somnus.end(); await somnus.up(); };
  await rename(here, away);
  await restart();
  expect(await show('lost')).toMatchObject({ state: 'failed', stateReason: expect.stringContaining('not in the pool') });
  expect(await somnus.cli(['start', 'lost'])).toMatchObject({ code: 5, stderr: expect.stringContaining('somnus rm lost --purge') });
  expect(await somnus.json('recover', '--yes')).toMatchObject({ fixed: [{ kind: 'record', name: 'lost', decision: 'keep' }] });
  await rename(away, here);
  await restart();
  expect(await show('lost')).toMatchObject({ state: 'hibernated' });
  await rm(here, { recursive: true });
  await restart();
  await somnus.ok('rm', 'lost', '--purge', '--yes');
  expect((await somnus.cli(['show', 'lost'])).code).toBe(3);
  expect((await somnus.json<DoctorReport>('doctor')).checks.find(({ name }) => name === 'quarantine')).toMatchObject({ status: 'ok' });
});
