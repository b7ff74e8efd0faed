// The API inside VMs over real sshds, which stand in for the guests of two environments.
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { routeTable } from '../../orchestrator/api/route-table.ts';
import { GuestSshd } from '../support/guest-sshd.ts';
import { freePort, VmInside, type Inside } from '../support/vm-inside.ts';
import { environment, ENV_A, ENV_B, FakeServices, operation } from './api/fake-services.ts';
import { problemOf, startApi } from './api/harness.ts';

const services = new FakeServices();
const records = { get: (id: string) => { const found = services.all.get(id); return found && { ...found, networkIndex: 1 }; } };
const rate = { perMinute: 1_000_000, burst: 10_000 };
let inside: VmInside;
let a: Inside;
let b: Inside;
beforeAll(async () => {
  inside = new VmInside(services, records, { rate });
  [a, b] = await Promise.all([inside.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 }), inside.guest({ ...environment(ENV_B, 'b'), networkIndex: 2 })]);
  await Promise.all([a, b].map(ready));
});
afterAll(async () => {
  await inside[Symbol.asyncDispose]();
  await services.dispose();
});

/** Waits until the token and the command are in the guest and the API answers. */
async function ready(guest: Inside): Promise<void> {
  const options = { timeoutMs: 30_000, intervalMs: 50 };
  await pollUntil('The command in the guest', options, async () => await stat(guest.command).then(() => true, () => undefined));
  await pollUntil('The API in the guest', options, async () => await guest.call('GET', '/v1/me').then(({ status }) => (status === 200 ? true : undefined), () => undefined));
}

/** A body that each route accepts, for those that need one. */
const bodies: Record<string, unknown> = {
  createSnapshot: { name: 'here' }, restoreSnapshot: {}, forkEnvironment: { name: 'twin' }, applyProfile: { profile: 'coding' }, runAction: { command: 'true', explain: true },
  remember: { text: 'x' }, recall: { query: 'x' }, getMemoryContext: { query: 'x' },
};
const own = [...Object.keys(bodies), 'getEnvironment', 'getEnvironmentStats', 'listSnapshots', 'getSnapshot', 'listActions', 'listJobs', 'getJob', 'listIncidents', 'listIncidentHistory', 'listOperations', 'getOperation', 'followEvents'];

function pathOf(path: string, ref: string): string {
  return path.replace('{ref}', ref).replace('{id}', 'op_00000000000000000000000000').replace('{snapshot}', 's1').replace('{job}', 'job_1').replace(/\{\w+\}/g, 'x');
}

async function outcome(guest: Inside, route: { method: string; path: string; id: string }, ref: string, token?: string): Promise<number> {
  const response = await guest.call(route.method.toUpperCase(), pathOf(route.path, ref), { ...(token === undefined ? {} : { token }), headers: { accept: 'application/json' }, ...(bodies[route.id] === undefined ? {} : { json: bodies[route.id] }) });
  await response.body?.cancel();
  return response.status;
}

describe('A token', () => {
  for (const route of routeTable.filter(({ id }) => own.includes(id))) {
    const memory = route.path.startsWith('/v1/memory/');
    test(`opens ${route.id} for its own environment${route.path.includes('{ref}') ? ' and not for another' : ''}`, async () => {
      const status = await outcome(a, route, ENV_A);
      if (memory) expect([200, 201, 404, 423]).toContain(status); // memory is not set up here: that is its own answer
      else expect([200, 201, 202]).toContain(status);
      if (route.path.includes('{ref}')) for (const ref of [ENV_B, 'b']) expect(await outcome(a, route, ref)).toBe(404);
    });
  }

  test('opens none of the other routes of the API', async () => {
    const others = routeTable.filter(({ id }) => !own.includes(id));
    expect(others.length).toBeGreaterThan(30);
    for (const route of others) expect([404, 405], route.id).toContain(await outcome(a, route, ENV_A));
  });

  test('is refused on the connection of another environment, without a token, and by the API of the host', async () => {
    expect(await outcome(b, { method: 'get', path: '/v1/me', id: 'getEnvironment' }, '', await a.token())).toBe(401);
    for (const token of [null, 'x', 'somnus_admin']) expect((await a.call('GET', '/v1/me', { token })).status).toBe(401);
    expect(await problemOf(await b.call('GET', '/v1/me', { token: await a.token() }))).toMatchObject({ code: 'unauthenticated', hint: expect.stringContaining('/run/somnus/token') });
    await using host = await startApi();
    expect((await host.call('GET', '/v1/environments', { key: await a.token() })).status).toBe(401);
  });

  test('is in a file that only root can read, and is the same after the connection was lost', async () => {
    const before = await a.token();
    expect((await stat(`${a.folder}/run/token`)).mode & 0o777).toBe(0o600);
    await rm(`${a.folder}/run/token`);
    await a.sshd.signalConnections('SIGKILL');
    await ready(a);
    expect(await a.token()).toBe(before);
    expect(await b.token()).not.toBe(before);
  });

  test('ends with its environment', async () => {
    services.all.set(ENV_B, { ...environment(ENV_B, 'b'), state: 'removed' });
    expect((await b.call('GET', '/v1/me')).status).toBe(401);
    services.all.set(ENV_B, environment(ENV_B, 'b'));
    expect((await b.call('GET', '/v1/me')).status).toBe(200);
  });
});

test('/v1/me is the own environment; audit entries and operations name it as the caller', async () => {
  expect(await (await a.call('GET', '/v1/me')).json()).toMatchObject({ id: ENV_A });
  expect(await (await b.call('GET', '/v1/me/snapshots')).json()).toMatchObject({ items: [{ environmentId: ENV_B }] });
  services.audited.length = 0;
  await a.call('POST', '/v1/me/snapshots', { json: { name: 'here' } });
  expect(services.audited).toMatchObject([{ keyId: ENV_A, action: 'createSnapshot', target: `/v1/environments/${ENV_A}/snapshots`, outcome: 'ok' }]);
});

test('A rollback is answered before it is done, even if the caller asks to wait', async () => {
  const response = await a.call('POST', '/v1/me/snapshots/s1/restore?wait=600', { json: {} });
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({ operation: { kind: 'snapshot.restore' } });
});

test('A VM may switch only to the profiles that its owner allows', async () => {
  expect((await a.call('POST', '/v1/me/profile', { json: { profile: 'idle' } })).status).toBe(202);
  expect(await problemOf(await a.call('POST', '/v1/me/profile', { json: { profile: 'huge' } }))).toMatchObject({ status: 403, detail: expect.stringContaining('it may switch to idle, coding') });
});

test('llms.txt explains the API without a token', async () => {
  const response = await a.call('GET', '/llms.txt', { token: null });
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await response.text()).toContain('somnus rollback SNAPSHOT');
});

test('Web pages of other origins and other host names are refused', async () => {
  expect((await a.call('GET', '/v1/me', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  const socket = connect(a.port, '127.0.0.1');
  socket.write(`GET /v1/me HTTP/1.0\r\nHost: evil.example\r\nAuthorization: Bearer ${await a.token()}\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
});

describe('The command somnus', () => {
  test('shows the environment, limits and lists', async () => {
    expect(await a.somnus('me')).toMatchObject({ code: 0, stdout: expect.stringContaining(`a (${ENV_A}): running`) });
    expect(JSON.parse((await a.somnus('--json', 'limits')).stdout)).toMatchObject({ forks: { allowed: 3, used: 1 } });
    expect(await a.somnus('limits')).toMatchObject({ code: 0, stdout: expect.stringMatching(/forks +1 of 3/) });
    expect(await a.somnus('snapshots')).toMatchObject({ code: 0, stdout: expect.stringContaining('s1') });
    for (const list of ['jobs', 'incidents', 'events']) expect(await a.somnus(list)).toMatchObject({ code: 0, stderr: '' });
    expect(await a.somnus('get', '/llms.txt')).toMatchObject({ code: 0, stdout: expect.stringContaining('# Somnus') });
  });

  test('runs an action with its output and exit code', async () => {
    expect(await a.somnus('run', 'both', '--x')).toEqual({ code: 3, stdout: 'out', stderr: 'err' });
    expect(JSON.parse((await a.somnus('--json', 'run', 'both', '--x')).stdout)).toMatchObject({ result: { exitCode: 3, stdout: 'out', stderr: 'err' } });
    expect(await a.somnus('run', '--explain', 'make test')).toMatchObject({ code: 0, stdout: expect.stringContaining('vm: ') });
  });

  test('takes a snapshot and forks, and waits for the end', async () => {
    const plain = { ...services.snapshots };
    services.snapshots.fork = async (...request) => {
      const accepted = await plain.fork(...request);
      for (const made of accepted.environments) services.all.set(made.id, made);
      return accepted;
    };
    services.operationEnds.resolve(operation({ status: 'succeeded', endedAt: '2026-01-02T03:04:06.000Z' }));
    expect(await a.somnus('snapshot', 'here', '-m', 'text')).toMatchObject({ code: 0, stdout: 'Saved s1\n' });
    expect(await a.somnus('fork', 'twin')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Created twin \(env_\w+\)\.\n$/) });
    expect((await a.somnus('profile', 'idle')).code).toBe(0);
  });

  test('answers errors with the reason, the next step and an exit code', async () => {
    expect(await a.somnus('rollback')).toMatchObject({ code: 2, stderr: expect.stringContaining('usage: somnus rollback SNAPSHOT') });
    expect(await a.somnus('nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown command nonsense') });
    expect(await a.somnus('me', '--nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown option --nonsense') });
    expect(await a.somnus('profile', 'huge')).toMatchObject({ code: 4, stderr: expect.stringContaining('may not switch') });
    expect(await a.somnus('get', '/v1/nonsense')).toMatchObject({ code: 3 });
  });

  test('is replaced by this version, unless a user has put a program of their own there', async () => {
    expect((await readFile(a.command, 'utf8')).split('\n')[1]).toMatch(/^# Somnus in a VM, version [0-9a-f]{12}$/);
    await writeFile(a.command, '#!/usr/bin/python3 -IS\n# Somnus in a VM, version old\n');
    await a.sshd.signalConnections('SIGKILL');
    await expect.poll(async () => (await readFile(a.command, 'utf8')).length, { timeout: 30_000 }).toBeGreaterThan(1000);
    await ready(a);
    await writeFile(b.command, '#!/bin/sh\necho mine\n');
    await rm(`${b.folder}/run/token`);
    await b.sshd.signalConnections('SIGKILL');
    await expect.poll(async () => await b.token().catch(() => ''), { timeout: 30_000 }).toMatch(/^somnusvm_/);
    expect(await readFile(b.command, 'utf8')).toBe('#!/bin/sh\necho mine\n');
  });
});

describe('A hostile guest', () => {
  test('has at most 32 connections, and those without a request are closed', async () => {
    await using patient = new VmInside(services, records, { rate, patience: { firstMs: 1500, nextMs: 1500 } });
    const guest = await patient.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 });
    await ready(guest);
    const sockets = await Promise.all(Array.from({ length: 40 }, async () => await dial(guest.port)));
    const closed = Promise.all(sockets.map(async (socket) => await new Promise<void>((resolve) => { socket.once('close', () => resolve()); })));
    for (const socket of sockets) socket.write('GET /v1/me HTTP/1.1\r\n');
    await expect.poll(() => sockets.filter(({ closed: gone }) => gone).length, { timeout: 10_000 }).toBe(8);
    await closed;
    expect((await guest.call('GET', '/v1/me')).status).toBe(200);
  });

  test('gets 429 when it sends requests too fast, and its own figures in it', async () => {
    await using limited = new VmInside(services, records, { rate: { perMinute: 30, burst: 3 } });
    const guest = await limited.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 });
    await expect.poll(async () => await stat(guest.command).then(() => true, () => false), { timeout: 30_000 }).toBe(true);
    const answers = [];
    for (let i = 0; i < 5; i += 1) answers.push(await guest.call('GET', '/llms.txt', { token: null }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(await problemOf(answers[4] as Response)).toMatchObject({ code: 'rate_limited', perMinute: 30, hint: expect.stringMatching(/Try again in \d s/) });
  });

  test('cannot send large bodies, also not to routes that accept them on the host', async () => {
    for (const [path, json] of [['/v1/me/snapshots', { description: 'x'.repeat(300_000) }], ['/v1/memory/remember', { text: 'x'.repeat(300_000) }]] as const) {
      expect((await a.call('POST', path, { json })).status).toBe(413);
    }
  });

  test('that does not read an answer stops it, and only its own', async () => {
    const taken = services.eventsRead;
    for (let i = 0; i < 20_000; i += 1) services.log.push({ cursor: String(i), type: 'x', at: '2026-01-02T03:04:05.000Z', owner: null, subject: null, actor: null, data: { text: 'x'.repeat(1000) } });
    const socket = await dial(a.port);
    socket.pause();
    socket.write(`GET /v1/events?since=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${await a.token()}\r\n\r\n`);
    await expect.poll(() => services.eventsRead - taken, { timeout: 10_000 }).toBeGreaterThan(0);
    let read = -1;
    while (read !== services.eventsRead) { // until it takes no more
      read = services.eventsRead;
      await delay(200);
    }
    expect(read - taken).toBeLessThan(20_000);
    expect((await b.call('GET', '/v1/me')).status).toBe(200);
    socket.destroy();
    services.log.length = 0;
  });
});

test('When a program in the guest has the port, an event says so; later the API takes its place', async () => {
  const thief = createServer().listen(0, '127.0.0.1');
  await once(thief, 'listening');
  await using blocked = new VmInside(services, records, { rate });
  const { port } = thief.address() as { port: number };
  const guest = await blocked.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 }, port);
  await expect.poll(() => blocked.events.map(({ type }) => type), { timeout: 30_000 }).toEqual(['environment.vm-api-blocked']);
  thief.close();
  await ready(guest);
  expect(blocked.events).toHaveLength(1);
});

test('The API takes the port from the sshd of a lost connection, which restored memory contains', async () => {
  await using before = await GuestSshd.start();
  const lost = before.channel();
  await using freed = new VmInside(services, records, { rate });
  const port = await freePort();
  expect(await lost.listen(port, (socket) => { socket.destroy(); }, AbortSignal.timeout(30_000))).toBe(true);
  await ready(await freed.guest({ ...environment(ENV_A, 'a'), networkIndex: 1 }, port));
  expect(freed.events).toEqual([]);
  await lost.close();
});

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
