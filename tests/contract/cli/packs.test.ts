import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toProblem } from '../../../orchestrator/api/problem.ts';
import { SomnusError } from '../../../common/errors.ts';
import { operation } from '../api/fake-services.ts';
import { problem, ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const AT = '2026-01-02T03:04:05.000Z';
const PATH = 'POST /v1/environments/demo/packs';
const started = operation({ kind: 'pack.install' });
const installed = { name: 'base-tools', version: '1.0.0', complete: true, steps: ['jq'], depends: [], at: AT, actor: 'key_a', entry: 2 };
const pack = { name: 'mine', version: '1.0.0', description: 'Mine.', depends: [], needs: {}, steps: [{ name: 'jq', apt: ['jq'], check: 'jq --version', timeoutMinutes: 60, needs: {}, optional: false }], uninstall: [] };

function scriptInstall(last: object): void {
  api.on(PATH, { status: 202, headers: { location: `/v1/operations/${started.id}` }, json: { operation: started, already: [], skipped: [{ pack: 'ai-research', step: 'pytorch', reason: 'it needs 1900 MiB of memory, and there are 512 MiB' }] } });
  api.on(`GET /v1/operations/${started.id}`, { json: { ...started, endedAt: AT, ...last } });
  api.on('GET /v1/environments/demo/packs', { json: { items: [installed], nextCursor: null } });
}

test('An installation is followed, says what it skips, and ends with what the environment has', async () => {
  scriptInstall({ status: 'succeeded' });
  const { code, stdout, stderr } = await api.somnus.run(['pack', 'install', 'demo', 'base-tools,ai-research']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'demo has: base-tools 1.0.0\n' });
  expect(stderr).toContain('The optional step pytorch of ai-research is skipped: it needs 1900 MiB of memory, and there are 512 MiB.');
  expect(api.asked(PATH)[0]?.body).toEqual({ packs: ['base-tools', 'ai-research'] });
  expect((await api.somnus.run(['pack', 'install', 'demo', 'base-tools', '--no-wait', '-q'])).stdout).toBe(`${started.id}\n`);
});

test('A step that fails is named, with the end of its output and what to do', async () => {
  const error = toProblem(new SomnusError('pack_failed', 'The step jq (1 of 1) of base-tools 1.0.0 failed: its check exited with 1: no jq', { hint: 'demo is as before.', details: { step: 'jq', output: 'first\nno \x1b[31mjq' } }));
  scriptInstall({ status: 'failed', error });
  const { code, stderr } = await api.somnus.run(['pack', 'install', 'demo', 'base-tools']);
  expect(code).toBe(1);
  expect(stderr).toContain('The end of the output:\n  first\n  no jq\n');
  expect(stderr).toContain('The step jq (1 of 1) of base-tools 1.0.0 failed: its check exited with 1: no jq');
  expect(stderr).toContain('demo is as before.');
});

test('A version that is installed already is reported, and nothing is waited for', async () => {
  api.on(PATH, { json: { operation: null, already: [{ name: 'base-tools', version: '1.0.0' }], skipped: [] } });
  api.on('GET /v1/environments/demo/packs', { json: { items: [installed], nextCursor: null } });
  expect(await api.somnus.run(['pack', 'install', 'demo', 'base-tools'])).toMatchObject({ code: 0, stdout: 'demo has: base-tools 1.0.0\n', stderr: 'base-tools 1.0.0 is installed already; nothing to do for it.\n' });
  expect(JSON.parse((await api.somnus.run(['pack', 'install', 'demo', 'base-tools', '-o', 'json'])).stdout)).toMatchObject({ operation: null, already: [{ name: 'base-tools' }] });
});

test('A verification that finds something has its own exit code', async () => {
  const result = { ok: false, results: [{ pack: 'base-tools', version: '1.0.0', step: 'jq', ok: false, output: 'no jq' }] };
  api.on('POST /v1/environments/demo/packs/verify', { json: { operation: { ...started, kind: 'pack.verify', status: 'succeeded', endedAt: AT, result } } });
  const { code, stdout, stderr } = await api.somnus.run(['pack', 'verify', 'demo']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/base-tools +1\.0\.0 +jq +failed/);
  expect(stderr).toContain('no jq');
});

test('The history marks what is part of the present state', async () => {
  const entry = { number: 2, parent: 1, at: AT, actor: 'key_a', operationId: started.id, action: 'install', pack: 'base-tools', version: '1.0.0', step: 'jq', completes: true, snapshotId: 'snap_00000000000000000000000000', current: true, snapshot: 'pack2' };
  api.on('GET /v1/environments/demo/packs/history', { json: { items: [{ ...entry, number: 1, parent: null, action: 'before', step: null, completes: false, current: false, snapshot: null }, entry], nextCursor: null } });
  const { stdout } = await api.somnus.run(['pack', 'history', 'demo']);
  expect(stdout).toMatch(/1 +before base-tools 1\.0\.0 .* key_a +-/);
  expect(stdout).toMatch(/2 +\* +base-tools 1\.0\.0: jq, installed .* key_a +pack2/);
});

test('A pack is added from a folder, and its mistakes are shown with their lines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-pack-'));
  await writeFile(join(folder, 'pack.yaml'), 'name: mine\n');
  api.on('POST /v1/packs', { json: { builtIn: false, pack } });
  expect((await api.somnus.run(['pack', 'create', folder])).stdout).toContain('The pack mine 1.0.0 can be installed');
  expect(api.asked('POST /v1/packs')[0]?.body).toEqual({ yaml: 'name: mine\n', replace: false });
  api.on('POST /v1/packs', problem('invalid_request', 'pack.yaml:6: steps.0.aptt: unknown key; did you mean apt?'));
  expect(await api.somnus.run(['pack', 'create', join(folder, 'pack.yaml')])).toMatchObject({ code: 2, stderr: expect.stringContaining('pack.yaml:6: steps.0.aptt: unknown key; did you mean apt?') as string });
  expect(await api.somnus.run(['pack', 'create', join(folder, 'none')])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') as string });
  await rm(folder, { recursive: true });
});

test('Packs are listed and shown, also those that are not valid, and their names are completed', async () => {
  api.on('GET /v1/packs', { json: { items: [{ name: 'base-tools', version: '1.0.0', description: 'Tools', depends: [], steps: 1, builtIn: true, problem: null }, { name: 'bad', version: null, description: null, depends: [], steps: 0, builtIn: false, problem: 'bad/pack.yaml:3: steps: unknown key' }], nextCursor: null } });
  api.on('GET /v1/packs/mine', { json: { builtIn: false, pack } });
  const { stdout } = await api.somnus.run(['pack', 'ls']);
  expect(stdout).toMatch(/base-tools +1\.0\.0 +1 +Tools/);
  expect(stdout).toContain('not valid: bad/pack.yaml:3: steps: unknown key');
  expect((await api.somnus.run(['pack', 'show', 'mine'])).stdout).toMatch(/jq +apt: jq +jq --version/);
  expect((await api.somnus.run(['__complete', 'pack', 'install', 'demo', 'ba'])).stdout).toContain('base-tools');
});

test('Packs of a new environment are sent with what to do on failure', async () => {
  api.on('POST /v1/environments', problem('not_found', 'There is no pack "bsae"; did you mean base?'));
  expect(await api.somnus.run(['create', 'new', '--packs', 'bsae,web', '--on-failure', 'remove'])).toMatchObject({ code: 3 });
  expect(api.asked('POST /v1/environments')[0]?.body).toEqual({ name: 'new', packs: ['bsae', 'web'], onFailure: 'remove' });
  expect(await api.somnus.run(['create', 'new', '--on-failure', 'remove'])).toMatchObject({ code: 2 });
});
