// How Somnus handles a guest that reboots, panics or freezes, with real records and events; libvirt and the agent are simulated.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { newId } from '../../../common/ids.ts';
import { GuestWatch } from '../../../orchestrator/environments/guest-watch.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import type { LifecycleEvent } from '../../../supervisor/libvirt/vm-driver.ts';
import type { VmHost } from '../../../supervisor/vms/vm.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const POLL = { timeout: 10_000 };

/** A running environment whose agent answers as in `answers`. */
function watched(change: Partial<EnvironmentRecord> = {}, recoversWithinMs = 100) {
  const folder = scratchFolder();
  const workshop = openWorkshop(folder.path);
  const { store, events } = workshop;
  const records = new SqliteEnvironments(store);
  const id = newId('env');
  records.insert({ ...environment(id, 'demo'), bootId: 'first', ...change, networkIndex: 1 });
  mkdirSync(join(folder.path, id));
  writeFileSync(join(folder.path, id, 'console.log'), 'early\r\n\u001b[31mKernel panic - not syncing: demo\u001b[0m\n');
  const seen: Event[] = [];
  events.onEvent((event) => seen.push(event));
  const listeners = new Set<(event: LifecycleEvent) => void>();
  const crashListeners = new Set<(id: string) => void>();
  const healed: [string, string][] = [];
  const agent = { answer: async (): Promise<{ answers: boolean; crashed?: boolean }> => ({ answers: true }) };
  const host = {
    installation: 'abcd', runDir: folder.path, log,
    driver: { onLifecycle: (listener: (event: LifecycleEvent) => void) => { listeners.add(listener); return () => {}; } },
    guests: { forget: () => {}, port: () => ({ call: async () => await agent.answer(), status: async () => ({ bootId: 'first' }) }) },
  } as unknown as VmHost;
  const runAutomatically = (_: EnvironmentRecord, action: string, reason: string): void => { healed.push([action, reason]); };
  let held: string | null = null;
  const looked = { get: (of: string) => { const record = records.get(of); return record && { ...record, operationId: held }; }, update: (record: EnvironmentRecord) => records.update(record) } as SqliteEnvironments;
  const watch = new GuestWatch({ store, records: looked, events, host, log, recoversWithinMs, monitor: { onInitCrashed: (listener) => { crashListeners.add(listener); return () => {}; } }, environments: { runAutomatically, isChanging: () => false } });
  watch.start();
  return {
    id, records, seen, healed, agent, watch,
    hold: (operationId: string | null) => { held = operationId; },
    end: () => events.append({ type: 'operation.succeeded', owner: 'usr_a', subject: { type: 'environment', id }, actor: null, data: {} }),
    /** Simulates a round of the monitor that finds a crashed PID 1. */
    crash: () => { for (const listener of crashListeners) listener(id); },
    types: () => seen.map(({ type }) => type),
    hear: (event: LifecycleEvent['event'], detail = 'unknown') => {
      for (const listener of listeners) listener({ name: `somnus-abcd-${id}`, uuid: '', event, detail, atMs: Date.now() });
    },
    [Symbol.asyncDispose]: async () => {
      await watch.stop();
      workshop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('A guest that rebooted loses its recorded boot, and its profile is applied again', async () => {
  await using guest = watched();
  guest.hear('rebooted', 'reset');
  await expect.poll(() => guest.healed, POLL).toEqual([['settle', 'the guest rebooted']]);
  expect(guest.types()).toEqual(['environment.guest-rebooted']);
  expect(guest.seen[0]?.data['console']).toEqual(['early', 'Kernel panic - not syncing: demo']);
  expect(guest.records.get(guest.id)).toMatchObject({ state: 'running', bootId: null, lastWords: 'early\nKernel panic - not syncing: demo', stateReason: 'the guest rebooted' });
});

test('A reboot that an operation has handled is not reported again', async () => {
  await using guest = watched();
  guest.hold('op_1');
  guest.hear('rebooted', 'reset');
  guest.hear('rebooted', 'reset');
  await new Promise(setImmediate);
  guest.hold(null);
  guest.end();
  await guest.watch.stop();
  expect(guest.healed).toEqual([]);
  expect(guest.types()).toEqual(['operation.succeeded']);
});

test('A reset of a VM that is off or suspended is ignored', async () => {
  await using guest = watched({ state: 'suspended' });
  guest.hear('rebooted', 'reset');
  await guest.watch.stop();
  expect(guest.seen).toEqual([]);
});

test('A panic is reported with the last words, and remembered until the next start', async () => {
  await using guest = watched();
  guest.hear('crashed', 'panicked');
  guest.hear('stopped', 'crashed');
  expect(guest.watch.hasPanicked(guest.id)).toBe(true);
  await expect.poll(guest.types, POLL).toEqual(['environment.guest-panicked']);
  expect(guest.records.get(guest.id)?.lastWords).toContain('Kernel panic');
  guest.hear('started', 'booted');
  expect(guest.watch.hasPanicked(guest.id)).toBe(false);
});

test('A watchdog that fired is not a freeze while PID 1 answers, or where the agent cannot tell', async () => {
  await using guest = watched();
  guest.hear('watchdog', 'none');
  await guest.watch.stop();
  guest.agent.answer = async () => { throw new SomnusError('not_found', 'No such method: checkInit'); };
  guest.hear('watchdog', 'none');
  await guest.watch.stop();
  expect(guest.seen).toEqual([]);
});

test.each([['on-failure', ['restart']], ['always', ['restart']], ['never', []]] as const)('A frozen PID 1 is reported immediately, and restarted by policy %s: %j', async (restartPolicy, actions) => {
  await using guest = watched({ restartPolicy });
  guest.agent.answer = async () => ({ answers: false });
  guest.hear('watchdog', 'none');
  await expect.poll(guest.types, POLL).toEqual(['environment.guest-frozen']);
  expect(guest.records.get(guest.id)).toMatchObject({ state: 'running', stateReason: expect.stringContaining('PID 1 of the guest is frozen') as string });
  if (actions.length > 0) await expect.poll(() => guest.healed.map(([action]) => action), POLL).toEqual(actions);
  else await expect.poll(() => guest.records.get(guest.id)?.stateReason, POLL).toContain('its restart policy is never');
});

test.each([['on-failure', ['restart']], ['never', []]] as const)('A crashed PID 1 is reported once and not waited for, and policy %s restarts: %j', async (restartPolicy, actions) => {
  await using guest = watched({ restartPolicy }, 3_600_000);
  guest.agent.answer = async () => ({ answers: false, crashed: true });
  guest.crash();
  guest.crash();
  await expect.poll(() => guest.records.get(guest.id)?.stateReason, POLL).toContain(actions.length > 0 ? 'PID 1 of the guest has crashed' : 'its restart policy is never');
  guest.hear('watchdog', 'none'); // nothing pets the device any more
  guest.crash();
  await guest.watch.stop();
  expect(guest.types()).toEqual(['environment.guest-frozen']);
  expect(guest.seen[0]?.data).toMatchObject({ frozen: 'init', console: ['early', 'Kernel panic - not syncing: demo'] });
  expect(guest.healed.map(([action]) => action)).toEqual(actions);
});

test('A crash of PID 1 in the next boot is reported again', async () => {
  await using guest = watched({ restartPolicy: 'never' });
  guest.agent.answer = async () => ({ answers: false, crashed: true });
  guest.crash();
  await expect.poll(guest.types, POLL).toHaveLength(1);
  guest.hear('stopped', 'destroyed');
  guest.hear('started', 'booted');
  guest.crash();
  await expect.poll(guest.types, POLL).toEqual(['environment.guest-frozen', 'environment.guest-frozen']);
});

test('A watchdog that fired during an operation is handled when that has ended', async () => {
  await using guest = watched();
  guest.agent.answer = async () => ({ answers: false });
  guest.hold('op_1');
  guest.hear('watchdog', 'none');
  await new Promise(setImmediate);
  expect(guest.types()).toEqual([]);
  guest.hold(null);
  guest.end();
  await expect.poll(guest.types, POLL).toContain('environment.guest-frozen');
});

test('A guest that only seemed to be frozen keeps running', async () => {
  await using guest = watched({}, 60_000);
  let asked = 0;
  guest.agent.answer = async () => {
    asked += 1;
    if (asked === 1) throw new SomnusError('timeout', 'no answer');
    return { answers: true };
  };
  guest.hear('watchdog', 'none');
  await expect.poll(guest.types, POLL).toEqual(['environment.guest-frozen', 'environment.guest-recovered']);
  expect(guest.seen[0]?.data).toMatchObject({ frozen: 'guest' });
  expect(guest.records.get(guest.id)?.stateReason).toBeNull();
  expect(guest.healed).toEqual([]);
});
