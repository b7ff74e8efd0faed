import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Environment } from '../../../orchestrator/environments/environment-schemas.ts';
import type { Operation, OperationStep } from '../../../orchestrator/operations/operation.ts';
import { toProblem } from '../../../orchestrator/api/problem.ts';
import { SomnusError } from '../../../common/errors.ts';
import { environment as environmentOf, operation as operationOf } from '../api/fake-services.ts';
import { problem, ScriptedApi, secret } from './scripted-api.ts';
import { finished, said } from './somnus-process.ts';
import { Terminal } from './terminal.ts';

const ENV = 'env_00000000000000000000000000';
const OP = 'op_00000000000000000000000000';
let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const environment = (change: Partial<Environment> = {}): Environment => ({ ...environmentOf(ENV, 'demo'), ...change });
const step = (name: string, status: OperationStep['status']): OperationStep => ({ name, status, startedAt: '2026-01-02T03:04:05.000Z', endedAt: status === 'done' ? '2026-01-02T03:04:06.500Z' : null });
const operation = (change: Partial<Operation> = {}): Operation => operationOf({ id: OP, kind: 'environment.create', target: { type: 'environment', id: ENV, name: 'demo' }, ...change });
const ended = { status: 'succeeded', endedAt: '2026-01-02T03:04:10.000Z' } as const;

/** An operation that has ended at the third request. */
function scriptCreate(last: Partial<Operation> = ended): void {
  api.on('POST /v1/environments', { status: 202, headers: { location: `/v1/operations/${OP}` }, json: { environment: environment({ state: 'creating' }), operation: operation({ status: 'queued' }) } });
  const answers = [operation({ steps: [step('clone-disk', 'running'), step('start-vm', 'pending')] }), operation({ steps: [step('clone-disk', 'done'), step('start-vm', 'running')] })];
  api.on(`GET /v1/operations/${OP}`, () => ({ json: answers.shift() ?? operation({ steps: [step('clone-disk', 'done'), step('start-vm', 'done')], ...last }) }));
  api.on(`GET /v1/environments/${ENV}`, { json: environment() });
}

describe('An action that takes time', () => {
  test('shows its steps on standard error and the result on standard output', async () => {
    scriptCreate();
    const { code, stdout, stderr } = await api.somnus.run(['create', 'demo', '--profile', 'idle', '--network', 'packages', '--label', 'team=web']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'demo is running at 10.83.0.2\n' });
    expect(stderr).toBe('  clone-disk  …\n  clone-disk  1.5 s\n  start-vm  …\n  start-vm  1.5 s\n');
    const [request] = api.asked('POST /v1/environments');
    expect(request?.body).toEqual({ name: 'demo', profile: 'idle', network: 'packages', labels: { team: 'web' } });
    expect(request?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(request?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  test('prints only the result with -o json', async () => {
    scriptCreate();
    const { code, stdout, stderr } = await api.somnus.run(['create', 'demo', '-o', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(environment());
  });

  test('boots the image with --cold, which a fork cannot', async () => {
    scriptCreate();
    await api.somnus.run(['create', 'demo', '--cold']);
    expect(api.asked('POST /v1/environments')[0]?.body).toEqual({ name: 'demo', cold: true });
    const { code, stderr } = await api.somnus.run(['create', 'copy', '--from', 'demo', '--cold']);
    expect(code).toBe(2);
    expect(stderr).toContain('--from cannot be combined with --cold');
  });

  test('prints only the name with -q', async () => {
    scriptCreate();
    expect(await api.somnus.run(['create', '-q', 'demo'])).toEqual({ code: 0, signal: null, stdout: 'demo\n', stderr: '' });
  });

  test('prints the operation with --no-wait and returns', async () => {
    scriptCreate();
    expect(JSON.parse((await api.somnus.run(['create', 'demo', '--no-wait', '-o', 'json'])).stdout)).toEqual(operation({ status: 'queued' }));
    expect((await api.somnus.run(['create', 'demo', '--no-wait', '-q'])).stdout).toBe(`${OP}\n`);
    expect(api.asked(`GET /v1/operations/${OP}`)).toEqual([]);
  });

  test('continues after Ctrl-C, which says how to follow and cancel it', async () => {
    scriptCreate();
    api.on(`GET /v1/operations/${OP}`, { json: operation({ steps: [step('start-vm', 'running')] }) });
    const child = api.somnus.start(['create', 'demo']);
    await said(child.stderr, /start-vm/);
    child.kill('SIGINT');
    const { code, stderr, stdout } = await finished(child);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toBe(`environment.create demo keeps running.\n  follow it:  somnus op wait ${OP}\n  cancel it:  somnus op cancel ${OP}\n`);
    expect(api.requests.some(({ path }) => path.endsWith('/cancel'))).toBe(false);
  });

  test('reports why it failed, with the hint and the matching exit code', async () => {
    const error = toProblem(new SomnusError('timeout', 'The agent did not answer', { hint: 'Look at the console.' }));
    scriptCreate({ status: 'failed', error, endedAt: ended.endedAt });
    const { code, stdout, stderr } = await api.somnus.run(['create', 'demo']);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain('error: The agent did not answer\nhint: Look at the console.\n');
  });

  test('is followed across a restart of the control plane', async () => {
    scriptCreate();
    api.on(`GET /v1/operations/${OP}`, { json: operation({ steps: [step('start-vm', 'running')] }) });
    const child = api.somnus.start(['create', 'demo'], { input: '' });
    await said(child.stderr, /start-vm/);
    await api.vanish();
    await said(child.stderr, /does not answer/);
    scriptCreate();
    await api.open();
    expect(await finished(child)).toMatchObject({ code: 0, stdout: 'demo is running at 10.83.0.2\n' });
  });

  test('updates its lines on a terminal and leaves the finished steps', async () => {
    scriptCreate();
    await using terminal = new Terminal(api.somnus.commandLine('create', 'demo'), api.somnus.environment());
    await terminal.shows(/clone-disk {2}\(1\/2\)/);
    await terminal.shows(/clone-disk {2}1\.5 s/);
    await terminal.shows(/start-vm {2}1\.5 s/);
    await terminal.shows(/demo is running/);
    expect(await terminal.exitCode()).toBe(0);
  });

  test('ends immediately if it needed no operation', async () => {
    api.on('POST /v1/environments/demo/suspend', { json: { environment: environment({ state: 'suspended' }), operation: null } });
    expect(await api.somnus.run(['suspend', 'demo'])).toEqual({ code: 0, signal: null, stdout: 'demo is suspended\n', stderr: '' });
  });
});

describe('Several environments', () => {
  test('are changed in parallel; a failure does not block the others and decides the exit code', async () => {
    for (const name of ['a', 'c']) api.on(`POST /v1/environments/${name}/stop`, { json: { environment: { ...environment(), name, state: 'stopped' }, operation: null } });
    api.on('POST /v1/environments/b/stop', problem('operation_in_progress', 'b is being started', { hint: 'Wait for op_1.', details: { operationId: 'op_1' } }));
    const { code, stdout, stderr } = await api.somnus.run(['stop', 'a', 'b', 'c', 'a', '--force']);
    expect({ code, stdout, stderr }).toEqual({ code: 5, stdout: 'a is stopped\nc is stopped\n', stderr: 'error: b: b is being started\nhint: Wait for op_1.\n' });
    expect(api.asked('POST /v1/environments/a/stop').map(({ body }) => body)).toEqual([{ force: true }]);
  });

  test('are printed as one JSON object per line', async () => {
    for (const name of ['a', 'b']) api.on(`POST /v1/environments/${name}/start`, { json: { environment: { ...environment(), name }, operation: null } });
    const { stdout } = await api.somnus.run(['start', 'a', 'b', '-o', 'json']);
    expect(stdout.trim().split('\n').map((line) => (JSON.parse(line) as Environment).name)).toEqual(['a', 'b']);
  });
});

describe('Removing', () => {
  test('says until when it can be undone', async () => {
    api.on('DELETE /v1/environments/demo', { json: { environment: environment({ state: 'removed', purgeAt: '2026-01-09T00:00:00.000Z' }), operation: null } });
    expect((await api.somnus.run(['rm', 'demo'])).stdout).toBe('demo is removed; until 2026-01-09 `somnus undelete demo` restores it\n');
  });

  test('permanently needs --yes where there is no terminal to ask on', async () => {
    expect(await api.somnus.run(['rm', 'demo', '--purge'])).toMatchObject({ code: 2, stdout: '', stderr: 'error: This cannot be undone and there is no terminal to ask on\nhint: Add --yes.\n' });
    expect(api.requests).toEqual([]);
  });

  test('permanently asks first on a terminal, and does nothing without a yes', async () => {
    await using terminal = new Terminal(api.somnus.commandLine('rm', 'demo', '--purge'), api.somnus.environment());
    await terminal.shows(/cannot be undone\. Type yes: /);
    terminal.type('y\r');
    await terminal.shows(/Nothing was changed/);
    expect(await terminal.exitCode()).toBe(1);
    expect(api.requests).toEqual([]);
  });

  test.each([['on a terminal after yes', [], 'yes\r'], ['with --yes', ['--yes'], undefined]])('permanently goes ahead %s', async (_, flags, typed) => {
    api.on('DELETE /v1/environments/demo', { json: { environment: null, operation: operation({ kind: 'environment.remove', ...ended }) } });
    await using terminal = new Terminal(api.somnus.commandLine('rm', 'demo', '--purge', ...flags), api.somnus.environment());
    if (typed !== undefined) {
      await terminal.shows(/Type yes: /);
      terminal.type(typed);
    }
    await terminal.shows(/demo is purged/);
    expect(await terminal.exitCode()).toBe(0);
    expect(api.asked('DELETE /v1/environments/demo')[0]?.query.get('purge')).toBe('true');
  });
});

describe('Setting', () => {
  test('keeps other labels, and starts over after a concurrent change', async () => {
    const versions = [environment({ version: 1, labels: { a: '1', old: 'x' } }), environment({ version: 2, labels: { a: '1', b: '2', old: 'x' } })];
    api.on('GET /v1/environments/demo', () => ({ json: versions[0] }));
    api.on(`PATCH /v1/environments/${ENV}`, ({ headers, body }) => {
      if (headers['if-match'] === '"2"') return { json: environment({ ...(body as Partial<Environment>), version: 3 }) };
      versions.shift();
      return problem('precondition_failed', 'It has changed');
    });
    const { code, stdout } = await api.somnus.run(['set', 'demo', '--label', 'c=3', '--unlabel', 'old']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'demo now has: labels a=1 b=2 c=3\n' });
    expect(api.requests.at(-1)?.body).toEqual({ labels: { a: '1', b: '2', c: '3' } });
  });

  test('says the new values', async () => {
    api.on('GET /v1/environments/demo', { json: environment({ labels: { a: '1' } }) });
    api.on(`PATCH /v1/environments/${ENV}`, ({ body }) => ({ json: environment(body as Partial<Environment>) }));
    expect((await api.somnus.run(['set', 'demo', '--network', 'none', '--restart', 'never'])).stdout).toBe('demo now has: network none, restart never\n');
    expect((await api.somnus.run(['set', 'demo', '--name', 'web', '--unlabel', 'a'])).stdout).toBe('demo now has: name web, no labels\n');
  });

  test('nothing is a usage error', async () => {
    expect((await api.somnus.run(['set', 'demo'])).code).toBe(2);
    expect(api.requests).toEqual([]);
  });
});

describe('Operations', () => {
  test('are waited for, and the exit code tells how they ended', async () => {
    const error = toProblem(new SomnusError('insufficient_memory', 'Too little memory'));
    api.on('GET /v1/operations/op_a', { json: operation({ id: 'op_a', ...ended }) }).on('GET /v1/operations/op_b', { json: operation({ id: 'op_b', status: 'failed', error, endedAt: ended.endedAt }) });
    expect(await api.somnus.run(['op', 'wait', 'op_a'])).toMatchObject({ code: 0, stdout: 'environment.create demo: succeeded after 5.0 s\n' });
    expect(await api.somnus.run(['op', 'wait', 'op_b'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Too little memory') as string });
  });

  test('that take longer than --timeout return exit code 6 and continue', async () => {
    api.on(`GET /v1/operations/${OP}`, { json: operation() });
    const { code, stderr } = await api.somnus.run(['op', 'wait', OP, '--timeout', '0.6s']);
    expect(code).toBe(6);
    expect(stderr).toContain(`somnus op wait ${OP}`);
  });

  test('are cancelled and waited for', async () => {
    api.on(`POST /v1/operations/${OP}/cancel`, { status: 202, json: operation({ status: 'cancelling' }) });
    api.on(`GET /v1/operations/${OP}`, { json: operation({ status: 'cancelled', endedAt: ended.endedAt }) });
    expect(await api.somnus.run(['op', 'cancel', OP])).toMatchObject({ code: 0, stdout: 'environment.create demo: cancelled after 5.0 s\n' });
  });

  test('show their steps', async () => {
    api.on(`GET /v1/operations/${OP}`, { json: operation({ steps: [step('clone-disk', 'done')], ...ended }) });
    expect((await api.somnus.run(['op', 'show', OP])).stdout).toMatch(/status +succeeded\n[\s\S]*STEP +STATUS +TOOK\nclone-disk +done +1\.5 s\n/);
  });
});

test.each([
  ['insufficient_memory', 1], ['invalid_request', 2], ['not_found', 3], ['forbidden', 4], ['name_taken', 5], ['timeout', 6], ['guest_unreachable', 1],
] as const)('The problem %s ends with exit code %d, an error and a hint', async (code, exitCode) => {
  api.on('GET /v1/environments/demo', problem(code, 'It cannot be done', { hint: 'Try otherwise.' }));
  expect(await api.somnus.run(['show', 'demo'])).toEqual({ code: exitCode, signal: null, stdout: '', stderr: 'error: It cannot be done\nhint: Try otherwise.\n' });
});

test('snapshot diff lists what changed, one file a line', async () => {
  const changes = [{ path: '/etc', change: 'changed', type: 'directory', sizeBytes: 0 }, { path: '/new\u001b[2J', change: 'added', type: 'file', sizeBytes: 1 }, { path: '/old', change: 'removed', type: 'symlink', sizeBytes: 3 }];
  api.on('GET /v1/environments/demo/snapshots/s1/diff', ({ query }) => ({ json: { from: 's1', to: query.get('to'), changes: query.get('to') === 's2' ? [] : changes } }));
  expect((await api.somnus.run(['snapshot', 'diff', 'demo', 's1'])).stdout).toBe('C /etc/\nA /new\\x1b[2J\nD /old\n');
  expect((await api.somnus.run(['snapshot', 'diff', 'demo', 's1', 's2'])).stdout).toBe('No file on the disks differs.\n');
  expect(await api.somnus.json('snapshot', 'diff', 'demo', 's1')).toEqual({ from: 's1', to: null, changes });
  expect(await api.somnus.run(['snapshot', 'diff', 'demo', 's1', 's2', 's3'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Only one TO') as string });
});

describe('Creating', () => {
  test('with a size of its own sends it', async () => {
    api.on('POST /v1/environments', { json: { environment: environment(), operation: null } });
    expect((await api.somnus.run(['create', 'demo', '--cpus', '4', '--memory', '8G', '--disk', '60G'])).code).toBe(0);
    expect(api.requests[0]?.body).toEqual({ name: 'demo', vcpus: 4, memoryMiB: 8192, diskGiB: 60 });
    expect(await api.somnus.run(['create', 'demo', '--memory', '8'])).toMatchObject({ code: 2, stderr: expect.stringContaining('"8" is not a size. Use a number with a unit, such as 512M or 2G.') as string });
  });

  test('from a snapshot forks its environment', async () => {
    api.on('POST /v1/environments/demo/fork', { json: { environments: [environment({ name: 'copy' })], operation: operation(ended) } });
    api.on(`GET /v1/environments/${ENV}`, { json: environment({ name: 'copy' }) });
    expect(await api.somnus.run(['create', 'copy', '--from', 'demo/snap1'])).toMatchObject({ code: 0, stdout: 'copy is running at 10.83.0.2\n' });
    expect(api.asked('POST /v1/environments/demo/fork')[0]?.body).toEqual({ name: 'copy', memory: true, snapshot: 'snap1' });
    await api.somnus.run(['create', 'copy', '--from', 'demo']);
    expect(api.asked('POST /v1/environments/demo/fork')[1]?.body).toEqual({ name: 'copy', memory: true });
    expect(await api.somnus.run(['create', 'copy', '--from', 'demo', '--cpus', '2'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--from cannot be combined with --cpus') as string });
  });
});
