import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Environment, StatsPoint } from '../../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import { environment, hostStatus } from '../api/fake-services.ts';
import { problem, ScriptedApi, secret } from './scripted-api.ts';
import { finished, said, Somnus } from './somnus-process.ts';
import { Terminal } from './terminal.ts';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const named = (name: string, change: Partial<Environment> = {}): Environment => ({ ...environment(`env_${'0'.repeat(25)}${name.length}`, name), ...change });

describe('Lists', () => {
  test('are aligned tables, only names when quiet, and the API\'s objects in JSON', async () => {
    const page = { items: [named('a', { diskUsedBytes: 1.5 * 2 ** 30 }), named('longer-name', { state: 'hibernated' })], nextCursor: null };
    api.on('GET /v1/environments', { json: page });
    const { stdout } = await api.somnus.run(['ls']);
    expect(stdout.split('\n').slice(0, 3).map((line) => line.replace(/\d+d ago/, 'AGO'))).toEqual([
      'NAME          STATE        PROFILE   VCPUS    MEMORY              DISK   NETWORK   IP          CREATED',
      'a             running      coding        1   512 MiB   1.5 GiB / 8 GiB   open      10.83.0.2   AGO',
      'longer-name   hibernated   coding        1   512 MiB             8 GiB   open      10.83.0.2   AGO',
    ]);
    expect((await api.somnus.run(['ls', '-q'])).stdout).toBe('a\nlonger-name\n');
    expect(await api.somnus.json('ls')).toEqual(page);
  });

  test('say that there are more items, and --all fetches every page', async () => {
    api.on('GET /v1/environments', ({ query }) => ({ json: query.get('cursor') === null ? { items: [named('a')], nextCursor: 'c 2' } : { items: [named('bb')], nextCursor: null } }));
    expect(await api.somnus.run(['ls', '-q'])).toMatchObject({ stdout: 'a\n' });
    expect((await api.somnus.run(['ls'])).stderr).toBe('More results: use --all for all, or --cursor c 2 for the next page.\n');
    expect((await api.somnus.run(['ls', '--all', '-q'])).stdout).toBe('a\nbb\n');
    expect(await api.somnus.json('ls', '--all')).toMatchObject({ items: [{ name: 'a' }, { name: 'bb' }], nextCursor: null });
    expect(api.requests.at(-1)?.query.get('cursor')).toBe('c 2');
  });

  test('are filtered by the API', async () => {
    api.on('GET /v1/environments', { json: { items: [], nextCursor: null } });
    const { stdout, stderr } = await api.somnus.run(['ls', '--state', 'running', '--profile', 'idle', '--label', 'a=b', '--name', 'x', '--removed', '--limit', '5']);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'No removed environment matches.\n' });
    expect(Object.fromEntries(api.requests[0]?.query ?? [])).toEqual({ state: 'running', profile: 'idle', label: 'a=b', name: 'x', removed: 'only', limit: '5' });
  });

  test('say that nothing matches a filter, and how to create an environment without one', async () => {
    api.on('GET /v1/environments', { json: { items: [], nextCursor: null } });
    for (const filter of [['--state', 'running'], ['--label', 'a=b'], ['--name', 'x'], ['--profile', 'idle']]) expect((await api.somnus.run(['ls', ...filter])).stderr, filter[0]).toBe('No environment matches.\n');
    expect((await api.somnus.run(['ls', '--removed', '--name', 'x'])).stderr).toBe('No removed environment matches.\n');
    expect((await api.somnus.run(['ls'])).stderr).toBe('No environments. Create one with `somnus create NAME`.\n');
  });

  test('warn when the list is empty because the database does not know the VMs of the host; `status` says so, and which parts are degraded', async () => {
    api.on('GET /v1/environments', { json: { items: [], nextCursor: null } });
    api.on('GET /v1/host', { json: { ...hostStatus, unknownVms: 3 } });
    expect((await api.somnus.run(['ls'])).stderr).toBe('The database does not know 3 VMs of this host; `somnus doctor` shows what to do.\nNo environments. Create one with `somnus create NAME`.\n');
    expect((await api.somnus.run(['ls', '--state', 'running'])).stderr).toBe('No environment matches.\n');
    api.on('GET /healthz', { json: { status: 'degraded', version: '0.1.0', parts: [
      { name: 'database', state: 'ready', message: null, code: null }, { name: 'data-folder', state: 'degraded', message: 'The disk is full', code: 'insufficient_space' },
    ] } });
    expect((await api.somnus.run(['status'])).stdout).toMatch(/^unknown VMs +3, which are most of the VMs on this host; see `somnus doctor`$/m);
    expect((await api.somnus.run(['status'])).stdout).toMatch(/^data-folder +The disk is full; see `somnus doctor`$/m);
    expect(await api.somnus.json('status')).toMatchObject({ running: true, degraded: [{ name: 'data-folder', state: 'degraded' }] });
  });

  test('whose reader stops early end quietly', async () => {
    api.on('GET /v1/environments', { json: { items: Array.from({ length: 5000 }, () => named('a')), nextCursor: null } });
    expect(await api.somnus.bash('somnus ls | head -1')).toMatchObject({ stdout: expect.stringMatching(/^NAME/) as string, stderr: '' });
  });
});

test('show prints the last console lines of a guest that crashed', async () => {
  api.on('GET /v1/environments/demo', { json: named('demo', { lastWords: 'Kernel panic - not syncing: Attempted to kill init!\nCall Trace:\n <TASK>' }) });
  expect((await api.somnus.run(['show', 'demo'])).stdout).toMatch(/\n\nlast console lines\n {2}Kernel panic - not syncing: Attempted to kill init!\n {2}Call Trace:\n {3}<TASK>\n$/);
});

test('Text from a guest or another user cannot affect the terminal', async () => {
  api.on('GET /v1/environments/demo', { json: named('demo', { state: 'failed', stateReason: 'bad\u001b]0;owned\u0007\u001b[2J' }) });
  const shown = await api.somnus.run(['show', 'demo']);
  expect(shown.stdout).toContain('bad\\x1b]0;owned\\x07\\x1b[2J');
  api.on('GET /v1/environments/demo', problem('internal', 'x\u001b[31m'));
  expect((await api.somnus.run(['show', 'demo'])).stderr).not.toContain('\u001b');
});

test('Colors are used only on terminals, and never with NO_COLOR', async () => {
  api.on('GET /v1/environments', { json: { items: [named('a')], nextCursor: null } });
  expect((await api.somnus.run(['ls'])).stdout).not.toContain('\u001b');
  for (const [env, colored] of [[{}, true], [{ NO_COLOR: '1' }, false]] as const) {
    const terminal = new Terminal(api.somnus.commandLine('ls'), api.somnus.environment(env));
    expect(await terminal.exitCode()).toBe(0);
    expect(terminal.screen.includes('\u001b[32mrunning')).toBe(colored);
  }
});

describe('The API key', () => {
  test('is read from the key file when SOMNUS_KEY is not set', async () => {
    api.on('GET /v1/environments', { json: { items: [], nextCursor: null } });
    const folder = await mkdtemp(join(tmpdir(), 'somnus-cli-key-'));
    await writeFile(join(folder, 'key'), 'somnus_from-file\n');
    await new Somnus({ SOMNUS_API: api.url, SOMNUS_KEY_FILE: join(folder, 'key') }).run(['ls']);
    expect(api.requests[0]?.headers.authorization).toBe('Bearer somnus_from-file');
    await rm(folder, { recursive: true });
  });

  test('that is missing or refused is reported with where it is looked for, and exit code 4', async () => {
    api.on('GET /v1/environments', problem('unauthenticated', 'A key is needed'));
    expect(await new Somnus({ SOMNUS_API: api.url, SOMNUS_KEY_FILE: '/nonexistent/key' }).run(['ls'])).toMatchObject({ code: 4, stderr: 'error: A key is needed\nhint: Set SOMNUS_KEY: /nonexistent/key does not exist.\n' });
    expect(await api.somnus.run(['ls'])).toMatchObject({ code: 4, stderr: expect.stringContaining('The key in SOMNUS_KEY was not accepted') as string });
    expect((await api.somnus.run(['ls'], { env: { SOMNUS_KEY: 'two\nlines' } })).code).toBe(4);
  });

  test('is never printed, whatever goes wrong', async () => {
    api.on('GET /v1/host', { status: 500, text: 'oops' }).on('GET /v1/environments/a', problem('unauthenticated', 'No'));
    for (const args of [['ls'], ['show', 'a'], ['status'], ['show', 'a', '-o', 'json'], ['--help'], ['frob']]) {
      const { stdout, stderr } = await api.somnus.run(args);
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  test('that was created is the only thing on standard output', async () => {
    const made = {
      id: 'key_00000000000000000000000000', name: 'ci', user: 'usr_a', scopes: ['read'], environmentId: null, createdAt: '2026-01-02T03:04:05.000Z', expiresAt: null, lastUsedAt: null, revokedAt: null, secret: 'somnus_new',
    };
    api.on('POST /v1/keys', { status: 201, json: made });
    expect(await api.somnus.run(['key', 'create', 'ci', '--scope', 'read', '--expires-in-days', '3'])).toMatchObject({ code: 0, stdout: 'somnus_new\n' });
    expect(api.requests[0]?.body).toEqual({ name: 'ci', scopes: ['read'], expiresInDays: 3 });
    expect(await api.somnus.json('key', 'create', 'ci')).toEqual(made);
  });
});

describe('When something is wrong with the API', () => {
  test('a control plane that does not run is reported with what to do', async () => {
    await api.vanish();
    expect(await api.somnus.run(['ls'])).toEqual({
      code: 1, signal: null, stdout: '', stderr: `error: The control plane does not answer at ${api.url}\nhint: Start it with \`somnus up\`; \`somnus doctor\` checks this host.\n`,
    });
    expect(await api.somnus.run(['status', '-o', 'json'])).toMatchObject({ code: 1, stdout: expect.stringContaining('"running": false') as string });
  });

  test('another server at that address is reported, without a stack trace', async () => {
    api.on('GET /v1/environments', { status: 502, text: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } });
    expect(await api.somnus.run(['ls'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .* returned HTTP status 502 without a problem body\nhint: .*\n$/) as string });
    api.on('GET /v1/environments', { text: '<html>Welcome</html>' });
    expect(await api.somnus.run(['ls'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .* returned a response that is not JSON\nhint: .*\n$/) as string });
  });

  test('a connection that breaks midway is reported', async () => {
    api.on('GET /v1/environments', { write: (response) => { response.writeHead(200, { 'content-length': '1000' }); response.write('{"items":'); response.destroy(); } });
    expect(await api.somnus.run(['ls'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Lost the connection to .*: .*\nhint: .*\n$/) as string });
  });

  test('a stream that breaks off is reported, and its target file is not created', async () => {
    const headers = { 'x-somnus-file-type': 'file', 'x-somnus-file-size': '100', 'x-somnus-file-mode': '0644', 'x-somnus-file-modified': '2026-01-02T03:04:05.000Z' };
    api.on('HEAD /v1/environments/demo/files', { headers });
    api.on('GET /v1/environments/demo/files', { write: (response) => { response.writeHead(200, headers); response.write('half', () => response.destroy()); } });
    const folder = await mkdtemp(join(tmpdir(), 'somnus-cli-half-'));
    expect(await api.somnus.run(['cp', 'demo:/x', folder])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error: Lost the connection to the control plane\nhint: .*\n$/) as string });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('-o json prints the problem as JSON on standard error', async () => {
    api.on('GET /v1/environments/a', problem('operation_in_progress', 'Busy', { details: { operationId: 'op_1' } }));
    const { code, stdout, stderr } = await api.somnus.run(['show', 'a', '-o', 'json']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'operation_in_progress', status: 409, detail: 'Busy', operationId: 'op_1', requestId: 'req_1' });
    const usage = await api.somnus.run(['show', '-o', 'json']);
    expect({ code: usage.code, problem: JSON.parse(usage.stderr) as unknown }).toMatchObject({ code: 2, problem: { code: 'invalid_request' } });
  });

  test('a WebSocket that breaks leaves the outcome unknown, and the error says so', async () => {
    api.onSocket = (socket) => socket.once('message', () => { socket.send('{"type":"started"}', () => socket.terminate()); });
    expect(await api.somnus.run(['exec', 'demo', '--', 'true'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error: The connection was lost before the command ended') as string });
    api.onSocket = (socket) => socket.once('message', () => socket.send('nonsense'));
    expect(await api.somnus.run(['exec', 'demo', '--', 'true'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not JSON') as string });
  });
});

describe('Usage', () => {
  test.each([
    [['frob'], /unknown command 'frob'/], [['ls', '--frob'], /unknown option '--frob'/], [['create'], /missing required argument 'NAME'/],
    [['ls', '--state', 'asleep'], /Allowed choices are creating/], [['exec', 'a', '--timeout', 'soon', '--', 'x'], /is not a duration/], [['exec', 'a'], /missing required argument 'CMD'/],
    [['show', ''], /"" is not a valid name/], [['show', '..'], /"\.\." is not a valid name/], [['cp', 'a', 'b'], /SRC or DST must be in an environment/], [['create', '-rf'], /unknown option/],
  ])('that is wrong exits with code 2: %j', async (args, message) => {
    const { code, stdout, stderr } = await api.somnus.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(api.requests).toEqual([]);
  });

  test('is explained with examples', async () => {
    expect(await api.somnus.run(['exec', '--help'])).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/Usage: somnus exec NAME[\s\S]*Examples:\n {2}somnus exec demo -- uname -a/) as string });
    expect(await api.somnus.run([])).toMatchObject({ code: 0, stdout: expect.stringContaining('Environments:\n') as string });
    expect((await api.somnus.run(['key'])).code).toBe(2);
  });

  test('with unusual names encodes them in paths', async () => {
    expect((await api.somnus.run(['show', '../x y'])).code).toBe(3);
    expect(api.requests[0]?.path).toBe('/v1/environments/..%2Fx%20y');
  });
});

describe('Events', () => {
  const event = (cursor: string): Event => ({ cursor, type: 'environment.started', at: '2026-01-02T03:04:05.000Z', owner: null, subject: { type: 'environment', id: 'env_1', name: 'demo' }, actor: null, data: {} });

  test('are listed, one per line', async () => {
    api.on('GET /v1/events', { json: { items: [event('1'), event('2')], nextCursor: null } });
    expect((await api.somnus.run(['events'], { env: { TZ: 'UTC' } })).stdout).toBe('2026-01-02 03:04:05  demo was started\n'.repeat(2));
    expect(Object.fromEntries(api.requests[0]?.query ?? [])).toEqual({ changes: 'true' });
    expect((await api.somnus.run(['events', '-o', 'json'])).stdout).toBe([event('1'), event('2')].map((one) => `${JSON.stringify(one)}\n`).join(''));
    expect(api.requests[0]?.headers.accept).toBe('application/json');
  });

  test('are followed over a connection that breaks, each once', async () => {
    const streams = [['2', '3'], ['4']];
    api.on('GET /v1/events', ({ headers }) => headers.accept === 'application/json' ? { json: { items: [event('1')], nextCursor: null } } : {
      write: (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const cursors = streams.shift() ?? [];
        for (const cursor of cursors) response.write(`id: ${cursor}\nevent: x\ndata: ${JSON.stringify(event(cursor))}\n\n`);
        if (streams.length === 1) setImmediate(() => response.destroy());
      },
    });
    const child = api.somnus.start(['events', '-f', '-o', 'json']);
    const heard = await said(child.stdout, /"cursor":"4"/);
    expect(heard.trim().split('\n').map((line) => (JSON.parse(line) as Event).cursor)).toEqual(['1', '2', '3', '4']);
    expect(api.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '3']);
    child.kill('SIGINT');
    await finished(child);
  });
});

describe('Logs', () => {
  test('are the journal, from the last lines or a time on, and the console where nothing runs', async () => {
    api.on('GET /v1/environments/demo/logs', ({ query }) => (query.get('source') === 'journal' ? { text: '2026-01-02T03:04:05+00:00 sshd[7]: \u001b[1mhello\u001b[0m\n' } : { text: 'console\n' }));
    expect((await api.somnus.run(['logs', 'demo'])).stdout).toBe('2026-01-02T03:04:05+00:00 sshd[7]: hello\n');
    expect(Object.fromEntries(api.requests[0]?.query ?? [])).toEqual({ source: 'journal', follow: 'false', lines: '200' });
    await api.somnus.run(['logs', 'demo', '--since', '10m', '-f']);
    const { since, ...query } = Object.fromEntries(api.requests[1]?.query ?? []);
    expect(query).toEqual({ source: 'journal', follow: 'true' });
    expect(Math.abs(Date.now() - 600_000 - Date.parse(since ?? ''))).toBeLessThan(120_000);
    api.on('GET /v1/environments/demo/logs', ({ query: asked }) => (asked.get('source') === 'journal' ? problem('invalid_state', 'demo is stopped') : { text: 'console\n' }));
    expect(await api.somnus.run(['logs', 'demo', '--since', '1h'])).toMatchObject({ code: 0, stdout: 'console\n', stderr: 'demo is stopped, so this is its console.\n' });
    expect(Object.fromEntries(api.requests.at(-1)?.query ?? [])).toEqual({ source: 'console', follow: 'false', since: expect.any(String) as string, tailBytes: String(16 * 2 ** 20), timestamps: 'true' });
  });

  test('of the console have times and are sanitized, or are raw', async () => {
    api.on('GET /v1/environments/demo/logs', ({ query }) => ({ text: query.get('timestamps') === 'true' ? '2026-01-02T03:04:05Z \u001b[32mline\u001b[0m 300\u0008\r\n' : '\u001b[32mline\u001b[0m 300\u0008\r\n' }));
    expect((await api.somnus.run(['logs', 'demo', '--console', '--tail', '2'])).stdout).toBe('2026-01-02T03:04:05Z line 300\\x08\n');
    expect(Object.fromEntries(api.requests[0]?.query ?? [])).toMatchObject({ source: 'console', lines: '2' });
    expect((await api.somnus.run(['logs', 'demo', '--console', '--raw'])).stdout).toBe('\u001b[32mline\u001b[0m 300\u0008\r\n');
    expect(Object.fromEntries(api.requests[1]?.query ?? [])).toMatchObject({ lines: '200', timestamps: 'false' });
    expect((await api.somnus.run(['logs', 'demo', '--console', '-o', 'json'])).stdout).toBe('{"time":"2026-01-02T03:04:05Z","line":"line 300\\\\x08"}\n');
  });

  test('continue with new lines', async () => {
    api.on('GET /v1/environments/demo/logs', { write: (response) => { response.write('two\nthree\n'); } });
    const child = api.somnus.start(['logs', 'demo', '--console', '-f', '--tail', '1']);
    expect(await said(child.stdout, /three\n/)).toBe('two\nthree\n');
    expect(Object.fromEntries(api.requests[0]?.query ?? [])).toMatchObject({ follow: 'true', lines: '1' });
    child.kill('SIGINT');
    await finished(child);
  });
});

describe('top', () => {
  const latest: StatsPoint = {
    at: '2026-01-02T03:04:05.000Z', spanSeconds: 5, cpuPercent: 12.34, memoryUsedMiB: 100, memoryTotalMiB: 512, hostMemoryMiB: 300, diskReadBytesPerSecond: 2048, diskWrittenBytesPerSecond: 0,
    diskUsedBytes: 2 ** 30, networkReceivedBytesPerSecond: 10, networkSentBytesPerSecond: 20, load1: 0.5,
  };
  const script = (): void => {
    const [running, stopped] = [named('a'), named('bb', { state: 'stopped' })];
    api.on('GET /v1/environments', { json: { items: [running, stopped], nextCursor: null } });
    api.on(`GET /v1/environments/${running.id}/stats`, { json: { environmentId: running.id, latest, history: [] } });
  };

  test('prints one reading where there is no terminal', async () => {
    script();
    expect((await api.somnus.run(['top'])).stdout).toMatch(/^NAME .*\na {6}running {3}12\.3 % +100 MiB \/ 512 MiB +300 MiB +1\.0 GiB +2\.0 KiB +0 B +10 B +20 B +0\.50\n$/);
    expect(await api.somnus.json('top')).toMatchObject({ items: [{ name: 'a', state: 'running', latest }], nextCursor: null });
  });

  test('updates on a terminal until q, and restores the screen', async () => {
    script();
    await using terminal = new Terminal(api.somnus.commandLine('top'), api.somnus.environment());
    await terminal.shows(/12\.3 %/);
    await terminal.shows(/12\.3 %/);
    terminal.type('q');
    expect(await terminal.exitCode()).toBe(0);
  });
});

describe('The pool', () => {
  test('is grown to a size or by one', async () => {
    const host = {
      pool: {
        path: '/p', backing: 'loop', fileSystem: 'xfs', reflink: true, totalBytes: 40 * 1024 ** 3, freeBytes: 10 * 1024 ** 3, reserveBytes: 1024 ** 3,
        usedPercent: 75, level: 'filling', keptBytes: 8 * 1024 ** 3, paused: [], trash: { environments: 1, snapshots: 2 },
      },
    };
    api.on('GET /v1/host', { json: host }).on('POST /v1/host/pool/grow', { json: host });
    const { stdout } = await api.somnus.run(['pool', 'show']);
    expect(stdout).toContain('used             30.0 GiB (75 %)');
    expect(stdout).toContain('not purged yet   2 removed snapshots and 1 removed environment: `somnus rm NAME --purge`');
    await api.somnus.run(['pool', 'grow', '+10G']);
    await api.somnus.run(['pool', 'grow', '64']);
    expect(api.asked('POST /v1/host/pool/grow').map(({ body }) => body)).toEqual([{ toGiB: 50 }, { toGiB: 64 }]);
  });
});

test('The doctor probes KVM first on request', async () => {
  api.on('POST /v1/host/accelerator/probe', { json: { use: 'kvm', setting: 'auto', reason: 'a probe guest reached user space under KVM' } }).on('GET /v1/host/doctor', { json: { ok: true, checks: [] } });
  expect((await api.somnus.run(['doctor', '--probe'])).code).toBe(0);
  expect(api.requests.slice(-2).map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/host/accelerator/probe', 'GET /v1/host/doctor']);
});

test('The doctor\'s report is a table with what to do, and a failed check gives exit code 1', async () => {
  const report = { ok: false, checks: [{ name: 'pool', status: 'ok', found: 'xfs', fix: null, details: {} }, { name: 'redis', status: 'failed', found: 'none', fix: 'apt-get install redis-server', details: {} }] };
  api.on('GET /v1/host/doctor', { json: report });
  const { code, stdout } = await api.somnus.run(['doctor']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'CHECK   STATUS   FOUND\npool    ok       xfs\nredis   failed   none\n\nTo do:\n  redis: apt-get install redis-server\n' });
});

test('Names are completed through the API', async () => {
  api.on('GET /v1/environments', { json: { items: [named('web'), named('worker')], nextCursor: null } });
  expect((await api.somnus.run(['__complete', 'stop', 'we'])).stdout).toBe('web\trunning\n');
  expect((await api.somnus.run(['__complete', 'cp', 'w'])).stdout).toBe('web:\trunning\nworker:\trunning\n:nospace\n:files\n');
  api.on('GET /v1/environments', ({ query }) => ({ json: { items: query.get('removed') === 'only' ? [named('gone', { state: 'removed' })] : [named('web'), named('worker', { state: 'stopped' }), named('w3', { state: 'hibernated' })], nextCursor: null } }));
  for (const [line, words] of [['start w', 'worker'], ['wake w', 'w3'], ['suspend w', 'web'], ['exec w', 'web'], ['undelete ', 'gone'], ['rm web w', 'worker w3'], ['show w', 'web worker w3'], ['snapshot restore w', 'web worker w3']] as const) {
    expect((await api.somnus.run(['__complete', ...line.split(' ')])).stdout.replaceAll(/\t.*/g, '').trim().split('\n').join(' '), line).toBe(words);
  }
  const entry = { sizeBytes: 0, mode: '0644', modifiedAt: '2026-01-02T03:04:05.000Z', target: null };
  api.on('GET /v1/environments/web/files/list', ({ query }) => ({ json: { items: query.get('path') === '/root/src' ? [{ ...entry, name: 'main.ts', path: '/root/src/main.ts', type: 'file' }, { ...entry, name: 'models', path: '/root/src/models', type: 'directory' }, { ...entry, name: 'm y', path: '/root/src/m y', type: 'file' }] : [], nextCursor: null } }));
  expect((await api.somnus.run(['__complete', 'cp', 'web:src/m'])).stdout).toBe('web:src/main.ts\nweb:src/models/\n:nospace\n');
  await api.vanish();
  expect(await api.somnus.run(['__complete', 'stop', ''])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

test('bash completes commands, options and names', async () => {
  api.on('GET /v1/environments', { json: { items: [named('web')], nextCursor: null } });
  const completed = async (line: string): Promise<string> => (await api.somnus.bash(`eval "$(somnus completion bash)"; COMP_LINE='${line}'; COMP_POINT=${line.length}; compopt() { echo "[$*]"; }; _somnus; echo "\${COMPREPLY[@]}"`)).stdout.trim();
  expect(await completed('somnus hib')).toBe('hibernate');
  expect(await completed('somnus op w')).toBe('wait');
  expect(await completed('somnus create x --network p')).toBe('packages');
  expect(await completed('somnus stop ')).toBe('web');
  expect(await completed('somnus cp we')).toBe('[-o nospace]\n[-o default]\nweb:');
});
