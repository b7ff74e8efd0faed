// A guest's pages stay intact, whatever is done to its VM: a checker in it continuously verifies files, the page cache, anonymous memory and a journal.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { TestControlPlane } from '../support/control-plane.ts';
import { CheckedGuest, resets } from '../support/integrity-guest.ts';

const NAME = 'checked';
let somnus: TestControlPlane;
let guest: CheckedGuest;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage({ poolGiB: 9 });
  guest = new CheckedGuest(somnus, NAME, { seed: 'e2e', mib: 32 });
  await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
  for (const [name, memoryMiB, vcpus] of [['checked-large', 1024, 2], ['checked-small', 512, 1]] as const) {
    const shape = { vcpus, vcpusMax: 4, memoryMiB, memoryMaxMiB: 1024, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null };
    await writeFile(join(somnus.dataDir, 'profiles', `${name}.yaml`), stringify({ name, description: 'Of a test', shape }));
  }
  await somnus.ok('create', NAME, '--profile', 'checked-small');
  await guest.begin();
});
test('Moving the balloon while the guest reads its disk changes no page', async () => {
  for (const profile of ['checked-large', 'checked-small', 'checked-large', 'checked-small']) await somnus.ok('profile', 'apply', NAME, profile);
  await guest.pass();
});

test('A snapshot, a fork of it and a restore have the pages of their moment', async () => {
  await somnus.ok('snapshot', 'create', NAME, 'moment');
  await somnus.ok('fork', NAME, `${NAME}-fork`, '--from', 'moment');
  const fork = guest.forkNamed(`${NAME}-fork`);
  await fork.pass();
  await fork.assertQuiet();
  await somnus.ok('rm', fork.name, '--purge', '--yes');
  await guest.pass();
  await somnus.ok('snapshot', 'restore', NAME, 'moment', '--no-safety');
  await guest.pass();
});

test('A hibernated VM has its pages when it wakes', async () => {
  await somnus.ok('hibernate', NAME);
  await somnus.ok('wake', NAME);
  await guest.pass();
});

test.each(resets)('After %s a guest with half of its memory has everything it made durable, and its profile again', async (how) => {
  await guest.reset(how);
});

test('The guest\'s kernel reports no errors', async () => {
  await guest.assertQuiet();
  expect(guest.tally.pagesChecked).toBeGreaterThan(100_000);
});
