// When profiles are raised and lowered, with real records, events and profiles; the change itself is simulated.
import { expect, test } from 'vitest';
import type { BasicStats } from '../../../agent/contract.ts';
import { newId } from '../../../common/ids.ts';
import { Autoscaler } from '../../../orchestrator/autoscaling/autoscaler.ts';
import { SqliteAutoscaling } from '../../../orchestrator/autoscaling/sqlite-autoscaling.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import type { ProfileChangeService } from '../../../orchestrator/profiles/profile-change.ts';
import { Pressure, type PressureSample } from '../../../supervisor/profiles/pressure.ts';
import type { Profile } from '../../../supervisor/profiles/profile.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const quiet: PressureSample = { atMs: 0, memoryUsedShare: 0.3, memoryUsedMiB: 300, cpuUsedShare: 0.01, memoryPressure: 0, cpuPressure: 0 };

/** Samples every five seconds; returns the verdicts' kinds with the second of the first of each. */
function verdicts(pressure: Pressure, seconds: number, sample: (second: number) => Partial<PressureSample>, from = 0): Record<string, number> {
  const first: Record<string, number> = {};
  for (let second = from; second <= from + seconds; second += 5) {
    const verdict = pressure.add({ ...quiet, ...sample(second), atMs: second * 1000 });
    if (verdict !== undefined) first[verdict.kind === 'raise' ? verdict.resource : 'lower'] ??= second;
  }
  return first;
}

test('A minute without enough memory or vCPUs gives the verdict to raise, half an hour of idleness to lower', () => {
  expect(verdicts(new Pressure(), 300, () => ({ memoryUsedShare: 0.95 }))).toEqual({ memory: 60 });
  expect(verdicts(new Pressure(), 300, () => ({ memoryUsedShare: 0.6, memoryPressure: 20 }))).toEqual({ memory: 60 });
  expect(verdicts(new Pressure(), 300, () => ({ memoryUsedShare: 0.6, cpuUsedShare: 0.97, cpuPressure: 60 }))).toEqual({ cpu: 60 });
  expect(verdicts(new Pressure(), 3600, () => ({}))).toEqual({ lower: 1800 });
});

test('Short peaks, busy vCPUs without waiting tasks, and values between the limits change nothing', () => {
  expect(verdicts(new Pressure(), 3600, (second) => ({ memoryUsedShare: second % 55 === 0 ? 0.6 : 0.95 }))).toEqual({});
  expect(verdicts(new Pressure(), 3600, () => ({ memoryUsedShare: 0.6, cpuUsedShare: 0.99, cpuPressure: 2 }))).toEqual({});
  expect(verdicts(new Pressure(), 7200, () => ({ memoryUsedShare: 0.7 }))).toEqual({});
});

test('A gap in the samples, as while a VM is suspended, restarts the measurement', () => {
  const pressure = new Pressure();
  expect(verdicts(pressure, 50, () => ({ memoryUsedShare: 0.95 }))).toEqual({});
  expect(verdicts(pressure, 50, () => ({ memoryUsedShare: 0.95 }), 1000)).toEqual({});
});

const shape = (vcpus: number, memoryMiB: number): Profile['shape'] => ({ vcpus, vcpusMax: 4, memoryMiB, memoryMaxMiB: 8192, diskGiB: 8, cpuQuotaPercent: null, ioWeight: null });
const profiles: Profile[] = [['idle', 1, 512], ['coding', 2, 2048], ['research', 4, 8192]].map(([name, vcpus, memoryMiB]) => ({ name: name as string, description: '', gpu: false, builtIn: true, shape: shape(vcpus as number, memoryMiB as number) }));

function scaled() {
  const folder = scratchFolder();
  const workshop = openWorkshop(folder.path);
  const records = new SqliteEnvironments(workshop.store);
  const id = newId('env');
  records.insert({ ...environment(id, 'demo'), profile: 'coding', vcpus: 2, memoryMiB: 2048, networkIndex: 1 });
  const seen: Event[] = [];
  workshop.events.onEvent((event) => seen.push(event));
  const state = { nowMs: 0, when: 'live' as 'live' | 'next start', uptimeMs: 1000 };
  const profileChanges: ProfileChangeService = {
    apply: async (_, __, { profile, dryRun }) => {
      const { shape: { memoryMiB, vcpus } } = profiles.find(({ name }) => name === profile)!;
      const record = records.get(id)!;
      if (!dryRun) records.update({ ...record, profile, memoryMiB, vcpus });
      return { environment: record as never, operation: null, plan: { profile, possible: true, fields: [{ field: 'memoryMiB', from: record.memoryMiB, to: memoryMiB, when: state.when, reason: 'the VM booted with less' }] } };
    },
  };
  let listener: (id: string, stats: BasicStats | undefined) => void = () => {};
  const autoscaler = new Autoscaler({
    limits: new SqliteAutoscaling(workshop.store), records, profileChanges, events: workshop.events, log, monotonicMs: () => state.nowMs,
    environments: { find: (_, ref) => records.find(ref, null)!, isChanging: () => false },
    profiles: { list: async () => profiles, get: async (name) => profiles.find((each) => each.name === name)! },
    monitor: { onGuestStats: (heard) => { listener = heard; return () => {}; } },
  });
  autoscaler.start();
  return {
    id, autoscaler, state, seen, records,
    /** Rounds of the monitor with this much memory used. */
    rounds: async (seconds: number, usedShare: number) => {
      for (let passed = 0; passed < seconds; passed += 5) {
        state.nowMs += 5000;
        state.uptimeMs += 5000;
        const totalBytes = records.get(id)!.memoryMiB * 2 ** 20;
        listener(id, {
          uptimeMs: state.uptimeMs, cpu: { vcpusOnline: 1, userMs: 0, systemMs: 0, idleMs: 0, iowaitMs: 0, stealMs: 0 }, pressure: null, memory: { totalBytes, usedBytes: totalBytes * usedShare, availableBytes: 0, cachedBytes: 0, swapUsedBytes: 0 },
        } as unknown as BasicStats);
        await new Promise(setImmediate); // lets a decision be made
        await new Promise(setImmediate);
      }
    },
    types: () => seen.map(({ type }) => type),
    [Symbol.asyncDispose]: async () => {
      await autoscaler.stop();
      workshop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

const caller = { user: 'usr_a', keyId: 'key_a' } as Caller;

test('No profile changes until the user has set limits, and none changes beyond them', async () => {
  await using vm = scaled();
  await vm.rounds(300, 0.95);
  expect(vm.types()).toEqual([]);
  await vm.autoscaler.set(caller, 'demo', { smallest: 'idle', largest: 'coding' });
  await vm.rounds(300, 0.95);
  expect(vm.seen.map(({ type, data }) => [type, data['reason']])).toEqual([['environment.autoscaling', undefined], ['environment.autoscale-blocked', 'coding is its largest allowed profile']]);
  expect(vm.records.get(vm.id)?.profile).toBe('coding');
});

test('Pressure raises the profile and the event gives the reason, idleness lowers it, and there is a pause between changes', async () => {
  await using vm = scaled();
  expect(await vm.autoscaler.set(caller, 'demo', { smallest: 'idle', largest: 'research' })).toMatchObject({ enabled: true, profiles: ['idle', 'coding', 'research'] });
  await vm.rounds(90, 0.95);
  expect(vm.seen.at(-1)).toMatchObject({ type: 'environment.autoscaled', data: { from: 'coding', to: 'research', why: expect.stringMatching(/^95 % of the memory was used for 60 s$/) as string } });
  await vm.rounds(2100, 0.05);
  expect(vm.seen.at(-1)).toMatchObject({ type: 'environment.autoscaled', data: { from: 'research', to: 'coding', why: expect.stringMatching(/at most 410 MiB of memory/) as string } });
  await vm.rounds(3600, 0.2); // 410 of 512 MiB would not leave enough free
  expect(vm.types()).toEqual(['environment.autoscaling', 'environment.autoscaled', 'environment.autoscaled']);
});

test('A change that would need a restart is not attempted, and is reported once', async () => {
  await using vm = scaled();
  await vm.autoscaler.set(caller, 'demo', { smallest: 'idle', largest: 'research' });
  vm.state.when = 'next start';
  await vm.rounds(600, 0.95);
  expect(vm.types()).toEqual(['environment.autoscaling', 'environment.autoscale-blocked']);
  expect(vm.seen.at(-1)?.data).toMatchObject({ reason: 'memoryMiB: the VM booted with less' });
});

test('Limits in the wrong order are refused, and can be removed', async () => {
  await using vm = scaled();
  await expect(vm.autoscaler.set(caller, 'demo', { smallest: 'research', largest: 'idle' })).rejects.toMatchObject({ code: 'invalid_request' });
  await vm.autoscaler.set(caller, 'demo', { smallest: 'idle', largest: 'research' });
  expect(await vm.autoscaler.remove(caller, 'demo')).toMatchObject({ enabled: false, profiles: [] });
  expect(await vm.autoscaler.get(caller, 'demo')).toMatchObject({ enabled: false });
  await vm.rounds(300, 0.95);
  expect(vm.types()).toEqual(['environment.autoscaling', 'environment.autoscaling']);
});
