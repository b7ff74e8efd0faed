// What Somnus reports about agents that answer, hang and recover, with real records, events and port; the agent's side of the port is simulated.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { BasicStats } from '../../../agent/contract.ts';
import type { AgentHealth } from '../../../agent/contract/health.ts';
import type { Incident } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { PortProtocol, type PortHandlers } from '../../../agent/port-protocol.ts';
import { newId } from '../../../common/ids.ts';
import { EnvironmentHealth, IncidentList } from '../../../orchestrator/agent/agent-schemas.ts';
import type { GuardedFixDeps } from '../../../orchestrator/agent/guarded-fix.ts';
import { HostFixes } from '../../../orchestrator/agent/host-fixes.ts';
import { SqliteIncidentHistory } from '../../../orchestrator/agent/sqlite-incident-history.ts';
import { SqliteHostFixes } from '../../../orchestrator/agent/sqlite-host-fixes.ts';
import { AgentWatch } from '../../../orchestrator/agent/agent-watch.ts';
import { EnvironmentAgents } from '../../../orchestrator/agent/environment-agents.ts';
import { PastIncidentPage } from '../../../orchestrator/api/answers.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import type { ExecExit, ExecRequest, GuestProcess } from '../../../supervisor/guest/guest-channel.ts';
import { Guests } from '../../../supervisor/guest/guests.ts';
import { Monitor } from '../../../supervisor/monitor/monitor.ts';
import type { VmHost } from '../../../supervisor/vms/vm.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const POLL = { timeout: 30_000 };
const caller = { user: 'usr_a' } as Caller;
const health: AgentHealth = {
  unixMs: 1, agentVersion: '7', state: 'ok', summary: 'No recent errors.',
  watched: [{ name: 'web.service', kind: 'unit', state: 'backed-off', processes: 0, rssBytes: 0, cpuMs: 0, restarts: 5, sinceMs: 1000, retryAtMs: 2000, result: 'exit-code' }],
  intelligence: { unixMs: 1, engine: 'rules', open: 0, total: 0, uncollected: 0, linesRead: 0, linesDropped: 0, filesFollowed: 0, filesSkipped: 0, problems: [], fixes: 'suggest', learned: 0 },
};

class Agent {
  readonly incidents = new Incidents();
  readonly #classifier = new LineClassifier();
  #answering = Promise.withResolvers<void>();

  constructor() {
    this.#answering.resolve();
  }

  read(place: string, line: string): void {
    this.incidents.add(place, this.#classifier.classifyNow(line), Date.now());
  }

  /** Like SIGSTOP: requests are answered after `resume`. */
  hang(): void {
    this.#answering = Promise.withResolvers<void>();
  }

  resume(): void {
    this.#answering.resolve();
  }

  handlers(): PortHandlers {
    const answer = (result: () => unknown) => async (): Promise<unknown> => {
      await this.#answering.promise;
      return result();
    };
    return {
      health: answer(() => health),
      incidents: async (params) => {
        await this.#answering.promise;
        const all = this.incidents.list(Date.now());
        const { offset } = params as { offset: number };
        return { items: all.slice(offset, offset + 20), total: all.length, nextOffset: offset + 20 < all.length ? offset + 20 : null };
      },
      softReboot: answer(() => ({ tookMs: 5, processes: [{ name: 'web.service', kind: 'unit', stopped: 'ended', back: true, tookMs: 5 }] })),
      stats: answer(() => ({})), status: answer(() => ({})), identify: answer(() => ({})), setClock: answer(() => ({})), setVcpus: answer(() => ({})), checkInit: answer(() => ({})), powerOff: answer(() => ({})), watch: answer(() => ({})),
      reloadConfig: answer(() => ({})), recordHostFix: answer(() => ({})), learnBenign: answer(() => ({})), setFixes: answer(() => ({})), setEngine: answer(() => ({})),
      commandFailed: async (params) => {
        const { program, output } = params as { program: string; output: string };
        for (const line of output.split('\n')) this.read(`command ${program}`, line);
        return {};
      },
      applyFix: answer(() => ({ fixId: 'disk/apt-cache', what: 'Delete', atMs: 1000, automatic: false, outcome: 'fixed', detail: '' })),
    };
  }
}

async function watched() {
  const folder = scratchFolder();
  const workshop = openWorkshop(folder.path);
  const records = new SqliteEnvironments(workshop.store);
  const id = newId('env');
  records.insert({ ...environment(id, 'demo'), networkIndex: 1 });
  const seen: Event[] = [];
  workshop.events.onEvent((event) => seen.push(event));
  const agent = new Agent();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const protocol = new PortProtocol(agent.handlers(), (bytes) => { if (!socket.destroyed) socket.write(bytes); });
    socket.on('data', (chunk) => protocol.receive(chunk)).on('error', () => {});
  });
  mkdirSync(join(folder.path, id));
  const guests = new Guests(log);
  const host = { installation: 'abcd', runDir: folder.path, log, guests } as unknown as VmHost;
  await new Promise<void>((resolve) => { server.listen(join(folder.path, id, 'agent.sock'), resolve); });
  let changing = false;
  const history = new SqliteIncidentHistory({ store: workshop.store, log });
  const listeners = new Set<(id: string, stats: BasicStats | undefined) => void>();
  const watch = new AgentWatch({
    records, events: workshop.events, history, host, log, environments: { isChanging: () => changing },
    monitor: { onGuestStats: (listener) => { listeners.add(listener); return () => listeners.delete(listener); } },
  });
  watch.start();
  const changes: string[] = [];
  const automatic = new SqliteHostFixes(workshop.store);
  const hostFixes = new HostFixes({
    profiles: { list: async () => (['idle', 'coding', 'research'] as const).map((name, at) => ({ name, description: '', gpu: false, builtIn: true, shape: { vcpus: 1, vcpusMax: 4, memoryMiB: 512 * 4 ** at, memoryMaxMiB: 8192, diskGiB: 8, cpuQuotaPercent: null, ioWeight: null } })) },
    profileChanges: {
      apply: async (_, __, { profile }) => {
        changes.push(profile);
        return { environment: records.get(id) as never, operation: null, plan: { profile, possible: true, fields: [{ field: 'memoryMiB', from: 512, to: 2048, when: 'next start', reason: 'the VM booted with less' }] } };
      },
    },
  });
  const agents = new EnvironmentAgents({ environments: { find: (_, ref) => records.find(ref, null)! }, watch, host, modelDir: '/nonexistent', hostFixes, guard: {} as GuardedFixDeps, automatic, history });
  return {
    id, agent, agents, watch, records, seen, changes, automatic,
    types: () => seen.map(({ type }) => type),
    change: (now: boolean) => { changing = now; },
    /** A round of the monitor. */
    round: (revision: string | null | undefined) => { for (const listener of listeners) listener(id, revision === undefined ? undefined : { incidents: revision } as BasicStats); },
    [Symbol.asyncDispose]: async () => {
      await watch.stop();
      await guests.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      workshop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('Health comes from the agent itself', async () => {
  await using vm = await watched();
  const found = EnvironmentHealth.parse(await vm.agents.health(caller, 'demo'));
  expect(found).toMatchObject({ state: 'ok', summary: 'No recent errors.', unreachableSince: null, agentVersion: '7', reading: { engine: 'rules' } });
  expect(found.watched).toMatchObject([{ name: 'web.service', state: 'backed-off', retryAt: '1970-01-01T00:00:02.000Z' }]);
  expect(Date.now() - Date.parse(found.asOf!)).toBeLessThan(30_000);
});

test('An agent that hangs is unreachable since its last answer, and nothing old is shown as current', async () => {
  await using vm = await watched();
  vm.agent.read('app', 'no space left on device');
  const before = IncidentList.parse(await vm.agents.incidents(caller, 'demo'));
  expect(before).toMatchObject({ current: true, unreachableSince: null, items: [{ category: 'DISK_FULL', count: 1 }] });
  vm.agent.hang();
  const lastAnswer = vm.watch.knowledge(vm.id)?.answeredAtMs ?? Number.NaN;
  const [found, incidents] = await Promise.all([vm.agents.health(caller, 'demo'), vm.agents.incidents(caller, 'demo')]);
  expect(found).toMatchObject({ state: 'unreachable', watched: null, reading: null, agentVersion: null, unreachableSince: new Date(lastAnswer).toISOString(), asOf: new Date(lastAnswer).toISOString() });
  expect(incidents).toMatchObject({ current: false, unreachableSince: new Date(lastAnswer).toISOString(), items: [{ category: 'DISK_FULL' }] });
  vm.agent.resume();
  expect(await vm.agents.health(caller, 'demo')).toMatchObject({ state: 'ok', unreachableSince: null });
});

test('Events say when an agent stops answering and when it answers again, once each', async () => {
  await using vm = await watched();
  vm.round(null);
  for (let rounds = 0; rounds < 3; rounds += 1) vm.round(undefined);
  for (let rounds = 0; rounds < 3; rounds += 1) vm.round(null);
  expect(vm.types()).toEqual(['agent.unreachable', 'agent.reachable']);
  expect(vm.seen[0]!.data['since']).toBe(vm.seen[1]!.data['unreachableSince']);
});

test('A VM with an operation in progress is not expected to answer', async () => {
  await using vm = await watched();
  vm.round(null);
  vm.change(true);
  vm.round(undefined);
  vm.change(false);
  vm.round(null);
  expect(vm.types()).toEqual([]);
});

test('The monitor notices an agent that hangs before the end of the second interval', async () => {
  const waits: number[] = [];
  const since = performance.now();
  const host = {
    installation: 'abcd', runDir: '/nonexistent', log, driver: { connection: 'connected', allStats: async () => [{ name: `somnus-abcd-${newId('env')}`, state: 'running', blocks: [], interfaces: [], memory: {} }] },
    guests: { port: () => ({ call: async (_: string, __: object, { timeoutMs }: { timeoutMs: number }) => { waits.push(timeoutMs); throw new Error('silent'); } }) },
  } as unknown as VmHost;
  const monitor = new Monitor({ host, history: { add: () => {} } as never, diskCache: { look: async () => {}, end: async () => {} }, keepsHistory: () => false, intervalMs: 50 });
  const noticed = Promise.withResolvers<BasicStats | undefined>();
  monitor.onGuestStats((_, stats) => noticed.resolve(stats));
  monitor.start();
  expect(await noticed.promise).toBeUndefined();
  await monitor.stop();
  expect(waits[0]).toBe(40); // by default 4 s of 5 s
  expect(performance.now() - since).toBeGreaterThan(0);
});

test('Incidents that are opened, closed and opened again have events without secrets; of many incidents, one event counts the rest', async () => {
  await using vm = await watched();
  vm.round('a');
  await expect.poll(() => vm.watch.knowledge(vm.id)?.incidentsAtMs, POLL).toBeDefined(); // the first list has no events
  vm.agent.read('app', 'connection to https://app:s3cretpass@db refused: ECONNREFUSED');
  vm.round('b');
  await expect.poll(vm.types, POLL).toEqual(['incident.opened']);
  expect(JSON.stringify(vm.seen)).not.toContain('s3cretpass');
  vm.agent.read('app', 'reconnected to db after 4 s');
  vm.round('c');
  await expect.poll(vm.types, POLL).toEqual(['incident.opened', 'incident.closed']);
  vm.round('c');
  for (let at = 0; at < 30; at += 1) vm.agent.read(`app${'x'.repeat(at)}`, 'no space left on device');
  vm.round('d');
  await expect.poll(() => vm.types().at(-1), POLL).toBe('incident.many');
  expect(vm.seen.at(-1)?.data).toEqual({ count: 20 });
  expect(vm.types()).toHaveLength(13);
});

test('A guest that reports new incidents without end causes a bounded number of events', async () => {
  await using vm = await watched();
  vm.round('a');
  await expect.poll(() => vm.watch.knowledge(vm.id)?.incidentsAtMs, POLL).toBeDefined();
  for (let looks = 0; looks < 30; looks += 1) {
    Object.assign(vm.agent, { incidents: new Incidents() }); // with other ids
    for (let at = 0; at < 20; at += 1) vm.agent.read(`app${'x'.repeat(at)}`, 'no space left on device');
    await vm.watch.incidents(vm.id);
  }
  expect(vm.seen).toHaveLength(120);
  expect(vm.watch.knowledge(vm.id)?.incidents).toHaveLength(20);
});

test('Incidents that a restored VM no longer has disappear without an event', async () => {
  await using vm = await watched();
  const earlier: Incident[] = [];
  vm.round('a');
  await expect.poll(() => vm.watch.knowledge(vm.id)?.incidentsAtMs, POLL).toBeDefined();
  vm.agent.read('app', 'no space left on device');
  await vm.watch.incidents(vm.id);
  earlier.push(...(vm.watch.knowledge(vm.id)?.incidents ?? []));
  Object.assign(vm.agent, { incidents: new Incidents() });
  await vm.watch.incidents(vm.id);
  expect(vm.watch.knowledge(vm.id)?.incidents).toEqual([]);
  expect(vm.types()).toEqual(['incident.opened']);
  expect(earlier).toHaveLength(1);
});

test('A VM that is not running is off, and what its agent reported is shown with its time', async () => {
  await using vm = await watched();
  vm.agent.read('app', 'no space left on device');
  await vm.agents.incidents(caller, 'demo');
  vm.records.update({ ...vm.records.get(vm.id)!, state: 'suspended' });
  expect(await vm.agents.health(caller, 'demo')).toMatchObject({ state: 'off', summary: 'demo is suspended.', unreachableSince: null, watched: null });
  expect(await vm.agents.incidents(caller, 'demo')).toMatchObject({ current: false, items: [{ category: 'DISK_FULL' }] });
  await expect(vm.agents.softReboot(caller, 'demo', { deadlineSeconds: 1 }, new AbortController().signal)).rejects.toMatchObject({ code: 'invalid_state' });
});

test('A soft reboot reports what is running again', async () => {
  await using vm = await watched();
  expect(await vm.agents.softReboot(caller, 'demo', { deadlineSeconds: 1 }, new AbortController().signal)).toMatchObject({ processes: [{ name: 'web.service', back: true }] });
});

test('An incident that is closed and opened repeatedly has one event, and so does each automatic fix', async () => {
  await using vm = await watched();
  vm.round('a');
  await expect.poll(() => vm.watch.knowledge(vm.id)?.incidentsAtMs, POLL).toBeDefined();
  for (let restarts = 0; restarts < 5; restarts += 1) {
    vm.agent.read('web.service', 'web.service: Failed with result \'exit-code\'.');
    await vm.watch.incidents(vm.id);
    vm.agent.read('web.service', 'Started web.service - Web.');
    await vm.watch.incidents(vm.id);
  }
  expect(vm.types().filter((type) => type === 'incident.opened')).toHaveLength(1);
  const [{ id }] = vm.agent.incidents.list(0) as [Incident];
  vm.agent.incidents.addAttempt(id, { fixId: 'runtime/unit', what: 'Restart web.service', atMs: 1, automatic: true, outcome: 'fixed', detail: '' });
  await vm.watch.incidents(vm.id);
  await vm.watch.incidents(vm.id);
  const fixes = (): Event[] => vm.seen.filter(({ type }) => type === 'incident.fix');
  expect(fixes()).toMatchObject([{ data: { fixId: 'runtime/unit', automatic: true, outcome: 'fixed' } }]);
  for (let at = 2; at < 10; at += 1) vm.agent.incidents.addAttempt(id, { fixId: 'runtime/unit', what: 'Restart web.service', atMs: at, automatic: false, outcome: 'failed', detail: '' });
  await vm.watch.incidents(vm.id); // of which the agent keeps the last
  vm.agent.incidents.addAttempt(id, { fixId: 'runtime/unit', what: 'Restart web.service', atMs: 10, automatic: false, outcome: 'fixed', detail: '' });
  await vm.watch.incidents(vm.id);
  expect(fixes().at(-1)?.data).toMatchObject({ outcome: 'fixed', automatic: false });
});

test('The agent applies a fix, and its outcome is returned', async () => {
  await using vm = await watched();
  expect(await vm.agents.applyFix(caller, 'demo', 'inc_1', { snapshot: false }, new AbortController().signal)).toMatchObject({ outcome: 'fixed', at: '1970-01-01T00:00:01.000Z' });
  await vm.agents.learn(caller, 'demo', 'inc_1');
  await vm.agents.setFixes(caller, 'demo', { mode: 'act' });
  expect(vm.automatic.mode(vm.id)).toMatchObject({ mode: 'act' });
  vm.agent.hang();
  const off = vm.agents.setFixes(caller, 'demo', { mode: 'off' });
  await expect.poll(() => vm.automatic.mode(vm.id), POLL).toMatchObject({ mode: 'off' }); // recorded on the host at once
  vm.agent.resume();
  await off;
});

test('The history keeps incidents and attempts that a restored VM no longer has, and is readable while the VM is off', async () => {
  await using vm = await watched();
  vm.round('a');
  await expect.poll(() => vm.watch.knowledge(vm.id)?.incidentsAtMs, POLL).toBeDefined();
  vm.agent.read('app', 'no space left on device');
  const [{ id }] = vm.agent.incidents.list(0) as [Incident];
  vm.agent.incidents.addAttempt(id, { fixId: 'disk/apt-cache', what: 'Delete', atMs: 1000, automatic: true, outcome: 'not-fixed', detail: '' });
  vm.round('b');
  await expect.poll(() => vm.types(), POLL).toContain('incident.fix');
  Object.assign(vm.agent, { incidents: new Incidents() });
  await vm.watch.incidents(vm.id);
  expect(await vm.agents.incidents(caller, 'demo')).toMatchObject({ items: [] });
  vm.records.update({ ...vm.records.get(vm.id)!, state: 'stopped' });
  vm.round(undefined);
  const { items } = PastIncidentPage.parse(await vm.agents.incidentHistory(caller, 'demo', { limit: 10 }));
  expect(items).toMatchObject([{ id, category: 'DISK_FULL', count: 1, outcome: 'gone', attempts: [{ fixId: 'disk/apt-cache', outcome: 'not-fixed' }] }]);
});

test('A fix that Somnus itself tried is listed as an attempt on the incident', async () => {
  await using vm = await watched();
  vm.agent.read('kernel', 'Out of memory: Killed process 991 (java) total-vm:8123456kB');
  const [{ id }] = vm.agent.incidents.list(0) as [Incident];
  vm.agent.incidents.addAttempt(id, { fixId: 'memory/restart-unit', what: 'Restart', atMs: 1000, automatic: true, outcome: 'failed', detail: '' });
  vm.automatic.begin({
    id: 'fix_1', environmentId: vm.id, incidentId: id, fixId: 'memory/profile', what: 'Ask the host for a profile with more memory', resource: 'memory', fromProfile: 'idle', toProfile: 'coding', beganAtMs: 500, applied: null, outcome: 'fixed',
    detail: 'Profile coding', endedAtMs: 900,
  });
  expect(IncidentList.parse(await vm.agents.incidents(caller, 'demo')).items[0]?.attempts).toMatchObject([{ fixId: 'memory/profile', automatic: true, outcome: 'fixed', detail: 'Profile coding' }, { fixId: 'memory/restart-unit' }]);
});

test('A fix that needs the host applies the next profile with more memory, if there is one', async () => {
  await using vm = await watched();
  vm.agent.read('kernel', 'Out of memory: Killed process 991 (java) total-vm:8123456kB');
  const [{ id }] = vm.agent.incidents.list(0) as [Incident];
  const { signal } = new AbortController();
  expect(await vm.agents.applyFix(caller, 'demo', id, { snapshot: false }, signal)).toMatchObject({ fixId: 'memory/profile', outcome: 'applied', automatic: false, detail: 'Profile coding, at the next start: the VM booted with less' });
  vm.records.update({ ...vm.records.get(vm.id)!, profile: 'research', memoryMiB: 8192 });
  expect(await vm.agents.applyFix(caller, 'demo', id, { fixId: 'memory/profile', snapshot: false }, signal)).toMatchObject({ outcome: 'not-possible' });
  expect(vm.changes).toEqual(['coding']);
  vm.agent.read('app', 'no space left on device');
  const disk = vm.agent.incidents.list(0)[1]!;
  expect(await vm.agents.applyFix(caller, 'demo', disk.id, { snapshot: false }, signal)).toMatchObject({ fixId: 'disk/apt-cache' }); // the agent's own comes first
});

/** A program that writes this and ends. */
function program(stderr: string, exit: Partial<ExecExit>): GuestProcess {
  const [output, errors] = [Readable.from([Buffer.from('out\n')]), Readable.from([Buffer.from(stderr)])];
  const read = Promise.all([once(output, 'end'), once(errors, 'end')]); // as in a guest, it has ended when all its output was forwarded
  return { stdin: new PassThrough(), stdout: output, stderr: errors, signal: async () => {}, resize: () => {}, exit: read.then(() => ({ code: 0, signal: null, timedOut: false, ...exit })) };
}

const request = (...command: string[]): ExecRequest => ({ command, env: {} });

test('The agent reads the end of a failed command\'s output, which the caller gets unchanged', async () => {
  await using vm = await watched();
  const long = `${'progress\n'.repeat(20_000)}ModuleNotFoundError: No module named 'yaml'\n`;
  const process = vm.agents.observe(caller, 'demo', request('/bin/bash', '-lc', 'python3 train.py'), program(long, { code: 1 }));
  expect(await Promise.all([text(process.stdout), text(process.stderr)])).toEqual(['out\n', long]);
  await expect.poll(() => vm.agent.incidents.list(0), POLL).toMatchObject([{ place: 'command python3', category: 'DEPENDENCY_MISSING' }]);
});

test('The agent does not read the output of commands that succeed, are ended by the caller, or have a terminal', async () => {
  await using vm = await watched();
  const failing = "ModuleNotFoundError: No module named 'yaml'\n";
  const seen = [
    vm.agents.observe(caller, 'demo', request('true'), program(failing, {})),
    vm.agents.observe(caller, 'demo', request('sleep'), program(failing, { code: 137, signal: 'KILL' })),
    vm.agents.observe(caller, 'demo', { ...request('bash'), tty: { columns: 80, rows: 24, term: 'xterm' } }, program(failing, { code: 1 })),
  ];
  for (const process of seen) {
    await Promise.all([text(process.stdout), text(process.stderr)]);
    await process.exit;
  }
  const npm = vm.agents.observe(caller, 'demo', request('/usr/bin/npm'), program('npm error code ENOTFOUND\n', { code: 1 }));
  await Promise.all([text(npm.stdout), text(npm.stderr)]);
  await expect.poll(() => vm.agent.incidents.list(0).map(({ place }) => place), POLL).toEqual(['command npm']);
});
