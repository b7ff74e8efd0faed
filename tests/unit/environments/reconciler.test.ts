// What reconciliation starts automatically, with real records, operations and events; libvirt and the network only report states.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { newId } from '../../../common/ids.ts';
import { restartLimits } from '../../../orchestrator/environments/restart-policy.ts';
import { Reconciler } from '../../../orchestrator/environments/reconciler.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../../orchestrator/environments/sqlite-environments.ts';
import { Troubles } from '../../../orchestrator/host/troubles.ts';
import { SqliteSnapshots } from '../../../orchestrator/snapshots/sqlite-snapshots.ts';
import type { EnvironmentState, LastingState } from '../../../supervisor/domain/states.ts';
import type { DomainSummary } from '../../../supervisor/libvirt/vm-driver.ts';
import type { VmHost } from '../../../supervisor/vms/vm.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { admin, log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const STARTS_AT_ONCE = 2;

/** A host without VMs, with this many environments on record. */
async function rebooted(states: readonly [EnvironmentState, LastingState][]) {
  const folder = scratchFolder();
  const workshop = openWorkshop(folder.path);
  const { store, events, engine } = workshop;
  const records = new SqliteEnvironments(store);
  const domains = new Map<string, Pick<DomainSummary, 'state' | 'reason'>>();
  const ids = states.map(([state, desiredState], at) => {
    const id = newId('env');
    records.insert({ ...environment(id, `e${at}`), state, desiredState, networkIndex: at + 1 });
    return id;
  });
  for (const id of ids) await mkdir(join(folder.path, id));
  const broken = { id: '' };
  const listeners = new Set<(event: { name: string }) => void>();
  const forgotten: string[] = [];
  const host = {
    installation: 'abcd', log,
    pool: { folders: { environment: (id: string) => join(folder.path, id) } },
    driver: { find: async (name: string) => { if (name === `somnus-abcd-${broken.id}`) throw new SomnusError('corrupt', 'its definition is damaged'); return domains.get(name); }, onConnection: () => () => {}, onLifecycle: (listener: (event: { name: string }) => void) => { listeners.add(listener); return () => {}; } },
    guests: { forget: (id: string) => { forgotten.push(id); } },
    network: { ensure: async () => {}, list: async () => [], attach: async () => {}, conflict: null, address: () => ({ ip: '10.83.0.2', mac: '52:54:00:00:00:01', tapName: 'tap' }) },
  } as unknown as VmHost;
  let most = 0;
  engine.register({
    kind: 'environment.start', input: z.strictObject({}), afterCrash: 'resume', cancellable: true, steps: [],
    open: async (_, { target }) => target?.id ?? '',
    succeed: async (id) => {
      domains.set(`somnus-abcd-${id}`, { state: 'running', reason: 'booted' });
      const record = records.get(id);
      if (record) records.update({ ...record, state: 'running', stateReason: null });
    },
  });
  const runAutomatically = (record: EnvironmentRecord): void => {
    records.update({ ...record, state: 'starting' });
    engine.submit({ kind: 'environment.start', input: {}, owner: record.owner, actor: null, target: { type: 'environment', id: record.id, name: record.name } });
    most = Math.max(most, engine.waiting().length);
  };
  const troubles = new Troubles({ events, log });
  const reconciler = new Reconciler({
    store, records, events, host, log, startsAtOnce: STARTS_AT_ONCE, snapshotRecords: new SqliteSnapshots(store), guestWatch: { hasPanicked: () => false }, environments: { runAutomatically, isChanging: () => false, purgeExpired: async () => {} },
    snapshots: { purgeExpired: async () => {}, removeOldAutomatic: async () => {} }, troubles, watch: { look: async () => ({ again: false, segments: [], returned: [] }) },
  });
  return {
    ids, records, reconciler, broken, forgotten, troubles, events,
    most: () => most,
    /** Runs what was submitted, until nothing is left. */
    work: async () => { while (engine.waiting().length > 0) await Promise.all(engine.waiting().map(async (id) => await engine.run(id))).then(async () => await new Promise(setImmediate)); },
    states: () => ids.map((id) => records.get(id)?.state),
    was: (id: string, domain: Pick<DomainSummary, 'state' | 'reason'>) => { domains.set(`somnus-abcd-${id}`, domain); },
    end: (id: string) => {
      domains.delete(`somnus-abcd-${id}`);
      for (const listener of listeners) listener({ name: `somnus-abcd-${id}` });
    },
    [Symbol.asyncDispose]: async () => {
      await reconciler.stop();
      workshop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

const settled = async (): Promise<void> => { for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate); };

const ran: [EnvironmentState, LastingState] = ['running', 'running'];

test('After a reboot every VM that was running is started, a few at a time', async () => {
  await using host = await rebooted(Array.from({ length: 7 }, () => ran));
  await host.reconciler.start();
  expect(host.states().filter((state) => state === 'starting')).toHaveLength(STARTS_AT_ONCE);
  await expect.poll(async () => { await host.work(); return host.states(); }, { timeout: 20_000 }).toEqual(host.ids.map(() => 'running'));
  expect(host.most()).toBe(STARTS_AT_ONCE);
});

test('What was off, hibernated or suspended is not started', async () => {
  await using host = await rebooted([['stopped', 'stopped'], ['suspended', 'suspended'], ran]);
  await host.reconciler.start();
  await host.work();
  expect(host.states()).toEqual(['stopped', 'stopped', 'running']);
  expect(host.records.get(host.ids[1] ?? '')).toMatchObject({ desiredState: 'stopped', stateReason: expect.stringContaining('memory is lost') as string });
});

test('Connections to a VM that has ended are closed', async () => {
  await using host = await rebooted([ran, ran]);
  const [ended = '', other = ''] = host.ids;
  host.was(ended, { state: 'running', reason: 'booted' });
  host.was(other, { state: 'running', reason: 'booted' });
  await host.reconciler.start();
  expect(host.forgotten).toEqual([]);
  host.end(ended);
  await expect.poll(() => host.forgotten).toEqual([ended]);
});

test('A VM that ends repeatedly is started again after longer and longer pauses, and then left off', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
  try {
    await using host = await rebooted([ran]);
    const [id = ''] = host.ids;
    await host.reconciler.start();
    await host.work();
    for (let restart = 2; restart <= restartLimits.count; restart += 1) {
      expect(host.states()).toEqual(['running']);
      host.end(id);
      await vi.waitUntil(() => host.states()[0] === 'stopped');
      const pauseMs = restartLimits.firstPauseMs * 2 ** (restart - 2);
      await vi.advanceTimersByTimeAsync(pauseMs - 1000);
      await settled();
      expect(host.states()).toEqual(['stopped']);
      await vi.advanceTimersByTimeAsync(1000);
      await vi.waitUntil(async () => { await host.work(); return host.states()[0] === 'running'; });
    }
    host.end(id);
    await vi.waitUntil(() => host.records.get(id)?.desiredState === 'stopped');
    expect(host.records.get(id)).toMatchObject({ state: 'stopped', stateReason: expect.stringContaining('after 5 restarts within ten minutes') as string });
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['never', 'destroyed', false], ['on-failure', 'destroyed', true], ['always', 'destroyed', true],
  ['never', 'shutdown', false], ['on-failure', 'shutdown', false], ['always', 'shutdown', true],
] as const)('With the restart policy %s a VM whose end was %s is started again: %s', async (restartPolicy, reason, startedAgain) => {
  await using host = await rebooted([ran]);
  const [id = ''] = host.ids;
  host.was(id, { state: 'running', reason: 'booted' });
  await host.reconciler.start();
  const record = host.records.get(id);
  if (record) host.records.update({ ...record, restartPolicy });
  host.was(id, { state: 'shut_off', reason });
  host.reconciler.look(id);
  await expect.poll(() => host.states()).toEqual([startedAgain ? 'starting' : 'stopped']);
  expect(host.records.get(id)?.desiredState).toBe(startedAgain ? 'running' : 'stopped');
});

test('A VM that was found off by a control plane that then died is started by the next', async () => {
  await using host = await rebooted([['stopped', 'running']]);
  await host.reconciler.start();
  await host.work();
  expect(host.states()).toEqual(['running']);
});

test('A record that cannot be checked does not block the others; it is shown, reported once, and cleared when it works again', async () => {
  await using host = await rebooted([ran, ran, ran]);
  host.broken.id = host.ids[0] ?? '';
  await host.reconciler.start();
  await expect.poll(async () => { await host.work(); return host.states().slice(1); }).toEqual(['running', 'running']);
  expect(host.troubles.list()).toMatchObject([{ area: 'reconciliation', subject: host.broken.id, code: 'corrupt', message: 'its definition is damaged' }]);
  host.reconciler.look(host.broken.id);
  host.reconciler.look(host.ids[1] ?? '');
  await host.reconciler.looked();
  host.broken.id = '';
  host.reconciler.look(host.ids[0] ?? '');
  await host.reconciler.looked();
  expect(host.troubles.list()).toEqual([]);
  expect((await host.events.list(admin, { limit: 100, type: 'background.' })).items.map(({ type }) => type)).toEqual(['background.failed', 'background.recovered']);
});
