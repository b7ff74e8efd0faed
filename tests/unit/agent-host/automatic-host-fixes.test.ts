// What Somnus does automatically for incidents that only the host can fix, with real snapshots, profile changes, operations and records on a fake host; the test supplies the agent's reports.
import { expect, onTestFinished, test } from 'vitest';
import type { BasicStats } from '../../../agent/contract.ts';
import type { FixAttempt, FixMode } from '../../../agent/contract/fixing.ts';
import type { Incident } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { SomnusError } from '../../../common/errors.ts';
import { AutomaticHostFixes, type AutomaticHostFixesDeps } from '../../../orchestrator/agent/automatic-host-fixes.ts';
import { SqliteHostFixes } from '../../../orchestrator/agent/sqlite-host-fixes.ts';
import { SqliteAuditLog } from '../../../orchestrator/audit/sqlite-audit-log.ts';
import { SqliteAutoscaling } from '../../../orchestrator/autoscaling/sqlite-autoscaling.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import type { FaultPoint, FaultPoints } from '../../../orchestrator/operations/fault-points.ts';
import { addImage, FakeControlPlane, FakeHost, hostProfiles } from '../../support/fake-host.ts';
import { admin, alice, log } from '../../support/operations.ts';

const POLL = { timeout: 60_000 };
const GIB = 2 ** 30;
const KILLED = 'Out of memory: Killed process 991 (java) total-vm:8123456kB, anon-rss:7654321kB';

/** What outlives a control plane: the incidents in the guest, and the time. */
class Guest {
  incidents = new Incidents();
  told: FixAttempt[] = [];
  mode: FixMode = 'act';
  usedShare = 0.5;
  availableBytes = 10 * GIB;
  nowMs = Date.parse('2026-01-02T03:04:05Z');
  readonly #classifier = new LineClassifier();

  read(place: string, line: string): Incident {
    return this.incidents.add(place, this.#classifier.classifyNow(line), this.nowMs)!;
  }

  list(): Incident[] {
    return this.incidents.list(this.nowMs);
  }

  stats(): BasicStats {
    return { memory: { totalBytes: GIB, usedBytes: GIB * this.usedShare }, disk: { totalBytes: 20 * GIB, availableBytes: this.availableBytes }, pressure: null } as BasicStats;
  }
}

/** A control plane that applies fixes. The environment `target` has the profile `small`; the other one is `large`. */
function watching(plane: FakeControlPlane, guest: Guest, change: Partial<AutomaticHostFixesDeps> = {}) {
  const { store, events, engine } = plane.workshop;
  const fixes = new SqliteHostFixes(store);
  const audit = new SqliteAuditLog({ store, log });
  audit.addInterrupted();
  const limits = new SqliteAutoscaling(store);
  const id = plane.record('target')!.id;
  const seen: Event[] = [];
  events.onEvent((event) => seen.push(event));
  // Like the queue: work starts when it is ready.
  const run = (operation: string): void => void engine.run(operation).catch(() => {});
  engine.onReady(run);
  let listener: (id: string, stats: BasicStats | undefined) => void = () => {};
  const host = new AutomaticHostFixes({
    fixes, limits, records: plane.records, environments: plane.environments, profileChanges: plane.profileChanges, guard: { snapshots: plane.snapshots, operations: engine }, events, audit, log,
    profiles: { list: async () => [...hostProfiles] },
    watch: { knowledge: () => ({ answeredAtMs: 0, unreachableSinceMs: undefined, incidents: guest.list(), incidentsAtMs: 0 }), incidents: async () => guest.list() },
    tell: async (_, incidentId, attempt) => {
      guest.told.push(attempt);
      if (guest.incidents.get(incidentId)?.attempts.some(({ atMs }) => atMs === attempt.atMs) === false) guest.incidents.addAttempt(incidentId, attempt);
    },
    health: async () => ({ unixMs: guest.nowMs, intelligence: { fixes: guest.mode } as never }),
    monitor: { onGuestStats: (heard) => { listener = heard; return () => { listener = () => {}; }; } },
    now: () => new Date(guest.nowMs), monotonicMs: () => guest.nowMs, times: { checkEveryMs: 1, rollsBackWithinMs: Infinity }, ...change, // in these tests, hours pass during an operation
  });
  host.start();
  for (const waiting of engine.waiting()) run(waiting);
  const round = async (): Promise<void> => {
    guest.nowMs += 15_000;
    listener(id, guest.stats());
    await new Promise(setImmediate);
  };
  const kinds = async (): Promise<string[]> => (await engine.list(alice, { limit: 100 })).items.map(({ kind }) => kind).toReversed().slice(1);
  return {
    id, fixes, limits, audit, seen, host, round, kinds,
    of: (type: string): Event[] => seen.filter((event) => event.type === type),
    /** Rounds of the monitor until this is true. */
    until: async (isDone: () => boolean): Promise<void> => await expect.poll(async () => {
      await round();
      return isDone();
    }, { ...POLL, interval: 1 }).toBe(true),
    rounds: async (count: number): Promise<void> => { for (let at = 0; at < count; at += 1) await round(); },
  };
}

async function started(change: Partial<AutomaticHostFixesDeps> = {}, faults?: FaultPoints) {
  const host = new FakeHost();
  onTestFinished(async () => await host[Symbol.asyncDispose]());
  const plane = new FakeControlPlane(host, faults === undefined ? {} : { faults });
  onTestFinished(async () => await plane[Symbol.asyncDispose]());
  await addImage(plane);
  await plane.complete((await plane.environments.create(alice, { name: 'target', network: 'open', labels: {} })).operation);
  const guest = new Guest();
  const vm = watching(plane, guest, change);
  onTestFinished(async () => await vm.host.stop());
  vm.fixes.setMode(vm.id, 'act', guest.nowMs);
  return { host, plane, guest, vm };
}

test('With act, an incident that stays open gets more memory after a snapshot, and its event, attempt and audit entry say that Somnus did it', async () => {
  const { plane, guest, vm } = await started();
  const { id } = guest.read('kernel', KILLED);
  await vm.rounds(3);
  expect(await vm.kinds()).toEqual([]); // the agent's own fixes come first
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(plane.record('target')).toMatchObject({ profile: 'large', memoryMiB: 768 });
  expect(await vm.kinds()).toEqual(['snapshot.create', 'environment.apply-profile']);
  expect(vm.of('incident.fix')).toMatchObject([{ actor: null, data: { incidentId: id, fixId: 'memory/profile', automatic: true, outcome: 'fixed', from: 'small', to: 'large' } }]);
  expect(vm.fixes.attempts(vm.id, id)).toMatchObject([{ automatic: true, outcome: 'fixed', detail: 'Profile large; the error has not occurred again' }]);
  expect(guest.told).toEqual(vm.fixes.attempts(vm.id, id).map(({ at, ...attempt }) => ({ ...attempt, atMs: Date.parse(at) })));
  expect((await vm.audit.list(admin, { limit: 100 })).items).toMatchObject([{ keyId: 'somnus', user: alice.user, action: 'applyFix', target: `/v1/environments/${vm.id}/agent/incidents/${id}/fix`, outcome: 'ok' }]);
  expect(vm.of('incident.escalated')).toEqual([]);
});

test.each([
  ['the mode is suggest', (guest: Guest, { fixes, id }: Awaited<ReturnType<typeof started>>['vm']) => { fixes.setMode(id, 'suggest', guest.nowMs); guest.mode = 'suggest'; }],
  ['the mode is off', (guest: Guest, { fixes, id }: Awaited<ReturnType<typeof started>>['vm']) => { fixes.setMode(id, 'off', guest.nowMs); guest.mode = 'off'; }],
  ['only the guest says act', (guest: Guest, { fixes, id }: Awaited<ReturnType<typeof started>>['vm']) => { fixes.setMode(id, 'suggest', guest.nowMs); }],
  ['the guest no longer says act', (guest: Guest) => { guest.mode = 'suggest'; }],
] as const)('Nothing is applied or escalated when %s', async (_, prepare) => {
  const { guest, vm } = await started();
  prepare(guest, vm);
  guest.read('kernel', KILLED);
  await vm.rounds(40);
  expect(await vm.kinds()).toEqual([]);
  expect(vm.of('incident.escalated')).toEqual([]);
});

test.each([
  ['that is closed in time', (guest: Guest) => { const { id } = guest.read('kernel', KILLED); guest.incidents.close(id, 'fixed', guest.nowMs); }],
  ['whose last line is old', (guest: Guest) => { guest.read('kernel', KILLED); guest.nowMs += 3_600_000; }],
  ['of a control group, when the VM has enough memory', (guest: Guest) => { guest.read('kernel', 'Memory cgroup out of memory: Killed process 991 (java) total-vm:8123456kB'); }],
  ['about a full disk, when the disk has space', (guest: Guest) => { guest.read('app', 'write: no space left on device'); }],
] as const)('An incident %s changes nothing', async (_, happen) => {
  const { guest, vm } = await started();
  happen(guest);
  await vm.rounds(40);
  expect(await vm.kinds()).toEqual([]);
  expect(vm.of('incident.escalated')).toEqual([]);
});

test('When the error occurs again, the VM and its profile are rolled back, a person is told once, and the fix is not repeated', async () => {
  const { host, plane, guest, vm } = await started();
  host.guest(vm.id)?.think('before the fix');
  const { id } = guest.read('kernel', KILLED);
  await vm.until(() => plane.record('target')?.profile === 'large' && plane.record('target')?.operationId === null);
  host.guest(vm.id)?.think('after the fix');
  await vm.until(() => (vm.fixes.all(vm.id)[0]?.applied ?? null) !== null);
  guest.read('kernel', KILLED);
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(await vm.kinds()).toEqual(['snapshot.create', 'environment.apply-profile', 'snapshot.restore', 'environment.apply-profile']);
  expect(plane.record('target')).toMatchObject({ state: 'running', profile: 'small', memoryMiB: 512 });
  expect(host.guest(vm.id)?.memory?.text).toBe('before the fix');
  expect(plane.snapshotRecords.all(vm.id).filter(({ safety }) => safety)).toHaveLength(1);
  expect(vm.of('incident.fix')).toMatchObject([{ data: { outcome: 'not-fixed', detail: 'Rolled back to snap1. Profile large; the error occurred again' } }]);
  expect(vm.of('incident.escalated')).toMatchObject([{ data: { incidentId: id, category: 'OUT_OF_MEMORY', place: 'kernel', todo: expect.stringContaining('somnus profile apply target') as string } }]);
  for (let hours = 0; hours < 50; hours += 1) {
    guest.nowMs += 3_600_000;
    guest.read('kernel', KILLED);
    await vm.rounds(3);
  }
  expect(await vm.kinds()).toHaveLength(4);
  expect(vm.of('incident.escalated')).toHaveLength(1);
  // Another incident with the same cause is only escalated, until the user sets the mode again.
  const other = guest.read('java', 'java.lang.OutOfMemoryError: unable to create native thread');
  guest.usedShare = 0.99;
  await vm.until(() => vm.of('incident.escalated').length > 1);
  expect(vm.of('incident.escalated')[1]?.data).toMatchObject({ incidentId: other.id, reason: expect.stringContaining('did not help') as string });
  expect(await vm.kinds()).toHaveLength(4);
});

test('An agent that cannot be told what was tried does not prevent that it is recorded', async () => {
  const { guest, vm } = await started({ tell: async () => { throw new SomnusError('not_found', 'No such method: recordHostFix'); } });
  const { id } = guest.read('kernel', KILLED);
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(vm.fixes.attempts(vm.id, id)).toMatchObject([{ outcome: 'fixed' }]);
});

test('The limits of autoscaling also limit automatic fixes', async () => {
  const { guest, vm } = await started();
  vm.limits.set(vm.id, { smallest: 'small', largest: 'small' });
  guest.read('kernel', KILLED);
  await vm.until(() => vm.of('incident.escalated').length > 0);
  expect(vm.of('incident.escalated')[0]?.data).toMatchObject({ reason: 'No allowed profile has more memory than small' });
  expect(await vm.kinds()).toEqual([]);
});

test('A larger disk is applied at the next start, and the escalation asks for a restart', async () => {
  const { plane, guest, vm } = await started({ profiles: { list: async () => hostProfiles.map((each) => (each.name === 'large' ? { ...each, shape: { ...each.shape, diskGiB: 2 } } : each)) } });
  guest.availableBytes = 0;
  guest.read('app', 'write: no space left on device');
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(vm.of('incident.fix')[0]?.data).toMatchObject({ fixId: 'disk/grow', outcome: 'applied', detail: 'Profile large; the VM has its disk after its next start' });
  expect(vm.of('incident.escalated')).toMatchObject([{ data: { todo: 'Restart the environment when its programs can be interrupted: `somnus restart target`.' } }]);
  guest.nowMs += 3_600_000;
  guest.read('db', 'could not extend file: No space left on device');
  await vm.until(() => vm.of('incident.escalated').length > 1);
  expect(plane.record('target')?.profile).toBe('large');
  expect(await vm.kinds()).toEqual(['snapshot.create', 'environment.apply-profile']);
});

test('There is a pause between fixes, and a limit per day', async () => {
  const { plane, guest, vm } = await started();
  const helped = (hoursAgo: number, at: number): void => vm.fixes.begin({
    id: `fix_${at}`, environmentId: vm.id, incidentId: 'inc_before', fixId: 'memory/profile', what: 'x', resource: 'memory', fromProfile: 'tiny', toProfile: 'small', beganAtMs: guest.nowMs - hoursAgo * 3_600_000, applied: null, outcome: 'fixed', detail: '',
    endedAtMs: guest.nowMs - hoursAgo * 3_600_000,
  });
  helped(0, 1);
  guest.read('kernel', KILLED);
  await vm.rounds(40);
  expect(await vm.kinds()).toEqual([]);
  helped(5, 2);
  guest.nowMs += 3_600_000;
  guest.read('kernel', KILLED);
  await vm.until(() => vm.of('incident.escalated').length > 0);
  expect(vm.of('incident.escalated')[0]?.data).toMatchObject({ reason: 'Somnus has already applied 2 larger profiles in the last 24 hours' });
  expect(plane.record('target')?.profile).toBe('small');
});

test('Nothing begins while another operation is in progress', async () => {
  const held = Promise.withResolvers<void>();
  const { plane, guest, vm } = await started({}, { reached: async ({ kind }) => { if (kind === 'environment.stop') await held.promise; } });
  const stopping = (await plane.environments.perform(alice, 'stop', 'target')).operation!;
  guest.read('kernel', KILLED);
  await vm.rounds(40);
  expect(await vm.kinds()).toEqual(['environment.stop']);
  held.resolve();
  await expect.poll(async () => (await plane.operation(stopping.id)).status, POLL).toBe('succeeded');
});

test('An incident that only a person can fix is escalated once, when its error is repeated', async () => {
  const { guest, vm } = await started();
  const login = guest.read('app', 'fatal: Authentication failed for https://bot:hunter2secret@git.example.com/');
  await vm.rounds(20);
  expect(vm.of('incident.escalated')).toEqual([]);
  guest.read('app', 'fatal: Authentication failed for https://bot:hunter2secret@git.example.com/');
  await vm.rounds(20);
  expect(vm.of('incident.escalated')).toMatchObject([{ data: { incidentId: login.id, category: 'AUTH_ERROR', todo: 'Give the program a valid credential.' } }]);
  expect(JSON.stringify(vm.seen)).not.toContain('hunter2secret');
});

test('A fix that was interrupted for too long is neither applied nor rolled back later', async () => {
  const { plane, guest, vm } = await started({ times: { checkEveryMs: 1 } });
  const { id } = guest.read('kernel', KILLED);
  const interrupted = { environmentId: vm.id, incidentId: id, fixId: 'memory/profile', what: 'x', resource: 'memory', fromProfile: 'small', toProfile: 'large', beganAtMs: guest.nowMs, detail: '', endedAtMs: null } as const;
  guest.nowMs += 3_600_000;
  guest.read('kernel', KILLED);
  const applied = { atMs: guest.nowMs - 3_500_000, lines: 1, version: plane.record('target')!.version, later: false };
  for (const [at, fix] of [{ applied: null, outcome: null }, { applied, outcome: null }, { applied, outcome: 'not-fixed' as const }].entries()) {
    vm.fixes.begin({ ...interrupted, ...fix, id: `fix_${at}` });
    await vm.until(() => vm.of('incident.fix').length > at);
  }
  expect(vm.of('incident.fix').map(({ data }) => data['outcome'])).toEqual(['not-possible', 'applied', 'not-fixed']);
  expect(await vm.kinds()).toEqual([]);
});

test('A rollback that is prevented by another operation is not made later', async () => {
  const held = Promise.withResolvers<void>();
  let stopping: Promise<unknown> = Promise.resolve();
  const { plane, guest, vm } = await started({}, { reached: async ({ kind }) => { if (kind === 'environment.stop') await held.promise; } });
  const deps = plane.snapshots;
  const restore = deps.restore.bind(deps);
  // The user's operation begins a moment earlier.
  deps.restore = async (...args: Parameters<typeof restore>) => {
    stopping = plane.environments.perform(alice, 'stop', 'target');
    await stopping;
    return await restore(...args);
  };
  guest.read('kernel', KILLED);
  await vm.until(() => (vm.fixes.all(vm.id)[0]?.applied ?? null) !== null);
  guest.read('kernel', KILLED);
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(vm.of('incident.fix')[0]?.data).toMatchObject({ outcome: 'not-fixed', detail: expect.stringContaining('It was not rolled back') as string });
  held.resolve();
  await expect.poll(() => plane.record('target')?.state, POLL).toBe('stopped');
  expect((await vm.kinds()).filter((kind) => kind === 'snapshot.restore')).toEqual([]);
});

/** The control plane dies here the first time this is reached. */
function dies(place: Pick<FaultPoint, 'kind' | 'step' | 'when'>): { faults: FaultPoints; reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isReached = false;
  return {
    reached: promise,
    faults: {
      reached: async ({ kind, step, when, direction }) => {
        if (isReached || direction !== 'run' || kind !== place.kind || step !== place.step || when !== place.when) return;
        isReached = true;
        resolve();
        await new Promise<never>(() => {});
      },
    },
  };
}

test.each([
  ['snapshot.create', 'snapshot.save', 'before'], ['environment.apply-profile', 'profile.check', 'before'], ['environment.apply-profile', 'profile.record', 'after'], ['snapshot.restore', 'vm.replace', 'before'], ['snapshot.restore', 'safety-snapshot.release', 'after'],
] as const)('A control plane that is killed in %s (%s, %s) continues after its restart, and does nothing twice', async (kind, step, when) => {
  const place = dies({ kind, step, when });
  const host = new FakeHost();
  onTestFinished(async () => await host[Symbol.asyncDispose]());
  const first = new FakeControlPlane(host, { faults: place.faults });
  await addImage(first);
  await first.complete((await first.environments.create(alice, { name: 'target', network: 'open', labels: {} })).operation);
  const guest = new Guest();
  const dying = watching(first, guest);
  dying.fixes.setMode(dying.id, 'act', guest.nowMs);
  const { id } = guest.read('kernel', KILLED);
  let isDead = false;
  const dead = place.reached.then(() => { isDead = true; });
  const happens = async (vm: typeof dying): Promise<void> => {
    await vm.until(() => isDead || (vm.fixes.all(vm.id)[0]?.applied ?? null) !== null || vm.of('incident.fix').length > 0);
    if (!isDead) guest.read('kernel', KILLED); // it did not help
  };
  await happens(dying);
  await Promise.race([dead, dying.until(() => isDead)]);
  first.die();
  isDead = false;
  const second = new FakeControlPlane(host);
  onTestFinished(async () => await second[Symbol.asyncDispose]());
  const vm = watching(second, guest);
  onTestFinished(async () => await vm.host.stop());
  await happens(vm);
  await vm.until(() => vm.of('incident.fix').length > 0);
  expect(await vm.kinds()).toEqual(['snapshot.create', 'environment.apply-profile', 'snapshot.restore', 'environment.apply-profile']);
  expect(vm.fixes.attempts(vm.id, id)).toMatchObject([{ outcome: 'not-fixed' }]);
  expect(guest.incidents.get(id)?.attempts).toHaveLength(1);
  expect(second.record('target')).toMatchObject({ state: 'running', profile: 'small', memoryMiB: 512 });
  expect((await vm.audit.list(admin, { limit: 100 })).items.map(({ keyId, outcome }) => [keyId, outcome])).toEqual([['somnus', 'interrupted'], ['somnus', 'ok']]);
  expect(vm.of('incident.escalated')).toHaveLength(1);
  await dying.host.stop();
});
