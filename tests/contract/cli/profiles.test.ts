import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProfileAnswer } from '../../../orchestrator/api/answers.ts';
import { environment, ENV_A, operation } from '../api/fake-services.ts';
import { ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const plan: ProfileAnswer['plan'] = {
  profile: 'research', possible: true,
  fields: [
    { field: 'vcpus', from: 1, to: 2, when: 'live', reason: 'can change while the VM runs' },
    { field: 'memoryMiB', from: 512, to: 4096, when: 'next start', reason: 'the VM booted with at most 2048 MiB' },
    { field: 'cpuQuotaPercent', from: null, to: null, when: 'live', reason: 'unchanged' },
  ],
};
const demo = environment(ENV_A, 'demo');
const PATH = 'POST /v1/environments/demo/profile';

test('A dry run shows a line for each part, and with -o json the plan', async () => {
  api.on(PATH, { json: { environment: demo, operation: null, plan } });
  expect(await api.somnus.run(['profile', 'apply', 'demo', 'research', '--dry-run'])).toMatchObject({
    code: 0, stderr: '',
    stdout: [
      'FIELD              NOW   PROFILE   WHEN         WHY',
      'vcpus                1         2   live         can change while the VM runs',
      'memoryMiB          512      4096   next start   the VM booted with at most 2048 MiB',
      'cpuQuotaPercent   none      none   live         unchanged',
    ].map((line) => `${line}\n`).join(''),
  });
  expect(api.asked(PATH)[0]?.body).toEqual({ profile: 'research', dryRun: true });
  expect(JSON.parse((await api.somnus.run(['profile', 'apply', 'demo', 'research', '--dry-run', '-o', 'json'])).stdout)).toEqual(plan);
});

test('A dry run of something impossible says so with its exit code', async () => {
  api.on(PATH, { json: { environment: demo, operation: null, plan: { ...plan, possible: false } } });
  expect((await api.somnus.run(['profile', 'apply', 'demo', 'research', '--dry-run'])).code).toBe(1);
});

test('Applying follows the operation, and reports the changes and the environment\'s new state', async () => {
  const started = operation({ kind: 'environment.apply-profile' });
  api.on(PATH, { status: 202, headers: { location: `/v1/operations/${started.id}` }, json: { environment: demo, operation: started, plan } });
  api.on(`GET /v1/operations/${started.id}`, { json: { ...started, status: 'succeeded', endedAt: '2026-01-02T03:04:10.000Z' } });
  api.on('GET /v1/environments/demo', { json: demo });
  const { code, stdout, stderr } = await api.somnus.run(['profile', 'apply', 'demo', 'research']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'demo now has: profile coding, 1 vCPU, 512 MiB of memory\n' });
  expect(stderr).toMatch(/memoryMiB +512 +4096 +next start/);
  expect(stderr).not.toContain('cpuQuotaPercent');
  expect((await api.somnus.run(['profile', 'apply', 'demo', 'research', '--no-wait', '-q'])).stdout).toBe(`${started.id}\n`);
});
