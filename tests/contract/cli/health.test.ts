import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EnvironmentHealth, Incident, IncidentList, PastIncident } from '../../../orchestrator/agent/agent-schemas.ts';
import { ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const AT = '2026-01-02T03:04:05.000Z';
const healthy: EnvironmentHealth = {
  environmentId: 'env_1', state: 'ok', summary: 'No recent errors; all watched units and processes are running.', asOf: AT, unreachableSince: null, agentVersion: '1',
  watched: [{ name: 'web.service', kind: 'unit', state: 'running', processes: 2, rssBytes: 2 ** 20, cpuMs: 1, restarts: 3, result: null, since: AT, retryAt: null }],
  reading: { engine: 'rules', open: 0, total: 2, uncollected: 0, linesRead: 1, linesDropped: 0, filesFollowed: 1, filesSkipped: 0, problems: [], fixes: 'suggest', learned: 0 },
};
const incident: Incident = {
  id: 'inc_1', place: 'web.service', category: 'DISK_FULL', template: 't', message: 'no space left\u001b[2J\u001b]0;owned\u0007 on device', example: 'writing\nno space left on device', engine: 'rules', confidence: 0.95, evidence: [], count: 7, ratePerMinute: 7, spiking: false,
  rootId: null, closedBy: null, fixes: [{ id: 'disk/apt-cache', what: 'Delete downloaded package files', why: 'x', command: ['apt-get', 'clean'], risk: 'low', reversible: true, needsRoot: true, automatic: true }], attempts: [],
  firstAt: AT, lastAt: AT, closedAt: null,
};
const listed = (change: Partial<IncidentList> = {}): IncidentList => ({ environmentId: 'env_1', current: true, asOf: AT, unreachableSince: null, items: [incident], ...change });

test('Health shows a summary and the watched units, with exit code 0 if all is well', async () => {
  api.on('GET /v1/environments/demo/agent/health', { json: healthy });
  const { stdout, code } = await api.somnus.run(['health', 'demo']);
  expect(stdout).toContain('No recent errors; all watched units and processes are running.');
  expect(stdout).toMatch(/WATCHED +STATE +PROCESSES +MEMORY +RESTARTS +SINCE\nweb\.service +running +2 +1\.0 MiB +3 +/);
  expect(code).toBe(0);
  expect(await api.somnus.json('health', 'demo')).toEqual(healthy);
});

test('An agent that does not answer is shown as unreachable, with the time since when and exit code 1', async () => {
  api.on('GET /v1/environments/demo/agent/health', { json: { ...healthy, state: 'unreachable', summary: 'The agent in demo does not answer', unreachableSince: AT, watched: null, reading: null } });
  const { stdout, code } = await api.somnus.run(['health', 'demo']);
  expect(stdout).toMatch(/^state +unreachable since \d{4}-/m);
  expect(stdout).toMatch(/^last answer +/m);
  expect(code).toBe(1);
});

test('Incidents show a fix, and their text cannot control the terminal', async () => {
  api.on('GET /v1/environments/demo/agent/incidents', { json: listed() });
  const { stdout, stderr } = await api.somnus.run(['incidents', 'demo']);
  expect(stdout).toMatch(/^DISK_FULL in web\.service: no space left/);
  expect(stdout).toContain('7 times, 7 in the last minute');
  expect(stdout).toContain('  fix: Delete downloaded package files: apt-get clean\n');
  expect(stdout).not.toContain('\u001b');
  expect(stderr).toBe('');
});

test('A larger profile that Somnus applied by itself is shown as an automatic attempt', async () => {
  api.on('GET /v1/environments/demo/agent/incidents', { json: listed({ items: [{ ...incident, attempts: [{ fixId: 'memory/profile', what: 'Ask the host for a profile with more memory', at: AT, automatic: true, outcome: 'fixed', detail: 'Profile coding' }] }] }) });
  expect((await api.somnus.run(['incidents', 'demo'])).stdout).toContain('  tried automatically: Ask the host for a profile with more memory: fixed, and verified\n');
});

test('For a fix that can be undone, the command that undoes it is shown', async () => {
  const [fix] = incident.fixes;
  api.on('GET /v1/environments/demo/agent/incidents', { json: listed({ items: [{ ...incident, fixes: [{ ...fix!, undo: ['rm', '-f', '/etc/x\u001b'] }], attempts: [{ fixId: fix!.id, what: 'Add a server', at: AT, automatic: true, outcome: 'fixed', detail: '' }] }] }) });
  expect((await api.somnus.run(['incidents', 'demo'])).stdout).toContain('  tried automatically: Add a server: fixed, and verified; to undo it: rm -f /etc/x\\x1b\n');
});

test('Closed incidents are shown only with --all, and incidents that are not current with their time', async () => {
  api.on('GET /v1/environments/demo/agent/incidents', { json: listed({ items: [{ ...incident, closedAt: AT }], current: false, unreachableSince: AT }) });
  const open = await api.somnus.run(['incidents', 'demo']);
  expect(open.stdout).toBe('');
  expect(open.stderr).toMatch(/^The agent has not answered since .*\. These incidents are as of .*\.\nNo open incidents; --all shows closed ones\.\n$/);
  expect((await api.somnus.run(['incidents', 'demo', '--all'])).stdout).toContain(', closed ');
});

test('`incidents --history` shows what is stored on the host, in pages, and its text cannot control the terminal', async () => {
  const past: PastIncident = {
    id: 'inc_2', place: 'app', category: 'OUT_OF_MEMORY', message: 'killed\u001b[2J', count: 3, rootId: null, firstAt: AT, lastAt: AT, closedAt: AT, closedBy: 'fixed: Restart', firstSeenAt: AT, lastSeenAt: AT, outcome: 'fixed',
    attempts: [{ fixId: 'memory/profile', what: 'Ask the host', at: AT, automatic: true, outcome: 'fixed', detail: '' }],
  };
  api.on('GET /v1/environments/demo/agent/incidents/history', { json: { items: [past], nextCursor: '7' } });
  const { stdout, stderr } = await api.somnus.run(['incidents', 'demo', '--history', '--limit', '1']);
  expect(stdout).toMatch(/^OUT_OF_MEMORY in app: killed\\x1b\[2J\n {2}3 times, first seen \d{4}-.*, last \d{4}-.*, fixed \(fixed: Restart\) {2}inc_2\n {2}\d{4}-.* tried automatically: Ask the host: fixed, and verified\n$/);
  expect(stderr).toContain('--cursor 7');
  expect(await api.somnus.json('incidents', 'demo', '--history')).toEqual({ items: [past], nextCursor: '7' });
});

test('`incidents -f` prints an incident again when it has new lines', async () => {
  let count = 1;
  api.on('GET /v1/environments/demo/agent/incidents', () => {
    count += 1;
    return { json: listed({ items: [{ ...incident, count: Math.min(count, 4) }] }) };
  });
  const following = api.somnus.start(['incidents', 'demo', '-f', '-o', 'json']);
  let printed = '';
  following.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
  await expect.poll(() => printed.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as Incident).count), { timeout: 60_000 }).toEqual([2, 3, 4]);
  following.kill('SIGINT');
});

test('A soft reboot lists what is running again, with exit code 1 if something is not', async () => {
  api.on('POST /v1/environments/demo/agent/soft-reboot', { json: { tookMs: 1500, processes: [{ name: 'web.service', kind: 'unit', stopped: 'killed', back: true, tookMs: 1500 }, { name: 'worker', kind: 'pattern', stopped: 'ended', back: false, tookMs: 20 }] } });
  const { stdout, code } = await api.somnus.run(['soft-reboot', 'demo', '--deadline', '30']);
  expect(stdout).toBe('web.service: did not stop in time and was killed, running again after 1.5 s\nworker: ended, did not start again\n');
  expect(code).toBe(1);
  expect(api.asked('POST /v1/environments/demo/agent/soft-reboot')[0]?.body).toEqual({ deadlineSeconds: 30 });
});

test('The output and the exit code of a fix show whether it helped', async () => {
  const attempt = { fixId: 'disk/apt-cache', what: 'Delete downloaded package files', at: AT, automatic: false, outcome: 'not-fixed', detail: 'still\u001b[31m full' };
  api.on('POST /v1/environments/demo/agent/incidents/inc_1/fix', { json: attempt });
  const { stdout, code } = await api.somnus.run(['fix', 'apply', 'demo', 'inc_1', '--fix', 'disk/apt-cache']);
  expect(stdout).toBe('Delete downloaded package files: done, but the cause still exists\n  still\\x1b[31m full\n');
  expect(code).toBe(1);
  expect(api.asked('POST /v1/environments/demo/agent/incidents/inc_1/fix')[0]?.body).toEqual({ fixId: 'disk/apt-cache', snapshot: false });
  await api.somnus.run(['fix', 'apply', 'demo', 'inc_1', '--snapshot']);
  expect(api.asked('POST /v1/environments/demo/agent/incidents/inc_1/fix')[1]?.body).toEqual({ snapshot: true });
});

test('`fix mode` sets the mode, and `fix ignore` marks an incident as not an error', async () => {
  api.on('PUT /v1/environments/demo/agent/fixes', { status: 204 }).on('POST /v1/environments/demo/agent/incidents/inc_1/not-an-error', { status: 204 });
  expect(await api.somnus.run(['fix', 'mode', 'demo', 'act'])).toMatchObject({ code: 0, stderr: 'Fixes in demo: act.\n' });
  expect(api.asked('PUT /v1/environments/demo/agent/fixes')[0]?.body).toEqual({ mode: 'act' });
  expect((await api.somnus.run(['fix', 'ignore', 'demo', 'inc_1'])).code).toBe(0);
});

test('An upgrade of the agent that was rolled back has exit code 1', async () => {
  api.on('POST /v1/environments/demo/agent/upgrade', { json: { from: '1', to: '2', outcome: 'rolled-back' } });
  expect(await api.somnus.run(['upgrade-agent', 'demo'])).toMatchObject({ code: 1, stdout: 'The new agent was not ready in time; demo is running the previous one again.\n' });
  api.on('POST /v1/environments/demo/agent/upgrade', { json: { from: '1', to: '2', outcome: 'upgraded' } });
  expect(await api.somnus.run(['upgrade-agent', 'demo', '--engine', 'embedding'])).toMatchObject({ code: 0, stdout: 'The agent of demo has version 2.\n' });
});
