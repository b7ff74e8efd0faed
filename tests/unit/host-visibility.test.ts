// What the host's status and the doctor show to whom: names of environments are shown to their owner and to admins.
import { expect, test } from 'vitest';
import { Config } from '../../common/config.ts';
import { checkSnapshots } from '../../orchestrator/host/doctor.ts';
import { Host, type HostDeps } from '../../orchestrator/host/host-status.ts';
import { admin, alice, bob } from '../support/operations.ts';

const records = [
  { id: 'env_a', name: 'alices-secret', owner: alice.user, state: 'suspended', pausedBy: 'pool' },
  { id: 'env_b', name: 'bobs-box', owner: bob.user, state: 'running', pausedBy: null },
];

function host(): Host {
  const parts = {
    config: Config.parse({}), version: '1', installation: 'abcd', keyFile: '/home/carol/.config/somnus/key', startedAt: new Date(), url: () => 'http://127.0.0.1:7777',
    driver: { connection: 'disconnected' }, hardware: { accel: { use: 'tcg', setting: 'auto', reason: 'no KVM' } },
    pool: { usage: async () => ({ path: '/p', backing: 'loop', fileSystem: 'xfs', reflink: true, totalBytes: 10, freeBytes: 1, reserveBytes: 1 }) },
    poolWatch: { state: () => ({ level: 'full', usedPercent: 90, keptBytes: 0, paused: ['alices-secret'] }) },
    records: { all: () => records, get: (id: string) => records.find((record) => record.id === id) },
    environments: { capacity: () => ({ totalMiB: 1, reserveMiB: 0, committedMiB: 0 }) },
    snapshots: { countOf: () => 0, damaged: () => [{ environmentId: 'env_a', name: 'alices-snapshot', damage: 'disk differs' }] },
    parts: { isReady: () => true }, unknownVms: () => 0,
  };
  return new Host({ ...parts, network: { conflict: null } } as unknown as HostDeps);
}

test('The status names paused environments, and the key file, only to their owner and to admins', async () => {
  const theirs = await host().status(bob);
  expect(theirs).toMatchObject({ keyFile: null, environments: { running: 1 }, pool: { level: 'full', paused: [] } });
  expect(JSON.stringify(theirs)).not.toMatch(/alice|carol|env_a/);
  expect((await host().status(alice)).pool.paused).toEqual(['alices-secret']);
  expect(await host().status(admin)).toMatchObject({ keyFile: '/home/carol/.config/somnus/key', environments: { running: 1, suspended: 1 }, pool: { paused: ['alices-secret'] } });
});

test('The doctor tells other users that there is damage, and the owner and admins where', () => {
  const theirs = host().knownTo(bob);
  expect(JSON.stringify([theirs, checkSnapshots(theirs)])).not.toMatch(/alice|env_a/);
  expect(checkSnapshots(theirs)).toMatchObject({ status: 'warning', found: '1 snapshot of another user is damaged' });
  for (const caller of [alice, admin]) expect(checkSnapshots(host().knownTo(caller))).toMatchObject({ status: 'failed', found: 'alices-secret alices-snapshot: disk differs' });
});
